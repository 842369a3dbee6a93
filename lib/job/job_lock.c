#include "job/job.h"

#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/mem.h"
#include "mysql/advisory.h"

enum {
    JOINED_MOST = 256, /* connections of a run beside its own that are known to the next */
    END_WAIT_S = 60,   /* for one that was ended: it may have to roll back */
};

/* malloc'ed */
static char *lock_name(const char *what, const char *job)
{
    return mem_printf("ccr %s %s", what, job);
}

/* A run that follows the log lasts by itself; it has the job's lock, never that of its staging. malloc'ed */
static char *how_it_ends(const char *what, const char *job)
{
    if (strcmp(what, "job") != 0)
        return mem_strdup("");
    return mem_printf("a ccr-apply --follow ends when the job is paused (ccr-job pause --job %s); ", job);
}

/* Adds who has the lock: behind a network that was cut, a session may outlive its run by hours. */
static struct err *add_holder(struct conn *c, const char *what, const char *job, struct err *locked)
{
    struct result *r = NULL;
    char *name = lock_name(what, job);
    char *quoted = sql_string_dup(name);
    struct err *e = conn_query(c, &r,
                               "SELECT id, host, command, time FROM information_schema.processlist "
                               "WHERE id = IS_USED_LOCK(%s)",
                               quoted);

    free(quoted);
    free(name);
    if (e) {
        err_free(e);
        return locked;
    }
    char *ends = how_it_ends(what, job);
    char **row = result_next(r, NULL);
    if (row && row[0] && row[1] && row[2] && row[3])
        locked =
            err_hint(locked,
                     "it is connection %s on the server, from %s, for %s s in state %s; %sif that run is "
                     "gone (its network was cut), KILL %s, or wait until the server notices "
                     "(tcp_keepalive_time)",
                     row[0], row[1], row[3], row[2], ends, row[0]);
    free(ends);
    result_free(r);
    return locked;
}

/* Of further connections of the run that has a lock. */
static char *joined_name(const char *what, unsigned number, const char *job)
{
    return mem_printf("ccr %s+%u %s", what, number, job);
}

/* Connections of one run have ids that follow one another: each begins to look for a number of its own. */
static struct err *join(struct conn *c, const char *what, const char *job)
{
    bool got = false;

    for (unsigned i = 0; i < JOINED_MOST && !got; i++) {
        char *name = joined_name(what, (unsigned)((conn_id(c) + i) % JOINED_MOST), job);
        struct err *e = advisory_lock(c, name, 0, &got);
        free(name);
        TRY(e);
    }
    return NULL;
}

/* Ends that connection, and waits until it has let go of all that it had. Another user's is left alone. */
static struct err *end_one(struct conn *c, const char *id, const char *name)
{
    bool got = false;
    struct err *e = conn_exec(c, "KILL CONNECTION %s", id);

    if (e && (conn_errno(c) == ER_NO_SUCH_THREAD || conn_errno(c) == ER_KILL_DENIED_ERROR)) {
        err_free(e);
        return NULL;
    }
    TRY(e);
    TRY(advisory_lock(c, name, END_WAIT_S, &got));
    return got ? advisory_unlock(c, name) : NULL;
}

/* What has joined a lock that was free belongs to a run that is gone; one that was this connection's own, to
 * this run. */
static struct err *end_joined(struct conn *c, const char *what, const char *job)
{
    struct buf sql = {0};
    struct result *r = NULL;
    char **row = NULL;

    for (unsigned i = 0; i < JOINED_MOST; i++) {
        char *name = joined_name(what, i, job);
        char *quoted = sql_string_dup(name);
        buf_printf(&sql, "%s IS_USED_LOCK(%s)", i ? "," : "SELECT", quoted);
        free(quoted);
        free(name);
    }
    struct err *e = conn_query(c, &r, "%s", buf_str(&sql));
    buf_free(&sql);
    if (e && conn_errno(c) == ER_NOT_SUPPORTED_YET) { /* Galera */
        err_free(e);
        e = NULL;
    }
    if (r)
        row = result_next(r, NULL);
    for (unsigned i = 0; row && i < JOINED_MOST && !e; i++) {
        char *name = joined_name(what, i, job);
        if (row[i])
            e = end_one(c, row[i], name);
        free(name);
    }
    result_free(r);
    return e;
}

static struct err *lock(struct conn *c, const char *what, const char *job)
{
    bool got = false, own = false;
    char *name = lock_name(what, job);
    /* The lock lasts as long as the connection, which may be idle during a long load. The wait is for the
     * server: it ends the statement of a killed run before it lets go of that run's lock. On a Galera node
     * the compare-and-set of the position is the lock. */
    struct err *e = conn_exec(c, "SET SESSION wait_timeout = 31536000");

    if (!e)
        e = advisory_is_own(c, name, &own);
    if (!e)
        e = advisory_lock(c, name, 5, &got);
    if (!e && !got)
        e = add_holder(c, what, job, err_new(ERR_LOCKED, "another run of job %s is at work", job));
    free(name);
    return e || own ? e : end_joined(c, what, job);
}

struct err *job_lock(struct conn *c, const char *job)
{
    return lock(c, "job", job);
}

struct err *job_lock_join(struct conn *c, const char *job)
{
    return join(c, "job", job);
}

struct err *job_unlock(struct conn *c, const char *job)
{
    char *name = lock_name("job", job);
    struct err *e = advisory_unlock(c, name);

    free(name);
    return e;
}

struct err *job_lock_want(struct conn *c, const char *job, bool wanted)
{
    bool got;
    char *name = lock_name("copy", job);
    struct err *e = wanted ? advisory_lock(c, name, 0, &got) : advisory_unlock(c, name);

    free(name);
    return e;
}

struct err *job_lock_is_wanted(struct conn *c, const char *job, bool *yes)
{
    char *name = lock_name("copy", job);
    struct err *e = advisory_is_locked(c, name, yes);

    free(name);
    return e;
}

struct err *job_lock_stage(struct conn *c, const char *job)
{
    return lock(c, "stage", job);
}

struct err *job_lock_stage_join(struct conn *c, const char *job)
{
    return join(c, "stage", job);
}

struct err *job_locks_read(struct conn *c, const char *job, struct job_locks *out)
{
    char *names[] = {lock_name("job", job), lock_name("stage", job)};
    char *quoted[] = {sql_string_dup(names[0]), sql_string_dup(names[1])};
    struct result *r = NULL;
    struct err *e = conn_query(c, &r,
                               "SELECT IS_USED_LOCK(%s) IS NOT NULL, IS_USED_LOCK(%s) IS NOT NULL, "
                               "EXISTS (SELECT 1 FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = "
                               "'wsrep_cluster_size' AND VARIABLE_VALUE + 0 > 1)",
                               quoted[0], quoted[1]);

    *out = (struct job_locks){0};
    for (size_t i = 0; i < 2; i++) {
        free(names[i]);
        free(quoted[i]);
    }
    if (e && conn_errno(c) == ER_NOT_SUPPORTED_YET) { /* Galera */
        err_free(e);
        return NULL;
    }
    char **row = r ? result_next(r, NULL) : NULL;
    if (row) {
        *out = (struct job_locks){.job = row[0][0] == '1', .stage = row[1][0] == '1'};
        /* a run on another node of a cluster has its locks there */
        out->known = out->job || out->stage || row[2][0] == '0';
    }
    result_free(r);
    return e;
}
