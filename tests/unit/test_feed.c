/* Whole segments, split transactions, abandoned ones, and ones whose end is not there yet. */
#include "replay/feed.h"

#include <stdlib.h>

#include <zlib.h>

#include "base/mem.h"
#include "format/layout.h"
#include "tests/unit/scratch_store.h"
#include "tests/unit/unit.h"

static char *store_id;
static char *stream_id;
static char last_sha256[HASH_HEX_SIZE];

/* Magic and a format description event without checksums. */
static void put_file_start(struct buf *out)
{
    buf_append(out, binlog_magic, BINLOG_MAGIC_SIZE);
    size_t start = binlog_event_begin(out, BINLOG_FORMAT_DESCRIPTION, 0, 1, 0);
    buf_append_le(out, 4, 2);
    char version[50] = "10.11.6-MariaDB-log";
    buf_append(out, version, sizeof(version));
    buf_append_le(out, 0, 4);
    buf_append_byte(out, BINLOG_HEADER_SIZE);
    for (int type = 1; type <= 171; type++)
        buf_append_byte(out, type == BINLOG_FORMAT_DESCRIPTION ? 228 : type == BINLOG_GTID ? 19 : 0);
    buf_append_le(out, 0, 5); /* events have no checksums; this one always has */
    binlog_event_finish(out, start);
    size_t len = out->len - start - BINLOG_CHECKSUM_SIZE;
    le_put(out->data + start + len, crc32(0, out->data + start, (unsigned)len), BINLOG_CHECKSUM_SIZE);
}

/* An event that only carries a number: in its time, and `size` bytes of body. */
static void put_event(struct buf *out, uint32_t number, size_t size)
{
    size_t start = binlog_event_begin(out, BINLOG_XID, number, 1, 0);

    for (size_t i = 0; i < size; i++)
        buf_append_byte(out, (uint8_t)number);
    binlog_event_finish(out, start);
}

static void put_object(struct store *s, uint64_t number, enum segment_kind kind, uint64_t part,
                       const void *content, size_t len)
{
    struct segment_footer *f = mem_zalloc(1, sizeof(*f));
    struct buf object = BUF_INIT;
    enum chain_created outcome;

    f->store_id = mem_strdup(store_id);
    f->stream_id = mem_strdup(stream_id);
    f->name = layout_segment_name("s", 1, number);
    f->kind = kind;
    f->epoch = 1;
    f->number = number;
    f->part = part;
    strcpy(f->previous_sha256, last_sha256);
    if (kind == SEGMENT_TERMINATOR) {
        f->reason = mem_strdup("a fork");
        f->next_epoch = 2;
    }
    CHECK_OK(segment_encode(f, content, len, &object));
    CHECK_OK(chain_create(s, "s", f, &object, &outcome));
    CHECK(outcome == CHAIN_CREATED);
    strcpy(last_sha256, f->sha256);
    segment_footer_free(f);
    buf_free(&object);
}

/* A segment with the events first to last. */
static void put_whole(struct store *s, uint64_t number, uint32_t first, uint32_t last)
{
    struct buf content = BUF_INIT;

    put_file_start(&content);
    for (uint32_t i = first; i <= last; i++)
        put_event(&content, i, i % 40);
    put_object(s, number, SEGMENT_WHOLE, 0, content.data, content.len);
    buf_free(&content);
}

/* One transaction of three events, `number` to `number` + 2, as bytes of a file. */
static void make_large(struct buf *content, uint32_t number)
{
    put_file_start(content);
    put_event(content, number, 3000);
    put_event(content, number + 1, 9000);
    put_event(content, number + 2, 10);
}

static void expect_event(struct feed *f, uint32_t number, uint64_t complete)
{
    struct binlog_event e = {0};
    enum feed_item item = FEED_END;

    do
        CHECK_OK(feed_next(f, &item, &e));
    while (item == FEED_EVENT && e.type == BINLOG_FORMAT_DESCRIPTION);
    CHECK(item == FEED_EVENT);
    CHECK(item == FEED_EVENT && e.time == number);
    CHECK(e.body_len == 0 || e.body[e.body_len - 1] == (uint8_t)number);
    CHECK(feed_complete(f) == complete);
}

static void expect(struct feed *f, enum feed_item expected, uint64_t complete)
{
    struct binlog_event e;
    enum feed_item item;

    CHECK_OK(feed_next(f, &item, &e));
    CHECK(item == expected);
    CHECK(feed_complete(f) == complete);
}

static void test_feed(struct store *s)
{
    struct buf large = BUF_INIT;
    struct feed *f;

    put_whole(s, 1, 1, 2);
    put_whole(s, 2, 3, 3);
    CHECK_OK(feed_new(s, "s", 1, 1, &f));
    expect_event(f, 1, 0);
    expect_event(f, 2, 1);
    expect_event(f, 3, 2);
    expect(f, FEED_END, 2);
    expect(f, FEED_END, 2);

    /* a split transaction, cut inside of events, is handed out when its last part is there */
    make_large(&large, 10);
    put_object(s, 3, SEGMENT_PART, 1, large.data, 1500);
    expect(f, FEED_END, 2);
    put_object(s, 4, SEGMENT_PART, 2, large.data + 1500, 5000);
    expect(f, FEED_END, 2);
    put_object(s, 5, SEGMENT_PART, 3, large.data + 6500, 5);
    expect(f, FEED_END, 2);
    put_object(s, 6, SEGMENT_LAST_PART, 4, large.data + 6505, large.len - 6505);
    expect_event(f, 10, 2);
    expect_event(f, 11, 2);
    expect_event(f, 12, 6);
    expect(f, FEED_END, 6);

    /* one that a killed shipper left, and its new beginning */
    put_object(s, 7, SEGMENT_PART, 1, large.data, 1500);
    put_object(s, 8, SEGMENT_PART, 2, large.data + 1500, 100);
    expect(f, FEED_END, 6);
    put_object(s, 9, SEGMENT_PART, 1, large.data, 4000);
    expect(f, FEED_END, 8);
    put_object(s, 10, SEGMENT_LAST_PART, 2, large.data + 4000, large.len - 4000);
    expect_event(f, 10, 8);
    expect_event(f, 11, 8);
    expect_event(f, 12, 10);
    put_whole(s, 11, 20, 21);
    expect_event(f, 20, 10);
    feed_free(f);

    /* abandoned, then a whole segment; read from the middle of nothing else */
    put_object(s, 12, SEGMENT_PART, 1, large.data, 1500);
    put_whole(s, 13, 30, 30);
    CHECK_OK(feed_new(s, "s", 1, 12, &f));
    expect_event(f, 30, 13);
    put_object(s, 14, SEGMENT_TERMINATOR, 0, NULL, 0);
    expect(f, FEED_TERMINATOR, 13);
    expect(f, FEED_TERMINATOR, 13);
    CHECK(feed_terminator(f) && feed_terminator(f)->next_epoch == 2);
    feed_free(f);

    /* an event that is larger than what is moved for its sake */
    buf_clear(&large);
    put_file_start(&large);
    put_event(&large, 40, 10);
    put_event(&large, 41, 4000000);
    put_event(&large, 42, 10);
    put_object(s, 15, SEGMENT_PART, 1, large.data, 1500);
    put_object(s, 16, SEGMENT_PART, 2, large.data + 1500, 2000000);
    put_object(s, 17, SEGMENT_PART, 3, large.data + 2001500, 100);
    put_object(s, 18, SEGMENT_LAST_PART, 4, large.data + 2001600, large.len - 2001600);
    CHECK_OK(feed_new(s, "s", 1, 15, &f));
    for (uint32_t number = 40; number <= 42; number++)
        expect_event(f, number, number == 42 ? 18 : 14);
    feed_free(f);

    /* part 2 where nothing has begun */
    struct binlog_event e;
    enum feed_item item;
    CHECK_OK(feed_new(s, "s", 1, 4, &f));
    CHECK_ERR(feed_next(f, &item, &e), ERR_INTEGRITY, "whose beginning is not there");
    feed_free(f);
    buf_free(&large);
}

int main(void)
{
    struct store *s = scratch_open();

    CHECK_OK(layout_open_store(s, true, &store_id));
    CHECK_OK(layout_open_stream(s, "s", true, &stream_id));
    test_feed(s);
    free(store_id);
    free(stream_id);
    scratch_close(s);
    return UNIT_END;
}
