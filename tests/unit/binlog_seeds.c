/*
 * binlog_seeds FOLDER FILE...: cuts binlog files (without checksums) into seeds for the fuzz targets:
 * FOLDER/event.N holds the events of one transaction, FOLDER/rows.N a table map and one row event as
 * tests/fuzz/rows.c takes them.
 */
#include "tests/unit/binlog_file.h"

#include <stdlib.h>

#include "binlog/group.h"
#include "binlog/rows.h"

struct cutter {
    const char *folder;
    struct binlog_format format;
    bool has_format;
    struct group *group;
    struct buf events; /* of the transaction at hand */
    struct buf map;    /* the body of the last table map */
    unsigned count;
};

static struct err *seed_write(struct cutter *c, const char *kind, const struct buf *bytes)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s.%u", c->folder, kind, ++c->count);
    FILE *f = fopen(path, "wb");
    if (!f)
        return err_errno(ERR_STORE, 0, "creating %s", path);
    size_t n = fwrite(bytes->data, 1, bytes->len, f);
    return fclose(f) == 0 && n == bytes->len ? NULL : err_new(ERR_STORE, "writing %s", path);
}

static struct err *cut_rows(struct cutter *c, const struct binlog_event *e)
{
    struct buf seed = BUF_INIT;

    uint8_t kind =
        (uint8_t)(e->type >= BINLOG_WRITE_ROWS_COMPRESSED_V1 ? e->type - BINLOG_WRITE_ROWS_COMPRESSED_V1 + 6
                                                             : e->type - BINLOG_WRITE_ROWS_V1);
    buf_append_byte(&seed, kind);
    buf_append_le(&seed, c->map.len, 2);
    buf_append(&seed, c->map.data, c->map.len);
    buf_append(&seed, e->body, e->body_len);
    struct err *error = seed_write(c, "rows", &seed);
    buf_free(&seed);
    return error;
}

static struct err *cut_event(void *arg, const uint8_t *bytes, size_t len)
{
    struct cutter *c = arg;
    struct binlog_event e;
    enum group_place place;

    TRY(binlog_event_parse(c->has_format ? &c->format : NULL, bytes, len, &e));
    if (e.type == BINLOG_FORMAT_DESCRIPTION) {
        TRY(binlog_format_parse(&e, &c->format));
        c->has_format = true;
    }
    if (e.type == BINLOG_TABLE_MAP) {
        buf_clear(&c->map);
        buf_append(&c->map, e.body, e.body_len);
    } else if (rows_type_is_rows(e.type) && c->map.len < 65536) {
        TRY(cut_rows(c, &e));
    }
    TRY(group_feed(c->group, &e, &place));
    if (place == GROUP_BEGIN)
        buf_clear(&c->events);
    buf_append(&c->events, bytes, len);
    return place == GROUP_END || place == GROUP_OUTSIDE ? seed_write(c, "event", &c->events) : NULL;
}

int main(int argc, char **argv)
{
    struct cutter c = {.folder = argc > 1 ? argv[1] : "."};
    struct err *e = NULL;

    for (int i = 2; i < argc && !e; i++) {
        struct buf bytes = BUF_INIT;
        group_free(c.group);
        c.group = group_new();
        e = file_read(argv[i], &bytes);
        if (!e)
            e = walk_bytes(&bytes, cut_event, &c);
        buf_free(&bytes);
    }
    if (e)
        fprintf(stderr, "%s\n", err_message(e));
    group_free(c.group);
    buf_free(&c.events);
    buf_free(&c.map);
    int status = e ? 1 : 0;
    err_free(e);
    return status;
}
