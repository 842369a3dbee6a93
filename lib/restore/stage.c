#include "restore/stage.h"

#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "mysql/catalog.h"
#include "restore/ddl.h"
#include "restore/in_place.h"
#include "restore/lock_wait.h"
#include "restore/stage_keys.h"
#include "restore/stage_tables.h"
#include "restore/target_session.h"

/* The plan of stage0, if it is this one. */
static struct err *read_plan(struct conn *c, const struct restore_plan *p, bool *there, bool *same)
{
    char *table = sql_table_dup(p->stage0, "plan");
    char *options = NULL;
    struct err *e = conn_value(c, &options, "SELECT options FROM %s", table);

    free(table);
    *there = e == NULL;
    *same = options && strcmp(options, p->options) == 0;
    free(options);
    /* without that column it is a table of the source's, and the run was killed before its plan was there */
    if (!e || (!conn_is_absent(c) && conn_errno(c) != ER_BAD_FIELD_ERROR))
        return e;
    err_free(e);
    return NULL;
}

/*
 * The plan that lies in staging, if it is this one. It is in the first database, unless such lie before it as
 * could not be dropped; these have no table.
 */
struct err *stage_find(struct conn *c, struct restore_plan *p, bool *same)
{
    unsigned long *numbers = NULL;
    size_t count = 0;
    bool there = false;
    struct err *e = target_numbered_databases(c, "ccr_stage", p->job->name, &numbers, &count);

    *same = false;
    for (size_t i = 0; i < count && !there && !e; i++) {
        restore_plan_stage_from(p, numbers[i]);
        e = read_plan(c, p, &there, same);
    }
    free(numbers);
    return e;
}

struct err *stage_spend(struct conn *c, const struct restore_plan *p)
{
    char *table = sql_table_dup(p->stage0, "plan");
    struct err *e = conn_exec(c, "DROP TABLE %s", table);

    free(table);
    return e;
}

struct err *stage_forget(struct conn *c, const char *job)
{
    static const char *const tables[] = {"tables", "kept"};
    char *stage = job_stage_name(job);
    char *name = job_position_table(stage);
    char *position = sql_table_dup(JOB_DATABASE, name);
    struct err *e = conn_exec(c, "DROP TABLE IF EXISTS %s", position);

    if (!e)
        e = job_forget(c, stage, tables, sizeof(tables) / sizeof(tables[0]));
    free(stage);
    free(name);
    free(position);
    return e;
}

static struct err *create_database(struct conn *c, const char *name, const char *defaults)
{
    char *quoted = sql_ident_dup(name);
    struct err *e = conn_exec(c, "CREATE DATABASE %s%s", quoted, defaults);

    free(quoted);
    return e;
}

/* In place an empty one may be there. */
static struct err *create_stage(struct conn *c, const struct restore_plan *p, const struct restore_db *db,
                                const char *defaults)
{
    if (!p->in_place)
        return create_database(c, db->stage, defaults);
    char *name = sql_ident_dup(db->stage);
    struct err *e = conn_exec(c, "CREATE DATABASE IF NOT EXISTS %s%s", name, defaults);
    free(name);
    failpoint("mark-before");
    return e ? e : in_place_mark(c, p, db);
}

static struct err *create_databases(struct conn *c, const struct restore_plan *p, char *const *definitions)
{
    for (size_t i = 0; i < p->manifest->object_count; i++) {
        const struct manifest_object *o = &p->manifest->objects[i];
        if (o->kind != OBJECT_DATABASE || !p->in_scope[i])
            continue;
        struct buf defaults = BUF_INIT;
        struct err *e = ddl_database_defaults(definitions[i], &defaults);
        if (!e)
            e = create_stage(c, p, restore_plan_db(p, o->db), buf_str(&defaults));
        buf_free(&defaults);
        TRY(e);
    }
    return NULL;
}

static struct err *record_plan(struct conn *c, const struct restore_plan *p)
{
    TRY(create_database(c, p->stage0, " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"));
    char *table = sql_table_dup(p->stage0, "plan");
    char *snapshot = sql_string_dup(p->manifest->id);
    struct err *e = conn_exec(c,
                              "CREATE TABLE %s (snapshot VARCHAR(64) NOT NULL, options CHAR(64) NOT NULL) "
                              "ENGINE=InnoDB",
                              table);
    if (!e)
        e = conn_exec(c, "INSERT INTO %s VALUES (%s, '%s')", table, snapshot, p->options);
    free(table);
    free(snapshot);
    return e;
}

static struct err *create_tables(const struct stage_params *params)
{
    const struct restore_plan *p = params->plan;
    const struct stage_makers makers = {params->conn, params->target, params->threads};

    TRY(stage_tables_create(&makers, p, params->definitions));
    for (size_t i = 0; i < p->table_count; i++) {
        const struct restore_table *t = &p->tables[i];
        if (!p->keys_in_place && stage_keys_wait(t))
            TRY(stage_keys_drop(params->conn, t, params->definitions[t->object - p->manifest->objects]));
    }
    return NULL;
}

/*
 * The plan comes last. What a run left that was killed before is not looked into: a server killed in a CREATE
 * leaves sequences without a value, and partitions without a table, which only DROP DATABASE clears away.
 */
static struct err *begin_anew(const struct stage_params *params)
{
    static const char *const loads[] = {"loads"};
    struct conn *c = params->conn;
    struct restore_plan *p = params->plan;
    unsigned long *left = NULL;
    size_t count = 0;

    TRY(target_drop_databases(c, "ccr_stage", p->job->name, params->log));
    TRY(in_place_drop(c, p->job->name));
    struct err *e = target_numbered_databases(c, "ccr_stage", p->job->name, &left, &count);
    restore_plan_stage_from(p, count ? left[count - 1] + 1 : 0);
    free(left);
    TRY(e);
    TRY(stage_forget(c, p->job->name));
    TRY(job_forget(c, p->job->name, loads, 1));
    TRY(create_databases(c, p, params->definitions));
    TRY(create_tables(params));
    return record_plan(c, p);
}

/* Of a chunk that was too large for one transaction some rows may be there. */
static void mark_loaded(struct restore_table *t, uint64_t chunk, uint64_t rows, struct stage_result *out)
{
    for (size_t i = 0; i < t->rows->chunk_count; i++) {
        const struct manifest_chunk *k = &t->rows->chunks[i];
        if (k->id != chunk || rows > k->rows)
            continue;
        t->loaded[i] = rows;
        out->resumed_chunks += rows == k->rows;
        out->resumed_rows += rows;
        out->resumed_bytes += k->rows ? (uint64_t)((double)k->bytes * (double)rows / (double)k->rows) : 0;
        return;
    }
}

/* TRUNCATE would take the AUTO_INCREMENT counter with the rows, and is not for versioned tables. */
static struct err *begin_table_anew(struct conn *c, const struct restore_plan *p,
                                    const struct restore_table *t, const char *definition)
{
    char *table = sql_table_dup(t->db->stage, t->name);
    char *job = sql_string_dup(p->job->name);
    char *db = sql_string_dup(t->db->name);
    char *name = sql_string_dup(t->name);
    struct err *e =
        conn_exec(c, "DELETE FROM ccr.loads WHERE job = %s AND db = %s AND name = %s", job, db, name);

    if (!e)
        e = lock_wait_explain(c, t->db->stage, conn_exec(c, "DROP TABLE IF EXISTS %s", table));
    if (!e)
        e = stage_table_create(c, p, t, definition);
    free(table);
    free(job);
    free(db);
    free(name);
    return e;
}

/*
 * Only a table whose rows share a transaction with their row in `loads` is what that row says. Any other may
 * hold half a chunk, or less than was written before the server was killed.
 */
static struct err *empty_untransactional(struct conn *c, const struct restore_plan *p,
                                         char *const *definitions)
{
    for (size_t i = 0; i < p->table_count; i++) {
        const struct restore_table *t = &p->tables[i];
        if (t->rows && !t->rows->transactional)
            TRY(begin_table_anew(c, p, t, definitions[t->object - p->manifest->objects]));
    }
    return NULL;
}

static struct err *find_loads(struct conn *c, struct restore_plan *p, struct stage_result *out)
{
    struct result *r = NULL;
    char **row;
    char *job = sql_string_dup(p->job->name);
    struct err *e = conn_query(c, &r, "SELECT db, name, chunk, row_count FROM ccr.loads WHERE job = %s", job);

    free(job);
    TRY(e);
    while ((row = result_next(r, NULL)) != NULL) {
        struct restore_table *t = restore_plan_table(p, row[0], row[1]);
        if (t && t->rows)
            mark_loaded(t, strtoull(row[2], NULL, 10), strtoull(row[3], NULL, 10), out);
    }
    result_free(r);
    return NULL;
}

struct err *stage_prepare(const struct stage_params *params, struct stage_result *out)
{
    struct conn *c = params->conn;
    struct restore_plan *p = params->plan;

    *out = (struct stage_result){0};
    TRY(stage_find(c, p, &out->resumed));
    if (out->resumed && p->in_place)
        TRY(in_place_is_whole(c, p, &out->resumed));
    struct err *e = out->resumed ? empty_untransactional(c, p, params->definitions) : begin_anew(params);
    if (!e && out->resumed)
        e = find_loads(c, p, out);
    if (!e && out->resumed)
        log_info(params->log, "going on with an interrupted load: %llu chunks are there already",
                 (unsigned long long)out->resumed_chunks);
    return e ? err_context(e, "staging") : NULL;
}

static void take_table(const struct restore_plan *p, const struct restore_db *db, char *name,
                       struct restore_table *to)
{
    const struct restore_table *known = restore_plan_table(p, db->name, name);

    *to = (struct restore_table){
        .db = db, .name = name, .target = scope_target_table(&p->job->scope, db->name, name)};
    if (known) {
        to->object = known->object;
        to->rows = known->rows;
    }
}

/* Appends those of one database. */
static struct err *take_tables(struct conn *c, const struct restore_plan *p, const struct restore_db *db,
                               struct restore_table **tables, char ***names, size_t *count)
{
    char **found = NULL;
    size_t more = 0;

    TRY(catalog_list_tables(c, db->stage, "", &found, &more));
    *tables = mem_resize(*tables, *count + more + 1, sizeof(**tables));
    *names = mem_resize(*names, *count + more + 1, sizeof(**names));
    for (size_t i = 0; i < more; i++, (*count)++) {
        (*names)[*count] = found[i];
        take_table(p, db, found[i], &(*tables)[*count]);
    }
    free(found);
    return NULL;
}

struct err *stage_take(struct conn *c, struct restore_plan *p)
{
    struct restore_table *tables = mem_zalloc(1, sizeof(*tables));
    char **names = mem_zalloc(1, sizeof(*names));
    size_t count = 0;
    struct err *e = NULL;

    for (size_t i = 0; i < p->db_count && !e; i++)
        if (p->dbs[i].stage)
            e = take_tables(c, p, &p->dbs[i], &tables, &names, &count);
    if (!e) {
        restore_plan_retable(p, tables, names, count);
        return NULL;
    }
    catalog_free_names(names, count);
    free(tables);
    return e;
}
