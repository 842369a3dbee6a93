#include "replay/ordered.h"

#include <stdlib.h>

#include "base/mem.h"

/*
 * Bytes of events in one statement: large, so that its own cost vanishes. A batch begins with small ones that
 * double, since building one takes less time than applying the one before: the server has work at once, and
 * then always.
 */
enum { BUNDLE_BYTES = 1024 * 1024, FIRST_BUNDLE_BYTES = 128 * 1024 };

struct ordered {
    struct sender *sender;
    size_t most;              /* bytes of a bundle */
    size_t limit;             /* of the one that is filled */
    struct bundle bundles[2]; /* one is filled while the other is applied */
    unsigned filling;
    uint64_t serial;
    struct row_counts sent;
    struct row_counts expected;
    bool inexact;
};

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

struct ordered *ordered_new(struct conn *c, uint64_t max_packet, unsigned lane)
{
    struct ordered *o = mem_zalloc(1, sizeof(*o));

    o->sender = sender_new(c, max_packet);
    o->serial = (uint64_t)lane << 48;
    /* as text, well within half of the server's packet */
    o->most = smaller((size_t)max_packet / 4, BUNDLE_BYTES);
    o->limit = smaller(FIRST_BUNDLE_BYTES, o->most);
    bundle_begin(&o->bundles[0], ++o->serial);
    return o;
}

void ordered_free(struct ordered *o)
{
    if (!o)
        return;
    sender_free(o->sender);
    bundle_free(&o->bundles[0]);
    bundle_free(&o->bundles[1]);
    free(o);
}

void ordered_set_format(struct ordered *o, const struct buf *event)
{
    sender_set_format(o->sender, event);
}

bool ordered_has_format(const struct ordered *o, const struct buf *event)
{
    return sender_has_format(o->sender, event);
}

static struct err *ordered_submit(struct ordered *o)
{
    struct bundle *b = &o->bundles[o->filling];

    if (bundle_is_empty(b))
        return NULL;
    TRY(sender_send(o->sender, b));
    row_counts_add(&o->sent, &b->counts);
    row_counts_add(&o->expected, &b->expected);
    o->inexact |= b->inexact;
    o->limit = smaller(2 * o->limit, o->most);
    o->filling = 1 - o->filling;
    bundle_begin(&o->bundles[o->filling], ++o->serial);
    return NULL;
}

static struct err *ordered_put(struct ordered *o, const struct change *change)
{
    struct bundle *b = &o->bundles[o->filling];
    bool full = bundle_size(b) + change->rows->rows_len > o->limit;

    if (full || !bundle_fits(b, change->rows))
        TRY(ordered_submit(o));
    return bundle_add(&o->bundles[o->filling], change);
}

/* A row event larger than a bundle, as several. */
static struct err *ordered_split(struct ordered *o, const struct change *change)
{
    struct rows_event piece = *change->rows;
    struct change part = *change;
    struct rows_row row;
    bool done = false;
    size_t at = 0;

    part.rows = &piece;
    for (;;) {
        size_t start = at;
        TRY(rows_next(&change->table->map, change->rows, &at, &row, &done));
        if (done)
            return NULL;
        piece.rows = change->rows->rows + start;
        piece.rows_len = at - start;
        TRY(ordered_put(o, &part));
    }
}

struct err *ordered_add(struct ordered *o, const struct change *change)
{
    return change->rows->rows_len > o->limit ? ordered_split(o, change) : ordered_put(o, change);
}

struct err *ordered_flush(struct ordered *o)
{
    TRY(ordered_submit(o));
    return sender_wait(o->sender);
}

const struct row_counts *ordered_counts(const struct ordered *o)
{
    return &o->sent;
}

const struct row_counts *ordered_expected(const struct ordered *o, bool *at_least)
{
    *at_least = o->inexact;
    return &o->expected;
}

void ordered_reset(struct ordered *o)
{
    sender_reset(o->sender);
    o->limit = smaller(FIRST_BUNDLE_BYTES, o->most);
    o->sent = o->expected = (struct row_counts){0};
    o->inexact = false;
    bundle_begin(&o->bundles[o->filling], ++o->serial);
}

struct bundle *ordered_failed(const struct ordered *o)
{
    return sender_failed(o->sender);
}

struct sender *ordered_sender(struct ordered *o)
{
    return o->sender;
}

uint64_t ordered_bytes(const struct ordered *o)
{
    return sender_bytes(o->sender);
}
