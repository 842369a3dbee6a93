#include "restore/swap_finish.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/layout.h"
#include "job/job_publish.h"
#include "job/pending.h"
#include "mysql/catalog.h"
#include "restore/ddl.h"
#include "restore/finish_objects.h"
#include "restore/finish_record.h"
#include "restore/lock_wait.h"
#include "restore/stage.h"
#include "restore/target_session.h"
#include "restore/users.h"
#include "snapshot/definitions.h"

/* Readers of the new tables queue behind who waits. */
enum { LOCK_WAIT_S = 5 };

struct finish {
    struct conn *conn;
    struct store *store;
    struct log *log;
    struct restore_plan *plan;
    char **definitions;
    struct pending pending;
    struct placing placing;
    struct users *users; /* NULL: none are to be made */
};

static struct err *drop_asides(struct finish *f)
{
    for (size_t i = 0; i < f->pending.aside_count; i++) {
        const struct pending_aside *a = &f->pending.asides[i];
        char *name = sql_table_dup(a->db, a->name);
        struct err *e = conn_exec(f->conn, "DROP %s IF EXISTS %s", a->view ? "VIEW" : "TABLE", name);
        free(name);
        TRY(e);
    }
    return target_drop_databases(f->conn, "ccr_old", f->plan->job->name, NULL);
}

static struct err *drop_if_empty(struct finish *f, const char *db)
{
    uint64_t used = 0;
    char *text = sql_string_dup(db);
    char *name = sql_ident_dup(db);
    struct err *e =
        conn_number(f->conn, &used,
                    "SELECT (SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s) + "
                    "(SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = %s) + "
                    "(SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = %s)",
                    text, text, text);

    if (!e && used)
        log_info(f->log, "database %s is gone on the source, but holds what ccr did not make: it stays", db);
    else if (!e)
        e = conn_exec(f->conn, "DROP DATABASE IF EXISTS %s", name);
    free(text);
    free(name);
    return e;
}

static struct err *drop_gone(struct finish *f)
{
    if (!f->plan->standalone)
        TRY(finish_drop_events(f->conn, f->plan));
    for (size_t i = 0; i < f->pending.gone_count; i++)
        TRY(drop_if_empty(f, f->pending.gone[i]));
    return NULL;
}

static struct err *add_key(struct finish *f, const struct pending_key *k)
{
    uint64_t there = 0;
    char *db = sql_string_dup(k->db);
    char *table = sql_string_dup(k->table);
    char *name = sql_string_dup(k->name);
    char *qualified = sql_table_dup(k->db, k->table);
    struct err *e =
        conn_number(f->conn, &there,
                    "SELECT COUNT(*) FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = %s "
                    "AND TABLE_NAME = %s AND CONSTRAINT_NAME = %s AND CONSTRAINT_TYPE = 'FOREIGN KEY'",
                    db, table, name);

    if (!e && !there)
        e = conn_exec(f->conn, "ALTER TABLE %s ADD %s", qualified, k->clause);
    free(db);
    free(table);
    free(name);
    free(qualified);
    return e;
}

/* A key of a table that stays leads to the old one: it makes place for the one that is to be added. */
static struct err *drop_replaced_keys(struct finish *f)
{
    for (size_t i = 0; i < f->pending.key_count; i++) {
        const struct pending_key *k = &f->pending.keys[i];
        if (!k->replaces)
            continue;
        char *table = sql_table_dup(k->db, k->table);
        char *name = sql_ident_dup(k->name);
        struct err *e = conn_exec(f->conn, "ALTER TABLE %s DROP FOREIGN KEY IF EXISTS %s", table, name);
        free(table);
        free(name);
        TRY(e);
    }
    return NULL;
}

static struct err *add_keys(struct finish *f)
{
    for (size_t i = 0; i < f->pending.key_count; i++)
        TRY(add_key(f, &f->pending.keys[i]));
    return NULL;
}

/* ALTER TABLE table ALTER COLUMN a SET DEFAULT (...), ALTER COLUMN b ... */
static void append_defaults(const struct restore_plan *plan, struct result *columns, struct buf *sql)
{
    bool first = true;
    char **row;

    for (; (row = result_next(columns, NULL)) != NULL; first = false) {
        buf_append_str(sql, first ? " ALTER COLUMN " : ", ALTER COLUMN ");
        sql_ident(sql, row[0]);
        buf_append_str(sql, " SET DEFAULT (");
        ddl_unstage(plan, row[1], sql);
        buf_append_str(sql, ")");
    }
}

/* The server keeps the text of a default, which names the sequence's database: staging, so far. All of a
 * table's in one statement: it cannot be opened while one names a sequence that is not there. */
static struct err *place_defaults(struct finish *f, const char *target_db, const char *target_name)
{
    struct result *r = NULL;
    struct buf sql = BUF_INIT;
    char *db = sql_string_dup(target_db);
    char *name = sql_string_dup(target_name);
    struct err *e =
        conn_query(f->conn, &r,
                   "SELECT COLUMN_NAME, COLUMN_DEFAULT FROM information_schema.COLUMNS WHERE "
                   "TABLE_SCHEMA = %s AND TABLE_NAME = %s AND COLUMN_DEFAULT LIKE '%%(`ccr\\_stage\\_%%'",
                   db, name);

    if (!e && result_count(r) > 0) {
        buf_append_str(&sql, "ALTER TABLE ");
        sql_table(&sql, target_db, target_name);
        append_defaults(f->plan, r, &sql);
        e = conn_exec_bytes(f->conn, sql.data, sql.len);
    }
    result_free(r);
    buf_free(&sql);
    free(db);
    free(name);
    return e;
}

static struct err *place_all_defaults(struct finish *f)
{
    for (size_t i = 0; i < f->plan->table_count; i++) {
        const struct restore_table *t = &f->plan->tables[i];
        const char *definition = f->definitions[t->object - f->plan->manifest->objects];
        if (t->rows && ddl_uses_sequence(t, definition))
            TRY(place_defaults(f, t->target.db, t->target.name));
    }
    return NULL;
}

static struct err *set_database_defaults(struct finish *f)
{
    const struct restore_plan *p = f->plan;

    for (size_t i = 0; i < p->manifest->object_count; i++) {
        const struct manifest_object *o = &p->manifest->objects[i];
        const struct restore_db *db = restore_plan_db(p, o->db);
        if (o->kind != OBJECT_DATABASE || !p->in_scope[i] || !db->whole)
            continue;
        struct buf defaults = BUF_INIT;
        char *name = sql_ident_dup(db->target);
        struct err *e = ddl_database_defaults(f->definitions[i], &defaults);
        if (!e && defaults.len)
            e = conn_exec(f->conn, "ALTER DATABASE %s%s", name, buf_str(&defaults));
        free(name);
        buf_free(&defaults);
        TRY(e);
    }
    return NULL;
}

/* What an earlier ccr-apply reported is about the target before this restore; it would take it for a clone.
 * Where there is none, as of a new job, a store that can only be read will do. */
static struct err *drop_report(struct finish *f)
{
    char *key = layout_job_status_key(f->plan->job->name);
    struct store_stat stat;
    bool found = false;
    struct err *e = store_head(f->store, key, &stat, &found);

    if (!e && found)
        e = store_delete(f->store, key);
    free(key);
    return e;
}

/* The steps of formats/target.md. */
static struct err *finish_whole(struct finish *f, struct job_position *position)
{
    const char *job = f->plan->job->name;

    TRY(drop_asides(f));
    TRY(drop_gone(f));
    TRY(add_keys(f));
    TRY(place_all_defaults(f));
    TRY(set_database_defaults(f));
    if (f->users)
        TRY(users_make(f->conn, f->users));
    TRY(placing_begin(f->conn, f->plan, f->definitions, f->log, &f->placing));
    TRY(finish_objects(&f->placing));
    if (f->users)
        TRY(users_make_privileges(f->conn, f->users, f->log));
    TRY(finish_events(&f->placing));
    if (f->users && f->plan->standalone)
        TRY(users_give_up_roles(f->conn, f->users));
    TRY(target_drop_databases(f->conn, "ccr_stage", job, f->log));
    if (f->plan->standalone)
        return job_remove(f->conn, job);
    TRY(drop_report(f));
    return finish_record(&f->placing, &f->pending, position);
}

/* Those of a partial restore. */
static struct err *finish_partial(struct finish *f, struct job_position *position)
{
    const char *job = f->plan->job->name;

    TRY(drop_replaced_keys(f));
    TRY(drop_asides(f));
    TRY(add_keys(f));
    for (size_t i = 0; i < f->pending.in_count; i++)
        TRY(place_defaults(f, f->pending.in[i].db, f->pending.in[i].name));
    TRY(placing_begin(f->conn, f->plan, f->definitions, f->log, &f->placing));
    if (f->pending.behind)
        TRY(finish_objects(&f->placing));
    TRY(target_drop_databases(f->conn, "ccr_stage", job, f->log));
    TRY(stage_forget(f->conn, job));
    return finish_record(&f->placing, &f->pending, position);
}

static struct err *read_users(struct finish *f)
{
    static const struct json_doc doc = {"column pending of the position row", ERR_TARGET};

    if (!f->pending.users)
        return NULL;
    TRY(users_read(f->store, f->plan, NULL, &f->users));
    return users_from_json(&doc, f->pending.users, f->users);
}

static struct err *open_session(struct finish *f, const struct conn_params *target)
{
    struct conn_params params = *target;

    params.skip_binlog = f->pending.skip_binlog;
    params.lock_wait_s = LOCK_WAIT_S;
    TRY(conn_open(&params, &f->conn));
    TRY(target_session_set(f->conn));
    return job_lock_join(f->conn, f->pending.job->name);
}

/* Pending gives its job to the plan. */
static struct err *finish_open(struct finish *f, const struct conn_params *target, const char *text)
{
    struct store *store = f->store;
    struct manifest *m = NULL;

    TRY(pending_decode(text, &f->pending));
    TRY(open_session(f, target));
    TRY(manifest_load(store, f->pending.stream, f->pending.snapshot, &m));
    struct job *j = f->pending.job;
    f->pending.job = NULL;
    const struct restore_choices choices = {
        .skip_binlog = f->pending.skip_binlog,
        .partial = f->pending.partial,
        .may_lack = true, /* whether it may was asked before the swap */
        .missing_definer = f->pending.missing_definer,
    };
    TRY(restore_plan_new(j, m, &choices, &f->plan));
    restore_plan_stage_from(f->plan, f->pending.stage_from);
    TRY(read_users(f));
    return definitions_read(store, m, f->plan->in_scope, &f->definitions);
}

struct err *swap_finish(const struct conn_params *target, struct store *store, const char *job,
                        struct job_position *position, struct log *log)
{
    struct finish f = {.store = store, .log = log};

    if (!position->pending)
        return NULL;
    struct err *e = finish_open(&f, target, position->pending);
    if (!e)
        e = f.pending.partial ? finish_partial(&f, position) : finish_whole(&f, position);
    if (!e) {
        free(position->pending);
        position->pending = NULL;
        if (!f.plan->standalone)
            job_publish_after(f.conn, store, job, log);
    } else {
        e = err_context(lock_wait_explain(f.conn, NULL, e), "finishing the swap of job %s", job);
        e = err_hint(e, "the new tables are in place; the next run goes on with what is left");
    }
    if (f.plan)
        definitions_free(f.definitions, f.plan->manifest);
    account_list_free(&f.placing.accounts);
    users_free(f.users);
    restore_plan_free(f.plan);
    pending_free(&f.pending);
    conn_close(f.conn);
    return e;
}
