#include "partial/run.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "job/job_copy.h"
#include "mysql/catalog.h"
#include "restore/restore_load.h"
#include "restore/stage.h"
#include "restore/target_session.h"

/* Those of one database that fit a pattern. */
static void add_tables(struct scope_list *l, const char *db, const char *pattern)
{
    char *literal = scope_literal(db);

    scope_list_add(l, literal, pattern);
    free(literal);
}

/* The job under which staging is replayed: these tables, each database under the name of its staging. */
static struct job *stage_job(const struct partial *p)
{
    struct job *job = mem_zalloc(1, sizeof(*job));
    const struct scope *asked = partial_scope(p);

    job->name = job_stage_name(p->restore->job);
    job->stream = mem_strdup(p->saved->stream);
    job->store_id = mem_strdup(p->saved->store_id);
    job->stream_id = mem_strdup(p->saved->stream_id);
    job->scope.fold_case = asked->fold_case;
    scope_add_excludes(asked, &job->scope);
    for (size_t i = 0; i < p->plan->db_count; i++) {
        const struct restore_db *db = &p->plan->dbs[i];
        if (!db->stage)
            continue;
        statement_renames_add(&job->scope.renames, db->name, NULL, db->stage, NULL);
        /* a database that the snapshot does not have has no staging, and must not be followed */
        for (size_t k = 0; k < asked->tables.count; k++)
            if (scope_pattern_covers(asked, asked->tables.items[k].db, db->name))
                add_tables(&job->scope.tables, db->name, asked->tables.items[k].name);
    }
    return job;
}

static bool is_transactional(const struct restore_plan *plan)
{
    for (size_t i = 0; i < plan->table_count; i++)
        if (plan->tables[i].rows && !plan->tables[i].rows->transactional)
            return false;
    return true;
}

static struct err *read_staged(struct partial *p)
{
    char *name = job_stage_name(p->restore->job);

    job_position_free(&p->staged);
    struct err *e = job_position_read(p->conn, name, &p->staged, &p->has_staged);
    free(name);
    return e;
}

/* A killed run may have loaded all, and replayed some. What cannot be rolled back cannot be trusted. */
struct err *staged_find(struct partial *p)
{
    bool same = false;

    TRY(stage_find(p->conn, p->plan, &same));
    if (same)
        TRY(read_staged(p));
    if (p->has_staged && !is_transactional(p->plan)) {
        p->has_staged = false;
        TRY(target_drop_databases(p->conn, "ccr_stage", p->restore->job, p->restore->log));
    }
    p->resumed = p->has_staged;
    return NULL;
}

/* Staging has no triggers, which a statement that changes its tables would miss (replay/reach.h). */
static struct err *record_triggers(struct partial *p, const char *stage_name)
{
    const struct manifest *m = p->plan->manifest;

    for (size_t i = 0; i < m->object_count; i++) {
        const struct manifest_object *o = &m->objects[i];
        if (o->kind != OBJECT_TRIGGER || !p->plan->in_scope[i])
            continue;
        const struct job_kept kept = {.kind = "trigger",
                                      .db = restore_plan_db(p->plan, o->db)->stage,
                                      .name = o->name,
                                      .table = o->table,
                                      .sql = ""};
        TRY(job_kept_put(p->conn, stage_name, &kept));
    }
    return NULL;
}

/* From here on staging is what its position says, whatever becomes of this run. */
static struct err *record_staged(struct partial *p)
{
    const struct manifest *m = p->plan->manifest;
    char *name = job_stage_name(p->restore->job);
    struct job_position at = {.epoch = m->epoch, .number = m->last_object};
    struct err *e = stage_forget(p->conn, p->restore->job);

    for (size_t i = 0; !e && i < p->plan->table_count; i++) {
        const struct restore_table *t = &p->plan->tables[i];
        char hash[HASH_HEX_SIZE];
        e = catalog_table_hash(p->conn, t->db->stage, t->name, hash);
        if (!e)
            e = job_table_record(p->conn, name, t->db->stage, t->name, hash);
    }
    if (!e)
        e = record_triggers(p, name);
    gtid_pos_copy(&at.pos, &m->position);
    job_new_nonce(at.nonce);
    failpoint("staged-before");
    if (!e)
        e = job_position_create(p->conn, JOB_DATABASE, name, &at);
    failpoint("staged-after");
    job_position_free(&at);
    free(name);
    return e ? e : read_staged(p);
}

struct err *staged_load(struct partial *p)
{
    struct stage_result staged;

    if (p->has_staged) {
        log_info(p->restore->log, "going on with what an interrupted run has loaded");
        return NULL;
    }
    const struct stage_params stage = {
        .conn = p->conn,
        .target = p->restore->target,
        .threads = restore_threads(p->restore),
        .plan = p->plan,
        .definitions = p->definitions,
        .log = p->restore->log,
    };
    TRY(stage_prepare(&stage, &staged));
    const struct restore_load_params load = {
        .restore = p->restore,
        .conn = p->conn,
        .plan = p->plan,
        .definitions = p->definitions,
        .staged = &staged,
        .bulk = p->bulk,
    };
    TRY(restore_load(&load, p->result));
    return record_staged(p);
}

/* The engine's hints are for the job itself. */
static struct err *explain_replay(struct partial *p, struct err *e)
{
    struct err *own = err_new(err_code(e), "replaying the log on top of snapshot %s, in staging: %s",
                              p->plan->manifest->id, err_message(e));

    if (err_code(e) == ERR_RESYNC || err_code(e) == ERR_UNSUPPORTED || err_code(e) == ERR_UNSAFE)
        own = err_hint(own, "take a newer snapshot of these %s, and run this again",
                       p->partitions.count ? "partitions (ccr-backup --partitions, or --tables)"
                                           : "tables (ccr-backup --tables)");
    else if (err_hint_text(e))
        own = err_hint(own, "%s", err_hint_text(e));
    err_free(e);
    return own;
}

static struct err *catch_up_once(struct partial *p)
{
    int64_t start_us = clock_monotonic_us();

    if (gtid_pos_reaches(&p->staged.pos, &p->position.pos))
        return NULL;
    TRY(job_copy_replays(p->conn, p->restore->job, &p->staged.pos));
    struct job *job = stage_job(p);
    struct go_on g = partial_go_on(p, job, &p->position.pos);
    g.staging = true;
    g.whole = p->behind;
    g.fill = manifest_is_of_partitions(p->plan->manifest);
    struct err *e = go_on(&g, &p->staged);
    p->result->replayed_transactions += g.transactions;
    p->result->replayed_rows += g.rows;
    p->result->replayed_statements += g.statements;
    p->result->replay_seconds += (double)(clock_monotonic_us() - start_us) / CLOCK_US_PER_S;
    job_free(job);
    return e ? explain_replay(p, e) : NULL;
}

/* Where a killed run has left staging in a state that cannot be gone on with, it begins anew. */
struct err *staged_catch_up(struct partial *p)
{
    struct err *e = catch_up_once(p);

    if (!p->resumed || err_code(e) != ERR_RESYNC)
        return e;
    log_info(p->restore->log, "what an interrupted run has staged cannot be gone on with: %s",
             err_message(e));
    err_free(e);
    p->has_staged = p->resumed = false;
    TRY(target_drop_databases(p->conn, "ccr_stage", p->restore->job, p->restore->log));
    TRY(staged_load(p));
    return catch_up_once(p);
}
