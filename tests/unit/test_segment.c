#include "format/segment.h"

#include <stdlib.h>

#include "base/mem.h"
#include "tests/unit/unit.h"

static const char name[] = "streams/s/log/0001/000000000/000000000007";
static const char content[] = "\xfe"
                              "bin: not really a binlog, but bytes; bytes; bytes; bytes";
static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";

static void set_pos(struct gtid_pos *pos, const char *text)
{
    CHECK_OK(gtid_pos_parse(text, ERR_INTERNAL, pos));
}

static struct segment_footer *new_footer(void)
{
    struct segment_footer *f = mem_zalloc(1, sizeof(*f));

    f->store_id = mem_strdup("store");
    f->stream_id = mem_strdup("stream");
    f->name = mem_strdup(name);
    f->epoch = 1;
    f->number = 7;
    set_pos(&f->start, "0-1-5");
    set_pos(&f->end, "0-1-9,2-1-1");
    f->source = (struct source_range){mem_strdup("binlog.000001"), 4, mem_strdup("binlog.000002"), 1234};
    f->first_time = 1700000000;
    f->last_time = 1700000009;
    f->transactions = 5;
    f->events = 21;
    strcpy(f->previous_sha256, zeros);
    f->tables = mem_zalloc(2, sizeof(*f->tables));
    f->tables[f->table_count++] = mem_strdup("d/t");
    f->tables[f->table_count++] = mem_strdup("d/Größe%2F");
    f->opaque = true;
    f->fingerprints = mem_zalloc(1, sizeof(*f->fingerprints));
    f->fingerprint_count = 1;
    f->fingerprints[0].gtid = (struct gtid){0, 1, 9};
    f->fingerprints[0].time = 1700000009;
    strcpy(f->fingerprints[0].digest, zeros);
    set_pos(&f->fingerprints[0].before, "0-1-8,2-1-1");
    return f;
}

static void make_object(struct buf *object)
{
    struct segment_footer *f = new_footer();

    CHECK_OK(segment_encode(f, content, sizeof(content), object));
    segment_footer_free(f);
}

static void test_round_trip(void)
{
    struct buf object = BUF_INIT, out = BUF_INIT;
    struct segment_footer *f = new_footer(), *g, *tail;

    buf_append_str(&out, "kept");
    CHECK_OK(segment_encode(f, content, sizeof(content), &object));
    CHECK_OK(segment_decode(name, object.data, object.len, &g, &out));
    CHECK(out.len == 4 + sizeof(content) && memcmp(out.data + 4, content, sizeof(content)) == 0);
    CHECK_OK(segment_decode_footer(name, object.data + 30, object.len - 30, &tail));
    CHECK_STR(tail->sha256, f->sha256);
    CHECK_STR(g->sha256, f->sha256);
    CHECK_STR(g->store_id, "store");
    CHECK_STR(g->stream_id, "stream");
    CHECK_STR(g->source.end_file, "binlog.000002");
    CHECK(g->source.start_offset == 4 && g->source.end_offset == 1234);
    CHECK(g->kind == SEGMENT_WHOLE && g->part == 0 && g->epoch == 1 && g->number == 7);
    CHECK(gtid_pos_equal(&g->start, &f->start) && gtid_pos_equal(&g->end, &f->end));
    CHECK(g->first_time == 1700000000 && g->last_time == 1700000009);
    CHECK(g->transactions == 5 && g->events == 21 && g->content_bytes == sizeof(content));
    CHECK_STR(g->content_sha256, f->content_sha256);
    CHECK_STR(g->previous_sha256, zeros);
    CHECK(g->table_count == 2 && g->opaque && !g->tables_many && !g->reason);
    CHECK_STR(g->tables[1], "d/Größe%2F");
    CHECK(g->fingerprint_count == 1 && g->fingerprints[0].time == 1700000009);
    CHECK(gtid_pos_equal(&g->fingerprints[0].before, &f->fingerprints[0].before));
    segment_footer_free(f);
    segment_footer_free(g);
    segment_footer_free(tail);
    buf_free(&object);
    buf_free(&out);
}

static void test_kinds(void)
{
    struct buf object = BUF_INIT, out = BUF_INIT;
    struct segment_footer *f = new_footer(), *g;

    f->kind = SEGMENT_TERMINATOR;
    f->reason = mem_strdup("a fork");
    CHECK_ERR(segment_encode(f, "", 0, &object), ERR_INTERNAL, "moves the position");
    gtid_pos_copy(&f->end, &f->start);
    CHECK_ERR(segment_encode(f, "", 0, &object), ERR_INTERNAL, "without reason or successor");
    f->next_epoch = 2;
    CHECK_ERR(segment_encode(f, "x", 1, &object), ERR_INTERNAL, "length of its content");
    CHECK_OK(segment_encode(f, NULL, 0, &object));
    CHECK_OK(segment_decode(name, object.data, object.len, &g, &out));
    CHECK(g && g->kind == SEGMENT_TERMINATOR && g->next_epoch == 2 && out.len == 0);
    CHECK_STR(g->reason, "a fork");
    segment_footer_free(g);

    f->kind = SEGMENT_PART;
    CHECK_ERR(segment_encode(f, "x", 1, &object), ERR_INTERNAL, "part number");
    f->part = 3;
    buf_clear(&object);
    CHECK_OK(segment_encode(f, "x", 1, &object));
    CHECK_OK(segment_decode(name, object.data, object.len, &g, &out));
    CHECK(g && g->kind == SEGMENT_PART && g->part == 3 && out.len == 1);
    segment_footer_free(g);

    f->number = 8;
    CHECK_ERR(segment_encode(f, "x", 1, &object), ERR_INTERNAL, "its name");
    segment_footer_free(f);
    buf_free(&object);
    buf_free(&out);
}

/* Every flipped bit, through both decoders. */
static void test_flips(void)
{
    struct buf object = BUF_INIT, out = BUF_INIT;
    struct segment_footer *f;

    make_object(&object);
    for (size_t at = 0; at < object.len; at++) {
        for (int bit = 0; bit < 8; bit++) {
            object.data[at] ^= (uint8_t)(1 << bit);
            buf_clear(&out);
            CHECK_ERR(segment_decode(name, object.data, object.len, &f, &out), ERR_INTEGRITY, name);
            CHECK(!f && out.len == 0);
            struct err *e = segment_decode_footer(name, object.data, object.len, &f);
            CHECK(!e || err_code(e) == ERR_INTEGRITY);
            err_free(e);
            segment_footer_free(f);
            object.data[at] ^= (uint8_t)(1 << bit);
        }
    }
    buf_free(&object);
    buf_free(&out);
}

static void test_cuts(void)
{
    struct buf object = BUF_INIT, out = BUF_INIT;
    struct segment_footer *f;

    make_object(&object);
    for (size_t len = 0; len < object.len; len++) {
        /* a copy of exactly that length: reading beyond it is found by the sanitizers */
        uint8_t *copy = mem_alloc(len);
        memcpy(copy, object.data, len);
        CHECK_ERR(segment_decode(name, copy, len, &f, &out), ERR_INTEGRITY, name);
        CHECK_ERR(segment_decode_footer(name, copy, len, &f), ERR_INTEGRITY, name);
        memcpy(copy, object.data + object.len - len, len);
        struct err *e = segment_decode(name, copy, len, &f, &out);
        CHECK(err_code(e) == ERR_INTEGRITY && !f);
        err_free(e);
        free(copy);
    }
    CHECK(out.len == 0);
    CHECK_ERR(segment_decode("streams/s/log/0001/000000000/000000000008", object.data, object.len, &f, &out),
              ERR_INTEGRITY, "holds the segment streams/s/log/0001/000000000/000000000007");
    buf_append(&object, object.data, 1);
    CHECK_ERR(segment_decode(name, object.data, object.len, &f, &out), ERR_INTEGRITY, "cut short");
    buf_free(&object);
    buf_free(&out);
}

/* Replaces text in the footer of an object and seals the footer again: an edit, or a later version's work. */
static void edit_footer(struct buf *object, const char *from, const char *to)
{
    size_t n = (size_t)le_get(object->data + object->len - 12, 4), start = object->len - 76 - n;
    char *json = mem_strndup((char *)object->data + start, n), hex[HASH_HEX_SIZE];
    const char *at = strstr(json, from);

    if (!at) {
        printf("the footer does not hold %s: %s\n", from, json);
        abort();
    }
    char *edited = mem_printf("%.*s%s%s", (int)(at - json), json, to, at + strlen(from));
    object->len = start - 8;
    buf_append_le(object, 0x184D2A5C, 4);
    buf_append_le(object, strlen(edited) + 76, 4);
    buf_append_str(object, edited);
    hash_bytes_hex(edited, strlen(edited), hex);
    buf_append_str(object, hex);
    buf_append_le(object, strlen(edited), 4);
    buf_append_str(object, "CCRFOOT1");
    free(edited);
    free(json);
}

static void test_edits(void)
{
    static const struct {
        const char *from, *to;
        enum err_code code;
        const char *message;
    } edits[] = {
        {"\"version\":1", "\"version\":2", ERR_UNSUPPORTED, "format version 2"},
        {"\"version\":1", "\"version\":0", ERR_INTEGRITY, "impossible format version"},
        {"\"version\":1,", "", ERR_INTEGRITY, "'version'"},
        {"\"features_required\":[]", "\"features_required\":[\"lanes\"]", ERR_UNSUPPORTED, "'lanes'"},
        {"\"features_required\":[]", "\"features_required\":[1]", ERR_INTEGRITY, "no string"},
        {"ccr segment", "ccr snapshot", ERR_INTEGRITY, "not a 'ccr segment'"},
        {"\"kind\":\"segment\"", "\"kind\":\"hint\"", ERR_UNSUPPORTED, "kind 'hint'"},
        {"\"kind\":\"segment\"", "\"kind\":\"part\"", ERR_INTEGRITY, "part number"},
        {"\"number\":7", "\"number\":8", ERR_INTEGRITY, "its name"},
        {"\"number\":7", "\"number\":-7", ERR_INTEGRITY, "non-negative"},
        {"\"end\":\"0-1-9,2-1-1\"", "\"end\":\"0-1-4\"", ERR_INTEGRITY, "before its start"},
        {"\"end\":\"0-1-9,2-1-1\"", "\"end\":\"0-1\"", ERR_INTEGRITY, "not a GTID position"},
        {"\"content_bytes\":58", "\"content_bytes\":59", ERR_INTEGRITY, "another content"},
        {"\"content_bytes\":58", "\"content_bytes\":57", ERR_INTEGRITY, "decompressed"},
        {"\"content_bytes\":58", "\"content_bytes\":99999999999", ERR_INTEGRITY, "larger than any"},
        {"\"tables\":[", "\"tables\":[7,", ERR_INTEGRITY, "no string"},
        {"\"digest\":\"0", "\"digest\":\"X", ERR_INTEGRITY, "SHA-256"},
        {"\"gtid\":\"0-1-9\"", "\"gtid\":\"0-1\"", ERR_INTEGRITY, "not a GTID"},
        {"\"store_id\":\"store\",", "", ERR_INTEGRITY, "'store_id'"},
        {"{", "[", ERR_INTEGRITY, "not valid JSON"},
    };

    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        struct buf object = BUF_INIT, out = BUF_INIT;
        struct segment_footer *f;
        make_object(&object);
        edit_footer(&object, edits[i].from, edits[i].to);
        CHECK_ERR(segment_decode(name, object.data, object.len, &f, &out), edits[i].code, edits[i].message);
        CHECK(!f);
        buf_free(&object);
        buf_free(&out);
    }
    struct buf object = BUF_INIT, out = BUF_INIT;
    struct segment_footer *f;
    make_object(&object);
    edit_footer(&object, "\"opaque\"", "\"later\":{\"x\":1},\"opaque\""); /* what need not be understood */
    CHECK_OK(segment_decode(name, object.data, object.len, &f, &out));
    segment_footer_free(f);
    buf_free(&object);
    buf_free(&out);
}

/* However many and long the tables: the footer fits into the tail, with room for an envelope. */
static void test_many_tables(void)
{
    struct segment_footer *f = new_footer(), *g;
    struct buf object = BUF_INIT;
    char *long_name = mem_zalloc(387, 1);

    memset(long_name, '"', 386);
    f->tables = mem_resize(f->tables, 1000, sizeof(*f->tables));
    while (f->table_count < 1000)
        f->tables[f->table_count++] = mem_strdup(long_name);
    CHECK_OK(segment_encode(f, content, sizeof(content), &object));
    size_t tail = object.len < SEGMENT_TAIL ? object.len : SEGMENT_TAIL;
    CHECK_OK(segment_decode_footer(name, object.data + object.len - tail, tail, &g));
    CHECK(g && g->tables_many && g->table_count > 20 && g->table_count <= SEGMENT_MAX_TABLES);
    CHECK(object.len < 50000);
    segment_footer_free(g);

    f->fingerprints = mem_resize(f->fingerprints, 400, sizeof(*f->fingerprints));
    while (f->fingerprint_count < 400)
        fingerprint_copy(&f->fingerprints[f->fingerprint_count++], &f->fingerprints[0]);
    CHECK_ERR(segment_encode(f, content, sizeof(content), &object), ERR_UNSUPPORTED, "400 GTID domains");
    segment_footer_free(f);
    free(long_name);
    buf_free(&object);
}

int main(void)
{
    test_round_trip();
    test_kinds();
    test_flips();
    test_cuts();
    test_edits();
    test_many_tables();
    return UNIT_END;
}
