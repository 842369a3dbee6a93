#include "format/volume.h"

#include <stdlib.h>

#include "base/mem.h"
#include "tests/unit/unit.h"

static const char *const names[] = {"d/schema.sql", "d/t/schema.sql", "Größe 中文/t%2F1/000001.tsv",
                                    "d/e/000001.tsv"};
static const char *const texts[] = {"CREATE DATABASE d", "CREATE TABLE t (id INT)", "1\tone\n2\ttwo\n", ""};
enum { MEMBERS = 4 };

static void make_volume(struct buf *out)
{
    struct volume_writer *w;

    CHECK_OK(volume_writer_new(1700000000, &w));
    CHECK(volume_writer_is_empty(w));
    for (int i = 0; i < MEMBERS; i++) {
        size_t len = strlen(texts[i]);
        CHECK(volume_writer_bound(w, len) < 16384);
        CHECK_OK(volume_writer_add(w, names[i], texts[i], len));
    }
    CHECK(!volume_writer_is_empty(w));
    CHECK_OK(volume_writer_finish(w, out));
    volume_writer_free(w);
}

/* Reads everything; content is appended to `all`. */
static struct err *read_volume(const void *object, size_t len, struct buf *all, size_t *members)
{
    struct volume_reader *r;
    const char *member;
    char part[7]; /* small, so that members need several reads */
    uint64_t size, left;
    size_t n;
    struct err *e;

    *members = 0;
    TRY(volume_reader_new("v", object, len, &r));
    for (;;) {
        TRY_GOTO(e, out, volume_reader_next(r, &member, &size));
        if (!member)
            break;
        buf_append_str(all, member);
        ++*members;
        left = size;
        do {
            TRY_GOTO(e, out, volume_reader_read(r, part, sizeof(part), &n));
            buf_append(all, part, n);
            left -= n;
        } while (n > 0);
        CHECK(left == 0);
    }
out:
    volume_reader_free(r);
    return e;
}

static void test_round_trip(void)
{
    struct buf object = BUF_INIT, again = BUF_INIT, all = BUF_INIT, expected = BUF_INIT;
    size_t members;

    make_volume(&object);
    make_volume(&again);
    CHECK(object.len == again.len && memcmp(object.data, again.data, object.len) == 0); /* deterministic */
    CHECK_OK(read_volume(object.data, object.len, &all, &members));
    CHECK(members == MEMBERS);
    for (int i = 0; i < MEMBERS; i++) {
        buf_append_str(&expected, names[i]);
        buf_append_str(&expected, texts[i]);
    }
    CHECK_STR(buf_str(&all), buf_str(&expected));
    buf_free(&object);
    buf_free(&again);
    buf_free(&all);
    buf_free(&expected);
}

static void test_long_names(void)
{
    struct buf object = BUF_INIT, all = BUF_INIT;
    struct volume_writer *w;
    char name[401];
    size_t members;

    memset(name, 'x', 400);
    memcpy(name + 200, "/", 1);
    memcpy(name + 100, "\xe4\xb8\xad", 3);
    name[400] = 0;
    CHECK_OK(volume_writer_new(0, &w));
    CHECK_OK(volume_writer_add(w, name, "", 0));
    CHECK_OK(volume_writer_finish(w, &object));
    volume_writer_free(w);
    CHECK_OK(read_volume(object.data, object.len, &all, &members));
    CHECK_STR(buf_str(&all), name);
    buf_free(&object);
    buf_free(&all);
}

static void test_bound(void)
{
    struct buf object = BUF_INIT;
    struct volume_writer *w;
    size_t len = (size_t)300 * 1000, bound = 0, state = 1;
    uint8_t *noise = mem_alloc(len);

    CHECK_OK(volume_writer_new(0, &w));
    for (int i = 0; i < 10; i++) {
        for (size_t at = 0; at < len; at++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            noise[at] = (uint8_t)(state >> 56); /* cannot be compressed */
        }
        bound = volume_writer_bound(w, len);
        CHECK_OK(volume_writer_add(w, "d/t/000001.tsv", noise, len - (size_t)i));
    }
    CHECK_OK(volume_writer_finish(w, &object));
    volume_writer_free(w);
    CHECK(object.len <= bound && bound < object.len + ((size_t)300 << 10));
    free(noise);
    buf_free(&object);
}

/* zstd ignores one bit of its frame header; the manifest's SHA-256 covers it. */
static bool is_ignored_by_zstd(size_t at, int bit)
{
    return at == 4 && bit == 4;
}

static void test_damage(void)
{
    struct buf object = BUF_INIT, good = BUF_INIT, all = BUF_INIT;
    size_t members;

    make_volume(&object);
    CHECK_OK(read_volume(object.data, object.len, &good, &members));
    for (size_t at = 0; at < object.len; at++) {
        for (int bit = 0; bit < 8; bit++) {
            if (is_ignored_by_zstd(at, bit))
                continue;
            buf_clear(&all);
            object.data[at] ^= (uint8_t)(1 << bit);
            struct err *e = read_volume(object.data, object.len, &all, &members);
            /* a changed window or block size may be harmless: then nothing may have changed */
            if (!e && (all.len != good.len || memcmp(all.data, good.data, good.len) != 0)) {
                printf("bit %d of byte %zu changed a volume unnoticed\n", bit, at);
                unit_failed++;
            }
            CHECK(!e || err_code(e) == ERR_INTEGRITY);
            err_free(e);
            object.data[at] ^= (uint8_t)(1 << bit);
        }
    }
    for (size_t len = 0; len < object.len; len++) {
        buf_clear(&all);
        CHECK_ERR(read_volume(object.data, len, &all, &members), ERR_INTEGRITY, "volume v is damaged");
    }
    buf_append(&object, "x", 1);
    CHECK_ERR(read_volume(object.data, object.len, &all, &members), ERR_INTEGRITY, "volume v is damaged");
    buf_free(&object);
    buf_free(&good);
    buf_free(&all);
}

int main(void)
{
    test_round_trip();
    test_long_names();
    test_bound();
    test_damage();
    return UNIT_END;
}
