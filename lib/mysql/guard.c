#include "mysql/guard.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "mysql/replication.h"
#include "mysql/server_file.h"

/* An answer that takes longer is none. */
enum { ANSWER_WITHIN_S = 10 };

struct replica {
    const char *name;  /* its option file */
    struct conn *conn; /* NULL: not connected */
};

struct guard {
    struct guard_params params;
    struct pace *pace;
    struct conn *server; /* NULL: not connected */
    struct replica *replicas;
    size_t replica_count;
    int64_t paused_us; /* since when the copy is held; 0: it is not */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool stop; /* guarded by mutex */
};

void guard_params_from_opts(const struct opts *opts, struct guard_params *params)
{
    params->replicas = opts_list(opts, OPT_LAG_OF, NULL);
    params->max_lag_s = opts_number(opts, OPT_MAX_LAG);
    params->max_threads_running = opts_number(opts, OPT_MAX_THREADS_RUNNING);
    params->max_pause_s = opts_number(opts, OPT_MAX_PAUSE);
}

static void guard_free(struct guard *g)
{
    for (size_t i = 0; i < g->replica_count; i++)
        conn_close(g->replicas[i].conn);
    conn_close(g->server);
    pthread_cond_destroy(&g->wake);
    pthread_mutex_destroy(&g->mutex);
    free(g->replicas);
    free(g);
}

static struct guard *guard_new(const struct guard_params *params, struct pace *pace)
{
    struct guard *g = mem_zalloc(1, sizeof(*g));

    g->params = *params;
    g->pace = pace;
    while (params->replicas[g->replica_count])
        g->replica_count++;
    g->replicas = mem_zalloc(g->replica_count + 1, sizeof(*g->replicas));
    for (size_t i = 0; i < g->replica_count; i++)
        g->replicas[i].name = params->replicas[i];
    pthread_mutex_init(&g->mutex, NULL);
    pthread_cond_init(&g->wake, NULL);
    return g;
}

static struct err *connect_server(struct guard *g)
{
    struct conn_params params = *g->params.server;

    if (g->server)
        return NULL;
    params.local_infile = false;
    params.read_timeout_s = ANSWER_WITHIN_S;
    return conn_open(&params, &g->server);
}

/* Threads that run beside the copy's and the guard's own. */
static struct err *look_at_threads(struct guard *g, char **reason)
{
    uint64_t running = 0;
    uint64_t own = g->params.own_threads + 1;

    TRY(connect_server(g));
    TRY(conn_number(g->server, &running,
                    "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS "
                    "WHERE VARIABLE_NAME = 'THREADS_RUNNING'"));
    running = running > own ? running - own : 0;
    if (running > g->params.max_threads_running)
        *reason = mem_printf("the server runs %llu threads (--max-threads-running %llu)",
                             (unsigned long long)running, (unsigned long long)g->params.max_threads_running);
    return NULL;
}

/* Of all its masters, the one that it lags behind most. */
static void judge_replica(const struct guard *g, const struct replica *replica, struct result *r,
                          char **reason)
{
    struct replication of;

    while (!*reason && replication_next(r, &of)) {
        if (!of.known)
            *reason = mem_printf("replica %s is not replicating", replica->name);
        else if (of.seconds > g->params.max_lag_s)
            *reason = mem_printf("replica %s lags by %llu s (--max-lag %llu)", replica->name,
                                 (unsigned long long)of.seconds, (unsigned long long)g->params.max_lag_s);
    }
}

static struct err *look_at_replica(const struct guard *g, struct replica *replica, char **reason)
{
    struct result *r = NULL;

    if (!replica->conn)
        TRY(server_file_open(replica->name, g->params.server, ANSWER_WITHIN_S, &replica->conn));
    TRY(replication_query(replica->conn, &r));
    struct err *e = NULL;
    if (result_count(r) == 0)
        e = err_hint(err_new(ERR_USAGE, "--lag-of %s: that server is no replica", replica->name),
                     "name option files of replicas, with host, user and password");
    else
        judge_replica(g, replica, r, reason);
    result_free(r);
    return e;
}

/* *reason: why the copy has to wait, or NULL. Connections that failed are opened anew the next time. */
static struct err *look(struct guard *g, char **reason)
{
    struct err *e = NULL;

    *reason = NULL;
    if (g->params.max_threads_running)
        e = look_at_threads(g, reason);
    if (e) {
        conn_close(g->server);
        g->server = NULL;
    }
    for (size_t i = 0; i < g->replica_count && !e && !*reason; i++) {
        struct replica *r = &g->replicas[i];
        e = look_at_replica(g, r, reason);
        if (!e)
            continue;
        e = err_context(e, "replica %s", r->name);
        conn_close(r->conn);
        r->conn = NULL;
    }
    return e;
}

/* A second, or less. False: stop. */
static bool wait_a_second(struct guard *g)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec++;
    pthread_mutex_lock(&g->mutex);
    while (!g->stop && pthread_cond_timedwait(&g->wake, &g->mutex, &until) != ETIMEDOUT)
        ;
    bool go_on = !g->stop;
    pthread_mutex_unlock(&g->mutex);
    return go_on;
}

static void end_copy(struct guard *g, const char *reason)
{
    enum err_code code = g->params.server->side == CONN_SOURCE ? ERR_SOURCE : ERR_TARGET;

    pace_end(g->pace, err_hint(err_new(code, "the copy was paused for %llu s (--max-pause): %s",
                                       (unsigned long long)g->params.max_pause_s, reason),
                               "run it when there is less to do, or allow more"));
}

/* Holds or releases the copy. False: it was ended. */
static bool decide(struct guard *g, const char *reason)
{
    int64_t now_us = clock_monotonic_us();

    if (reason && !g->paused_us) {
        pace_hold(g->pace);
        g->paused_us = now_us;
        log_info(g->params.log, "paused: %s", reason);
    } else if (!reason && g->paused_us) {
        pace_release(g->pace);
        log_info(g->params.log, "going on after a pause of %.0f s",
                 (double)(now_us - g->paused_us) / CLOCK_US_PER_S);
        g->paused_us = 0;
    } else if (reason && now_us - g->paused_us > (int64_t)g->params.max_pause_s * CLOCK_US_PER_S) {
        end_copy(g, reason);
        return false;
    }
    return true;
}

static bool look_and_decide(struct guard *g)
{
    char *reason = NULL;
    struct err *e = look(g, &reason);

    if (e) {
        free(reason);
        reason = mem_printf("cannot look: %s", err_message(e));
        err_free(e);
    }
    bool go_on = decide(g, reason);
    free(reason);
    return go_on;
}

static void *guard_main(void *guard)
{
    struct guard *g = guard;

    while (wait_a_second(g) && look_and_decide(g))
        ;
    conn_thread_end();
    return NULL;
}

/* What cannot be looked at from the beginning is a mistake, not a pause. */
static struct err *first_look(struct guard *g)
{
    char *reason = NULL;
    struct err *e = look(g, &reason);

    if (!e)
        decide(g, reason);
    free(reason);
    return e;
}

struct err *guard_start(const struct guard_params *params, struct pace *pace, struct guard **out)
{
    *out = NULL;
    if (!params->replicas[0] && !params->max_threads_running)
        return NULL;
    struct guard *g = guard_new(params, pace);
    struct err *e = first_look(g);
    if (!e) {
        int failed = pthread_create(&g->thread, NULL, guard_main, g);
        if (failed)
            e = err_errno(ERR_INTERNAL, failed, "starting the guard");
    }
    if (e)
        guard_free(g);
    else
        *out = g;
    return e;
}

void guard_stop(struct guard *g)
{
    if (!g)
        return;
    pthread_mutex_lock(&g->mutex);
    g->stop = true;
    pthread_cond_signal(&g->wake);
    pthread_mutex_unlock(&g->mutex);
    pthread_join(g->thread, NULL);
    pace_release(g->pace);
    guard_free(g);
}
