/*
 * binlog_file - a whole binlog file in memory, and its events one by one. Static, for programs that include
 * it once.
 */
#ifndef CCR_TESTS_BINLOG_FILE_H
#define CCR_TESTS_BINLOG_FILE_H

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "binlog/event.h"

static struct err *file_read(const char *path, struct buf *out)
{
    FILE *f = fopen(path, "rb");
    uint8_t block[65536];
    size_t n;

    if (!f)
        return err_new(ERR_STORE, "cannot open it");
    while ((n = fread(block, 1, sizeof(block), f)) > 0)
        buf_append(out, block, n);
    fclose(f);
    return NULL;
}

/* Calls fn for every event of a file's bytes. */
static struct err *walk_bytes(const struct buf *bytes,
                              struct err *(*fn)(void *arg, const uint8_t *event, size_t len), void *arg)
{
    if (bytes->len < BINLOG_MAGIC_SIZE || memcmp(bytes->data, binlog_magic, BINLOG_MAGIC_SIZE) != 0)
        return err_new(ERR_INTEGRITY, "is not a binlog");
    for (size_t at = BINLOG_MAGIC_SIZE; at < bytes->len;) {
        size_t left = bytes->len - at;
        size_t len = binlog_event_length(bytes->data + at, left);
        struct err *e = len < BINLOG_HEADER_SIZE || len > left ? err_new(ERR_INTEGRITY, "cut short")
                                                               : fn(arg, bytes->data + at, len);
        if (e)
            return err_context(e, "offset %zu", at);
        at += len;
    }
    return NULL;
}

#endif
