#include "ship/beginning.h"

#include <stdlib.h>

#include "base/mem.h"
#include "mysql/source_check.h"

/* A snapshot of the epoch; its manifest is read again when it is its turn. */
struct candidate {
    char *id;
    struct gtid_pos position;
    int64_t started_us;
};

struct candidates {
    uint64_t epoch;
    struct candidate *items;
    size_t count;
    size_t cap;
};

static struct err *note(struct manifest *m, void *arg)
{
    struct candidates *c = arg;

    if (m->epoch == c->epoch) {
        c->items = mem_grow(c->items, c->count, &c->cap, sizeof(*c->items));
        struct candidate *item = &c->items[c->count++];
        *item = (struct candidate){mem_strdup(m->id), GTID_POS_INIT, m->started_us};
        gtid_pos_copy(&item->position, &m->position);
    }
    manifest_free(m);
    return NULL;
}

static void candidate_free(struct candidate *c)
{
    free(c->id);
    gtid_pos_free(&c->position);
}

static bool is_older(const struct candidate *a, const struct candidate *b)
{
    int order = gtid_pos_order(&a->position, &b->position);

    return order != 0 ? order < 0 : a->started_us < b->started_us;
}

static struct candidate take_oldest(struct candidates *c)
{
    size_t oldest = 0;

    for (size_t i = 1; i < c->count; i++)
        if (is_older(&c->items[i], &c->items[oldest]))
            oldest = i;
    struct candidate found = c->items[oldest];
    c->items[oldest] = c->items[--c->count];
    return found;
}

static bool goes_on(enum source_verdict verdict)
{
    return verdict == SOURCE_EQUAL || verdict == SOURCE_UNCHECKED || verdict == SOURCE_BEHIND;
}

/* *begins: the place is at this snapshot now. */
static struct err *try_snapshot(const struct beginning_params *p, const char *id, struct place *place,
                                bool *begins)
{
    struct source_check check = {0};
    struct manifest *m = NULL;

    TRY(manifest_load(p->store, p->stream, id, &m));
    struct source_check_params params = {
        .conn = p->conn,
        .params = p->source,
        .position = &m->position,
        .fingerprints = m->fingerprints,
        .fingerprint_count = m->fingerprint_count,
    };
    struct err *e = source_check(&params, &check);
    *begins = !e && goes_on(check.verdict);
    if (*begins) {
        place_at_snapshot(place, m);
        log_info(p->log, "the log begins at snapshot %s", id);
    } else if (!e) {
        log_warn(p->log, "no job can follow snapshot %s: %s; the log will begin at a newer one", id,
                 check.detail);
    }
    source_check_free(&check);
    manifest_free(m);
    return e;
}

struct err *beginning_choose(const struct beginning_params *p, struct place *place)
{
    struct candidates all = {.epoch = place->epoch};
    struct err *e = manifest_each(p->store, p->stream, note, &all);
    bool begins = false;

    while (!e && !begins && all.count > 0) {
        struct candidate next = take_oldest(&all);
        e = try_snapshot(p, next.id, place, &begins);
        candidate_free(&next);
    }
    while (all.count > 0)
        candidate_free(&all.items[--all.count]);
    free(all.items);
    return e;
}
