/* Binlog events, back to back, without checksums: headers, every kind's own parser, and what forms a
 * transaction. */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/walker.h"

/* What an event may claim to inflate to: the real limit is a server's largest packet. */
#define INFLATED_MAX ((size_t)1 << 20)

/* Everything that reads one event on its own, whatever its type says. */
static void parse_alone(const struct binlog_event *e)
{
    struct binlog_format format;
    struct binlog_gtid gtid;
    struct gtid_pos pos = GTID_POS_INIT;
    struct buf out = BUF_INIT;
    const char *name;
    size_t name_len;
    uint64_t at;

    fuzz_done(binlog_format_parse(e, &format));
    fuzz_done(binlog_rotate_parse(e, &name, &name_len, &at));
    fuzz_done(binlog_gtid_parse(e, &gtid));
    fuzz_done(binlog_gtid_list_parse(e, &pos));
    fuzz_done(binlog_event_decompress(e, INFLATED_MAX, &out));
    gtid_pos_free(&pos);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct walk w;
    size_t at = 0;

    walk_begin(&w);
    w.mode = MODE_QUIET;
    w.has_format = true;
    while (at < size) {
        struct binlog_event e;
        size_t len = binlog_event_length(data + at, size - at);
        if (len < BINLOG_HEADER_SIZE || len > size - at)
            break;
        struct err *error = binlog_event_parse(&w.format, data + at, len, &e);
        if (!error)
            parse_alone(&e);
        fuzz_done(error);
        error = walk_event(&w, data + at, len);
        if (error)
            group_reset(w.group);
        fuzz_done(error);
        at += len;
    }
    walk_end(&w);
    return 0;
}
