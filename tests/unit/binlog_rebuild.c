/*
 * binlog_rebuild FILE...: the row events of binlog files as BINLOG statements, built anew by the builders.
 *
 * Every table map and every row event is parsed and written again around the original images, one row per
 * event, under other table ids. Statements other than row changes are left out. SQL goes to stdout; piped
 * into a server with the same schema it must bring about the same rows.
 */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "base/mem.h"
#include "binlog/group.h"
#include "binlog/rows.h"
#include "tests/unit/binlog_file.h"

enum { CHECKSUM_ALGORITHM_FROM_END = 5, ID_SHIFT = 1000 };

struct rebuild {
    struct binlog_format format;
    bool has_format;
    struct group *group;
    struct rows_table_map *maps;
    size_t map_count;
    size_t map_cap;
    struct buf map_events; /* of the statement so far */
    struct buf row_events;
    size_t last_event; /* in row_events */
    struct buf scratch;
};

static void print_binlog(const struct buf *events)
{
    size_t size = 4 * ((events->len + 2) / 3) + 1;
    unsigned char *text = mem_alloc(size);

    EVP_EncodeBlock(text, events->data, (int)events->len);
    printf("BINLOG '%s';\n", (const char *)text);
    free(text);
}

static void print_format(const uint8_t *bytes, size_t len)
{
    struct buf event = BUF_INIT;

    buf_append(&event, bytes, len);
    event.data[len - CHECKSUM_ALGORITHM_FROM_END] = 0;
    print_binlog(&event);
    buf_free(&event);
}

static void statement_end(struct rebuild *r)
{
    struct buf all = BUF_INIT;

    while (r->map_count)
        rows_table_map_free(&r->maps[--r->map_count]);
    if (r->row_events.len) {
        buf_append(&all, r->map_events.data, r->map_events.len);
        buf_append(&all, r->row_events.data, r->row_events.len);
        print_binlog(&all);
    }
    buf_free(&all);
    buf_clear(&r->map_events);
    buf_clear(&r->row_events);
}

static struct err *rebuild_map(struct rebuild *r, const struct binlog_event *e)
{
    struct rows_table_map m;

    TRY(rows_table_map_parse(e, &m));
    rows_table_map_build(&r->map_events, &m, m.table_id + ID_SHIFT, m.db, m.table, e->time, e->server_id);
    r->maps = mem_grow(r->maps, r->map_count, &r->map_cap, sizeof(*r->maps));
    r->maps[r->map_count++] = m;
    return NULL;
}

static struct err *rebuild_rows(struct rebuild *r, const struct binlog_event *e)
{
    const struct rows_table_map *m = NULL;
    struct rows_event rows;
    size_t at = 0;

    TRY(rows_event_parse(e, &rows));
    for (size_t i = 0; i < r->map_count; i++)
        if (r->maps[i].table_id == rows.table_id)
            m = &r->maps[i];
    if (!m)
        return err_new(ERR_INTEGRITY, "rows without a table map");
    uint16_t flags = (uint16_t)(rows.flags & ~(unsigned)ROWS_STMT_END);
    for (;;) {
        struct rows_row row;
        bool done;
        TRY(rows_next(m, &rows, &at, &row, &done));
        if (done)
            break;
        r->last_event =
            rows_event_begin(&r->row_events, rows.kind, m->table_id + ID_SHIFT, flags, m->column_count,
                             rows.before_columns, rows.after_columns, e->time, e->server_id);
        if (row.before)
            buf_append(&r->row_events, row.before, row.before_len);
        if (row.after)
            buf_append(&r->row_events, row.after, row.after_len);
        binlog_event_finish(&r->row_events, r->last_event);
    }
    if (!(rows.flags & ROWS_STMT_END))
        return NULL;
    rows_event_set_flags(&r->row_events, r->last_event, rows.flags);
    statement_end(r);
    return NULL;
}

static struct err *rebuild_event(void *arg, const uint8_t *bytes, size_t len)
{
    struct rebuild *r = arg;
    struct binlog_event e;
    enum group_place place;

    TRY(binlog_event_parse(r->has_format ? &r->format : NULL, bytes, len, &e));
    if (e.type == BINLOG_FORMAT_DESCRIPTION) {
        TRY(binlog_format_parse(&e, &r->format));
        r->has_format = true;
        print_format(bytes, len);
    }
    TRY(group_feed(r->group, &e, &place));
    if (place == GROUP_BEGIN)
        printf("BEGIN;\n");
    if (e.type == BINLOG_TABLE_MAP) {
        TRY(rebuild_map(r, &e));
    } else if (rows_type_is_rows(e.type)) {
        struct binlog_format plain = {0};
        if (binlog_type_is_compressed(e.type)) {
            buf_clear(&r->scratch);
            TRY(binlog_event_decompress(&e, BINLOG_EVENT_MAX, &r->scratch));
            TRY(binlog_event_parse(&plain, r->scratch.data, r->scratch.len, &e));
        }
        TRY(rebuild_rows(r, &e));
    }
    if (place == GROUP_END)
        printf("COMMIT;\n");
    return NULL;
}

int main(int argc, char **argv)
{
    struct rebuild r = {.group = group_new()};
    int status = argc < 2 ? 2 : 0;

    for (int i = 1; i < argc && status == 0; i++) {
        struct buf bytes = BUF_INIT;
        struct err *e = file_read(argv[i], &bytes);
        r.has_format = false;
        if (!e)
            e = walk_bytes(&bytes, rebuild_event, &r);
        if (e) {
            fprintf(stderr, "%s: %s\n", argv[i], err_message(e));
            status = 1;
        }
        err_free(e);
        buf_free(&bytes);
    }
    statement_end(&r);
    group_free(r.group);
    free(r.maps);
    buf_free(&r.map_events);
    buf_free(&r.row_events);
    buf_free(&r.scratch);
    return status;
}
