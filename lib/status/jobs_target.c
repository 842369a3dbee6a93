#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/document.h"
#include "job/job.h"
#include "job/job_copy.h"
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

static void set_copy(json_t *to, const struct job_copy_state *s, bool running)
{
    json_t *copy = json_object();
    uint64_t rows = s->loaded > s->copy.before ? s->loaded - s->copy.before : 0;
    double rate = s->seconds ? (double)rows / (double)s->seconds : 0;

    document_set_bytes(copy, "kind", s->copy.partial ? "partial" : "full");
    document_set_bytes(copy, "snapshot", s->copy.snapshot);
    document_set_bytes(copy, "reason", s->copy.reason);
    document_set_u64(copy, "rows", s->copy.rows);
    document_set_u64(copy, "loaded", s->loaded);
    if (running && rate > 0 && s->copy.rows >= s->loaded) {
        json_object_set_new(copy, "rows_per_second", json_real(rate));
        json_object_set_new(copy, "seconds_left",
                            json_integer((json_int_t)((double)(s->copy.rows - s->loaded) / rate)));
    }
    json_object_set_new(to, "copy", copy);
}

static struct err *is_catching_up(struct looking *l, bool *yes)
{
    char *stage = job_stage_name(l->job);
    struct job_position p;
    struct err *e = job_position_read(l->conn, stage, &p, yes);

    job_position_free(&p);
    free(stage);
    return e;
}

/* What is going on just now: a run shows by its locks, where the server has such. */
static struct err *add_doing(struct looking *l, const struct job_position *p)
{
    struct job_locks locks;
    struct job_copy_state copy;
    bool staged = false;
    const char *doing = "idle";

    TRY(job_locks_read(l->conn, l->job, &locks));
    TRY(job_copy_read(l->conn, l->job, &copy));
    struct err *e = is_catching_up(l, &staged);
    bool running = locks.job || locks.stage;
    bool loading = locks.known ? locks.stage : copy.found;
    if (p->pending || swap_is_announced(p))
        doing = "swapping";
    else if (loading)
        doing = staged ? "catching up" : "loading";
    else if (locks.job)
        doing = "replaying";
    else if (copy.found)
        doing = "copy interrupted";
    else if (json_object_get(l->to, "full_copy"))
        doing = "waiting for a snapshot";
    else if (json_array_size(json_object_get(l->to, "tables_behind")) > 0)
        doing = "behind";
    document_set_bytes(l->to, "doing", doing);
    json_object_set_new(l->to, "running", locks.known ? json_boolean(running) : json_null());
    if (copy.found)
        set_copy(l->to, &copy, loading);
    job_copy_state_free(&copy);
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
    for (size_t i = 0; i < needs.count; i++) {
        json_t *need = need_json(&needs.items[i]);
        if (strcmp(needs.items[i].kind, JOB_FULL) == 0) {
            json_object_set_new(l->to, "full_copy", need);
            json_object_set_new(l->to, "needs_copy", json_true());
        } else {
            json_array_append_new(tables, need);
        }
    }
    job_needs_free(&needs);
    return NULL;
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

/* In another store there may be a stream of the same name: nothing is known of the job's then. */
static struct err *add_lag(struct looking *l, const struct lag_from *from)
{
    const struct stream_seen *seen = NULL;
    struct err *other = job_check_store(l->known, l->streams->store);

    TRY(err_code(other) == ERR_INTERRUPTED ? other : NULL);
    const bool is_other = err_code(other) == ERR_UNSAFE;
    if (is_other)
        lag_add_unknown(err_message(other), 0, l->to);
    err_free(other);
    if (is_other)
        return NULL;
    TRY(streams_look(l->streams, l->known->stream, &seen));
    return lag_add(l->streams, seen, from, l->to);
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
