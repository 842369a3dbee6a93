#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/document.h"
#include "job/job.h"
#include "job/job_copy.h"
#include "job/job_needed.h"
#include "job/job_publish.h"
#include "job/job_state.h"
#include "job/protect.h"
#include "restore/swap.h"
#include "status/jobs.h"
#include "status/lag.h"

struct looking {
    struct conn *conn;
    const char *job;
    const struct job *known; /* its name, stream and ids */
    struct streams *streams;
    uint64_t history;
    json_t *to; /* the job's object */
};

static void set_seconds_time(json_t *to, const char *name, int64_t seconds)
{
    char time[CLOCK_TEXT_SIZE];

    if (seconds)
        document_set_bytes(to, name, clock_format(seconds * CLOCK_US_PER_S, time));
}

static struct err *add_state(struct looking *l)
{
    struct job_state s;

    TRY(job_state_read(l->conn, l->job, &s));
    document_set_bytes(l->to, "state", s.state);
    set_seconds_time(l->to, "state_since", s.since);
    document_set_bytes(l->to, "state_reason", s.reason[0] ? s.reason : NULL);
    document_set_bytes(l->to, "state_who", s.who[0] ? s.who : NULL);
    set_seconds_time(l->to, "ok_at", s.ok_at);
    document_set_u64(l->to, "failures", s.failures);
    if (s.error)
        json_object_set(l->to, "error", s.error);
    job_state_free(&s);
    return NULL;
}

static void set_left(json_t *copy, const char *what, double per_second, uint64_t left)
{
    json_object_set_new(copy, what, json_real(per_second));
    json_object_set_new(copy, "seconds_left", json_integer((json_int_t)((double)left / per_second)));
}

static void set_load_left(json_t *copy, const struct job_copy_state *s)
{
    uint64_t rows = s->loaded > s->copy.before ? s->loaded - s->copy.before : 0;

    if (s->seconds && rows && s->copy.rows >= s->loaded)
        set_left(copy, "rows_per_second", (double)rows / (double)s->seconds, s->copy.rows - s->loaded);
}

/* All is loaded: it is brought to the job's position, or the job to its. */
static void set_replay_left(json_t *copy, const struct job_copy_state *s, const struct gtid_pos *job,
                            bool running)
{
    const bool job_is_behind = gtid_pos_order(&s->at, job) > 0;
    uint64_t left = job_is_behind ? gtid_pos_distance(job, &s->at) : gtid_pos_distance(&s->at, job);
    uint64_t done = gtid_pos_distance(&s->from, &s->at);

    document_set_u64(copy, "transactions_left", left);
    if (running && left && !job_is_behind && s->from.count && s->replay_seconds && done)
        set_left(copy, "transactions_per_second", (double)done / (double)s->replay_seconds, left);
}

static void set_copy(json_t *to, const struct job_copy_state *s, const struct gtid_pos *job, bool running)
{
    json_t *copy = json_object();

    document_set_bytes(copy, "kind", s->copy.partial ? "partial" : "full");
    document_set_bytes(copy, "snapshot", s->copy.snapshot);
    document_set_bytes(copy, "reason", s->copy.reason);
    document_set_u64(copy, "rows", s->copy.rows);
    document_set_u64(copy, "loaded", s->loaded);
    if (s->staged)
        set_replay_left(copy, s, job, running);
    else if (running)
        set_load_left(copy, s);
    json_object_set_new(to, "copy", copy);
}

static const char *doing_of(const struct looking *l, const struct job_position *p,
                            const struct job_locks *locks, const struct job_copy_state *copy, bool copying)
{
    if (p->pending || swap_is_announced(p))
        return "swapping";
    if (copying && copy->staged)
        return gtid_pos_equal(&copy->at, &p->pos) ? "waiting for the swap" : "catching up";
    if (copying)
        return "loading";
    if (locks->job)
        return "replaying";
    if (copy->found)
        return "copy interrupted";
    if (json_object_get(l->to, "full_copy"))
        return "waiting for a snapshot";
    return json_array_size(json_object_get(l->to, "tables_behind")) > 0 ? "behind" : "idle";
}

/* What is going on just now: a run shows by its locks, where the server has such. */
static struct err *add_doing(struct looking *l, const struct job_position *p)
{
    struct job_locks locks;
    struct job_copy_state copy;

    TRY(job_locks_read(l->conn, l->job, &locks));
    struct err *e = job_copy_read(l->conn, l->job, &copy);
    bool copying = locks.known ? locks.stage : copy.found;
    document_set_bytes(l->to, "doing", doing_of(l, p, &locks, &copy, copying));
    json_object_set_new(l->to, "running", locks.known ? json_boolean(locks.job || locks.stage) : json_null());
    if (copy.found)
        set_copy(l->to, &copy, &p->pos, copying);
    job_copy_state_free(&copy);
    return e;
}

/* What is behind is named by patterns. */
static struct err *add_times(struct looking *l, const struct job_need *n, json_t *to)
{
    const bool behind = strcmp(n->kind, JOB_BEHIND) == 0;
    uint64_t times = 0;

    if (strcmp(n->kind, JOB_PARTITION) == 0 ||
        (behind && !(scope_pattern_is_exact(n->db) && scope_pattern_is_exact(n->name))))
        return NULL;
    char *db = behind ? scope_pattern_name(n->db) : mem_strdup(n->db);
    char *name = behind ? scope_pattern_name(n->name) : mem_strdup(n->name);
    struct err *e = job_needed_count(l->conn, l->job, db, name, &times, NULL);
    if (times)
        document_set_u64(to, "times", times);
    free(db);
    free(name);
    return e;
}

static json_t *need_json(const struct job_need *n)
{
    json_t *to = json_object();

    document_set_bytes(to, "reason", n->reason);
    set_seconds_time(to, "since", n->at);
    if (strcmp(n->kind, JOB_FULL) == 0)
        return to;
    document_set_bytes(to, "kind", n->kind);
    document_set_bytes(to, "db", n->db);
    document_set_bytes(to, "name", n->name);
    document_set_bytes(to, "gtid", n->gtid[0] ? n->gtid : NULL);
    return to;
}

static struct err *add_needs(struct looking *l)
{
    struct job_needs needs;
    json_t *tables = json_array();

    json_object_set_new(l->to, "tables_behind", tables);
    TRY(job_needs_read(l->conn, l->job, &needs));
    struct err *e = NULL;
    for (size_t i = 0; i < needs.count && !e; i++) {
        json_t *need = need_json(&needs.items[i]);
        e = add_times(l, &needs.items[i], need);
        if (strcmp(needs.items[i].kind, JOB_FULL) == 0) {
            json_object_set_new(l->to, "full_copy", need);
            json_object_set_new(l->to, "needs_copy", json_true());
        } else {
            json_array_append_new(tables, need);
        }
    }
    job_needs_free(&needs);
    return e;
}

static struct err *add_history(struct looking *l)
{
    json_t *list = json_array();
    struct result *r = NULL;
    char *job = sql_string_dup(l->job);
    char **row;
    struct err *e = conn_query(l->conn, &r,
                               "SELECT UNIX_TIMESTAMP(at), what, reason FROM ccr.history WHERE job = %s "
                               "ORDER BY id DESC LIMIT %" PRIu64,
                               job, l->history);

    json_object_set_new(l->to, "history", list);
    free(job);
    while (!e && (row = result_next(r, NULL)) != NULL) {
        json_t *line = json_object();
        set_seconds_time(line, "at", strtoll(row[0], NULL, 10));
        document_set_bytes(line, "what", row[1]);
        document_set_bytes(line, "reason", row[2]);
        json_array_insert_new(list, 0, line); /* the newest one last, as it happened */
    }
    result_free(r);
    return e;
}

static bool is_promoted(const struct looking *l)
{
    return strcmp(json_string_value(json_object_get(l->to, "state")), JOB_PROMOTED) == 0;
}

/* In another store there may be a stream of the same name: nothing is known of the job's then. Where there is
 * no store (a folder that is not mounted), that is why nothing was seen of the source. */
static struct err *add_lag(struct looking *l, const struct lag_from *from)
{
    const struct stream_seen *seen = NULL;
    struct err *other = job_check_store(l->known, l->streams->store);

    TRY(err_code(other) == ERR_INTERRUPTED ? other : NULL);
    const bool is_other = err_code(other) == ERR_UNSAFE;
    struct err *e = is_other ? NULL : streams_look(l->streams, l->known->stream, &seen);
    if (!e && !is_other)
        e = lag_add(l->streams, seen, from, l->to);
    if (!e && other && (is_other || (!seen->has_alive && !seen->error)))
        lag_add_unknown(err_message(other), 0, l->to);
    err_free(other);
    return e;
}

static struct err *add_position(struct looking *l, const struct job_position *p)
{
    const struct lag_from from = {p->epoch, p->number, &p->pos, p->source_time};

    document_set_pos(l->to, "position", &p->pos);
    document_set_u64(l->to, "epoch", p->epoch);
    document_set_u64(l->to, "number", p->number);
    set_seconds_time(l->to, "source_time", p->source_time);
    if (is_promoted(l)) /* it follows nothing that it could be behind */
        return NULL;
    return add_lag(l, &from);
}

static struct err *look_at_job(struct looking *l)
{
    struct job_position p;
    bool found = false;

    document_set_bytes(l->to, "job", l->job);
    document_set_bytes(l->to, "stream", l->known->stream);
    TRY(add_state(l));
    TRY(job_position_read(l->conn, l->job, &p, &found));
    json_object_set_new(l->to, "copied", json_boolean(found));
    struct err *e = NULL;
    if (found)
        e = add_position(l, &p);
    else
        lag_add_unknown("the job has not been copied yet", 0, l->to);
    if (!e)
        e = add_needs(l);
    if (!e)
        e = add_doing(l, &p);
    if (!e)
        e = protect_describe(l->conn, l->job, l->to);
    if (!e)
        e = add_history(l);
    job_position_free(&p);
    return e;
}

struct err *jobs_on_target(struct conn *c, const char *name, struct streams *streams, uint64_t history,
                           json_t *list)
{
    struct result *r = NULL;
    char **row;
    char *quoted = sql_string_dup(name ? name : "");
    struct err *e =
        conn_query_if_there(c, &r, "SELECT name, stream, store_id, stream_id FROM ccr.jobs%s%s ORDER BY name",
                            name ? " WHERE name = " : "", name ? quoted : "");

    free(quoted);
    while (!e && r && (row = result_next(r, NULL)) != NULL) {
        const struct job known = {.name = row[0], .stream = row[1], .store_id = row[2], .stream_id = row[3]};
        struct looking l = {c, row[0], &known, streams, history, json_object()};
        json_array_append_new(list, l.to);
        e = look_at_job(&l);
    }
    result_free(r);
    return e;
}
