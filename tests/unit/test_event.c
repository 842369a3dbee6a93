#include "binlog/event.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "binlog/group.h"
#include "binlog/query.h"
#include "binlog/rows.h"
#include "binlog/rows_types.h"
#include "tests/unit/unit.h"

enum { SERVER = 7 };

static const struct binlog_format plain;

/* A whole event of this type around a body. */
static void build(struct buf *out, uint8_t type, const void *body, size_t len)
{
    size_t start = binlog_event_begin(out, type, 1000, SERVER, 0);

    buf_append(out, body, len);
    binlog_event_finish(out, start);
}

static struct binlog_event parsed(const struct buf *bytes)
{
    struct binlog_event e = {0};

    CHECK_OK(binlog_event_parse(&plain, bytes->data, bytes->len, &e));
    return e;
}

static void build_format(struct buf *out, const char *version, const uint8_t *tail, size_t tail_len)
{
    uint8_t body[57] = {4, 0};

    memcpy(body + 2, version, strlen(version));
    le_put(body + 52, 1234, 4);
    body[56] = BINLOG_HEADER_SIZE;
    size_t start = binlog_event_begin(out, BINLOG_FORMAT_DESCRIPTION, 1000, SERVER, 0);
    buf_append(out, body, sizeof(body));
    buf_append(out, tail, tail_len);
    binlog_event_finish(out, start);
}

static void add_checksum(struct buf *event)
{
    buf_append_le(event, 0, 4);
    binlog_event_finish(event, 0);
    uint32_t crc = (uint32_t)crc32(0, event->data, (uInt)event->len - 4);
    le_put(event->data + event->len - 4, crc, 4);
}

static void test_header(void)
{
    struct buf bytes = BUF_INIT;
    struct binlog_event e;

    build(&bytes, BINLOG_XID, "12345678", 8);
    e = parsed(&bytes);
    CHECK(e.type == BINLOG_XID && e.time == 1000 && e.server_id == SERVER && e.body_len == 8);
    CHECK(e.next_pos == bytes.len && memcmp(e.body, "12345678", 8) == 0);
    CHECK(binlog_event_length(bytes.data, bytes.len) == bytes.len);
    CHECK(binlog_event_length(bytes.data, BINLOG_HEADER_SIZE - 1) == 0);
    CHECK_ERR(binlog_event_parse(&plain, bytes.data, bytes.len - 1, &e), ERR_INTEGRITY, "Xid event");
    CHECK_ERR(binlog_event_parse(&plain, bytes.data, 5, &e), ERR_INTEGRITY, "shorter than its header");
    CHECK_ERR(binlog_event_parse(NULL, bytes.data, bytes.len, &e), ERR_INTEGRITY,
              "before a format description");
    buf_free(&bytes);
}

static void test_checksum(void)
{
    static const struct binlog_format fmt = {.checksum = true};
    struct buf bytes = BUF_INIT;
    struct binlog_event e;

    build(&bytes, BINLOG_XID, "12345678", 8);
    add_checksum(&bytes);
    CHECK_OK(binlog_event_parse(&fmt, bytes.data, bytes.len, &e));
    CHECK(e.body_len == 8);
    for (size_t i = 0; i < bytes.len * 8; i++) {
        bytes.data[i / 8] ^= (uint8_t)(1u << i % 8);
        CHECK_ERR(binlog_event_parse(&fmt, bytes.data, bytes.len, &e), ERR_INTEGRITY, "");
        bytes.data[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    buf_free(&bytes);
}

static void check_format(const char *version, const uint8_t *tail, size_t len, bool aware, bool checksum,
                         uint8_t third_type)
{
    struct buf bytes = BUF_INIT;
    struct binlog_event e;
    struct binlog_format f;

    build_format(&bytes, version, tail, len);
    if (aware)
        add_checksum(&bytes);
    CHECK_OK(binlog_event_parse(NULL, bytes.data, bytes.len, &e));
    CHECK_OK(binlog_format_parse(&e, &f));
    CHECK_STR(f.server_version, version);
    CHECK(f.checksum == checksum && f.created == 1234 && f.post_header_len[3] == third_type);
    if (aware) { /* the flag of a file that is open comes and goes without a new checksum */
        bytes.data[17] |= 1;
        CHECK_OK(binlog_event_parse(NULL, bytes.data, bytes.len, &e));
    }
    buf_free(&bytes);
}

static void test_format(void)
{
    static const uint8_t crc[] = {56, 13, 9, 1}, none[] = {56, 13, 9, 0}, odd[] = {56, 13, 9, 2};
    struct buf bytes = BUF_INIT;
    struct binlog_event e;
    struct binlog_format f;

    check_format("10.11.6-MariaDB-log", crc, 4, true, true, 9);
    check_format("10.11.6-MariaDB-log", none, 4, true, false, 9);
    check_format("5.3.0-MariaDB", crc, 4, true, true, 9);
    check_format("5.2.14-MariaDB", crc, 3, false, false, 9);
    check_format("5.6.1", crc, 4, true, true, 9);
    check_format("5.6.0-m4", crc, 3, false, false, 9);
    check_format("5.1.43-debug-log", crc, 3, false, false, 9);
    check_format("8.0.32", crc, 4, true, true, 9);
    build_format(&bytes, "10.11.6-MariaDB", odd, sizeof(odd));
    add_checksum(&bytes);
    CHECK_OK(binlog_event_parse(NULL, bytes.data, bytes.len, &e));
    CHECK_ERR(binlog_format_parse(&e, &f), ERR_UNSUPPORTED, "checksum algorithm 2");
    bytes.data[BINLOG_HEADER_SIZE] = 3; /* binlog version */
    e.body = bytes.data + BINLOG_HEADER_SIZE;
    CHECK_ERR(binlog_format_parse(&e, &f), ERR_UNSUPPORTED, "format version 3");
    buf_free(&bytes);
}

/* As a server sends it: the event's own checksum is no longer right where it says that others have none. */
static void test_format_renewed(void)
{
    static const uint8_t algorithms[] = {0, 1};
    struct binlog_event e;

    for (size_t i = 0; i < 2; i++) {
        const uint8_t tail[] = {56, 13, 9, algorithms[i]};
        struct buf sent = BUF_INIT;
        struct buf renewed = BUF_INIT;
        build_format(&sent, "10.11.6-MariaDB", tail, sizeof(tail));
        add_checksum(&sent);
        memset(sent.data + BINLOG_HEADER_SIZE + 52, 0, 4);
        CHECK_ERR(binlog_event_parse(NULL, sent.data, sent.len, &e), ERR_INTEGRITY, "wrong checksum");
        binlog_format_renew(sent.data, sent.len, &renewed);
        CHECK(renewed.len == sent.len && memcmp(renewed.data, sent.data, sent.len - 4) == 0);
        struct err *error = binlog_event_parse(NULL, renewed.data, renewed.len, &e);
        CHECK((error == NULL) == (algorithms[i] == 0));
        err_free(error);
        for (size_t len = 0; len < sent.len; len++) {
            buf_clear(&renewed);
            binlog_format_renew(sent.data, len, &renewed);
            CHECK(renewed.len == len);
        }
        buf_free(&sent);
        buf_free(&renewed);
    }
}

struct gtid_case {
    const char *what;
    uint8_t flags;
    const char *rest; /* hexadecimal, behind the flags */
    const char *error;
};

static size_t unhex(const char *hex, uint8_t *out)
{
    size_t n = 0;

    for (; hex[2 * n]; n++)
        out[n] = (uint8_t)strtoul((char[]){hex[2 * n], hex[2 * n + 1], 0}, NULL, 16);
    return n;
}

static struct err *parse_gtid(const struct gtid_case *c, struct binlog_gtid *out)
{
    uint8_t body[200];
    struct buf bytes = BUF_INIT;

    le_put(body, 77, 8);
    le_put(body + 8, 3, 4);
    body[12] = c->flags;
    build(&bytes, BINLOG_GTID, body, 13 + unhex(c->rest, body + 13));
    struct binlog_event e = parsed(&bytes);
    struct err *error = binlog_gtid_parse(&e, out);
    buf_free(&bytes);
    return error;
}

static void test_gtid(void)
{
    static const struct gtid_case cases[] = {
        {"padded", 0, "000000000000", NULL},
        {"commit id", BINLOG_GTID_GROUP_COMMIT | BINLOG_GTID_TRANSACTIONAL, "0102030405060708", NULL},
        {"commit id cut", BINLOG_GTID_GROUP_COMMIT, "01020304050607", "commit id"},
        {"xa", BINLOG_GTID_PREPARED_XA, "010000000201414242", NULL},
        {"xa cut", BINLOG_GTID_PREPARED_XA, "0100000002014142", "XA id"},
        {"engines", BINLOG_GTID_DDL, "010200000000", NULL},
        {"engines cut", 0, "01", "engine count"},
        {"start alter", BINLOG_GTID_DDL | BINLOG_GTID_STANDALONE, "020000000000", NULL},
        {"commit alter", BINLOG_GTID_DDL, "044c00000000000000", NULL},
        {"rollback alter", BINLOG_GTID_DDL, "084c00000000000000", NULL},
        {"commit alter cut", BINLOG_GTID_DDL, "044c000000", "START ALTER"},
        {"thread id", 0, "10010000000000", NULL},
        {"unknown", 0, "200000000000", "unknown flags 0x20"},
        {"bytes behind", 0, "000000000001", "bytes behind its end"},
    };
    struct binlog_gtid g;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct err *error = parse_gtid(&cases[i], &g);
        if (!cases[i].error)
            CHECK_OK(error);
        else
            CHECK_ERR(error, strstr(cases[i].error, "unknown") ? ERR_UNSUPPORTED : ERR_INTEGRITY,
                      cases[i].error);
    }
    CHECK_OK(parse_gtid(&cases[8], &g));
    CHECK(g.commit_alter && !g.start_alter && g.alter_seq == 76);
    CHECK(gtid_equal(g.gtid, (struct gtid){3, SERVER, 77}));
    CHECK_OK(parse_gtid(&cases[3], &g));
    CHECK(g.xid_len == 9);
}

static void test_gtid_list(void)
{
    uint8_t body[4 + 3 * 16] = {0};
    struct gtid_pos pos = GTID_POS_INIT;
    struct buf bytes = BUF_INIT;

    le_put(body, 3 | 0x10000000, 4);
    for (size_t i = 0; i < 3; i++) {
        le_put(body + 4 + 16 * i, i / 2, 4); /* domains 0, 0, 1 */
        le_put(body + 8 + 16 * i, 5 + i, 4);
        le_put(body + 12 + 16 * i, 90 + i, 8);
    }
    build(&bytes, BINLOG_GTID_LIST, body, sizeof(body));
    struct binlog_event e = parsed(&bytes);
    CHECK_OK(binlog_gtid_list_parse(&e, &pos));
    char *text = gtid_pos_text(&pos);
    CHECK_STR(text, "0-6-91,1-7-92");
    free(text);
    le_put(bytes.data + BINLOG_HEADER_SIZE, 4, 4);
    CHECK_ERR(binlog_gtid_list_parse(&e, &pos), ERR_INTEGRITY, "shorter than its count");
    gtid_pos_free(&pos);
    buf_free(&bytes);
}

static void query_body(struct buf *out, const char *sql, bool compressed)
{
    buf_append_le(out, 5, 4);
    buf_append_le(out, 0, 4);
    buf_append_byte(out, 1);
    buf_append_le(out, 0, 4);
    buf_append(out, "d", 2);
    if (!compressed) {
        buf_append_str(out, sql);
        return;
    }
    uint8_t deflated[256];
    uLongf len = sizeof(deflated);
    CHECK(compress(deflated, &len, (const Bytef *)sql, strlen(sql)) == Z_OK);
    buf_append_byte(out, 0x82);
    buf_append_byte(out, (uint8_t)(strlen(sql) >> 8));
    buf_append_byte(out, (uint8_t)strlen(sql));
    buf_append(out, deflated, len);
}

static void test_query(void)
{
    struct buf body = BUF_INIT, bytes = BUF_INIT, scratch = BUF_INIT, whole = BUF_INIT;
    struct binlog_query q;

    query_body(&body, "create table t (a int) comment 'ccccccccccccccccc'", true);
    build(&bytes, BINLOG_QUERY_COMPRESSED, body.data, body.len);
    struct binlog_event e = parsed(&bytes);
    CHECK_OK(binlog_query_parse(&e, &scratch, &q));
    CHECK(q.thread_id == 5 && q.db_len == 1 && *q.db == 'd');
    CHECK(binlog_query_is(&q, "create table t (a int) comment 'ccccccccccccccccc'") &&
          !binlog_query_is(&q, "COMMIT"));
    CHECK_OK(binlog_event_decompress(&e, 1000, &whole));
    struct binlog_event plain_event = parsed(&whole);
    CHECK(plain_event.type == BINLOG_QUERY && plain_event.next_pos == e.next_pos);
    CHECK_OK(binlog_query_parse(&plain_event, &scratch, &q));
    CHECK(binlog_query_is(&q, "create table t (a int) comment 'ccccccccccccccccc'"));
    buf_clear(&whole);
    CHECK_ERR(binlog_event_decompress(&e, 20, &whole), ERR_INTEGRITY, "(limit 20)");
    CHECK(whole.len == 0);
    /* lies about its size: more than these bytes can hold, or another number */
    bytes.data[BINLOG_HEADER_SIZE + 15] = 0x84;
    CHECK_ERR(binlog_event_decompress(&e, BINLOG_EVENT_MAX, &whole), ERR_INTEGRITY, "claim");
    bytes.data[BINLOG_HEADER_SIZE + 15] = 0x82;
    bytes.data[BINLOG_HEADER_SIZE + 17]++;
    CHECK_ERR(binlog_event_decompress(&e, 1000, &whole), ERR_INTEGRITY, "damaged compressed data");
    bytes.data[BINLOG_HEADER_SIZE + 15] = 0x92;
    CHECK_ERR(binlog_event_decompress(&e, 1000, &whole), ERR_INTEGRITY, "unknown compression");
    CHECK_ERR(binlog_event_decompress(&plain_event, 1000, &whole), ERR_INTEGRITY, "not a compressed event");
    buf_free(&body);
    buf_free(&bytes);
    buf_free(&scratch);
    buf_free(&whole);
}

static void check_status(const char *hex, enum err_code code, const char *message)
{
    uint8_t status[200];
    struct query_session s;
    struct err *e = query_session_parse(status, unhex(hex, status), &s);

    if (code == ERR_OK)
        CHECK_OK(e);
    else
        CHECK_ERR(e, code, message);
}

static void test_status(void)
{
    /* flags2, sql_mode, catalog, increments, character sets, zone, names of months, database, tables, written
     */
    check_status("0000400001"
                 "010400000000000000"
                 "0603737464"
                 "0307000300"
                 "04210021000800"
                 "05062b30333a3030"
                 "070400"
                 "082d00"
                 "090100000000000000"
                 "0a01000000",
                 ERR_OK, "");
    /* user and host, databases, microseconds, MySQL's own, time, xid, alter, collations */
    check_status("0b04726f6f74096c6f63616c686f7374"
                 "0c026100626200"
                 "0cfe"
                 "0d400d03"
                 "1000"
                 "110100000000000000"
                 "122d00"
                 "1300"
                 "1400"
                 "80400d03"
                 "810500000000000000"
                 "8202"
                 "82044d00000000000000"
                 "830121002e00",
                 ERR_OK, "");
    check_status("7f", ERR_UNSUPPORTED, "status variable 127");
    check_status("80400d", ERR_INTEGRITY, "damaged");
    check_status("80ffffff", ERR_INTEGRITY, "damaged"); /* a million microseconds and more */
    check_status("0c0261", ERR_INTEGRITY, "damaged");
    check_status("", ERR_OK, "");
    struct query_session gbk = {.has_charset = true, .character_set_client = 28}, none = {0};
    CHECK(!query_text_is_plain(&gbk, "a\x81\\", 3) && query_text_is_plain(&gbk, "abc", 3));
    CHECK(query_text_is_plain(&none, "\x81\\", 2));
    gbk.character_set_client = 45;
    CHECK(query_text_is_plain(&gbk, "\x81\\", 2));
}

/* Two columns (INT, VARCHAR(300)), rows of them, an update with partial images. */
static void test_rows(void)
{
    static const uint8_t shape[] = {2, TYPE_LONG, TYPE_VARCHAR, 2, 0x2c, 0x01, 2};
    static const uint8_t both[] = {3}, first[] = {1}, second[] = {2};
    static const uint8_t row[] = {0xfc, 7, 0, 0, 0, 3, 0, 'a', 'b', 'c'}, key[] = {0xfe, 7, 0, 0, 0},
                         null[] = {0xff};
    struct buf map_bytes = BUF_INIT, bytes = BUF_INIT, text = BUF_INIT;
    struct rows_table_map shape_only = {.raw = shape, .raw_len = sizeof(shape), .flags = 1}, m;
    struct rows_event r;
    struct rows_row found;
    const uint8_t *value;
    size_t at = 0, len;
    bool done, present;

    rows_table_map_build(&map_bytes, &shape_only, 55, "db", "tab", 9, SERVER);
    struct binlog_event e = parsed(&map_bytes);
    CHECK_OK(rows_table_map_parse(&e, &m));
    CHECK(m.table_id == 55 && m.flags == 1 && m.column_count == 2 && m.columns[1].metadata == 300);
    CHECK(!m.columns[0].nullable && m.columns[1].nullable && m.raw_len == sizeof(shape));
    CHECK_STR(m.db, "db");
    CHECK_STR(m.table, "tab");

    size_t start = rows_event_begin(&bytes, ROWS_UPDATE, 55, 0, 2, first, both, 9, SERVER);
    buf_append(&bytes, key, sizeof(key));
    buf_append(&bytes, row, sizeof(row));
    binlog_event_finish(&bytes, start);
    rows_event_set_flags(&bytes, start, ROWS_STMT_END);
    e = parsed(&bytes);
    CHECK_OK(rows_event_parse(&e, &r));
    CHECK(r.kind == ROWS_UPDATE && r.flags == ROWS_STMT_END && !rows_event_is_full(&r) && !r.v2);
    CHECK_OK(rows_next(&m, &r, &at, &found, &done));
    CHECK(!done && found.before_len == sizeof(key) && found.after_len == sizeof(row));
    CHECK_OK(rows_field(&m, r.after_columns, found.after, found.after_len, 1, &value, &len, &present));
    CHECK(present && len == 3 && memcmp(value, "abc", 3) == 0);
    CHECK_OK(rows_field(&m, r.before_columns, found.before, found.before_len, 1, &value, &len, &present));
    CHECK(!present && !value);
    CHECK_OK(rows_field(&m, second, null, 1, 1, &value, &len, &present));
    CHECK(present && !value);
    CHECK_ERR(rows_field(&m, both, row, sizeof(row) - 1, 1, &value, &len, &present), ERR_INTEGRITY,
              "column 2");
    CHECK_OK(rows_next(&m, &r, &at, &found, &done));
    CHECK(done);
    m.columns[1].type = 99;
    at = 0;
    CHECK_ERR(rows_next(&m, &r, &at, &found, &done), ERR_UNSUPPORTED, "db.tab, column 2: column type 99");
    rows_field_text(&m.columns[0], true, (const uint8_t *)"\xff\xff\xff\xff", 4, &text);
    buf_append_byte(&text, ' ');
    rows_field_text(&m.columns[0], false, (const uint8_t *)"\xff\xff\xff\xff", 4, &text);
    buf_append_byte(&text, ' ');
    m.columns[1].type = TYPE_VARCHAR;
    rows_field_text(&m.columns[1], false, (const uint8_t *)"it's", 4, &text);
    rows_field_text(&m.columns[1], false, (const uint8_t *)"a\nb", 3, &text);
    CHECK_STR(buf_str(&text), "4294967295 -1 'it''s'0x610A62");
    rows_table_map_free(&m);
    buf_free(&text);
    buf_free(&map_bytes);
    buf_free(&bytes);
}

static struct err *feed(struct group *g, uint8_t type, const void *body, size_t len, enum group_place *place)
{
    struct buf bytes = BUF_INIT;

    build(&bytes, type, body, len);
    struct binlog_event e = parsed(&bytes);
    struct err *error = group_feed(g, &e, place);
    buf_free(&bytes);
    return error;
}

static void test_group(void)
{
    static const uint8_t gtid[19] = {1};
    struct group *g = group_new();
    struct buf commit = BUF_INIT;
    char digest[HASH_HEX_SIZE], again[HASH_HEX_SIZE];
    enum group_place place;

    query_body(&commit, "COMMIT", false);
    CHECK_ERR(feed(g, BINLOG_XID, "12345678", 8, &place), ERR_INTEGRITY, "outside of a transaction");
    CHECK_OK(feed(g, BINLOG_GTID, gtid, sizeof(gtid), &place));
    CHECK(place == GROUP_BEGIN && group_is_open(g) && group_time(g) == 1000);
    CHECK_OK(feed(g, BINLOG_CHECKPOINT, "x", 1, &place));
    CHECK(place == GROUP_OUTSIDE && group_is_open(g));
    CHECK_OK(feed(g, BINLOG_ANNOTATE_ROWS, "x", 1, &place));
    CHECK(place == GROUP_INSIDE);
    CHECK_OK(feed(g, BINLOG_XID, "12345678", 8, &place));
    CHECK(place == GROUP_END && !group_is_open(g) && !group_is_opaque(g));
    group_digest(g, digest);
    CHECK_OK(feed(g, BINLOG_GTID, gtid, sizeof(gtid), &place));
    CHECK_OK(feed(g, BINLOG_QUERY, commit.data, commit.len, &place)); /* another engine: the same commit */
    group_digest(g, again);
    CHECK(place == GROUP_END);
    CHECK_STR(again, digest);
    CHECK_OK(feed(g, BINLOG_GTID, gtid, sizeof(gtid), &place));
    CHECK_ERR(feed(g, BINLOG_GTID, gtid, sizeof(gtid), &place), ERR_INTEGRITY, "inside another one");
    group_reset(g);
    CHECK_OK(feed(g, BINLOG_GTID, gtid, sizeof(gtid), &place));
    CHECK_ERR(feed(g, BINLOG_STOP, "", 0, &place), ERR_INTEGRITY, "inside a transaction");
    CHECK_ERR(feed(g, 250, "", 0, &place), ERR_UNSUPPORTED, "unknown event (type 250)");
    CHECK_ERR(feed(g, BINLOG_INCIDENT, "", 0, &place), ERR_RESYNC, "incident");
    buf_free(&commit);
    group_free(g);
}

/* What MySQL alone writes, and what nobody knows, inside of a transaction and outside: by name and number. */
static void test_refused(void)
{
    static const uint8_t gtid[19] = {1};
    struct group *g = group_new();
    enum group_place place;
    unsigned named = 0;

    for (unsigned type = 0; type < 256; type++) {
        const char *name = binlog_type_name((uint8_t)type);
        char text[80];
        bool mysql = strncmp(name, "MySQL_", 6) == 0;
        if (!mysql && strcmp(name, "unknown") != 0)
            continue;
        named += mysql;
        snprintf(text, sizeof(text), "%s event (type %u)", name, type);
        group_reset(g);
        CHECK_ERR(feed(g, (uint8_t)type, "", 0, &place), ERR_UNSUPPORTED, text);
        CHECK_OK(feed(g, BINLOG_GTID, gtid, sizeof(gtid), &place));
        CHECK_ERR(feed(g, (uint8_t)type, "", 0, &place), ERR_UNSUPPORTED, text);
    }
    CHECK(named == 9);
    group_free(g);
}

int main(void)
{
    test_header();
    test_checksum();
    test_format();
    test_format_renewed();
    test_gtid();
    test_gtid_list();
    test_query();
    test_status();
    test_rows();
    test_group();
    test_refused();
    return UNIT_END;
}
