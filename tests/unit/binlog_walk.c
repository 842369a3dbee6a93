/*
 * binlog_walk [--groups|--events] FILE...: reads whole binlog files with the parsers of lib/binlog.
 *
 * Prints a line "TYPE COUNT" per event type and the numbers of rows; with --groups a line per transaction
 * (GTID, digest, whether it is opaque, events); with --events a line per event. An error goes to stderr as
 * "FILE: offset N: MESSAGE", status 1 (2 for usage). Used by tests/binlog.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "binlog/event.h"
#include "binlog/group.h"
#include "binlog/rows.h"

enum mode { MODE_HISTOGRAM, MODE_GROUPS, MODE_EVENTS };

struct walk {
    enum mode mode;
    struct binlog_format format;
    bool has_format;
    struct group *group;
    size_t group_events;
    size_t counts[256];
    size_t abandoned;
};

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

static struct err *walk_event(struct walk *w, const uint8_t *bytes, size_t len)
{
    struct binlog_event e;
    enum group_place place;

    TRY(binlog_event_parse(w->has_format ? &w->format : NULL, bytes, len, &e));
    if (e.type == BINLOG_FORMAT_DESCRIPTION) {
        TRY(binlog_format_parse(&e, &w->format));
        w->has_format = true;
    }
    w->counts[e.type]++;
    TRY(group_feed(w->group, &e, &place));
    w->abandoned += place == GROUP_ABANDONED;
    w->group_events = place == GROUP_BEGIN ? 1 : w->group_events + 1;
    if (w->mode == MODE_EVENTS)
        printf("%s %zu\n", binlog_type_name(e.type), len);
    if (w->mode == MODE_GROUPS && place == GROUP_END) {
        char text[GTID_TEXT_SIZE], digest[HASH_HEX_SIZE];
        group_digest(w->group, digest);
        printf("%s %s %s %zu\n", gtid_format(group_gtid(w->group)->gtid, text), digest,
               group_is_opaque(w->group) ? "opaque" : "rows", w->group_events);
    }
    return NULL;
}

static struct err *walk_file(struct walk *w, const char *path, struct buf *bytes)
{
    TRY(file_read(path, bytes));
    if (bytes->len < BINLOG_MAGIC_SIZE || memcmp(bytes->data, binlog_magic, BINLOG_MAGIC_SIZE) != 0)
        return err_new(ERR_INTEGRITY, "is not a binlog");
    w->has_format = false;
    for (size_t at = BINLOG_MAGIC_SIZE; at < bytes->len;) {
        size_t left = bytes->len - at;
        size_t len = binlog_event_length(bytes->data + at, left);
        struct err *e = len < BINLOG_HEADER_SIZE || len > left ? err_new(ERR_INTEGRITY, "cut short")
                                                               : walk_event(w, bytes->data + at, len);
        if (e)
            return err_context(e, "offset %zu", at);
        at += len;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct walk w = {.group = group_new()};
    int status = argc < 2 ? 2 : 0;

    for (int i = 1; i < argc && status == 0; i++) {
        struct buf bytes = BUF_INIT;
        if (strcmp(argv[i], "--groups") == 0) {
            w.mode = MODE_GROUPS;
            continue;
        }
        if (strcmp(argv[i], "--events") == 0) {
            w.mode = MODE_EVENTS;
            continue;
        }
        struct err *e = walk_file(&w, argv[i], &bytes);
        if (e) {
            fprintf(stderr, "%s: %s\n", argv[i], err_message(e));
            status = 1;
        }
        err_free(e);
        buf_free(&bytes);
    }
    for (unsigned type = 0; w.mode == MODE_HISTOGRAM && type < 256; type++)
        if (w.counts[type])
            printf("%s %zu\n", binlog_type_name((uint8_t)type), w.counts[type]);
    group_free(w.group);
    return status;
}
