/* The log of one stream: read by several threads, a window at a time, then looked at in order. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "format/chain.h"
#include "format/document.h"
#include "keep/audit_parts.h"
#include "keep/pool.h"

enum { WINDOW = 256 };

/* One object of the window. */
struct looked_at {
    struct segment_footer *footer;
    struct err *error;
    bool gone; /* since it was listed */
    bool done;
};

/* Where the chain stands. */
struct follower {
    struct audit *a;
    struct audited_stream *s;
    size_t at; /* of the window: index in the listing */
    struct looked_at window[WINDOW];
    bool begun;
    uint64_t epoch; /* of the last object */
    uint64_t number;
    uint64_t next_epoch;          /* behind a terminator; 0: behind anything else */
    bool linked;                  /* the last object was sound */
    char previous[HASH_HEX_SIZE]; /* its hash, if it was */
    uint64_t part;                /* of an open transaction; 0: none is open */
    bool part_known;
};

static const struct listed_log *listed_at(const struct follower *f, size_t i)
{
    return &f->s->listed->log[f->at + i];
}

static char *key_of(const struct follower *f, const struct listed_log *l)
{
    return layout_segment_key(f->s->listed->name, l->epoch, l->number);
}

static struct err *read_object(struct follower *f, const struct listed_log *l, bool whole,
                               struct segment_footer **footer)
{
    struct store *store = f->a->p->store;
    const char *stream = f->s->listed->name;
    struct buf content = BUF_INIT;
    struct err *e = whole ? chain_read(store, stream, l->epoch, l->number, footer, &content)
                          : chain_read_footer(store, stream, l->epoch, l->number, footer);

    buf_free(&content);
    if (!e && *footer && (*footer)->object_bytes != l->at.size) {
        e = document_hint(err_new(ERR_INTEGRITY,
                                  "object %s has %" PRIu64 " bytes, its footer tells of %" PRIu64,
                                  (*footer)->name, l->at.size, (*footer)->object_bytes));
        segment_footer_free(*footer);
        *footer = NULL;
    }
    return e;
}

static void look_at(void *arg, size_t i)
{
    struct follower *f = arg;
    struct looked_at *o = &f->window[i];
    const struct listed_log *l = listed_at(f, i);
    char *key = key_of(f, l);

    failpoint("audit-before");
    if (!interrupt_requested()) {
        o->error = read_object(f, l, audit_reads(f->a, key), &o->footer);
        o->gone = !o->error && !o->footer;
        o->done = true;
        progress_add(f->a->progress, 0, l->at.size);
    }
    free(key);
}

static struct log_run *open_run(const struct follower *f)
{
    struct log_run *last = f->s->run_count ? &f->s->runs[f->s->run_count - 1] : NULL;

    return last && !last->broken && !last->terminated ? last : NULL;
}

/* Whoever reads the log from before this place cannot go on. */
static void break_run(struct follower *f, const char *why)
{
    struct log_run *run = open_run(f);

    if (run)
        run->broken = mem_strdup(why);
    f->linked = false;
    f->part_known = false;
}

static void complain(struct follower *f, const char *key, struct err *e)
{
    break_run(f, err_message(e));
    findings_add(f->a->findings, key, document_hint(e), NULL);
}

/* The log begins behind all that was seen so far: ccr-prune has removed it, or may at any time. */
static void forget(struct follower *f)
{
    audited_runs_free(f->s);
    f->linked = false;
    f->part_known = false;
    f->part = 0;
    f->next_epoch = 0;
}

/* An object that was listed is gone. */
static void take_gone(struct follower *f, const struct listed_log *l, const char *key)
{
    const struct origin expected = {f->a->store_id, f->s->stream_id};
    struct pruned now;
    struct err *e = pruned_load(f->a->p->store, f->s->listed->name, &expected, &now);

    if (!e) {
        pruned_free(&f->s->pruned);
        f->s->pruned = now;
    }
    err_free(e); /* what was known before is all that there is */
    if (pruned_has(&f->s->pruned, l->epoch, l->number))
        forget(f);
    else
        complain(f, key,
                 err_hint(err_new(ERR_STORE, "object %s was listed, and is gone now", key),
                          "nobody but ccr-prune removes objects of the log, and its records do not tell of "
                          "it: put it back from a copy of the store"));
}

/* Objects from..to of an epoch are not there. */
static struct err *report_missing(struct follower *f, uint64_t epoch, uint64_t from, uint64_t to)
{
    const struct pruned *p = &f->s->pruned;

    if (pruned_has(p, epoch, from)) /* between two pages of the listing, say */
        forget(f);
    if (pruned_has(p, epoch, to))
        return NULL;
    if (pruned_has(p, epoch, from))
        from = p->number;
    const char *stream = f->s->listed->name;
    char *key = layout_segment_key(stream, epoch, from);
    struct store_stat stat;
    bool found = false;
    struct err *e = store_head(f->a->p->store, key, &stat, &found);

    if (!e && !found && from == to)
        complain(f, key,
                 err_new(ERR_INTEGRITY, "object %" PRIu64 " of epoch %" PRIu64 " of stream %s is missing",
                         from, epoch, stream));
    else if (!e && !found)
        complain(f, key,
                 err_new(ERR_INTEGRITY,
                         "objects %" PRIu64 " to %" PRIu64 " of epoch %" PRIu64 " of stream %s are missing",
                         from, to, epoch, stream));
    else if (!e) /* it came between two pages of the listing */
        break_run(f, "the log was being changed");
    free(key);
    return e;
}

/* The first object of what is left of the log. */
static struct err *begin(struct follower *f, const struct listed_log *l)
{
    const struct pruned *p = &f->s->pruned;
    bool pruned_before =
        p->record > 0 && (l->epoch < p->epoch || (l->epoch == p->epoch && l->number <= p->number));

    f->part_known = l->number == 1;
    f->linked = l->epoch == 1 && l->number == 1; /* then nothing may precede it */
    if (pruned_before || f->linked || f->s->pruned_unknown)
        return NULL;
    if (p->record > 0 && p->epoch == l->epoch)
        return report_missing(f, l->epoch, p->number, l->number - 1);
    if (l->number > 1)
        return report_missing(f, l->epoch, 1, l->number - 1);
    char *key = key_of(f, l);
    complain(f, key,
             err_new(ERR_INTEGRITY, "stream %s begins with epoch %" PRIu64 ": all before it is missing",
                     f->s->listed->name, l->epoch));
    free(key);
    return NULL;
}

static struct err *next_epoch(struct follower *f, const struct listed_log *l, const char *key)
{
    const struct pruned *p = &f->s->pruned;
    bool pruned = f->next_epoch ? pruned_has(p, f->next_epoch, 1) : pruned_has(p, f->epoch, f->number + 1);

    if (f->next_epoch != l->epoch && pruned)
        forget(f);
    else if (f->next_epoch == 0)
        complain(f, key,
                 err_new(ERR_INTEGRITY,
                         "epoch %" PRIu64 " of stream %s ends with object %" PRIu64
                         " and without a terminator, but epoch %" PRIu64 " exists",
                         f->epoch, f->s->listed->name, f->number, l->epoch));
    else if (f->next_epoch != l->epoch)
        complain(f, key,
                 err_new(ERR_INTEGRITY,
                         "epoch %" PRIu64 " of stream %s is to be followed by epoch %" PRIu64
                         ", but epoch %" PRIu64 " is next",
                         f->epoch, f->s->listed->name, f->next_epoch, l->epoch));
    f->part = 0;
    f->part_known = l->number == 1;
    return l->number > 1 ? report_missing(f, l->epoch, 1, l->number - 1) : NULL;
}

/* Is this the place that is next? */
static struct err *check_place(struct follower *f, const struct listed_log *l, const char *key)
{
    struct err *e = NULL;

    if (!f->begun)
        e = begin(f, l);
    else if (l->epoch != f->epoch)
        e = next_epoch(f, l, key);
    else if (f->next_epoch != 0)
        complain(f, key, err_new(ERR_INTEGRITY, "object %s lies behind the end of its epoch", key));
    else if (l->number > f->number + 1)
        e = report_missing(f, l->epoch, f->number + 1, l->number - 1);
    f->begun = true;
    f->epoch = l->epoch;
    f->number = l->number;
    f->next_epoch = 0;
    return e;
}

/* What is wrong with a footer that is sound in itself, or NULL. */
static struct err *check_link(const struct follower *f, const struct segment_footer *t)
{
    const struct log_run *run = open_run(f);
    bool is_part = t->part > 0;

    if ((f->a->store_id && strcmp(t->store_id, f->a->store_id) != 0) ||
        (f->s->stream_id && strcmp(t->stream_id, f->s->stream_id) != 0))
        return err_hint(err_new(ERR_INTEGRITY, "object %s was written for another store or stream", t->name),
                        "do not mix the folders of two stores; put the right object back");
    if (f->linked && strcmp(f->previous, t->previous_sha256) != 0)
        return err_new(ERR_INTEGRITY, "object %s does not follow the one before it (another SHA-256)",
                       t->name);
    if (f->linked && run && run->epoch == t->epoch && !gtid_pos_equal(&run->end, &t->start))
        return err_new(ERR_INTEGRITY, "object %s does not begin where the one before it ends", t->name);
    if (f->part_known && is_part && t->part != 1 && t->part != f->part + 1)
        return err_new(ERR_INTEGRITY, "object %s is part %" PRIu64 " of a transaction, behind part %" PRIu64,
                       t->name, t->part, f->part);
    return NULL;
}

static void extend_run(struct follower *f, const struct segment_footer *t)
{
    struct audited_stream *s = f->s;
    struct log_run *run = open_run(f);

    if (!run || run->epoch != t->epoch) {
        s->runs = mem_grow(s->runs, s->run_count, &s->run_cap, sizeof(*s->runs));
        run = &s->runs[s->run_count++];
        *run = (struct log_run){.epoch = t->epoch, .first = t->number};
        gtid_pos_copy(&run->start, &t->start);
    }
    run->last = t->number;
    run->terminated = t->kind == SEGMENT_TERMINATOR;
    gtid_pos_copy(&run->end, &t->end);
    if (t->last_time > run->last_time)
        run->last_time = t->last_time;
}

static void follow(struct follower *f, const struct segment_footer *t)
{
    struct err *e = check_link(f, t);
    char *key = layout_segment_key(f->s->listed->name, t->epoch, t->number);

    if (e)
        complain(f, key, e);
    free(key);
    /* what is behind a wrong object may be sound in itself */
    f->linked = true;
    memcpy(f->previous, t->sha256, sizeof(f->previous));
    f->part = t->kind == SEGMENT_PART ? t->part : 0;
    f->part_known = true;
    f->next_epoch = t->kind == SEGMENT_TERMINATOR ? t->next_epoch : 0;
    if (!e)
        extend_run(f, t);
}

static struct err *take(struct follower *f, size_t i)
{
    const struct listed_log *l = listed_at(f, i);
    struct looked_at *o = &f->window[i];
    char *key = key_of(f, l);
    struct err *e = check_place(f, l, key);

    if (!e && o->error) {
        complain(f, key, o->error);
        o->error = NULL;
    } else if (!e && o->gone) {
        take_gone(f, l, key);
    } else if (!e) {
        follow(f, o->footer);
    }
    free(key);
    return e;
}

static struct err *look_through(struct follower *f, size_t count)
{
    struct err *e = pool_run(f->a->p->threads, count, look_at, f);
    size_t i = 0;

    for (; !e && i < count && f->window[i].done; i++)
        e = take(f, i);
    if (i > 0) {
        char *key = key_of(f, listed_at(f, i - 1));
        audit_passed(f->a, key);
        free(key);
    }
    for (i = 0; i < count; i++) {
        segment_footer_free(f->window[i].footer);
        err_free(f->window[i].error);
        f->window[i] = (struct looked_at){0};
    }
    return e ? e : interrupt_check();
}

struct err *audit_log(struct audit *a, struct audited_stream *s)
{
    struct follower *f = mem_zalloc(1, sizeof(*f));
    struct err *e = NULL;
    size_t total = s->listed->log_count;

    f->a = a;
    f->s = s;
    for (; !e && f->at < total; f->at += WINDOW)
        e = look_through(f, total - f->at < WINDOW ? total - f->at : WINDOW);
    free(f);
    return e;
}
