#include "replay/lanes.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"

/* Where lanes wait for one another; expected is set when all are idle. */
struct lanes_meeting {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned expected;
    unsigned arrived; /* guarded by mutex, as what follows */
    unsigned round;
    bool off;    /* somebody came to the round under way who was not ready */
    bool result; /* of the last round; stays until all have come to the next */
};

struct lanes {
    struct lane *items[LANES_MOST];
    unsigned count;
    unsigned failed; /* the one whose error was returned */
    struct lanes_meeting meeting;
};

bool lanes_meet(struct lanes_meeting *m, bool ready)
{
    pthread_mutex_lock(&m->mutex);
    unsigned round = m->round;
    m->off |= !ready;
    if (++m->arrived == m->expected) {
        m->result = !m->off;
        m->arrived = 0;
        m->off = false;
        m->round++;
        pthread_cond_broadcast(&m->changed);
    }
    while (m->round == round)
        pthread_cond_wait(&m->changed, &m->mutex);
    bool result = m->result;
    pthread_mutex_unlock(&m->mutex);
    return result;
}

struct err *lanes_new(const struct lanes_params *params, struct lanes **out)
{
    struct lanes *ls = mem_zalloc(1, sizeof(*ls));
    struct err *e = NULL;

    pthread_mutex_init(&ls->meeting.mutex, NULL);
    pthread_cond_init(&ls->meeting.changed, NULL);
    ls->meeting.expected = params->count;
    for (unsigned i = 0; !e && i < params->count; i++) {
        const struct lane_params lane = {
            .conn = params->conns[i],
            .job = params->job,
            .index = i,
            .meeting = params->count > 1 ? &ls->meeting : NULL,
            .max_packet = params->max_packet,
            .conn_params = params->conn_params,
            .drift = params->drift,
            .position = params->position,
        };
        e = lane_new(&lane, &ls->items[i]);
        ls->count += e == NULL;
    }
    if (e) {
        lanes_free(ls);
        return e;
    }
    *out = ls;
    return NULL;
}

void lanes_free(struct lanes *ls)
{
    if (!ls)
        return;
    for (unsigned i = 0; i < ls->count; i++)
        lane_free(ls->items[i]);
    pthread_cond_destroy(&ls->meeting.changed);
    pthread_mutex_destroy(&ls->meeting.mutex);
    free(ls);
}

unsigned lanes_count(const struct lanes *ls)
{
    return ls->count;
}

struct lane *lanes_at(struct lanes *ls, unsigned index)
{
    return ls->items[index];
}

struct err *lanes_wait(struct lanes *ls)
{
    struct err *first = NULL;

    for (unsigned i = 0; i < ls->count; i++) {
        struct err *e = lane_wait(ls->items[i]);
        if (e && !first)
            ls->failed = i;
        first = err_first(first, e);
    }
    return first;
}

struct err *lanes_send(struct lanes *ls, unsigned index)
{
    struct err *e = lane_send(ls->items[index], LANE_GO_ON, NULL);

    if (e)
        ls->failed = index;
    return e;
}

struct err *lanes_settle(struct lanes *ls)
{
    TRY(lanes_wait(ls));
    for (unsigned i = 0; i < ls->count; i++)
        TRY(lane_send(ls->items[i], LANE_SETTLE, NULL));
    return lanes_wait(ls);
}

/* Lanes behind the first have something to commit. */
static bool lanes_are_several(struct lanes *ls)
{
    bool several = false;

    for (unsigned i = 1; i < ls->count; i++)
        several |= lane_is_open(ls->items[i]) || !parcel_is_empty(lane_parcel(ls->items[i]));
    return several;
}

struct err *lanes_commit(struct lanes *ls, const struct job_position *to, char *const *tables)
{
    struct lane_commit commit = {.to = to};

    TRY(lanes_wait(ls));
    if (lanes_have_failed(ls)) /* some would wait for it for ever */
        return err_new(ERR_INTERNAL, "a commit behind an error");
    commit.together = lanes_are_several(ls);
    for (unsigned i = 0; i < (commit.together ? ls->count : 1); i++) {
        commit.tables = tables[i];
        TRY(lane_send(ls->items[i], LANE_COMMIT, &commit));
    }
    return NULL;
}

void lanes_rollback(struct lanes *ls)
{
    for (unsigned i = 0; i < ls->count; i++)
        lane_rollback(ls->items[i]);
}

bool lanes_have_failed(struct lanes *ls)
{
    bool failed = false;

    for (unsigned i = 0; i < ls->count; i++)
        failed |= lane_has_failed(ls->items[i]);
    return failed;
}

struct lane *lanes_failed(struct lanes *ls)
{
    return ls->items[ls->failed];
}

bool lanes_are_lost(struct lanes *ls)
{
    bool lost = false;

    for (unsigned i = 0; i < ls->count; i++)
        lost |= lane_is_torn(ls->items[i]) || conn_is_lost(lane_conn(ls->items[i]));
    return lost;
}
