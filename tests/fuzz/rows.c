/*
 * A table map and a row event of it: bodies only, so that every mutation reaches the images. Input: kind of
 * the event (1 byte), length of the map's body (2), the map's body, the event's body.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/walker.h"

static const uint8_t kinds[] = {
    BINLOG_WRITE_ROWS_V1,
    BINLOG_UPDATE_ROWS_V1,
    BINLOG_DELETE_ROWS_V1,
    BINLOG_WRITE_ROWS_V2,
    BINLOG_UPDATE_ROWS_V2,
    BINLOG_DELETE_ROWS_V2,
    BINLOG_WRITE_ROWS_COMPRESSED_V1,
    BINLOG_UPDATE_ROWS_COMPRESSED_V1,
    BINLOG_DELETE_ROWS_COMPRESSED_V1,
};

static struct err *make_event(struct buf *out, uint8_t type, const uint8_t *body, size_t len,
                              struct binlog_event *e)
{
    static const struct binlog_format no_checksum = {.checksum = false};

    size_t start = binlog_event_begin(out, type, 0, 1, 0);
    buf_append(out, body, len);
    binlog_event_finish(out, start);
    return binlog_event_parse(&no_checksum, out->data, out->len, e);
}

/* The map as ccr sends it on must be a map again. */
static void rebuild(const struct binlog_event *e)
{
    static const struct binlog_format no_checksum = {.checksum = false};
    struct rows_table_map map = {0};
    struct rows_table_map again = {0};
    struct binlog_event built;
    struct buf out = BUF_INIT;

    struct err *error = rows_table_map_parse(e, &map);
    if (!error) {
        rows_table_map_build(&out, &map, 7, "db", "table", 0, 0);
        struct err *own = binlog_event_parse(&no_checksum, out.data, out.len, &built);
        if (!own)
            own = rows_table_map_parse(&built, &again);
        if (own || again.raw_len != map.raw_len || memcmp(again.raw, map.raw, map.raw_len) != 0)
            abort();
        rows_table_map_free(&again);
        rows_table_map_free(&map);
    }
    fuzz_done(error);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf map_bytes = BUF_INIT;
    struct buf row_bytes = BUF_INIT;
    struct binlog_event e;
    struct walk w;

    if (size < 3)
        return 0;
    uint8_t kind = kinds[data[0] % sizeof(kinds)];
    size_t map_len = (size_t)data[1] | (size_t)data[2] << 8;
    data += 3;
    size -= 3;
    if (map_len > size)
        return 0;
    walk_begin(&w);
    w.mode = MODE_QUIET;
    w.has_format = true;
    w.no_groups = true;
    struct err *error = make_event(&map_bytes, BINLOG_TABLE_MAP, data, map_len, &e);
    if (!error) {
        rebuild(&e);
        error = walk_event(&w, e.data, e.len);
    }
    if (!error)
        error = make_event(&row_bytes, kind, data + map_len, size - map_len, &e);
    if (!error)
        error = walk_event(&w, e.data, e.len);
    fuzz_done(error);
    walk_end(&w);
    buf_free(&map_bytes);
    buf_free(&row_bytes);
    return 0;
}
