#include "replay/lane.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "replay/lanes.h"
#include "replay/session.h"

enum lane_state { LANE_IDLE, LANE_BUSY, LANE_ENDING };

struct lane {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    enum lane_state state; /* guarded by mutex; what follows is the thread's while BUSY, else the caller's */
    struct parcel parcels[2];
    unsigned filling; /* which one is always the caller's */
    enum lane_order order;
    struct job_position to; /* LANE_COMMIT: */
    bool together;
    char *tables;
    struct err *error;
    bool failed;
    bool torn;
    unsigned index;
    struct lanes_meeting *meeting;
    struct conn *conn;
    const char *job;
    struct ordered *road;
    struct side_tables *sides;
    struct drift drift;
    uint64_t repaired; /* rows of the target, committed */
    struct job_position at;
    bool open;                /* a transaction */
    bool counting;            /* `before` was read, and rows were sent since */
    struct row_counts before; /* the server's counters */
    uint64_t settled;         /* rows of the open transaction */
    uint64_t rows;
    uint64_t commits;
};

struct err *lane_open(struct lane *l)
{
    if (l->open)
        return NULL;
    TRY(conn_exec(l->conn, "START TRANSACTION"));
    l->open = true;
    return NULL;
}

static bool count_differs(uint64_t expected, uint64_t before, uint64_t after, bool at_least)
{
    uint64_t done = after - before;

    return at_least ? done < expected : done != expected;
}

/* Row events can be dropped by the server without an error: its own counters tell. */
static struct err *lane_check_counts(struct lane *l)
{
    bool at_least;
    struct row_counts after;
    const struct row_counts *n = ordered_expected(l->road, &at_least);

    TRY(session_counts(l->conn, &after));
    if (!count_differs(n->writes, l->before.writes, after.writes, at_least) &&
        !count_differs(n->updates, l->before.updates, after.updates, at_least) &&
        !count_differs(n->deletes, l->before.deletes, after.deletes, at_least))
        return NULL;
    return err_hint(
        err_new(ERR_UNSAFE,
                "the target did not apply what it was sent: its counters should have grown by %s%llu writes, "
                "%llu updates and %llu deletes, and grew by %llu, %llu and %llu",
                at_least ? "at least " : "", (unsigned long long)n->writes, (unsigned long long)n->updates,
                (unsigned long long)n->deletes, (unsigned long long)(after.writes - l->before.writes),
                (unsigned long long)(after.updates - l->before.updates),
                (unsigned long long)(after.deletes - l->before.deletes)),
        "the batch was rolled back; replicate-* filters and triggers on the target are what could cause "
        "this");
}

static struct err *lane_settle(struct lane *l)
{
    if (!l->counting)
        return NULL;
    TRY(ordered_flush(l->road));
    TRY(lane_check_counts(l));
    /* BINLOG leaves the session's clock at the source's time */
    TRY(conn_exec(l->conn, "SET timestamp = DEFAULT"));
    const struct row_counts *sent = ordered_counts(l->road);
    l->settled += sent->writes + sent->updates + sent->deletes;
    l->counting = false;
    ordered_reset(l->road);
    return NULL;
}

static struct err *lane_apply(struct lane *l, const struct parcel *p)
{
    TRY(lane_open(l));
    if (p->net && l->drift.mode != DRIFT_UNCHECKED) {
        TRY(lane_settle(l));
        TRY(drift_check(&l->drift, p->net));
    }
    if (p->bag && bag_needs_removal(p->bag)) {
        const struct bag_target target = {.conn = l->conn, .road = l->road, .sides = l->sides};
        TRY(lane_settle(l)); /* what it does is none of the counters' */
        TRY(bag_remove(p->bag, &target, &l->settled));
    }
    if (!l->counting) {
        TRY(session_counts(l->conn, &l->before));
        l->counting = true;
    }
    return parcel_unpack(p, l->road);
}

static struct err *lane_write_position(struct lane *l)
{
    if (l->index == 0)
        TRY(job_position_update(l->conn, l->job, &l->at, &l->to));
    if (!l->meeting)
        return NULL;
    return l->together ? job_lane_write(l->conn, l->job, l->index, &l->to, l->tables)
                       : job_lanes_write(l->conn, l->job, &l->to);
}

static struct err *lane_commit(struct lane *l)
{
    failpoint("commit-before");
    struct err *e = conn_exec(l->conn, "COMMIT");
    failpoint("commit-after");
    if (e) {
        l->torn = l->together && l->index > 0;
        return e;
    }
    job_position_copy(&l->at, &l->to);
    l->rows += l->settled;
    l->commits++;
    l->repaired += l->drift.repaired;
    l->settled = l->drift.repaired = 0;
    l->open = false;
    return NULL;
}

/* All are ready, then the first one commits, then the others. False: another lane's error is in the way. */
static bool lane_may_commit(struct lane *l, bool ready)
{
    return lanes_meet(l->meeting, ready) && (l->index == 0 || lanes_meet(l->meeting, true));
}

static struct err *lane_finish(struct lane *l, struct err *e)
{
    if (!e)
        e = lane_open(l);
    if (!e)
        e = lane_write_position(l);
    if (l->together && !lane_may_commit(l, e == NULL)) {
        l->failed = true;
        return e;
    }
    if (e)
        return e;
    e = lane_commit(l);
    if (l->together && l->index == 0)
        lanes_meet(l->meeting, e == NULL);
    return e;
}

/* What the thread does with a parcel. */
static struct err *lane_deliver(struct lane *l)
{
    struct parcel *p = &l->parcels[1 - l->filling];

    struct err *e = parcel_is_empty(p) ? NULL : lane_apply(l, p);
    if (!e && l->order >= LANE_SETTLE)
        e = lane_settle(l);
    if (l->order == LANE_COMMIT)
        e = lane_finish(l, e);
    parcel_clear(p);
    return e;
}

static void *lane_work(void *arg)
{
    struct lane *l = arg;

    pthread_mutex_lock(&l->mutex);
    while (l->state != LANE_ENDING) {
        if (l->state != LANE_BUSY) {
            pthread_cond_wait(&l->changed, &l->mutex);
            continue;
        }
        pthread_mutex_unlock(&l->mutex);
        l->error = lane_deliver(l);
        l->failed |= l->error != NULL;
        pthread_mutex_lock(&l->mutex);
        l->state = LANE_IDLE;
        pthread_cond_broadcast(&l->changed);
    }
    pthread_mutex_unlock(&l->mutex);
    conn_thread_end();
    return NULL;
}

struct err *lane_new(const struct lane_params *params, struct lane **out)
{
    struct lane *l = mem_zalloc(1, sizeof(*l));

    l->conn = params->conn;
    l->job = params->job;
    l->index = params->index;
    l->meeting = params->meeting;
    l->road = ordered_new(params->conn, params->max_packet, l->index);
    l->sides = side_tables_new(params->conn_params, params->job, l->index);
    l->drift = (struct drift){
        .mode = params->drift, .conn = l->conn, .road = l->road, .sides = l->sides, .job = l->job};
    job_position_copy(&l->at, params->position);
    pthread_mutex_init(&l->mutex, NULL);
    pthread_cond_init(&l->changed, NULL);
    int status = pthread_create(&l->thread, NULL, lane_work, l);
    if (status != 0) {
        ordered_free(l->road);
        side_tables_free(l->sides);
        job_position_free(&l->at);
        free(l);
        return err_errno(ERR_INTERNAL, status, "starting the thread that applies changes");
    }
    *out = l;
    return NULL;
}

/* With the mutex held. */
static void lane_await(struct lane *l)
{
    while (l->state == LANE_BUSY)
        pthread_cond_wait(&l->changed, &l->mutex);
}

static struct err *lane_take_error(struct lane *l)
{
    struct err *e = l->error;

    l->error = NULL;
    return e;
}

void lane_free(struct lane *l)
{
    if (!l)
        return;
    pthread_mutex_lock(&l->mutex);
    lane_await(l);
    l->state = LANE_ENDING;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->mutex);
    pthread_join(l->thread, NULL);
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->mutex);
    parcel_free(&l->parcels[0]);
    parcel_free(&l->parcels[1]);
    job_position_free(&l->to);
    job_position_free(&l->at);
    free(l->tables);
    ordered_free(l->road);
    side_tables_free(l->sides);
    err_free(l->error);
    free(l);
}

struct parcel *lane_parcel(struct lane *l)
{
    return &l->parcels[l->filling];
}

struct err *lane_wait(struct lane *l)
{
    pthread_mutex_lock(&l->mutex);
    lane_await(l);
    pthread_mutex_unlock(&l->mutex);
    return lane_take_error(l);
}

struct err *lane_send(struct lane *l, enum lane_order order, const struct lane_commit *commit)
{
    TRY(lane_wait(l));
    if (l->failed)
        return err_new(ERR_INTERNAL, "changes were sent behind an error");
    l->filling = 1 - l->filling;
    l->order = order;
    if (commit) {
        job_position_copy(&l->to, commit->to);
        l->together = commit->together;
        free(l->tables);
        l->tables = commit->tables ? mem_strdup(commit->tables) : NULL;
    }
    pthread_mutex_lock(&l->mutex);
    l->state = LANE_BUSY;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->mutex);
    return NULL;
}

bool lane_is_idle(struct lane *l)
{
    pthread_mutex_lock(&l->mutex);
    bool idle = l->state == LANE_IDLE;
    pthread_mutex_unlock(&l->mutex);
    return idle;
}

void lane_rollback(struct lane *l)
{
    err_free(lane_wait(l));
    parcel_clear(&l->parcels[0]);
    parcel_clear(&l->parcels[1]);
    ordered_reset(l->road);
    if (!conn_is_lost(l->conn))
        err_free(conn_exec(l->conn, "ROLLBACK")); /* a connection that is gone has rolled back */
    l->failed = l->open = l->counting = l->drift.found = false;
    l->settled = l->drift.repaired = 0;
}

bool lane_is_open(const struct lane *l)
{
    return l->open;
}

bool lane_is_torn(const struct lane *l)
{
    return l->torn;
}

bool lane_has_failed(struct lane *l)
{
    return lane_is_idle(l) && l->failed;
}

struct job_position *lane_position(struct lane *l)
{
    return &l->at;
}

bool lane_drifted(const struct lane *l, struct gtid *gtid)
{
    *gtid = l->drift.gtid;
    return l->drift.found;
}

uint64_t lane_repaired(const struct lane *l)
{
    return l->repaired;
}

uint64_t lane_commits(const struct lane *l)
{
    return l->commits;
}

uint64_t lane_rows(const struct lane *l)
{
    return l->rows;
}

struct conn *lane_conn(struct lane *l)
{
    return l->conn;
}

struct ordered *lane_road(struct lane *l)
{
    return l->road;
}

struct side_tables *lane_sides(struct lane *l)
{
    return l->sides;
}

void lane_count_repair(struct lane *l)
{
    l->drift.repaired++;
}
