#include "replay/feed.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "replay/ahead.h"
#include "replay/fetch.h"

/* Bytes of an event's beginning that are moved rather than appended to. */
enum { CARRIED_MAX = 1024 * 1024 };

struct feed {
    struct store *store;
    const char *stream;
    struct ahead *ahead;
    struct segment_footer *footer; /* of the object at hand */
    bool waiting;                  /* footer is a part 1 whose last part does not exist yet */
    uint64_t abandoned_until;      /* objects before this number belong to an abandoned transaction */
    uint64_t parts_left;           /* objects of the split transaction still to come */
    struct buf fresh;              /* content as it comes from `ahead`, or memory for the next one */
    struct buf work;               /* bytes being handed out, from `at` */
    size_t at;
    uint64_t origin; /* of work, in the content of the object, or of all parts joined */
    uint64_t event;  /* of the last event, counted like that */
    uint64_t complete;
    uint64_t objects;
    size_t largest; /* bytes of an object's content */
    bool has_format;
    struct binlog_format format;
    struct buf format_event;
};

struct err *feed_new(struct store *s, const char *stream, uint64_t epoch, uint64_t number, struct feed **out)
{
    struct feed *f = mem_zalloc(1, sizeof(*f));

    f->store = s;
    f->stream = stream;
    f->complete = number - 1;
    struct err *e = ahead_new(s, stream, epoch, number, &f->ahead);
    if (e) {
        free(f);
        return e;
    }
    *out = f;
    return NULL;
}

void feed_free(struct feed *f)
{
    if (!f)
        return;
    ahead_free(f->ahead);
    segment_footer_free(f->footer);
    buf_free(&f->fresh);
    buf_free(&f->work);
    buf_free(&f->format_event);
    free(f);
}

const struct buf *feed_format_event(const struct feed *f)
{
    return &f->format_event;
}

const struct binlog_format *feed_format(const struct feed *f)
{
    return &f->format;
}

uint64_t feed_number(const struct feed *f)
{
    return f->footer ? f->footer->number : f->complete;
}

uint64_t feed_complete(const struct feed *f)
{
    return f->complete;
}

const struct segment_footer *feed_terminator(const struct feed *f)
{
    return f->footer && f->footer->kind == SEGMENT_TERMINATOR ? f->footer : NULL;
}

const struct gtid_pos *feed_start(const struct feed *f)
{
    return &f->footer->start;
}

uint64_t feed_memory(const struct feed *f)
{
    /* one at hand, one read ahead, and what it is decompressed from */
    return 3 * (uint64_t)f->largest + FETCH_BYTES;
}

uint64_t feed_objects(const struct feed *f)
{
    return f->objects;
}

/*
 * Follows the parts behind part 1 (f->footer) without their content: how many more objects the transaction
 * has, 0 when its end does not exist yet, or where it was abandoned.
 */
static struct err *feed_survey(struct feed *f, uint64_t *parts_left, uint64_t *abandoned_until)
{
    uint64_t part = 1;

    *parts_left = 0;
    *abandoned_until = 0;
    for (uint64_t number = f->footer->number + 1;; number++) {
        struct segment_footer *next = NULL;
        bool came = true;
        while (!next && came) {
            TRY(chain_read_footer(f->store, f->stream, f->footer->epoch, number, &next));
            if (!next)
                TRY(chain_check_absent(f->store, f->stream, f->footer->epoch, number, &came));
        }
        if (!next)
            return NULL;
        bool continues =
            (next->kind == SEGMENT_PART || next->kind == SEGMENT_LAST_PART) && next->part == ++part;
        bool last = next->kind == SEGMENT_LAST_PART;
        segment_footer_free(next);
        if (!continues) {
            *abandoned_until = number;
            return NULL;
        }
        if (last) {
            *parts_left = number - f->footer->number;
            return NULL;
        }
    }
}

/* The object at hand is the first with its bytes: a segment, or part 1. */
static bool feed_begins(const struct feed *f)
{
    return f->footer->kind == SEGMENT_WHOLE || f->footer->part == 1;
}

/*
 * Before another object is read: the memory of the one that has been handed out goes with it, so that there
 * are never more than two. The beginning of an event that the next part continues is kept aside.
 */
static void feed_recycle(struct feed *f)
{
    size_t left = f->work.len - f->at;
    struct buf carried = BUF_INIT;

    if (f->fresh.cap > 0 || left > CARRIED_MAX)
        return;
    buf_append(&carried, f->work.data + f->at, left);
    f->fresh = f->work;
    f->work = carried;
    f->origin += f->at;
    f->at = 0;
}

/* Puts the object in fresh behind what is left of the last one. */
static void feed_join(struct feed *f)
{
    size_t left = f->work.len - f->at;

    if (left > CARRIED_MAX) {
        memmove(f->work.data, f->work.data + f->at, left);
        f->work.len = left;
        buf_append(&f->work, f->fresh.data, f->fresh.len);
    } else {
        struct buf old = f->work;
        buf_reserve(&f->fresh, left);
        if (left > 0) {
            memmove(f->fresh.data + left, f->fresh.data, f->fresh.len);
            memcpy(f->fresh.data, old.data + f->at, left);
            f->fresh.len += left;
        }
        f->work = f->fresh;
        f->fresh = old;
    }
    buf_free(&f->fresh);
    f->origin = feed_begins(f) ? 0 : f->origin + f->at;
    f->at = 0;
}

/* A new object lies in footer and fresh: makes its bytes the ones at hand, or passes over it. */
static struct err *feed_accept(struct feed *f)
{
    uint64_t left, abandoned;

    if (f->footer->kind == SEGMENT_TERMINATOR)
        return NULL;
    if (f->footer->number < f->abandoned_until) {
        f->complete = f->footer->number;
        return NULL;
    }
    if (f->parts_left > 0) {
        f->parts_left--;
    } else if (f->footer->kind == SEGMENT_PART && f->footer->part == 1) {
        TRY(feed_survey(f, &left, &abandoned));
        f->waiting = left == 0 && abandoned == 0;
        if (f->waiting)
            return NULL;
        f->abandoned_until = abandoned;
        if (abandoned)
            return NULL;
        f->parts_left = left;
    } else if (f->footer->kind != SEGMENT_WHOLE) {
        return err_new(ERR_INTEGRITY, "%s is part %llu of a split transaction whose beginning is not there",
                       f->footer->name, (unsigned long long)f->footer->part);
    }
    feed_join(f);
    return NULL;
}

/* What lies in `work` has been handed out. */
static void feed_object_done(struct feed *f)
{
    if (f->footer && f->parts_left == 0 && f->footer->number >= f->abandoned_until)
        f->complete = f->footer->number;
}

static struct err *feed_load(struct feed *f, bool *end)
{
    struct segment_footer *next = NULL;

    *end = false;
    if (f->waiting)
        return feed_accept(f);
    if (feed_terminator(f)) {
        *end = true;
        return NULL;
    }
    feed_recycle(f);
    TRY(ahead_next(f->ahead, &next, &f->fresh));
    if (!next && f->parts_left > 0)
        return err_new(ERR_INTEGRITY, "the part behind %s has disappeared", f->footer->name);
    if (!next) {
        *end = true;
        return NULL;
    }
    f->objects++;
    if (f->fresh.len > f->largest)
        f->largest = f->fresh.len;
    segment_footer_free(f->footer);
    f->footer = next;
    return feed_accept(f);
}

static struct err *feed_place(const struct feed *f, uint64_t offset, struct err *e)
{
    e = err_context(e, "%s, offset %llu%s", f->footer->name, (unsigned long long)offset,
                    f->footer->kind == SEGMENT_WHOLE ? "" : " of the parts joined");
    return err_hint(e, "take a new snapshot (ccr-backup, ccr-restore) to go on behind it");
}

struct err *feed_context(const struct feed *f, struct err *e)
{
    return feed_place(f, f->event, e);
}

/* The whole event at `at`, or *len = 0 when more bytes are needed. */
static struct err *feed_peek(struct feed *f, size_t *len)
{
    size_t left = f->work.len - f->at;

    *len = binlog_event_length(f->work.data + f->at, left);
    if (left >= BINLOG_HEADER_SIZE && (*len < BINLOG_HEADER_SIZE || *len > BINLOG_EVENT_MAX))
        return feed_place(f, f->origin + f->at, err_new(ERR_INTEGRITY, "an event of %zu bytes", *len));
    if (*len > left)
        *len = 0;
    return NULL;
}

static struct err *feed_skip_magic(struct feed *f)
{
    if (f->at != 0 || !feed_begins(f) || f->work.len == 0)
        return NULL;
    if (f->work.len < BINLOG_MAGIC_SIZE || memcmp(f->work.data, binlog_magic, BINLOG_MAGIC_SIZE) != 0)
        return feed_place(f, 0, err_new(ERR_INTEGRITY, "it does not begin like a binlog file"));
    f->at = BINLOG_MAGIC_SIZE;
    f->has_format = false;
    return NULL;
}

static struct err *feed_parse(struct feed *f, size_t len, struct binlog_event *event)
{
    const uint8_t *bytes = f->work.data + f->at;
    struct err *e = binlog_event_parse(f->has_format ? &f->format : NULL, bytes, len, event);

    if (!e && event->type == BINLOG_FORMAT_DESCRIPTION) {
        e = binlog_format_parse(event, &f->format);
        f->has_format = e == NULL;
        buf_clear(&f->format_event);
        buf_append(&f->format_event, event->data, event->len);
    }
    f->event = f->origin + f->at;
    if (e)
        return feed_context(f, e);
    f->at += len;
    return NULL;
}

struct err *feed_next(struct feed *f, enum feed_item *item, struct binlog_event *event)
{
    bool end = false;

    for (;;) {
        size_t len = 0;
        if (f->footer && f->at < f->work.len) {
            TRY(feed_skip_magic(f));
            TRY(feed_peek(f, &len));
        }
        if (len > 0) {
            *item = FEED_EVENT;
            TRY(feed_parse(f, len, event));
            if (f->at == f->work.len)
                feed_object_done(f);
            return NULL;
        }
        if (f->at < f->work.len && f->parts_left == 0)
            return feed_place(f, f->origin + f->at, err_new(ERR_INTEGRITY, "it ends inside an event"));
        TRY(feed_load(f, &end));
        if (end || f->waiting) {
            *item = feed_terminator(f) ? FEED_TERMINATOR : FEED_END;
            return NULL;
        }
    }
}
