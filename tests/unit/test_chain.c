#include "format/chain.h"

#include <stdlib.h>

#include "base/mem.h"
#include "format/layout.h"
#include "format/object.h"
#include "tests/unit/scratch_store.h"
#include "tests/unit/unit.h"

struct link {
    uint64_t epoch;
    uint64_t number;
    const char *previous;
    uint64_t next_epoch; /* a terminator's */
    const char *shipper; /* tells two footers of one number apart */
    bool foreign;        /* of another store */
};

static char *store_id;
static char *stream_id;

static struct segment_footer *new_footer(const struct link *link)
{
    struct segment_footer *f = mem_zalloc(1, sizeof(*f));

    f->store_id = mem_strdup(link->foreign ? "another" : store_id);
    f->stream_id = mem_strdup(stream_id);
    f->name = layout_segment_name("s", link->epoch, link->number);
    f->epoch = link->epoch;
    f->number = link->number;
    f->source.start_file = mem_strdup(link->shipper ? link->shipper : "a");
    strcpy(f->previous_sha256, link->previous);
    if (link->next_epoch) {
        f->kind = SEGMENT_TERMINATOR;
        f->reason = mem_strdup("a fork");
        f->next_epoch = link->next_epoch;
    }
    return f;
}

/* Adds one object; `sha256` gets its footer's hash. */
static enum chain_created add(struct store *s, const struct link *link, char sha256[HASH_HEX_SIZE])
{
    enum chain_created outcome = CHAIN_TAKEN;
    struct segment_footer *f = new_footer(link);
    struct buf object = BUF_INIT;

    CHECK_OK(segment_encode(f, "content", link->next_epoch ? 0 : 7, &object));
    CHECK_OK(chain_create(s, "s", f, &object, &outcome));
    memmove(sha256, f->sha256, HASH_HEX_SIZE);
    segment_footer_free(f);
    buf_free(&object);
    return outcome;
}

static void check_newest(struct store *s, uint64_t epoch, uint64_t number)
{
    struct segment_footer *f;

    CHECK_OK(chain_newest(s, "s", &f));
    CHECK(f && f->epoch == epoch && f->number == number);
    segment_footer_free(f);
}

static void check_next(struct chain_reader *r, uint64_t epoch, uint64_t number)
{
    struct segment_footer *f;
    struct buf content = BUF_INIT;

    CHECK_OK(chain_reader_next(r, &f, &content));
    if (number == 0)
        CHECK(!f && content.len == 0);
    else
        CHECK(f && f->epoch == epoch && f->number == number);
    segment_footer_free(f);
    buf_free(&content);
}

static void check_next_fails(struct chain_reader *r, enum err_code code, const char *message)
{
    struct segment_footer *f;
    struct buf content = BUF_INIT;

    CHECK_ERR(chain_reader_next(r, &f, &content), code, message);
    CHECK(!f && content.len == 0);
    buf_free(&content);
}

static void test_walk(struct store *s)
{
    char hash[HASH_HEX_SIZE] = "", terminator[HASH_HEX_SIZE];
    struct segment_footer *f;

    CHECK_OK(chain_newest(s, "s", &f));
    CHECK(!f);
    struct chain_reader *r = chain_reader_new(s, "s", 1, 1, "");
    check_next(r, 0, 0);
    for (uint64_t n = 1; n <= 3; n++)
        CHECK(add(s, &(struct link){.epoch = 1, .number = n, .previous = hash}, hash) == CHAIN_CREATED);
    check_newest(s, 1, 3);
    for (uint64_t n = 1; n <= 3; n++)
        check_next(r, 1, n);
    check_next(r, 0, 0); /* asked too early: goes on later */
    check_next(r, 0, 0);
    CHECK(add(s, &(struct link){1, 4, hash, 2, NULL, false}, terminator) == CHAIN_CREATED);
    CHECK(add(s, &(struct link){.epoch = 2, .number = 1, .previous = terminator}, hash) == CHAIN_CREATED);
    check_newest(s, 2, 1);
    check_next(r, 1, 4);
    check_next(r, 2, 1);
    check_next(r, 0, 0);
    chain_reader_free(r);

    /* a new reader that has seen the terminator, as a position in the target may say */
    r = chain_reader_new(s, "s", 1, 5, NULL);
    check_next(r, 2, 1);
    chain_reader_free(r);
    r = chain_reader_new(s, "s", 2, 1, terminator);
    check_next(r, 2, 1);
    chain_reader_free(r);
    r = chain_reader_new(s, "s", 2, 1, hash);
    check_next_fails(r, ERR_INTEGRITY, "does not follow the one before it");
    chain_reader_free(r);
    r = chain_reader_new(s, "s", 1, 6, NULL);
    check_next_fails(r, ERR_INTEGRITY, "object 6 of epoch 1 of stream s is missing");
    chain_reader_free(r);
}

static void test_rivals(struct store *s)
{
    struct segment_footer *f;
    char hash[HASH_HEX_SIZE], other[HASH_HEX_SIZE], mine[HASH_HEX_SIZE];
    enum chain_created outcome;
    struct buf object = BUF_INIT;

    CHECK_OK(chain_newest(s, "s", &f));
    strcpy(hash, f->sha256);
    segment_footer_free(f);
    struct link a = {2, 2, hash, 0, "a", false}, b = {2, 2, hash, 0, "b", false};
    CHECK(add(s, &a, mine) == CHAIN_CREATED);
    CHECK(add(s, &a, other) == CHAIN_ALREADY_MINE);
    CHECK(add(s, &b, other) == CHAIN_TAKEN);

    b.previous = other;
    f = new_footer(&b);
    CHECK_OK(segment_encode(f, "content", 7, &object));
    CHECK_ERR(chain_create(s, "s", f, &object, &outcome), ERR_INTEGRITY, "does not continue the log");
    segment_footer_free(f);
    buf_free(&object);
    CHECK(add(s, &(struct link){.epoch = 2, .number = 3, .previous = mine}, hash) == CHAIN_CREATED);
}

static void test_holes(struct store *s)
{
    char *second = layout_segment_key("s", 2, 2), *third = layout_segment_key("s", 2, 3);
    struct buf kept = BUF_INIT;
    bool created;

    CHECK_OK(object_get(s, second, &kept, NULL));
    CHECK_OK(store_delete(s, second));
    struct chain_reader *r = chain_reader_new(s, "s", 2, 1, NULL);
    check_next(r, 2, 1);
    check_next_fails(r, ERR_INTEGRITY, "object 2 of epoch 2 of stream s is missing, but");
    CHECK_OK(object_create(s, second, kept.data, kept.len, &created));
    check_next(r, 2, 2); /* put back: the reader goes on */
    check_next(r, 2, 3);
    chain_reader_free(r);

    CHECK_OK(object_put(s, third, kept.data, kept.len)); /* swapped */
    r = chain_reader_new(s, "s", 2, 3, NULL);
    check_next_fails(r, ERR_INTEGRITY, "holds the segment streams/s/log/0002/000000000/000000000002");
    chain_reader_free(r);
    CHECK_OK(object_put(s, third, "", 0));
    struct segment_footer *f;
    CHECK_ERR(chain_newest(s, "s", &f), ERR_INTEGRITY, "cut short");
    CHECK_OK(object_put(s, "streams/s/log/0002/000000000/notes.txt", "hello", 5));
    CHECK_ERR(chain_newest(s, "s", &f), ERR_INTEGRITY, "notes.txt does not belong");
    CHECK_OK(store_delete(s, "streams/s/log/0002/000000000/notes.txt"));
    buf_free(&kept);
    free(second);
    free(third);
}

/* The first object that a reader meets is held against the one before it, and against the store. */
static void test_strangers(struct store *s)
{
    char hash[HASH_HEX_SIZE] = "", other[HASH_HEX_SIZE] = "";

    CHECK(add(s, &(struct link){.epoch = 4, .number = 1, .previous = hash}, hash) == CHAIN_CREATED);
    memset(other, '0', sizeof(other) - 1);
    CHECK(add(s, &(struct link){.epoch = 4, .number = 2, .previous = other}, other) == CHAIN_CREATED);
    struct chain_reader *r = chain_reader_new(s, "s", 4, 2, NULL);
    check_next_fails(r, ERR_INTEGRITY, "does not follow the one before it");
    chain_reader_free(r);

    CHECK(add(s, &(struct link){.epoch = 5, .number = 1, .previous = hash, .foreign = true}, hash) ==
          CHAIN_CREATED);
    r = chain_reader_new(s, "s", 5, 1, NULL);
    check_next_fails(r, ERR_INTEGRITY, "written for another store");
    chain_reader_free(r);
}

/* The newest of many is found across folders of a thousand. */
static void test_folders(struct store *s)
{
    char none[HASH_HEX_SIZE] = "", hash[HASH_HEX_SIZE];
    static const uint64_t numbers[] = {999, 1000, 1001, 2000, 10000};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        add(s, &(struct link){.epoch = 3, .number = numbers[i], .previous = none}, hash);
        check_newest(s, 3, numbers[i]);
    }
}

int main(void)
{
    struct store *s = scratch_open();

    CHECK_OK(layout_open_store(s, true, &store_id));
    CHECK_OK(layout_open_stream(s, "s", true, &stream_id));
    test_walk(s);
    test_rivals(s);
    test_holes(s);
    test_folders(s);
    test_strangers(s);
    free(store_id);
    free(stream_id);
    scratch_close(s);
    return UNIT_END;
}
