#include "steer/steer.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/document.h"
#include "job/job.h"
#include "job/job_publish.h"
#include "job/job_skips.h"
#include "job/job_state.h"
#include "replay/status.h"

static const char *program_of(const struct steer *s)
{
    return opts_program_name(s->run->program);
}

struct err *steer_no_job(const char *name)
{
    return err_hint(err_new(ERR_TARGET, "the target has no job '%s'", name),
                    "ccr-job list shows those that it has");
}

struct err *steer_load(const struct steer *s, const char *name, struct job **out)
{
    TRY(job_load(s->conn, name, out));
    return *out ? NULL : steer_no_job(name);
}

static struct err *add_skips(const struct steer *s, const char *job, json_t *to)
{
    struct job_skips skips;
    json_t *list = json_array();
    char text[GTID_TEXT_SIZE];
    struct err *e = job_skips_read(s->conn, job, &skips);

    for (size_t i = 0; i < skips.count; i++) {
        json_t *skip = json_object();
        document_set_bytes(skip, "gtid", gtid_format(skips.items[i].gtid, text));
        document_set_bytes(skip, "who", skips.items[i].who);
        document_set_bytes(skip, "reason", skips.items[i].reason);
        json_array_append_new(list, skip);
        run_say(s->run, "  %s will be passed over, says %s: %s", text, skips.items[i].who,
                skips.items[i].reason);
    }
    json_object_set_new(to, "skips", list);
    job_skips_free(&skips);
    return e;
}

static void add_state(const struct steer *s, const struct job *job, const struct job_state *state, json_t *to)
{
    char since[CLOCK_TEXT_SIZE];

    document_set_bytes(to, "state", state->state);
    run_say(s->run, "job %s, stream %s: %s", job->name, job->stream, state->state);
    if (!state->reason[0])
        return;
    document_set_bytes(to, "state_since", clock_format(state->since * CLOCK_US_PER_S, since));
    document_set_bytes(to, "state_who", state->who);
    document_set_bytes(to, "state_reason", state->reason);
    run_say(s->run, "  since %s, by %s: %s", since, state->who, state->reason);
}

static struct err *add_needs(const struct steer *s, const char *job, json_t *to)
{
    struct job_needs needs;
    json_t *list = json_array();
    uint64_t generation = 0;

    json_object_set_new(to, "needs", list);
    TRY(job_generation_read(s->conn, job, &generation));
    document_set_u64(to, "generation", generation);
    TRY(job_needs_read(s->conn, job, &needs));
    for (size_t i = 0; i < needs.count; i++) {
        const struct job_need *n = &needs.items[i];
        json_t *need = json_object();
        document_set_bytes(need, "kind", n->kind);
        document_set_bytes(need, "db", n->db);
        document_set_bytes(need, "name", n->name);
        document_set_bytes(need, "reason", n->reason);
        json_array_append_new(list, need);
        run_say(s->run, "  %s%s%s needs a copy: %s", n->db[0] ? n->db : "the whole job",
                n->name[0] ? "." : "", n->name, n->reason);
    }
    job_needs_free(&needs);
    return NULL;
}

static struct err *add_position(const struct steer *s, const char *job, json_t *to)
{
    struct job_position p;
    bool found = false;

    TRY(job_position_read(s->conn, job, &p, &found));
    json_object_set_new(to, "copied", json_boolean(found));
    if (found)
        document_set_pos(to, "position", &p.pos);
    else
        run_say(s->run, "  not copied yet");
    job_position_free(&p);
    return NULL;
}

static struct err *show(const struct steer *s, const char *name, json_t *list)
{
    struct job *job = NULL;
    struct job_state state;

    TRY(steer_load(s, name, &job));
    struct err *e = job_state_read(s->conn, name, &state);
    if (e) {
        job_free(job);
        return e;
    }
    json_t *to = job_to_json(job);
    json_object_set(to, "job", json_object_get(to, "name"));
    json_object_del(to, "name");
    json_array_append_new(list, to);
    add_state(s, job, &state, to);
    char *scope = json_dumps(json_object_get(to, "scope"), JSON_COMPACT);
    char *renames = json_dumps(json_object_get(to, "renames"), JSON_COMPACT);
    run_say(s->run, "  scope %s\n  renames %s", scope, renames);
    free(scope);
    free(renames);
    e = add_position(s, name, to);
    if (!e)
        e = add_needs(s, name, to);
    if (!e)
        e = add_skips(s, name, to);
    job_state_free(&state);
    job_free(job);
    return e;
}

struct err *steer_list(const struct steer *s)
{
    struct result *r = NULL;
    json_t *list = json_array();
    char **row;

    json_object_set_new(s->run->result, "jobs", list);
    if (s->job)
        return show(s, s->job, list);
    struct err *e = conn_query_if_there(s->conn, &r, "SELECT name FROM ccr.jobs ORDER BY name");
    while (!e && r && (row = result_next(r, NULL)) != NULL)
        e = show(s, row[0], list);
    result_free(r);
    if (!e && json_array_size(list) == 0)
        run_say(s->run, "no jobs");
    return e;
}

/* A promoted job is over: it cannot follow again. */
static struct err *check_not_over(const char *job, const char *state)
{
    if (strcmp(state, JOB_PROMOTED) != 0 && strcmp(state, JOB_PROMOTING) != 0)
        return NULL;
    return err_hint(err_new(ERR_UNSAFE, "job %s is %s: it does not follow any more", job, state),
                    "ccr-job desync --job %s removes what ccr knows of it; then it can be made anew", job);
}

/* The state, unless it is that one already. */
static struct err *change(const struct steer *s, const char *to)
{
    const struct job_change new_state = {s->job, program_of(s), to, s->reason};
    struct job *job = NULL;
    struct job_state state;

    TRY(steer_load(s, s->job, &job));
    job_free(job);
    TRY(job_state_read(s->conn, s->job, &state));
    bool same = strcmp(state.state, to) == 0;
    char *was = state.state;
    state.state = NULL;
    job_state_free(&state);
    struct err *e = same ? NULL : check_not_over(s->job, was);
    if (!e && !same)
        e = job_state_change(s->conn, &new_state);
    if (!e) {
        s->run->changed = !same;
        document_set_bytes(s->run->result, "job", s->job);
        document_set_bytes(s->run->result, "state", to);
        document_set_bytes(s->run->result, "was", was);
        run_say(s->run, same ? "job %s is %s already" : "job %s is %s", s->job, to);
    }
    free(was);
    return e;
}

static struct err *say_running(const struct steer *s)
{
    struct job_locks locks;

    TRY(job_locks_read(s->conn, s->job, &locks));
    if (locks.stage)
        run_say(s->run, "a copy is under way, and goes on to its end");
    else if (locks.job)
        run_say(s->run, "a run is at work: ccr-apply ends within seconds, behind the transaction at hand");
    return NULL;
}

struct err *steer_pause(const struct steer *s)
{
    TRY(change(s, JOB_PAUSED));
    return say_running(s);
}

struct err *steer_resume(const struct steer *s)
{
    return change(s, JOB_FOLLOWING);
}

static struct err *check_ahead(const struct steer *s, struct gtid gtid, const char *text)
{
    struct job_position p;
    bool found = false;

    TRY(job_position_read(s->conn, s->job, &p, &found));
    bool passed = found && gtid_pos_has(&p.pos, gtid);
    job_position_free(&p);
    return passed ? err_hint(err_new(ERR_USAGE, "job %s has transaction %s behind it already", s->job, text),
                             "the error that stops the job names the transaction that it cannot pass")
                  : NULL;
}

struct err *steer_skip(const struct steer *s, const char *text)
{
    struct job *job = NULL;
    struct job_state state;
    struct gtid gtid;
    bool added = false;

    if (!gtid_parse(text, &gtid))
        return err_hint(err_new(ERR_USAGE, "--gtid: '%s' is not valid", text),
                        "it takes one GTID, as in 0-1-77");
    TRY(steer_load(s, s->job, &job));
    job_free(job);
    TRY(check_ahead(s, gtid, text));
    TRY(job_skip_add(s->conn, s->job, program_of(s), gtid, s->reason, &added));
    TRY(job_state_read(s->conn, s->job, &state));
    s->run->changed = added;
    document_set_bytes(s->run->result, "job", s->job);
    document_set_bytes(s->run->result, "gtid", text);
    document_set_bytes(s->run->result, "state", state.state);
    run_say(s->run,
            added ? "ccr-apply will pass over %s: what it changed on the source is not applied"
                  : "%s is to be passed over already",
            text);
    if (strcmp(state.state, JOB_STOPPED) == 0)
        run_say(s->run, "the job is stopped: ccr-job resume lets it go on");
    job_state_free(&state);
    return NULL;
}

/* The status document becomes this target's. */
static struct err *adopt_locked(const struct steer *s, const struct job *job)
{
    struct job_position p;
    bool found = false;
    char *who = NULL;

    TRY(job_check_store(job, s->store));
    TRY(job_position_read(s->conn, s->job, &p, &found));
    struct err *e = found ? status_check(s->store, job, &p)
                          : err_hint(err_new(ERR_TARGET, "the target has no position of job '%s'", s->job),
                                     "it was not copied yet: ccr-restore --requested --job %s", s->job);
    bool other = err_code(e) == ERR_UNSAFE;
    if (other) {
        err_free(e);
        e = job_who(s->conn, program_of(s), &who);
        char *what = mem_printf("target adopted by %s", who ? who : "");
        if (!e)
            e = job_history_add(s->conn, s->job, what, s->reason);
        if (!e)
            e = status_publish(s->store, job, &p);
        free(what);
        free(who);
    }
    job_position_free(&p);
    if (e)
        return e;
    s->run->changed = other;
    document_set_bytes(s->run->result, "job", s->job);
    run_say(s->run,
            other ? "this is the target of job %s from now on: what was reported of another one is replaced"
                  : "this is the target of job %s already",
            s->job);
    return NULL;
}

struct err *steer_adopt(const struct steer *s)
{
    struct job *job = NULL;

    TRY(steer_load(s, s->job, &job));
    struct err *e = job_lock(s->conn, s->job);
    if (!e)
        e = adopt_locked(s, job);
    job_free(job);
    return e;
}
