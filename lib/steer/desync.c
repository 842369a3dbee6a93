/* The end of a job: its target is let go, with or without its data. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/document.h"
#include "job/job.h"
#include "job/job_publish.h"
#include "job/job_state.h"
#include "job/protect.h"
#include "mysql/catalog.h"
#include "replay/side_table.h"
#include "replay/status.h"
#include "restore/stage.h"
#include "restore/target_session.h"
#include "steer/steer.h"

/* In another store nothing of the job would be found, and its own would keep the log for it for ever. */
static struct err *check_store(const struct steer *s, const struct job *job)
{
    struct err *e = job_check_store(job, s->store);

    if (err_code(e) != ERR_STORE)
        return e;
    log_warn(s->run->log, "what the store has of job %s stays there: %s", job->name, err_message(e));
    err_free(e);
    return NULL;
}

/* A killed run may have removed the job's row already, and its position not yet. */
static struct err *check_there(const struct steer *s)
{
    struct job *job = NULL;
    struct job_position p;
    bool found = false;

    TRY(job_load(s->conn, s->job, &job));
    struct err *e = job_position_read(s->conn, s->job, &p, &found);
    if (!e && !job && !found)
        e = steer_no_job(s->job);
    if (!e && job)
        e = check_store(s, job);
    if (!e && p.pending)
        e = err_hint(err_new(ERR_UNSAFE, "the last restore of job %s has work left to do", s->job),
                     "ccr-apply or ccr-restore does it: run one of them first");
    job_position_free(&p);
    job_free(job);
    return e;
}

/* What exists in ccr's database only, or waits there for its state. */
static struct err *list_kept(const struct steer *s, bool with_data)
{
    json_t *list = json_array();
    struct job_kept_list all;
    struct err *e = job_kept_read(s->conn, s->job, NULL, &all);

    json_object_set_new(s->run->result, "kept", list);
    for (size_t i = 0; i < all.count; i++) {
        const struct job_kept *k = &all.items[i];
        json_t *kept = json_object();
        document_set_bytes(kept, "kind", k->kind);
        document_set_bytes(kept, "db", k->db);
        document_set_bytes(kept, "name", k->name);
        json_array_append_new(list, kept);
        if (k->kind[0] == 't')
            run_say(s->run, "trigger %s.%s: not on the target; its definition in ccr.kept goes", k->db,
                    k->name);
        else if (!with_data)
            run_say(s->run, "event %s.%s: stays disabled (DISABLE ON SLAVE)", k->db, k->name);
    }
    job_kept_free(&all);
    return e;
}

/* What a job has made on the target, and how it is dropped. */
struct made {
    const char *db;
    const char *name;
    const char *kind; /* "TABLE", "VIEW", "SEQUENCE" */
};

static struct err *drop_made(const struct steer *s, const struct made *m)
{
    char *name = sql_table_dup(m->db, m->name);
    struct err *e = conn_exec(s->conn, "DROP %s IF EXISTS %s", m->kind, name);

    free(name);
    return e;
}

/* A table that somebody has made anew, or altered, is not the job's any more. */
static struct err *is_as_made(const struct steer *s, const struct made *m, const char *recorded, bool *is)
{
    char hash[HASH_HEX_SIZE];

    *is = true;
    if (strcmp(m->kind, "VIEW") == 0)
        return NULL;
    TRY(catalog_table_hash(s->conn, m->db, m->name, hash));
    *is = strcmp(hash, recorded) == 0;
    return NULL;
}

static struct err *end_made(const struct steer *s, const struct made *m, const char *recorded, bool yes,
                            json_t *list)
{
    json_t *to;
    bool is;

    TRY(is_as_made(s, m, recorded, &is));
    if (!is) {
        run_say(s->run, "%s.%s is not as ccr has made it, and stays", m->db, m->name);
        return NULL;
    }
    to = json_object();
    document_set_bytes(to, "db", m->db);
    document_set_bytes(to, "name", m->name);
    json_array_append_new(list, to);
    run_say(s->run, "%s.%s: %s", m->db, m->name, yes ? "dropped" : "would be dropped");
    return yes ? drop_made(s, m) : NULL;
}

/* Views first: dropping a table below them would leave them broken for a moment. */
static struct err *end_tables(const struct steer *s, bool yes)
{
    struct result *r = NULL;
    json_t *list = json_array();
    char **row;
    char *job = sql_string_dup(s->job);
    struct err *e = conn_query_if_there(
        s->conn, &r,
        "SELECT t.db, t.name, CASE i.TABLE_TYPE WHEN 'VIEW' THEN 'VIEW' WHEN 'SEQUENCE' THEN 'SEQUENCE' ELSE "
        "'TABLE' END, t.hash FROM ccr.tables t JOIN information_schema.TABLES i ON BINARY i.TABLE_SCHEMA = "
        "BINARY t.db AND BINARY i.TABLE_NAME = BINARY t.name WHERE t.job = %s "
        "ORDER BY i.TABLE_TYPE <> 'VIEW', i.TABLE_TYPE = 'SEQUENCE', t.db, t.name",
        job);

    free(job);
    json_object_set_new(s->run->result, "tables", list);
    if (!e && yes)
        e = conn_exec(s->conn, "SET SESSION foreign_key_checks = 0");
    while (!e && r && (row = result_next(r, NULL)) != NULL) {
        const struct made m = {row[0], row[1], row[2]};
        e = end_made(s, &m, row[3], yes, list);
    }
    result_free(r);
    return e;
}

static struct err *end_events(const struct steer *s)
{
    struct job_kept_list kept;
    struct err *e = job_kept_read(s->conn, s->job, "event", &kept);

    for (size_t i = 0; i < kept.count && !e; i++) {
        const struct made m = {kept.items[i].db, kept.items[i].name, "EVENT"};
        e = drop_made(s, &m);
    }
    job_kept_free(&kept);
    return e;
}

/* Where this target is a clone, the store's record is that of the one it was cloned from, which goes on. */
static struct err *unpublish(const struct steer *s)
{
    struct job_position p;
    struct job *job = NULL;
    bool found = false;

    TRY(job_load(s->conn, s->job, &job));
    struct err *e = job_position_read(s->conn, s->job, &p, &found);
    if (!e && job && found)
        e = status_check(s->store, job, &p);
    job_position_free(&p);
    job_free(job);
    const enum err_code code = err_code(e);
    if (code == ERR_UNSAFE)
        log_warn(s->run->log, "what the store has of job %s stays there, it is another target's: %s", s->job,
                 err_message(e));
    if (code != ERR_UNSAFE && code != ERR_INTEGRITY)
        return e ? e : job_unpublish(s->store, s->job);
    err_free(e);
    return code == ERR_UNSAFE ? NULL : job_unpublish(s->store, s->job);
}

/* What ccr made for its own use, what the store has, then what it knows. A job that is not seen any more must
 * not hold the log. */
static struct err *let_go(const struct steer *s)
{
    struct err *e = target_drop_databases(s->conn, "ccr_stage", s->job, s->run->log);

    if (!e)
        e = target_drop_databases(s->conn, "ccr_old", s->job, s->run->log);
    if (!e)
        e = side_tables_clean(s->conn, s->job);
    if (!e)
        e = stage_forget(s->conn, s->job);
    if (!e)
        e = protect_end(s->conn, s->job, s->run->log);
    if (!e)
        e = unpublish(s);
    return e ? e : job_remove(s->conn, s->job);
}

/* What was promoted is a server of its own: its tables are not a copy of anything any more. */
static struct err *check_copy(const struct steer *s)
{
    struct job_state state;

    TRY(job_state_read(s->conn, s->job, &state));
    struct err *e = NULL;
    if (strcmp(state.state, JOB_PROMOTED) == 0 || strcmp(state.state, JOB_PROMOTING) == 0)
        e = err_hint(err_new(ERR_UNSAFE, "job %s is %s: its tables are those of a server of its own", s->job,
                             state.state),
                     "ccr-job delete without --with-data ends the job and leaves them; drop by hand what is "
                     "to go");
    job_state_free(&state);
    return e;
}

/* Everything can be done again by the next run, should this one be killed: the job's row goes last. */
static struct err *end_job(const struct steer *s, bool with_data)
{
    const bool yes = opts_flag(s->run->opts, OPT_YES);

    TRY(job_lock_stage(s->conn, s->job));
    TRY(job_lock(s->conn, s->job));
    TRY(check_there(s));
    if (with_data)
        TRY(check_copy(s));
    TRY(target_session_set(s->conn));
    TRY(list_kept(s, with_data));
    if (with_data)
        TRY(end_tables(s, yes));
    if (with_data && yes)
        TRY(end_events(s));
    if (yes)
        TRY(let_go(s));
    s->run->changed = yes;
    document_set_bytes(s->run->result, "job", s->job);
    return NULL;
}

struct err *steer_desync(const struct steer *s)
{
    TRY(end_job(s, false));
    run_say(s->run,
            s->run->changed
                ? "job %s is ended: its tables stay as they are, and nothing follows the source any more"
                : "job %s would be ended, and its tables left as they are: --yes does it",
            s->job);
    return NULL;
}

struct err *steer_delete(const struct steer *s)
{
    const bool with_data = opts_flag(s->run->opts, OPT_WITH_DATA);

    TRY(end_job(s, with_data));
    run_say(s->run, "job %s %s deleted, its tables %s%s", s->job, s->run->changed ? "is" : "would be",
            with_data ? "too" : "stay", s->run->changed ? "" : ": --yes does it");
    return NULL;
}
