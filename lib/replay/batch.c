#include "replay/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "replay/session.h"
#include "replay/status.h"

static void position_set(struct job_position *to, const struct job_position *from)
{
    job_position_free(to);
    *to = *from;
    to->pos = (struct gtid_pos)GTID_POS_INIT;
    gtid_pos_copy(&to->pos, &from->pos);
    to->pending = from->pending ? mem_strdup(from->pending) : NULL;
    to->intent = from->intent ? mem_strdup(from->intent) : NULL;
}

void batch_init(struct batch *b, struct conn *c, struct store *s, const struct job *job,
                struct job_position *position, uint64_t max_packet)
{
    *b = (struct batch){.conn = c, .store = s, .job = job};
    b->road = ordered_new(c, max_packet);
    b->committed = *position;
    *position = (struct job_position){0};
    position_set(&b->next, &b->committed);
}

void batch_free(struct batch *b)
{
    ordered_free(b->road);
    job_position_free(&b->committed);
    job_position_free(&b->next);
    *b = (struct batch){0};
}

/*
 * The nonce in the row is published before anything is committed under it. A run killed in between leaves one
 * that is not: it is published first, so that the document always names one of the row's last two.
 */
static struct err *batch_claim(struct batch *b)
{
    TRY(status_publish(b->store, b->job, &b->committed));
    failpoint("claim-before");
    TRY(job_position_claim(b->conn, b->job->name, &b->committed));
    failpoint("claim-after");
    TRY(status_publish(b->store, b->job, &b->committed));
    memcpy(b->next.nonce, b->committed.nonce, sizeof(b->next.nonce));
    memcpy(b->next.previous_nonce, b->committed.previous_nonce, sizeof(b->next.previous_nonce));
    b->claimed = true;
    return NULL;
}

struct err *batch_open(struct batch *b)
{
    if (b->open)
        return NULL;
    if (!b->claimed)
        TRY(batch_claim(b));
    TRY(conn_exec(b->conn, "START TRANSACTION"));
    b->open = true;
    return NULL;
}

struct err *batch_add(struct batch *b, const struct change *change)
{
    TRY(batch_open(b));
    if (!b->counting) {
        TRY(session_counts(b->conn, &b->before));
        b->counting = true;
    }
    b->bytes += change->rows->rows_len;
    return ordered_add(b->road, change);
}

struct err *batch_flush(struct batch *b)
{
    return b->counting ? ordered_flush(b->road) : NULL;
}

static bool count_differs(uint64_t expected, uint64_t before, uint64_t after, bool at_least)
{
    uint64_t done = after - before;

    return at_least ? done < expected : done != expected;
}

/* Row events can be dropped by the server without an error: its own counters tell. */
static struct err *batch_check_counts(struct batch *b)
{
    bool at_least;
    struct row_counts after;
    const struct row_counts *n = ordered_expected(b->road, &at_least);

    TRY(session_counts(b->conn, &after));
    if (!count_differs(n->writes, b->before.writes, after.writes, at_least) &&
        !count_differs(n->updates, b->before.updates, after.updates, at_least) &&
        !count_differs(n->deletes, b->before.deletes, after.deletes, at_least))
        return NULL;
    return err_hint(
        err_new(ERR_UNSAFE,
                "the target did not apply what it was sent: its counters should have grown by %s%llu writes, "
                "%llu updates and %llu deletes, and grew by %llu, %llu and %llu",
                at_least ? "at least " : "", (unsigned long long)n->writes, (unsigned long long)n->updates,
                (unsigned long long)n->deletes, (unsigned long long)(after.writes - b->before.writes),
                (unsigned long long)(after.updates - b->before.updates),
                (unsigned long long)(after.deletes - b->before.deletes)),
        "the batch was rolled back; replicate-* filters and triggers on the target are what could cause "
        "this");
}

static bool batch_is_empty(const struct batch *b)
{
    return !b->open && b->next.number == b->committed.number &&
           gtid_pos_equal(&b->next.pos, &b->committed.pos) && !b->next.intent == !b->committed.intent;
}

struct err *batch_commit(struct batch *b)
{
    if (b->dry_run)
        b->transactions = b->bytes = 0;
    if (b->dry_run || batch_is_empty(b))
        return NULL;
    TRY(batch_open(b));
    if (b->counting) {
        TRY(ordered_flush(b->road));
        TRY(batch_check_counts(b));
        /* BINLOG leaves the session's clock at the source's time */
        TRY(conn_exec(b->conn, "SET timestamp = DEFAULT"));
    }
    TRY(job_position_update(b->conn, b->job->name, &b->committed, &b->next));
    failpoint("commit-before");
    TRY(conn_exec(b->conn, "COMMIT"));
    failpoint("commit-after");
    const struct row_counts *sent = ordered_counts(b->road);
    b->rows += sent->writes + sent->updates + sent->deletes;
    b->commits++;
    b->committed_us = clock_monotonic_us();
    position_set(&b->committed, &b->next);
    ordered_reset(b->road);
    b->committed_counts = b->counts;
    b->open = b->counting = false;
    b->transactions = b->bytes = 0;
    return NULL;
}

void batch_rollback(struct batch *b)
{
    ordered_reset(b->road);
    if (!conn_is_lost(b->conn))
        err_free(conn_exec(b->conn, "ROLLBACK")); /* a connection that is gone has rolled back */
    b->open = b->counting = false;
    b->transactions = b->bytes = 0;
    b->counts = b->committed_counts;
    position_set(&b->next, &b->committed);
}

struct err *batch_reread(struct batch *b)
{
    struct job_position now = {0};
    bool found;

    TRY(session_prepare(b->conn));
    TRY(job_position_read(b->conn, b->job->name, &now, &found));
    bool same = found && strcmp(now.nonce, b->committed.nonce) == 0 &&
                gtid_pos_equal(&now.pos, &b->committed.pos) && now.number == b->committed.number;
    job_position_free(&now);
    return same ? NULL : err_new(ERR_LOCKED, "another run has taken over job %s", b->job->name);
}
