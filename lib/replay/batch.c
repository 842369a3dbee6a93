#include "replay/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "replay/session.h"
#include "replay/status.h"

enum {
    PARCEL_BYTES = 4 * 1024 * 1024, /* of changes that wait for a busy lane */
    PARCEL_LEAST = 1024 * 1024,
    PARCEL_EARLY = 64 * 1024, /* of changes that are worth waking an idle one */
};

struct err *batch_init(struct batch *b, struct conn *c, struct store *s, const struct job *job,
                       struct job_position *position, uint64_t max_packet)
{
    const struct lane_params params = {
        .conn = c, .job = job->name, .max_packet = max_packet, .position = &b->committed};

    *b = (struct batch){.conn = c, .store = s, .job = job, .parcel_bytes = PARCEL_BYTES};
    job_position_copy(&b->committed, position);
    job_position_copy(&b->handed, position);
    job_position_copy(&b->next, position);
    job_position_free(position);
    return lane_new(&params, &b->lane);
}

void batch_free(struct batch *b)
{
    lane_free(b->lane);
    job_position_free(&b->committed);
    job_position_free(&b->handed);
    job_position_free(&b->next);
    *b = (struct batch){0};
}

/*
 * The nonce in the row is published before anything is committed under it. A run killed in between leaves one
 * that is not: it is published first, so that the document always names one of the row's last two.
 */
static struct err *batch_claim(struct batch *b)
{
    if (b->claimed)
        return NULL;
    struct job_position *row = lane_position(b->lane);
    TRY(status_publish(b->store, b->job, row));
    failpoint("claim-before");
    TRY(job_position_claim(b->conn, b->job->name, row));
    failpoint("claim-after");
    TRY(status_publish(b->store, b->job, row));
    struct job_position *const known[] = {&b->committed, &b->handed, &b->next};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        memcpy(known[i]->nonce, row->nonce, sizeof(row->nonce));
        memcpy(known[i]->previous_nonce, row->previous_nonce, sizeof(row->previous_nonce));
    }
    b->claimed = true;
    return NULL;
}

/* What a lane that has been waited for has committed. At most one commit is under way at any time. */
static void batch_learn(struct batch *b)
{
    if (lane_commits(b->lane) == b->commits)
        return;
    b->commits = lane_commits(b->lane);
    b->rows = lane_rows(b->lane);
    b->committed_us = clock_monotonic_us();
    job_position_copy(&b->committed, lane_position(b->lane));
    b->committed_counts = b->handed_counts;
}

struct err *batch_wait(struct batch *b)
{
    struct err *e = lane_wait(b->lane);

    batch_learn(b);
    return e;
}

static struct err *batch_send(struct batch *b, enum lane_order order)
{
    TRY(batch_wait(b));
    return lane_send(b->lane, order, &b->next);
}

struct err *batch_flush(struct batch *b)
{
    if (b->open)
        TRY(batch_send(b, LANE_SETTLE));
    return batch_wait(b);
}

void batch_set_room(struct batch *b, uint64_t bytes)
{
    uint64_t each = bytes / 2; /* one is gathered, one under way */

    b->parcel_bytes = each > PARCEL_BYTES ? PARCEL_BYTES : each < PARCEL_LEAST ? PARCEL_LEAST : (size_t)each;
}

struct err *batch_set_format(struct batch *b, const struct buf *event)
{
    if (ordered_has_format(lane_road(b->lane), event)) /* every object begins with one */
        return NULL;
    TRY(batch_flush(b));
    ordered_set_format(lane_road(b->lane), event);
    return NULL;
}

struct err *batch_open(struct batch *b)
{
    TRY(batch_flush(b));
    TRY(batch_claim(b));
    TRY(lane_open(b->lane));
    b->open = true;
    return NULL;
}

struct err *batch_add(struct batch *b, const struct change *change)
{
    struct parcel *p = lane_parcel(b->lane);

    if (!b->claimed)
        TRY(batch_claim(b));
    b->open = true;
    b->bytes += change->rows->rows_len;
    parcel_add(p, change);
    if (parcel_size(p) >= b->parcel_bytes || (parcel_size(p) >= PARCEL_EARLY && lane_is_idle(b->lane)))
        return batch_send(b, LANE_GO_ON);
    return NULL;
}

static bool batch_is_empty(const struct batch *b)
{
    return !b->open && b->next.number == b->handed.number && gtid_pos_equal(&b->next.pos, &b->handed.pos) &&
           !b->next.intent == !b->handed.intent;
}

struct err *batch_end(struct batch *b)
{
    if (!b->dry_run && !batch_is_empty(b)) {
        TRY(batch_wait(b));
        TRY(batch_claim(b));
        TRY(batch_send(b, LANE_COMMIT));
        job_position_copy(&b->handed, &b->next);
        b->handed_counts = b->counts;
        b->open = false;
    }
    b->transactions = b->bytes = 0;
    return NULL;
}

struct err *batch_commit(struct batch *b)
{
    TRY(batch_end(b));
    return batch_wait(b);
}

void batch_rollback(struct batch *b)
{
    lane_rollback(b->lane);
    batch_learn(b);
    b->open = false;
    b->transactions = b->bytes = 0;
    b->counts = b->handed_counts = b->committed_counts;
    job_position_copy(&b->handed, &b->committed);
    job_position_copy(&b->next, &b->committed);
}

bool batch_has_failed(struct batch *b)
{
    return lane_has_failed(b->lane);
}

struct lane *batch_refused(struct batch *b)
{
    return lane_has_failed(b->lane) && ordered_failed(lane_road(b->lane)) ? b->lane : NULL;
}

uint64_t batch_bytes_sent(const struct batch *b)
{
    return ordered_bytes(lane_road(b->lane));
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
