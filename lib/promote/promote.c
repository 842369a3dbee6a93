#include "promote/promote.h"

#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/document.h"
#include "format/layout.h"
#include "job/protect.h"
#include "mysql/blockers.h"
#include "promote/parts.h"
#include "replay/apply.h"
#include "replay/side_table.h"
#include "restore/stage.h"
#include "restore/target_session.h"
#include "steer/steer.h"

/* Readers and writers queue behind a CREATE TRIGGER that waits for one of them. */
#define LOCK_WAIT_S "10"

static struct err *open_all(struct promote *p)
{
    const struct opts *o = p->run->opts;

    TRY(opts_require(o, OPT_JOB));
    p->name = opts_string(o, OPT_JOB);
    TRY(job_check_name(p->name));
    TRY(promote_check_words(p));
    if (!opts_flag(o, OPT_WITHOUT_STORE))
        TRY(store_open_opts(o, p->run->log, &p->store));
    conn_params_from_opts(o, CONN_TARGET, &p->target);
    p->target.local_infile = true; /* for LOAD DATA in the log */
    TRY(conn_open(&p->target, &p->log_conn));
    TRY(conn_open(&p->target, &p->conn));
    return target_session_set(p->conn);
}

static void close_all(struct promote *p)
{
    buf_free(&p->loss);
    job_position_free(&p->position);
    job_state_free(&p->state);
    job_free(p->job);
    conn_close(p->conn);
    conn_close(p->log_conn);
    store_close(p->store);
}

static struct err *read_state(struct promote *p)
{
    job_state_free(&p->state);
    TRY(job_state_read(p->conn, p->name, &p->state));
    document_set_bytes(p->run->result, "state", p->state.state);
    p->begun = strcmp(p->state.state, JOB_PROMOTING) == 0;
    return NULL;
}

static struct err *read_job(struct promote *p)
{
    TRY(job_load(p->conn, p->name, &p->job));
    if (!p->job)
        return steer_no_job(p->name);
    document_set_bytes(p->run->result, "job", p->name);
    return read_state(p);
}

static struct err *read_position(struct promote *p)
{
    bool found = false;

    job_position_free(&p->position);
    TRY(job_position_read(p->conn, p->name, &p->position, &found));
    document_set_pos(p->run->result, "position", &p->position.pos);
    return found ? NULL
                 : err_hint(err_new(ERR_TARGET, "job '%s' has not been copied yet", p->name),
                            "there is nothing to promote: ccr-restore makes the copy");
}

static struct err *lock(struct promote *p)
{
    struct err *e = job_lock_stage(p->log_conn, p->name);

    if (!e)
        e = job_lock(p->log_conn, p->name);
    if (!e)
        e = job_lock_join(p->conn, p->name);
    return e;
}

static bool drains(const struct promote *p)
{
    return p->store && !opts_flag(p->run->opts, OPT_NOW);
}

static struct err *drain(struct promote *p)
{
    if (!drains(p))
        return NULL;
    struct err *e = apply_drain(p->run, p->log_conn, p->store);
    if (e && err_code(e) != ERR_INTERRUPTED && err_code(e) != ERR_LOCKED)
        e = err_context(e,
                        "applying the log to its end (--now, or --without-store where it cannot be reached, "
                        "promotes with what is applied, and loses the log behind it)");
    return e ? e : read_position(p);
}

/* What ccr made for its own use. */
static struct err *clean_up(struct promote *p)
{
    TRY(target_drop_databases(p->conn, "ccr_stage", p->name, p->run->log));
    TRY(target_drop_databases(p->conn, "ccr_old", p->name, p->run->log));
    TRY(side_tables_clean(p->conn, p->name));
    return stage_forget(p->conn, p->name);
}

/* The job holds the log no longer. A store that is down holds up no promotion. */
static struct err *forget_report(struct promote *p)
{
    char *key = layout_job_status_key(p->name);
    struct err *e = p->store ? store_delete(p->store, key) : NULL;

    if (e && err_code(e) == ERR_STORE) {
        log_warn(p->run->log,
                 "%s stays in the store, and with it the log that it says is needed, until ccr-job desync "
                 "--job %s: %s",
                 key, p->name, err_message(e));
        err_free(e);
        e = NULL;
    }
    free(key);
    return e;
}

static struct err *change_state(struct promote *p, const char *state, const char *reason)
{
    const struct job_change change = {p->name, opts_program_name(p->run->program), state, reason};

    TRY(job_state_change(p->conn, &change));
    return read_state(p);
}

/* The reason as it was given, and what was lost. */
static struct err *begin(struct promote *p)
{
    const char *given = opts_string(p->run->opts, OPT_REASON);
    char *reason = mem_printf("%s%s%s", given ? given : "", given ? ": " : "", buf_str(&p->loss));
    struct err *e = change_state(p, JOB_PROMOTING, reason);

    p->run->changed = true;
    free(reason);
    return e;
}

/* The tables are the server's own from here on. */
static struct err *end(struct promote *p)
{
    static const char *const tables[] = {"kept", "tables"};
    char *reason = mem_strdup(p->state.reason);
    struct err *e = job_forget(p->conn, p->name, tables, sizeof(tables) / sizeof(tables[0]));

    if (!e)
        e = change_state(p, JOB_PROMOTED, reason);
    free(reason);
    return e;
}

static struct err *name_blockers(struct promote *p, struct err *e)
{
    const uint64_t own[] = {conn_id(p->conn), conn_id(p->log_conn)};

    if (conn_errno(p->conn) != ER_LOCK_WAIT_TIMEOUT)
        return e;
    char *blockers = blockers_describe(p->conn, own, 2);
    e = err_hint(e, "in the way may be: %s; then run it again",
                 blockers ? blockers : "a session that is gone");
    free(blockers);
    return e;
}

/* Every step can be repeated. Events come last: until then they would meet a server that is not ready. */
static struct err *do_all(struct promote *p)
{
    TRY(conn_exec(p->conn, "SET SESSION lock_wait_timeout = " LOCK_WAIT_S));
    TRY(clean_up(p));
    TRY(promote_counters(p));
    TRY(promote_triggers(p));
    TRY(protect_end(p->conn, p->name, p->run->log));
    TRY(promote_events(p));
    TRY(forget_report(p));
    return end(p);
}

static struct err *finish(struct promote *p)
{
    if (!p->begun)
        TRY(begin(p));
    struct err *e = do_all(p);
    if (!e) {
        run_say(p->run, "job %s is promoted: the target is a server of its own", p->name);
        return NULL;
    }
    e = name_blockers(p, e);
    return err_context(e, "the promotion of job %s is begun, and goes on with the next ccr-promote", p->name);
}

static struct err *look(struct promote *p, bool drained)
{
    TRY(read_position(p));
    TRY(promote_check(p, drained));
    TRY(promote_definers(p));
    TRY(promote_loss(p));
    TRY(promote_list_kept(p));
    run_say(p->run, "%s", buf_str(&p->loss));
    return NULL;
}

static struct err *promote_job(struct promote *p)
{
    if (strcmp(p->state.state, JOB_PROMOTED) == 0) {
        run_say(p->run, "job %s is promoted already, by %s: %s", p->name, p->state.who, p->state.reason);
        return NULL;
    }
    if (!opts_flag(p->run->opts, OPT_YES)) {
        TRY(look(p, false));
        run_say(p->run, "job %s would be promoted%s: --yes does it", p->name,
                drains(p) ? ", after the rest of the log is applied" : "");
        return NULL;
    }
    TRY(lock(p));
    TRY(read_state(p)); /* as it is under the lock */
    if (p->begun) {
        TRY(read_position(p));
        log_info(p->run->log, "going on with the promotion that %s has begun: %s", p->state.who,
                 p->state.reason);
        return finish(p);
    }
    TRY(read_position(p));
    TRY(promote_check(p, !drains(p)));
    TRY(drain(p));
    TRY(look(p, true));
    return finish(p);
}

struct err *promote_run(struct run *run)
{
    struct promote p = {.run = run};
    struct err *e = open_all(&p);

    if (!e)
        e = read_job(&p);
    if (!e)
        e = promote_job(&p);
    close_all(&p);
    return e;
}
