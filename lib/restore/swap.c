#include "restore/swap.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/mem.h"
#include "job/pending.h"
#include "restore/ddl.h"
#include "restore/in_place.h"
#include "restore/live.h"
#include "restore/lock_wait.h"
#include "restore/open_transactions.h"
#include "restore/outside.h"
#include "restore/stats_locks.h"
#include "restore/target_session.h"

/* The server renews what innodb_trx shows only when nobody has looked for 100 ms. */
#define LOOK_EVERY_US (250 * 1000LL)

struct swap {
    const struct swap_params *params;
    struct live live;
    struct pending pending;
    int64_t deadline_us;
    bool waiting_said;
};

static char *aside_name(const struct restore_plan *p, size_t number)
{
    return mem_printf("ccr_old_%s_%zu", p->job->name, number);
}

/* RENAME TABLE a TO b, ...: what is there moves away, then the new tables move in. In place the marks go. */
static void build_rename(const struct swap *s, struct buf *sql)
{
    const struct restore_plan *p = s->params->plan;
    char *position = job_position_table(p->job->name);
    size_t aside = 0;

    buf_append_str(sql, "RENAME TABLE ");
    for (size_t i = 0; i < s->live.count; i++) {
        const struct live_table *t = &s->live.tables[i];
        if (t->fate == LIVE_STAYS)
            continue;
        sql_table(sql, t->db->target, t->name);
        buf_append_str(sql, " TO ");
        if (t->fate == LIVE_ASIDE)
            sql_table(sql, t->db->target, s->pending.asides[aside++].name);
        else
            sql_table(sql, t->db->old, t->name);
        buf_append_str(sql, ", ");
    }
    if (!s->live.first) {
        sql_table(sql, JOB_DATABASE, position);
        buf_append_str(sql, " TO ");
        sql_table(sql, p->old0, position);
        buf_append_str(sql, ", ");
    }
    for (size_t i = 0; i < p->db_count && p->in_place; i++) {
        sql_table(sql, p->dbs[i].target, IN_PLACE_MARK);
        buf_append_str(sql, " TO ");
        sql_table(sql, p->dbs[i].old, IN_PLACE_MARK);
        buf_append_str(sql, ", ");
    }
    for (size_t i = 0; i < p->table_count && !p->in_place; i++) {
        const struct restore_table *t = &p->tables[i];
        sql_table(sql, t->db->stage, t->name);
        buf_append_str(sql, " TO ");
        sql_table(sql, t->target.db, t->target.name);
        buf_append_str(sql, ", ");
    }
    sql_table(sql, p->stage0, position);
    buf_append_str(sql, " TO ");
    sql_table(sql, JOB_DATABASE, position);
    free(position);
}

struct key_job {
    struct swap *swap;
    const struct restore_table *table;
    struct err *error;
};

/* Takes one foreign key off the staging table, and notes that it is to be added in place. */
static void move_key(const char *name, const char *clause, void *arg)
{
    struct key_job *k = arg;
    char *table = sql_table_dup(k->table->db->stage, k->table->name);
    char *key = sql_ident_dup(name);

    if (!k->error)
        k->error =
            conn_exec(k->swap->params->conn, "ALTER TABLE %s DROP FOREIGN KEY IF EXISTS %s", table, key);
    pending_add_key(&k->swap->pending, k->table->target.db, k->table->target.name, name, clause, false);
    free(table);
    free(key);
}

/*
 * A table with triggers stays in its database under another name, and its foreign keys keep their names,
 * which are unique in the database: the new table gets its own when the old one is gone.
 */
static struct err *move_keys(struct swap *s, const struct live_table *old)
{
    const struct restore_plan *p = s->params->plan;
    const struct restore_table *t = restore_plan_target_table(p, old->db->target, old->name);
    struct buf sql = BUF_INIT;

    if (!t || t->object->kind != OBJECT_TABLE)
        return NULL;
    struct key_job k = {s, t, NULL};
    ddl_place_table(p, t, s->params->definitions[t->object - p->manifest->objects], DDL_TARGET, &sql);
    ddl_each_foreign_key(buf_str(&sql), move_key, &k);
    buf_free(&sql);
    return k.error;
}

static struct err *plan_asides(struct swap *s)
{
    const struct restore_plan *p = s->params->plan;

    for (size_t i = 0; i < s->live.count; i++) {
        const struct live_table *t = &s->live.tables[i];
        if (t->fate != LIVE_ASIDE)
            continue;
        char *name = aside_name(p, s->pending.aside_count + 1);
        pending_add_aside(&s->pending, t->db->target, name, t->view);
        free(name);
        if (!t->view)
            TRY(move_keys(s, t));
    }
    return NULL;
}

static int64_t source_time(const struct manifest *m)
{
    int64_t time = 0;

    for (size_t i = 0; i < m->fingerprint_count; i++)
        if (m->fingerprints[i].time > time)
            time = m->fingerprints[i].time;
    return time;
}

/* Without its row the job has no position; the table itself would be in the way of the new one. */
static struct err *drop_empty_position(struct conn *c, const char *job)
{
    char *name = job_position_table(job);
    char *table = sql_table_dup(JOB_DATABASE, name);
    struct err *e = conn_exec(c, "DROP TABLE IF EXISTS %s", table);

    free(table);
    free(name);
    return e;
}

/* The row as it is, with what is pending behind the swap. */
static struct err *stage_same_position(struct swap *s)
{
    struct job_position next = *s->params->position;

    next.pending = pending_encode(&s->pending);
    next.intent = NULL;
    memcpy(next.previous_nonce, s->params->position->nonce, sizeof(next.previous_nonce));
    job_new_nonce(next.nonce);
    struct err *e =
        job_position_create(s->params->conn, s->params->plan->stage0, s->params->plan->job->name, &next);
    free(next.pending);
    return e;
}

static struct err *stage_position(struct swap *s)
{
    const struct restore_plan *p = s->params->plan;
    const char *job = p->job->name;
    struct job_position old;
    bool found;

    TRY(job_position_read(s->params->conn, job, &old, &found));
    if (!found)
        TRY(drop_empty_position(s->params->conn, job));
    struct job_position next = {
        .epoch = p->manifest->epoch,
        .number = p->manifest->last_object,
        .source_time = source_time(p->manifest),
        .pending = pending_encode(&s->pending),
    };
    gtid_pos_copy(&next.pos, &p->manifest->position);
    job_new_nonce(next.nonce);
    memcpy(next.previous_nonce, old.nonce, sizeof(next.previous_nonce));
    struct err *e = job_position_create(s->params->conn, p->stage0, job, &next);
    job_position_free(&next);
    job_position_free(&old);
    return e;
}

static struct err *create_old_databases(struct swap *s)
{
    struct conn *c = s->params->conn;
    const struct restore_plan *p = s->params->plan;

    TRY(target_drop_databases(c, "ccr_old", p->job->name, NULL));
    TRY(conn_exec(c, "CREATE DATABASE `%s`", p->old0));
    for (size_t i = 0; i < p->db_count; i++)
        TRY(conn_exec(c, "CREATE DATABASE `%s`", p->dbs[i].old));
    for (size_t i = 0; i < s->live.gone_count; i++)
        TRY(conn_exec(c, "CREATE DATABASE `%s`", s->live.gone[i].db.old));
    return NULL;
}

static const char give_up_hint[] = "the old tables are as they were; end those sessions or give --swap-wait "
                                   "more time, and run again: the load is kept";

static struct err *give_up_on_readers(struct swap *s, const struct open_transactions *t, size_t left)
{
    struct buf who = BUF_INIT;
    struct err *failed = open_transactions_describe(s->params->conn, t, &who);
    struct err *e =
        err_new(ERR_TARGET,
                "the swap gave up after %llu s, waiting for %zu transactions that began before the "
                "load ended",
                (unsigned long long)s->params->swap_wait_s, left);

    if (!failed && who.len)
        e = err_context(e, "open: %s", buf_str(&who));
    err_free(failed);
    buf_free(&who);
    return err_hint(e, "%s", give_up_hint);
}

/* One look; *done when none of those transactions is left. */
static struct err *look_for_readers(struct swap *s, const struct open_transactions *t, bool *done)
{
    size_t left = 0;

    TRY(interrupt_check());
    TRY(open_transactions_left(s->params->conn, t, &left));
    *done = left == 0;
    if (left && clock_monotonic_us() >= s->deadline_us)
        return give_up_on_readers(s, t, left);
    if (left && !s->waiting_said)
        log_info(s->params->log, "waiting for %zu transactions that are older than the loaded tables", left);
    s->waiting_said = left > 0;
    return NULL;
}

static struct err *wait_for_readers(struct swap *s)
{
    struct open_transactions *t = NULL;
    bool done = false;

    clock_sleep_us(LOOK_EVERY_US);
    TRY(open_transactions_read(s->params->conn, &t));
    struct err *e = look_for_readers(s, t, &done);
    while (!e && !done) {
        clock_sleep_us(LOOK_EVERY_US);
        e = look_for_readers(s, t, &done);
    }
    open_transactions_free(t);
    return e;
}

static struct err *create_database(struct swap *s, const struct restore_db *db, const char *definition,
                                   bool *created)
{
    char *name = sql_ident_dup(db->target);
    struct buf defaults = BUF_INIT;
    struct err *e = ddl_database_defaults(definition, &defaults);

    if (!e)
        e = conn_exec(s->params->conn, "CREATE DATABASE IF NOT EXISTS %s%s", name, buf_str(&defaults));
    /* the statement counts a warning where the database was there */
    if (!e)
        *created = mysql_warning_count(conn_handle(s->params->conn)) == 0;
    buf_free(&defaults);
    free(name);
    return e;
}

/* A full restore makes a database that has no tables, too. */
static bool is_wanted(const struct restore_plan *p, const struct restore_db *db)
{
    bool wanted = !p->partial;

    for (size_t i = 0; i < p->table_count && !wanted; i++)
        wanted = strcmp(p->tables[i].target.db, db->target) == 0;
    return wanted;
}

/* The target databases of one of the source, which is object number i. */
static struct err *create_databases_of(struct swap *s, size_t i, bool *created)
{
    const struct restore_plan *p = s->params->plan;
    const char *name = p->manifest->objects[i].db;

    for (size_t k = 0; k < p->db_count; k++)
        if ((strcmp(p->dbs[k].name, name) == 0 || (p->dbs[k].like && strcmp(p->dbs[k].like, name) == 0)) &&
            is_wanted(p, &p->dbs[k]))
            TRY(create_database(s, &p->dbs[k], s->params->definitions[i], &created[k]));
    return NULL;
}

/* An empty database that a run leaves behind when it gives up would be in nobody's interest. */
static struct err *create_databases(struct swap *s, bool *created)
{
    const struct restore_plan *p = s->params->plan;

    for (size_t i = 0; i < p->manifest->object_count; i++)
        if (p->manifest->objects[i].kind == OBJECT_DATABASE && p->in_scope[i])
            TRY(create_databases_of(s, i, created));
    return NULL;
}

static void drop_databases(struct swap *s, const bool *created)
{
    const struct restore_plan *p = s->params->plan;
    struct conn *c = s->params->conn;

    for (size_t i = 0; i < p->db_count; i++) {
        uint64_t used = 1;
        char *text = sql_string_dup(p->dbs[i].target);
        char *name = sql_ident_dup(p->dbs[i].target);
        if (created[i])
            err_free(conn_number(
                c, &used,
                "SELECT (SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s) + "
                "(SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = %s)",
                text, text));
        if (used == 0)
            err_free(conn_exec(c, "DROP DATABASE %s", name));
        free(text);
        free(name);
    }
    err_free(target_drop_databases(c, "ccr_old", p->job->name, NULL));
}

static void begin_pending(struct swap *s)
{
    const struct restore_plan *p = s->params->plan;

    s->pending = (struct pending){
        .stage_from = p->stage_from,
        .stream = mem_strdup(p->manifest->stream),
        .snapshot = mem_strdup(p->manifest->id),
        .options = mem_strdup(p->options),
        .standalone = p->standalone,
        .skip_binlog = p->skip_binlog,
        .missing_definer = missing_definer_text(&p->missing_definer),
        .reason = mem_strdup(s->params->reason),
        .users = s->params->users ? users_to_json(s->params->users) : NULL,
        .job = p->job,
    };
}

/* What a partial swap changes, for those who finish it. */
static struct err *plan_partial(struct swap *s)
{
    const struct restore_plan *p = s->params->plan;

    s->pending.partial = true;
    s->pending.behind = s->params->behind;
    for (size_t i = 0; i < p->table_count; i++)
        pending_add_in(&s->pending, p->tables[i].target.db, p->tables[i].target.name);
    for (size_t i = 0; i < s->live.count; i++)
        if (s->live.tables[i].fate != LIVE_STAYS)
            pending_add_out(&s->pending, s->live.tables[i].db->target, s->live.tables[i].name);
    return outside_collect(s->params->conn, p, s->params->definitions, &s->live, s->params->behind,
                           &s->pending);
}

/* In place there is no RENAME that would fail for a table that is gone. */
static struct err *check_whole(const struct swap_params *params)
{
    bool whole = true;

    if (params->plan->in_place)
        TRY(in_place_is_whole(params->conn, params->plan, &whole));
    return whole ? NULL
                 : err_hint(err_new(ERR_TARGET,
                                    "somebody has made or dropped tables in the databases that were "
                                    "being restored"),
                            "run it again: they are loaded anew");
}

static struct err *prepare(struct swap *s)
{
    const struct swap_params *params = s->params;

    TRY(check_whole(params));
    TRY(live_read(params->conn, params->plan, &s->live));
    TRY(live_check(params->conn, params->plan, &s->live, params->replace));
    TRY(outside_check(params->conn, params->plan, params->definitions, &s->live));
    TRY(plan_asides(s));
    if (params->plan->partial)
        TRY(plan_partial(s));
    for (size_t i = 0; i < s->live.gone_count; i++)
        pending_add_gone(&s->pending, s->live.gone[i].target);
    TRY(create_old_databases(s));
    return params->position ? stage_same_position(s) : stage_position(s);
}

static const struct json_doc intent_doc = {.name = "the intent in the position row", .code = ERR_TARGET};

/* The database from which the row, or partitions were to come; malloc'ed, NULL where nothing is announced. */
static struct err *announced_stage(const struct job_position *p, char **stage, bool *exchange)
{
    const char *kind, *name;
    json_t *object = NULL;

    *stage = NULL;
    *exchange = false;
    if (!p->intent)
        return NULL;
    TRY(json_parse(&intent_doc, p->intent, strlen(p->intent), &object));
    struct err *e = json_string_of(&intent_doc, object, "kind", &kind);
    *exchange = !e && strcmp(kind, "exchange") == 0;
    if (!e && (*exchange || strcmp(kind, "swap") == 0)) {
        e = json_string_of(&intent_doc, object, "stage", &name);
        if (!e)
            *stage = mem_strdup(name);
    }
    json_decref(object);
    return e;
}

bool swap_is_announced(const struct job_position *p)
{
    char *stage = NULL;
    bool exchange;

    err_free(announced_stage(p, &stage, &exchange)); /* whoever needs the intent says so */
    bool announced = stage != NULL;
    free(stage);
    return announced;
}

/* The row with another intent (NULL: none), by compare-and-set. */
static struct err *set_intent(struct conn *c, const char *job, struct job_position *p, const char *intent)
{
    struct job_position next = *p;

    next.intent = intent ? mem_strdup(intent) : NULL;
    struct err *e = job_position_update(c, job, p, &next);
    if (e) {
        free(next.intent);
        return e;
    }
    free(p->intent);
    p->intent = next.intent;
    return NULL;
}

/* {"kind": "swap", "gtid": "", "stage": "ccr_stage_JOB_0"} */
static struct err *announce_kind(struct conn *c, const char *job, struct job_position *p, const char *kind,
                                 const char *stage)
{
    json_t *object = json_pack("{s:s, s:s, s:s}", "kind", kind, "gtid", "", "stage", stage);
    char *text = json_text(object);

    json_decref(object);
    failpoint("announce-before");
    struct err *e = set_intent(c, job, p, text);
    failpoint("announce-after");
    free(text);
    return e;
}

struct err *swap_announce_exchange(struct conn *c, const char *job, struct job_position *p, const char *stage)
{
    return announce_kind(c, job, p, "exchange", stage);
}

struct err *swap_abandon(struct conn *c, const char *job, struct job_position *p)
{
    char *stage = NULL;
    bool exchange;

    TRY(announced_stage(p, &stage, &exchange));
    if (!stage)
        return NULL;
    char *name = job_position_table(job);
    char *table = sql_table_dup(stage, name);
    char *db = sql_ident_dup(stage);
    struct err *e = exchange ? conn_exec(c, "DROP DATABASE IF EXISTS %s", db)
                             : conn_exec(c, "DROP TABLE IF EXISTS %s", table);
    if (!e)
        e = job_position_claim(c, job, p);
    if (!e)
        e = set_intent(c, job, p, NULL);
    free(stage);
    free(name);
    free(table);
    free(db);
    return e;
}

/* Partial: from here on nobody else changes the row without this run's RENAME failing. */
static struct err *announce(struct swap *s)
{
    const struct swap_params *params = s->params;

    return params->position ? announce_kind(params->conn, params->plan->job->name, params->position, "swap",
                                            params->plan->stage0)
                            : NULL;
}

static struct err *perform(struct swap *s, bool *created, double *seconds)
{
    struct buf sql = BUF_INIT;

    s->deadline_us = clock_monotonic_us() + (int64_t)s->params->swap_wait_s * CLOCK_US_PER_S;
    TRY(wait_for_readers(s));
    TRY(create_databases(s, created));
    TRY(announce(s));
    build_rename(s, &sql);
    stats_locks_take(s->params->conn);
    const struct lock_wait wait = {
        .conn = s->params->conn,
        .log = s->params->log,
        .plan = s->params->plan,
        .what = "swap",
        .hint = give_up_hint,
        .attempt_s = s->params->lock_wait_s,
        .all_s = s->params->swap_wait_s,
        .deadline_us = s->deadline_us,
    };
    struct err *e = lock_wait_exec(&wait, &sql, seconds);
    stats_locks_release(s->params->conn);
    buf_free(&sql);
    return e ? err_context(e, "swapping the tables in") : NULL;
}

/* The tables are as they were. */
static void give_way(struct swap *s, const bool *created)
{
    const struct swap_params *params = s->params;

    drop_databases(s, created);
    if (params->position)
        err_free(swap_abandon(params->conn, params->plan->job->name, params->position));
}

struct err *swap_tables(const struct swap_params *params, double *seconds)
{
    struct swap s = {.params = params};
    bool *created = mem_zalloc(params->plan->db_count + 1, sizeof(*created));

    begin_pending(&s);
    struct err *e = prepare(&s);
    if (!e)
        e = perform(&s, created, seconds);
    if (e && !conn_is_lost(params->conn))
        give_way(&s, created);
    s.pending.job = NULL; /* the plan's */
    pending_free(&s.pending);
    live_free(&s.live);
    free(created);
    return e;
}
