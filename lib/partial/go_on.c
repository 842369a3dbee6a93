#include "partial/go_on.h"

#include <stdlib.h>

#include "replay/drive.h"
#include "replay/status.h"

static struct err *check_reached(const struct go_on *g, const struct apply *a)
{
    const struct gtid_pos *here = &a->batch.committed.pos;

    if (a->until_reached && gtid_pos_reaches(here, g->until))
        return NULL;
    char *at = gtid_pos_text(here);
    char *to = gtid_pos_text(g->until);
    struct err *e = err_hint(
        err_new(ERR_STORE, "the log of stream %s in the store ends at %s, before %s", g->job->stream, at, to),
        "run ccr-ship on the source, then this again");
    free(at);
    free(to);
    return e;
}

static struct err *drive(struct go_on *g, struct apply *a, struct job_position *position)
{
    TRY(conn_open(&a->conn_params, &a->conn));
    TRY(g->staging ? job_lock_stage_join(a->conn, g->of) : job_lock_join(a->conn, g->of));
    TRY(drive_open(a, position));
    struct err *e = drive_all(a);
    if (!e)
        e = check_reached(g, a);
    g->transactions += a->batch.committed_counts.transactions;
    g->rows += a->batch.rows;
    g->statements += a->batch.committed_counts.ddl + a->batch.committed_counts.statements;
    job_position_copy(position, &a->batch.committed);
    if (e && !g->staging && a->need.count && err_code(e) == ERR_RESYNC && !conn_is_lost(a->conn))
        e = err_first(e, need_record(a->conn, g->job, &a->need, &a->batch.committed, 0));
    if (a->batch.claimed && !g->staging)
        e = err_first(e, status_publish(g->store, g->job, position));
    return e;
}

struct err *go_on(struct go_on *g, struct job_position *position)
{
    struct apply a = {
        .log = g->log,
        .store = g->store,
        .conn_params = *g->target,
        .lanes = 1,
        .job = g->job,
        .limits = *g->limits,
        .staging = g->staging,
        .staging_whole = g->whole,
        .staging_rows = g->fill,
        .unpublished = g->staging,
    };

    a.conn_params.local_infile = true;       /* for LOAD DATA in the log */
    a.conn_params.skip_binlog &= g->staging; /* the job's own changes go where ccr-apply writes them */
    a.limits.follow = false;
    a.limits.has_until_gtid = true;
    a.limits.until_gtid = (struct gtid_pos)GTID_POS_INIT;
    gtid_pos_copy(&a.limits.until_gtid, g->until);
    if (g->staging) /* nobody else writes there */
        a.limits.drift = g->fill ? DRIFT_FILL : DRIFT_UNCHECKED;
    struct err *e = drive(g, &a, position);
    drive_close(&a);
    conn_close(a.conn);
    return e;
}
