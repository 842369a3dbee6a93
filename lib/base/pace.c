#include "base/pace.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/mem.h"

/* Waiting looks around so often; as much may be caught up after a pause of the copy itself. */
#define LOOK_US (100 * 1000LL)

struct pace {
    uint64_t rows_per_s;
    uint64_t bytes_per_s;
    pthread_mutex_t mutex; /* guards what is below */
    double free_us;        /* when all that has passed is paid for */
    bool held;
    struct err *error; /* of pace_end */
    int64_t held_since_us;
    int64_t held_us;
};

struct pace *pace_new(uint64_t rows_per_s, uint64_t bytes_per_s)
{
    struct pace *p = mem_zalloc(1, sizeof(*p));

    p->rows_per_s = rows_per_s;
    p->bytes_per_s = bytes_per_s;
    pthread_mutex_init(&p->mutex, NULL);
    return p;
}

void pace_free(struct pace *p)
{
    if (!p)
        return;
    err_free(p->error);
    pthread_mutex_destroy(&p->mutex);
    free(p);
}

static double cost_us(uint64_t amount, uint64_t per_s)
{
    return per_s ? (double)amount / (double)per_s * CLOCK_US_PER_S : 0;
}

/* Pays for rows and bytes; *until_us is when they may go. With the mutex held. */
static void pay(struct pace *p, uint64_t rows, uint64_t bytes, double *until_us)
{
    double earliest = (double)(clock_monotonic_us() - LOOK_US);

    if (p->free_us < earliest)
        p->free_us = earliest;
    p->free_us += cost_us(rows, p->rows_per_s) + cost_us(bytes, p->bytes_per_s);
    *until_us = p->free_us;
}

/* The same for everyone: it does not matter who is the first to tell. With the mutex held. */
static struct err *copy_end(const struct pace *p)
{
    struct err *e = err_new(err_code(p->error), "%s", err_message(p->error));
    const char *hint = err_hint_text(p->error);

    return hint ? err_hint(e, "%s", hint) : e;
}

struct err *pace_pass(struct pace *p, uint64_t rows, uint64_t bytes, const atomic_bool *stop)
{
    double until_us = 0;
    bool paid = false;

    for (;;) {
        struct err *e = NULL;
        pthread_mutex_lock(&p->mutex);
        if (p->error)
            e = copy_end(p);
        else if (!p->held && !paid)
            pay(p, rows, bytes, &until_us);
        paid |= !p->held;
        double left_us = p->held ? LOOK_US : until_us - (double)clock_monotonic_us();
        pthread_mutex_unlock(&p->mutex);
        if (e)
            return e;
        if (left_us <= 0 || (stop && atomic_load(stop)))
            return NULL;
        clock_sleep_us(left_us < LOOK_US ? (int64_t)left_us : LOOK_US);
        TRY(interrupt_check());
    }
}

void pace_hold(struct pace *p)
{
    pthread_mutex_lock(&p->mutex);
    if (!p->held)
        p->held_since_us = clock_monotonic_us();
    p->held = true;
    pthread_mutex_unlock(&p->mutex);
}

void pace_release(struct pace *p)
{
    pthread_mutex_lock(&p->mutex);
    if (p->held)
        p->held_us += clock_monotonic_us() - p->held_since_us;
    p->held = false;
    pthread_mutex_unlock(&p->mutex);
}

void pace_end(struct pace *p, struct err *e)
{
    pthread_mutex_lock(&p->mutex);
    p->error = err_first(p->error, e);
    pthread_mutex_unlock(&p->mutex);
}

double pace_held_seconds(struct pace *p)
{
    pthread_mutex_lock(&p->mutex);
    int64_t us = p->held_us + (p->held ? clock_monotonic_us() - p->held_since_us : 0);
    pthread_mutex_unlock(&p->mutex);
    return (double)us / CLOCK_US_PER_S;
}
