#include "replay/walk.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "binlog/group.h"
#include "replay/half_done.h"
#include "replay/intent.h"
#include "replay/paused.h"
#include "replay/schema_change.h"
#include "replay/transaction.h"

/* The inflated size of a compressed event. */
#define EVENT_LIMIT BINLOG_EVENT_MAX

/* What a run takes besides the log's objects and the changes: code, connection, bundles; and the least for
 * changes. */
enum { MEMORY_FIXED = 24 * 1024 * 1024, MEMORY_CHANGES = 8 * 1024 * 1024 };

struct walk {
    struct apply *a;
    struct feed *feed;
    struct group *group;
    struct transaction t;
    struct buf inflated;
    struct buf query_text;
    bool joined;  /* the log begins at or before the position */
    bool stopped; /* until, or paused: the transaction at hand is not to be taken */
    bool redo;
};

struct err *walk_new(struct apply *a, struct walk **out)
{
    const struct job_position *from = a->evening ? evening_from(a->evening) : &a->batch.committed;
    struct walk *w = mem_zalloc(1, sizeof(*w));

    w->a = a;
    w->group = group_new();
    struct err *e = feed_new(a->store, a->job->stream, from->epoch, from->number + 1, &w->feed);
    if (e) {
        walk_free(w);
        return e;
    }
    tables_statement_end(a->tables);
    if (a->evening)
        batch_begin_uneven(&a->batch, from);
    *out = w;
    return NULL;
}

void walk_free(struct walk *w)
{
    if (!w)
        return;
    if (w->feed)
        w->a->objects += feed_objects(w->feed);
    feed_free(w->feed);
    group_free(w->group);
    buf_free(&w->inflated);
    buf_free(&w->query_text);
    free(w);
}

const struct segment_footer *walk_terminator(const struct walk *w)
{
    return feed_terminator(w->feed);
}

static void walk_advance_number(struct walk *w)
{
    uint64_t complete = feed_complete(w->feed);

    if (complete > w->a->batch.next.number)
        w->a->batch.next.number = complete;
}

/* Would this transaction lead beyond what was asked for? */
static bool walk_is_beyond(const struct walk *w, const struct gtid *gtid, uint32_t time)
{
    const struct apply_limits *l = &w->a->limits;

    if (l->until_time && (int64_t)time > l->until_time)
        return true;
    if (!l->has_until_gtid)
        return false;
    const struct gtid *last = gtid_pos_find(&l->until_gtid, gtid->domain);
    return gtid_pos_reaches(&w->a->batch.next.pos, &l->until_gtid) || (last && gtid->seq > last->seq);
}

/* What an earlier walk noted for this transaction. */
static struct err *walk_take_note(struct walk *w)
{
    struct redo *redo = &w->a->redo;

    if (redo->kind == REDO_NOTHING || !gtid_equal(redo->gtid, w->t.begin.gtid))
        return NULL;
    enum redo_kind kind = redo->kind;
    struct err *e = redo->error;
    redo->error = NULL;
    redo->kind = REDO_NOTHING;
    if (kind == REDO_STOP)
        return err_first(batch_commit(&w->a->batch), transaction_context(e, &w->t));
    w->t.drop = kind == REDO_DROP;
    w->t.savepoints = kind == REDO_SAVEPOINTS || kind == REDO_ALONE;
    /* committed by itself, by one lane: the note is not kept, and another transaction's would ask for it
     * again if the two shared a batch; nor must one come to need first a note, then a single lane */
    w->t.single = !w->a->evening;
    if (w->t.single)
        TRY(batch_commit(&w->a->batch));
    if (kind == REDO_ALONE) {
        TRY(intent_open_rows(w->a, &w->t.begin.gtid, redo->what));
        w->t.alone = true;
    }
    return NULL;
}

/* The objects of the log are as large as ccr-ship made them; what is left is for changes. */
static void walk_share_memory(struct walk *w)
{
    uint64_t taken = MEMORY_FIXED + feed_memory(w->feed);
    uint64_t memory = w->a->limits.memory;

    batch_set_room(&w->a->batch, memory > taken + MEMORY_CHANGES ? memory - taken : MEMORY_CHANGES);
}

/* Behind the batch that only some lanes had: now all have it. */
static struct err *walk_end_evening(struct apply *a)
{
    if (!gtid_pos_equal(&a->batch.next.pos, &evening_until(a->evening)->pos))
        return err_new(ERR_INTEGRITY, "the log does not lead to where some of the lanes are");
    TRY(batch_make_even(&a->batch));
    log_info(a->log, "a killed run had left its lanes one batch apart: evened out");
    evening_free(a->evening);
    a->evening = NULL;
    return NULL;
}

/* Nothing else counts until the lanes are even. */
static struct err *walk_begin_in_evening(struct walk *w)
{
    TRY(interrupt_check());
    return walk_take_note(w);
}

static bool walk_is_full(const struct walk *w)
{
    const struct apply_limits *l = &w->a->limits;
    const struct batch *b = &w->a->batch;

    return b->transactions >= l->batch_transactions || b->bytes >= l->batch_bytes ||
           (b->open && clock_monotonic_us() - b->started_us >= l->batch_us);
}

/* A person said that this transaction is not to be applied. Of an XA PREPARE that means its COMMIT. */
static struct err *walk_begin_pass(struct walk *w)
{
    w->t.pass = job_skips_find(&w->a->skips, w->t.begin.gtid);
    w->t.branch.passed = w->t.pass != NULL;
    return w->t.pass ? batch_commit(&w->a->batch) : NULL;
}

/* Nothing of it is applied: that is noted in the commit that moves the position behind it. */
static struct err *walk_end_pass(struct walk *w)
{
    struct apply *a = w->a;
    const struct job_skip *s = w->t.pass;
    char text[GTID_TEXT_SIZE];

    log_warn(a->log, "transaction %s is passed over, as %s said: %s", gtid_format(s->gtid, text), s->who,
             s->reason);
    a->passed_over++;
    if (w->t.begin.flags & BINLOG_GTID_COMPLETED_XA)
        xa_release(a, &w->t.begin);
    if (a->dry_run)
        return NULL;
    TRY(batch_open(&a->batch));
    return job_skip_done(a->batch.conn, a->job->name, s);
}

static struct err *walk_begin(struct walk *w)
{
    struct apply *a = w->a;
    struct batch *b = &a->batch;

    w->t = (struct transaction){.begin = *group_gtid(w->group), .time = group_time(w->group)};
    w->t.held = w->t.begin.flags & BINLOG_GTID_PREPARED_XA;
    w->t.branch = (struct xa_branch){.gtid = w->t.begin.gtid, .number = feed_number(w->feed)};
    w->t.skip = gtid_pos_has(&b->next.pos, w->t.begin.gtid);
    prelude_clear(a->prelude);
    if (w->t.skip)
        return NULL;
    walk_advance_number(w);
    walk_share_memory(w);
    if (a->evening && !gtid_pos_has(&evening_until(a->evening)->pos, w->t.begin.gtid))
        TRY(walk_end_evening(a));
    if (a->evening)
        return walk_begin_in_evening(w);
    TRY(half_done_find(a, &w->t));
    if (w->t.half_done) /* nothing else counts */
        return NULL;
    if (walk_is_beyond(w, &w->t.begin.gtid, w->t.time)) {
        w->stopped = true;
        return batch_commit(b);
    }
    if (interrupt_requested()) {
        TRY(batch_commit(b));
        return interrupt_check();
    }
    paused_look(a);
    if (a->paused) {
        w->stopped = true;
        return batch_commit(b);
    }
    TRY(walk_begin_pass(w));
    if (w->t.pass)
        return NULL;
    if (walk_is_full(w))
        TRY(batch_end(b));
    return walk_take_note(w);
}

/* A batch that was refused merged lies behind: what comes may be merged again, in a batch of its own. */
static struct err *walk_end_order(struct apply *a)
{
    struct batch *b = &a->batch;

    if (!b->in_order || a->limits.in_order || a->evening ||
        !gtid_pos_reaches(&b->next.pos, &a->in_order_until))
        return NULL;
    TRY(batch_end(b));
    batch_set_in_order(b, false);
    return NULL;
}

static struct err *walk_end(struct walk *w)
{
    struct apply *a = w->a;
    struct batch *b = &a->batch;

    tables_statement_end(a->tables);
    if (w->t.skip)
        return NULL;
    if (w->t.held)
        xa_hold(a, &w->t.begin, &w->t.branch);
    gtid_pos_set(&b->next.pos, w->t.begin.gtid);
    b->next.source_time = w->t.time;
    walk_advance_number(w);
    b->transactions++;
    a->batch.counts.transactions++;
    if (!w->t.in_scope)
        a->batch.counts.skipped_transactions++;
    if (w->t.pass)
        TRY(walk_end_pass(w));
    if (w->t.alone || w->t.ddl || w->t.single || w->t.pass) {
        intent_clear(a);
        TRY(batch_commit(b));
    }
    if (!a->evening)
        TRY(batch_transaction_end(b));
    return walk_end_order(a);
}

/* The source wrote the transaction down, and then did not let it happen. */
static void walk_undo(struct walk *w)
{
    if (w->t.alone) { /* tables without transactions keep what was changed, as on the source */
        batch_rollback(&w->a->batch);
        return;
    }
    if (w->t.rows_added) {
        transaction_redo(w->a, &w->t, REDO_DROP, NULL);
        w->redo = true;
    }
}

/*
 * With several lanes: one of them runs the statement, and must see what all of the transaction before it has
 * done, and all of the transactions before.
 */
static struct err *walk_make_single(struct walk *w)
{
    struct apply *a = w->a;

    if (w->t.single || batch_lanes(&a->batch) == 1 || a->dry_run)
        return NULL;
    if (w->t.rows_added) {
        transaction_redo(a, &w->t, REDO_SINGLE, NULL);
        w->redo = true;
        return NULL;
    }
    w->t.single = true;
    return batch_commit(&a->batch);
}

static struct err *walk_inside(struct walk *w, const struct binlog_event *e);

static bool query_is_xa(const struct binlog_query *q)
{
    return q->sql_len > 3 && memcmp(q->sql, "XA ", 3) == 0;
}

static struct err *walk_branch_event(const struct binlog_event *e, void *arg, bool *stop)
{
    struct walk *w = arg;

    TRY(walk_inside(w, e));
    *stop = w->redo;
    return NULL;
}

static struct err *walk_xa_commit(struct walk *w)
{
    char text[GTID_TEXT_SIZE];
    struct xa_branch branch;
    bool found;

    TRY(xa_find(w->a, &w->t.begin, &branch, &found));
    if (!found)
        return err_hint(err_new(ERR_RESYNC,
                                "an XA transaction was committed whose changes the log does not hold "
                                "behind the target's snapshot"),
                        "take a new snapshot (ccr-backup, ccr-restore)");
    if (branch.passed) {
        log_warn(w->a->log,
                 "transaction %s commits an XA transaction that was passed over: nothing is applied",
                 gtid_format(w->t.begin.gtid, text));
        return NULL;
    }
    TRY(walk_make_single(w));
    if (w->redo)
        return NULL;
    tables_statement_end(w->a->tables);
    TRY(xa_read(w->a, &branch, walk_branch_event, w));
    return batch_set_format(&w->a->batch, feed_format_event(w->feed));
}

static struct err *walk_xa_rollback(struct walk *w)
{
    struct xa_branch branch;
    bool found;

    TRY(xa_find(w->a, &w->t.begin, &branch, &found));
    if (!found || !branch.statements || branch.passed)
        return NULL;
    return err_hint(err_new(ERR_UNSUPPORTED,
                            "an XA transaction that holds statements was rolled back: it cannot be "
                            "told whether they changed tables without transactions"),
                    "use binlog_format=ROW on the source; take a new snapshot (ccr-backup, ccr-restore)");
}

/* What belongs to XA: the branch's own START and END, and at last its COMMIT or ROLLBACK. */
static struct err *walk_xa_query(struct walk *w, const struct binlog_query *q)
{
    static const char commit[] = "XA COMMIT ";
    static const char rollback[] = "XA ROLLBACK ";

    if (!query_is_xa(q)) {
        w->t.branch.statements = true;
        return NULL;
    }
    if (!(w->t.begin.flags & BINLOG_GTID_COMPLETED_XA))
        return NULL;
    if (q->sql_len > sizeof(commit) && memcmp(q->sql, commit, sizeof(commit) - 1) == 0)
        TRY(walk_xa_commit(w));
    else if (q->sql_len > sizeof(rollback) && memcmp(q->sql, rollback, sizeof(rollback) - 1) == 0)
        TRY(walk_xa_rollback(w));
    else
        return NULL; /* START and END of the branch that is read again */
    if (!w->redo)
        xa_release(w->a, &w->t.begin);
    return NULL;
}

static struct err *walk_query(struct walk *w, const struct binlog_event *e)
{
    struct binlog_query query;

    TRY(binlog_query_parse(e, &w->query_text, &query));
    if (binlog_query_is(&query, "BEGIN") || binlog_query_is(&query, "COMMIT"))
        return NULL;
    if (binlog_query_is(&query, "ROLLBACK")) {
        walk_undo(w);
        return NULL;
    }
    if (w->t.held || query_is_xa(&query))
        return walk_xa_query(w, &query);
    if (w->a->evening) /* the first lane ran it */
        return NULL;
    TRY(walk_make_single(w));
    if (w->redo)
        return NULL;
    if (e->type == BINLOG_EXECUTE_LOAD_QUERY)
        TRY(schema_change_load(w->a, &w->t, e, &query));
    else
        TRY(schema_change_statement(w->a, &w->t, e, &query));
    w->redo = w->a->redo.kind != REDO_NOTHING && gtid_equal(w->a->redo.gtid, w->t.begin.gtid);
    return NULL;
}

static struct err *walk_unsupported(const struct binlog_event *e)
{
    return err_hint(err_new(ERR_UNSUPPORTED, "the log holds a %s event, which this version does not replay",
                            binlog_type_name(e->type)),
                    "take a new snapshot (ccr-backup, ccr-restore) to go on behind it");
}

static struct err *walk_rows(struct walk *w, const struct binlog_event *e)
{
    static const struct binlog_format no_checksum = {.checksum = false};
    struct binlog_event plain;

    if (!binlog_type_is_compressed(e->type))
        return rows_take(w->a, &w->t, e);
    buf_clear(&w->inflated);
    TRY(binlog_event_decompress(e, EVENT_LIMIT, &w->inflated));
    TRY(binlog_event_parse(&no_checksum, w->inflated.data, w->inflated.len, &plain));
    return rows_take(w->a, &w->t, &plain);
}

static struct err *walk_inside(struct walk *w, const struct binlog_event *e)
{
    bool query = e->type == BINLOG_QUERY || e->type == BINLOG_QUERY_COMPRESSED;

    if (w->t.held && !query) {
        w->t.branch.statements |= e->type == BINLOG_EXECUTE_LOAD_QUERY;
        return NULL;
    }
    if (e->type == BINLOG_TABLE_MAP)
        return rows_take_map(w->a, &w->t, e, &w->redo);
    if (rows_type_is_rows(e->type))
        return walk_rows(w, e);
    switch (e->type) {
    case BINLOG_QUERY:
    case BINLOG_QUERY_COMPRESSED:
    case BINLOG_EXECUTE_LOAD_QUERY:
        return walk_query(w, e);
    case BINLOG_INTVAR:
    case BINLOG_RAND:
    case BINLOG_USER_VAR:
    case BINLOG_BEGIN_LOAD_QUERY:
    case BINLOG_APPEND_BLOCK:
    case BINLOG_DELETE_FILE:
        return prelude_take(w->a->prelude, e);
    case BINLOG_ANNOTATE_ROWS:
        rows_take_text(&w->t, e);
        return NULL;
    case BINLOG_XID:
    case BINLOG_XA_PREPARE:
    case BINLOG_ROWS_QUERY:
    case BINLOG_IGNORABLE:
        return NULL;
    default:
        return walk_unsupported(e);
    }
}

static struct err *walk_outside(struct walk *w, const struct binlog_event *e)
{
    if (e->type != BINLOG_FORMAT_DESCRIPTION)
        return NULL;
    return batch_set_format(&w->a->batch, feed_format_event(w->feed));
}

/*
 * The transaction cannot be replayed. Whatever the batch holds of the ones before it is worth committing: by
 * another walk, since rows of this one may be among them.
 */
static struct err *walk_refuse(struct walk *w, struct err *error)
{
    enum err_code code = err_code(error);
    bool of_itself =
        code == ERR_UNSUPPORTED || code == ERR_UNSAFE || code == ERR_RESYNC || code == ERR_INTEGRITY;

    if (batch_has_failed(&w->a->batch)) /* the error is that of an earlier change */
        return error;
    w->a->stopped_at = w->t.begin.gtid;
    if (!of_itself || w->a->evening || w->a->batch.transactions == 0 || w->a->dry_run)
        return transaction_context(error, &w->t);
    transaction_redo(w->a, &w->t, REDO_STOP, error);
    w->redo = true;
    return NULL;
}

static bool walk_is_at_fault(const struct walk *w, const struct err *e)
{
    return err_code(e) == ERR_INTEGRITY && !batch_has_failed(&w->a->batch); /* or it is an earlier one */
}

/* An event that belongs nowhere. Whole transactions of the batch are worth committing. */
static struct err *walk_break_off(struct walk *w, struct err *error)
{
    if (group_is_open(w->group) && !w->t.skip)
        return walk_refuse(w, error);
    if (w->a->evening || w->a->dry_run)
        return error;
    return err_first(batch_commit(&w->a->batch), error);
}

static struct err *walk_event(struct walk *w, const struct binlog_event *e)
{
    enum group_place place;
    struct err *error = group_feed(w->group, e, &place);

    if (error)
        return walk_break_off(w, feed_context(w->feed, error));
    switch (place) {
    case GROUP_BEGIN:
        return walk_begin(w);
    case GROUP_OUTSIDE:
        return walk_outside(w, e);
    case GROUP_ABANDONED:
        if (w->t.half_done)
            return walk_refuse(w, half_done_end(w->a, &w->t));
        walk_undo(w);
        return w->redo ? NULL : walk_outside(w, e);
    case GROUP_INSIDE:
    case GROUP_END:
    default:
        break;
    }
    error = w->t.skip || w->t.pass ? NULL : walk_inside(w, e);
    if (!error && w->t.half_done && place == GROUP_END)
        error = half_done_end(w->a, &w->t);
    if (error)
        return walk_refuse(w, walk_is_at_fault(w, error) ? feed_context(w->feed, error) : error);
    return place == GROUP_END && !w->redo ? walk_end(w) : NULL;
}

static struct err *walk_finish(struct walk *w, enum feed_item item, enum walk_outcome *outcome)
{
    struct apply *a = w->a;
    const struct apply_limits *l = &a->limits;

    walk_advance_number(w);
    if (a->evening)
        TRY(walk_end_evening(a));
    TRY(intent_check(a));
    TRY(batch_commit(&a->batch));
    *outcome = item == FEED_TERMINATOR ? WALK_TERMINATOR : WALK_END;
    if (l->has_until_gtid && gtid_pos_reaches(&a->batch.next.pos, &l->until_gtid))
        *outcome = WALK_UNTIL;
    return NULL;
}

/* The log may begin at a newer snapshot than the one that the target was restored from. */
static struct err *walk_check_start(struct walk *w)
{
    const struct gtid_pos *from = &w->a->batch.next.pos;
    const struct gtid_pos *start = feed_start(w->feed);

    w->joined = true;
    if (gtid_pos_reaches(from, start))
        return NULL;
    char *here = gtid_pos_text(from);
    char *there = gtid_pos_text(start);
    struct err *e =
        err_hint(err_new(ERR_RESYNC,
                         "the log of stream %s begins at %s, behind the target's position %s: what "
                         "lies between is not in the store",
                         w->a->job->stream, there, here),
                 "restore a newer snapshot (ccr-restore)");
    free(here);
    free(there);
    return e;
}

struct err *walk_run(struct walk *w, enum walk_outcome *outcome)
{
    struct binlog_event event;
    enum feed_item item;

    for (;;) {
        TRY(feed_next(w->feed, &item, &event));
        if (item != FEED_EVENT)
            return walk_finish(w, item, outcome);
        if (!w->joined)
            TRY(walk_check_start(w));
        TRY(walk_event(w, &event));
        if (w->redo || w->stopped) {
            *outcome = w->redo ? WALK_REDO : WALK_UNTIL;
            return NULL;
        }
    }
}
