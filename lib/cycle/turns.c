#include "cycle/turns.h"

#include <stdlib.h>

#include "backup/unwatched.h"
#include "base/mem.h"
#include "cycle/due.h"
#include "job/job.h"
#include "mysql/conn.h"

/* Runs a step; false in *on where it failed, which is noted then. */
static struct err *run_or_note(struct cycle *c, struct cycle_step *step, bool *on)
{
    TRY(cycle_step(c, step));
    *on = step->code == ERR_OK;
    if (!*on)
        cycle_note(c, opts_program_name(step->program), step->code);
    return NULL;
}

/* A failure of the cycle itself ends the turn, not the cycle. */
static void note_own(struct cycle *c, const char *what, struct err *e, bool *on)
{
    *on = false;
    e = err_context(e, "[%s %s]: %s", c->kind, c->section, what);
    log_err(c->run->log, e);
    cycle_note(c, what, err_code(e));
    err_free(e);
}

/* The snapshot, and where the log begins at it the log behind it: whether that helped shows there. *counts: a
 * failure that another try may not mend. */
static struct err *take(struct cycle *c, const char *reason, bool opens, struct cycle_step *last,
                        bool *counts)
{
    *last = (struct cycle_step){.program = PROGRAM_BACKUP, .reason = reason};
    TRY(cycle_step(c, last));
    *counts = last->code != ERR_SOURCE || json_is_true(json_object_get(last->result, "begun"));
    if (last->code != ERR_OK || !opens)
        return NULL;
    *last = (struct cycle_step){.program = PROGRAM_SHIP, .reason = "the log begins at the new snapshot"};
    TRY(cycle_step(c, last));
    *counts = last->code == ERR_OK || last->code == ERR_RESYNC;
    return NULL;
}

/* A snapshot that the log or the schedule needs, unless that needs a person by now. */
static struct err *take_due(struct cycle *c, const struct opts *section, const char *reason, bool opens,
                            bool *on)
{
    struct unwatched u = {.stream = opts_string(section, OPT_STREAM),
                          .program = opts_program_name(PROGRAM_CYCLE),
                          .log = c->run->log,
                          .kind = COPIES_DUE};
    struct cycle_step last;
    bool counts = false;
    struct err *e = store_open_opts(section, c->run->log, &u.store);

    if (!e)
        e = unwatched_admit(&u);
    if (e) {
        note_own(c, opts_program_name(PROGRAM_BACKUP), e, on);
        *on = !opens; /* the log has got its turn, and what targets ask for may be had all the same */
        store_close(u.store);
        return NULL;
    }
    e = take(c, reason, opens, &last, &counts);
    *on = !e && last.code == ERR_OK;
    if (!e && !*on)
        cycle_note(c, opts_program_name(last.program), last.code);
    if (!e && counts) {
        struct err *failed = cycle_step_error(&last);
        unwatched_ended(&u, opts_program_name(last.program), failed);
        err_free(failed);
    }
    store_close(u.store);
    return e;
}

static struct err *take_scheduled(struct cycle *c, const struct opts *section, bool *on)
{
    char *reason = NULL;
    struct err *e = snapshot_due(section, c->run->log, &reason);

    *on = !e;
    if (e) {
        note_own(c, "snapshot-every", e, on);
        e = NULL;
    } else if (reason) {
        e = take_due(c, section, reason, false, on);
    }
    free(reason);
    return e;
}

struct err *turn_source(struct cycle *c, const struct opts *section)
{
    struct cycle_step ship = {.program = PROGRAM_SHIP};
    struct cycle_step requested = {.program = PROGRAM_BACKUP, .flag = "--requested"};
    bool on = false;

    TRY(cycle_step(c, &ship));
    if (ship.code == ERR_RESYNC)
        TRY(take_due(c, section, "the log cannot go on without one (ccr-ship says why)", true, &on));
    else if (ship.code == ERR_OK)
        TRY(take_scheduled(c, section, &on));
    else
        cycle_note(c, opts_program_name(PROGRAM_SHIP), ship.code);
    return on ? run_or_note(c, &requested, &on) : NULL;
}

/* What the job cannot pass may be there now: once more, and on. */
static struct err *bring_in(struct cycle *c, struct cycle_step *apply)
{
    struct cycle_step restore = {.program = PROGRAM_RESTORE,
                                 .flag = "--requested",
                                 .reason = "the job cannot go on without it (ccr-apply says why)"};
    bool on;

    TRY(run_or_note(c, &restore, &on));
    if (!on || !restore.changed)
        return NULL;
    apply->reason = "behind what was brought in";
    return cycle_step(c, apply);
}

static struct err *turn_job(struct cycle *c)
{
    struct cycle_step restore = {.program = PROGRAM_RESTORE, .flag = "--requested"};
    struct cycle_step apply = {.program = PROGRAM_APPLY};
    bool on;

    TRY(run_or_note(c, &restore, &on));
    TRY(cycle_step(c, &apply));
    if (apply.code == ERR_RESYNC && on)
        TRY(bring_in(c, &apply));
    cycle_note(c, opts_program_name(PROGRAM_APPLY), apply.code);
    return NULL;
}

/* The names of all jobs of a target. */
static struct err *list_jobs(const struct opts *section, char ***jobs, size_t *count)
{
    struct conn_params params;
    struct result *r = NULL;
    struct conn *conn = NULL;
    char **row;

    conn_params_from_opts(section, CONN_TARGET, &params);
    TRY(conn_open(&params, &conn));
    struct err *e = conn_query_if_there(conn, &r, "SELECT name FROM ccr.jobs ORDER BY name");
    while (!e && r && (row = result_next(r, NULL))) {
        *jobs = mem_resize(*jobs, *count + 1, sizeof(**jobs));
        (*jobs)[(*count)++] = mem_strdup(row[0]);
    }
    result_free(r);
    conn_close(conn);
    return e;
}

static struct err *turn_all_jobs(struct cycle *c, const struct opts *section)
{
    char **jobs = NULL;
    size_t count = 0;
    struct err *e = list_jobs(section, &jobs, &count);

    if (e) { /* of this turn only */
        e = err_context(e, "[%s %s]: which jobs it has", c->kind, c->section);
        log_err(c->run->log, e);
        cycle_note(c, "ccr.jobs", err_code(e));
        err_free(e);
        e = NULL;
    }
    for (size_t i = 0; i < count; i++) {
        c->job = jobs[i];
        if (!e)
            e = turn_job(c);
        free(jobs[i]);
    }
    free(jobs);
    return e;
}

struct err *turn_target(struct cycle *c, const struct opts *section)
{
    c->job = opts_string(section, OPT_JOB);
    return c->job ? turn_job(c) : turn_all_jobs(c, section);
}
