/* The end of a job: its target is let go. */
#include <stdlib.h>

#include "base/mem.h"
#include "format/document.h"
#include "format/layout.h"
#include "replay/side_table.h"
#include "snapshot/job.h"
#include "snapshot/stage.h"
#include "snapshot/target_session.h"
#include "steer/steer.h"

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
    if (!e && p.pending)
        e = err_hint(err_new(ERR_UNSAFE, "the last restore of job %s has work left to do", s->job),
                     "ccr-apply or ccr-restore does it: run one of them first");
    job_position_free(&p);
    job_free(job);
    return e;
}

/* What exists in ccr's database only, or waits there for its state. */
static struct err *list_kept(const struct steer *s)
{
    json_t *list = json_array();
    struct result *r = NULL;
    char **row;
    char *job = sql_string_dup(s->job);
    struct err *e = conn_query_if_there(
        s->conn, &r, "SELECT kind, db, name FROM ccr.kept WHERE job = %s ORDER BY kind, db, name", job);

    json_object_set_new(s->run->result, "kept", list);
    free(job);
    while (!e && r && (row = result_next(r, NULL)) != NULL) {
        json_t *kept = json_object();
        document_set_bytes(kept, "kind", row[0]);
        document_set_bytes(kept, "db", row[1]);
        document_set_bytes(kept, "name", row[2]);
        json_array_append_new(list, kept);
        if (row[0][0] == 't')
            run_say(s->run, "trigger %s.%s: not on the target; its definition in ccr.kept goes", row[1],
                    row[2]);
        else
            run_say(s->run, "event %s.%s: stays disabled (DISABLE ON SLAVE)", row[1], row[2]);
    }
    result_free(r);
    return e;
}

/* What ccr made for its own use, then what it knows. The job that is not seen any more must not hold the log.
 */
static struct err *let_go(const struct steer *s)
{
    char *key = layout_job_status_key(s->job);
    struct err *e = target_session_set(s->conn, false);

    if (!e)
        e = target_drop_databases(s->conn, "ccr_stage", s->job, s->run->log);
    if (!e)
        e = target_drop_databases(s->conn, "ccr_old", s->job, s->run->log);
    if (!e)
        e = side_tables_clean(s->conn, s->job);
    if (!e)
        e = stage_forget(s->conn, s->job);
    if (!e)
        e = store_delete(s->store, key);
    if (!e)
        e = job_remove(s->conn, s->job);
    free(key);
    return e;
}

struct err *steer_desync(const struct steer *s)
{
    const bool yes = opts_flag(s->run->opts, OPT_YES);

    TRY(job_lock_stage(s->conn, s->job));
    TRY(job_lock(s->conn, s->job));
    TRY(check_there(s));
    TRY(list_kept(s));
    if (yes)
        TRY(let_go(s));
    s->run->changed = yes;
    document_set_bytes(s->run->result, "job", s->job);
    run_say(s->run,
            yes ? "job %s is ended: its tables stay as they are, and nothing follows the source any more"
                : "job %s would be ended, and its tables left as they are: --yes does it",
            s->job);
    return NULL;
}
