#include "job/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/layout.h"
#include "job/job_copy.h"
#include "job/job_needed.h"
#include "job/job_state.h"
#include "mysql/advisory.h"
#include "mysql/catalog.h"

#define TABLE_OPTIONS " ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"

/* An identifier has 64 characters; the longest names here are databases and tables of the target. */
static const char *const job_tables[] = {
    "CREATE TABLE IF NOT EXISTS ccr.jobs ("
    "name VARCHAR(64) NOT NULL PRIMARY KEY, stream VARCHAR(64) NOT NULL, store_id VARCHAR(64) NOT NULL, "
    "stream_id VARCHAR(64) NOT NULL, scope LONGTEXT NOT NULL, renames LONGTEXT NOT NULL, "
    "generation BIGINT UNSIGNED NOT NULL DEFAULT 0, created TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, "
    "updated TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)" TABLE_OPTIONS,

    "CREATE TABLE IF NOT EXISTS ccr.tables ("
    "job VARCHAR(64) NOT NULL, db VARCHAR(64) NOT NULL, name VARCHAR(64) NOT NULL, hash CHAR(64) NOT NULL, "
    "PRIMARY KEY (job, db, name))" TABLE_OPTIONS,

    "CREATE TABLE IF NOT EXISTS ccr.kept ("
    "id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, job VARCHAR(64) NOT NULL, kind VARCHAR(16) NOT NULL, "
    "db VARCHAR(64) NOT NULL, name VARCHAR(64) NOT NULL, table_name VARCHAR(64) NULL, "
    "definition LONGBLOB NOT NULL, sql_mode TEXT NULL, character_set_client VARCHAR(64) NULL, "
    "collation_connection VARCHAR(64) NULL, database_collation VARCHAR(64) NULL, time_zone VARCHAR(64) NULL, "
    "status VARCHAR(32) NULL, PRIMARY KEY (id), UNIQUE KEY (job, kind, db, name))" TABLE_OPTIONS,

    "CREATE TABLE IF NOT EXISTS ccr.loads ("
    "job VARCHAR(64) NOT NULL, db VARCHAR(64) NOT NULL, name VARCHAR(64) NOT NULL, "
    "chunk BIGINT UNSIGNED NOT NULL, row_count BIGINT UNSIGNED NOT NULL, "
    "PRIMARY KEY (job, db, name, chunk))" TABLE_OPTIONS,

    "CREATE TABLE IF NOT EXISTS ccr.history ("
    "id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, job VARCHAR(64) NOT NULL, "
    "at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, what TEXT NOT NULL, reason TEXT NOT NULL, "
    "KEY (job, id))" TABLE_OPTIONS,

    "CREATE TABLE IF NOT EXISTS ccr.lanes ("
    "job VARCHAR(64) NOT NULL, lane INT UNSIGNED NOT NULL, nonce CHAR(32) NOT NULL, "
    "epoch BIGINT UNSIGNED NOT NULL, number BIGINT UNSIGNED NOT NULL, pos LONGTEXT NOT NULL, "
    "source_time BIGINT NOT NULL, tables LONGTEXT NOT NULL, PRIMARY KEY (job, lane))" TABLE_OPTIONS,
};

struct err *job_check_name(const char *name)
{
    TRY(layout_check_name("job", name));
    if (strlen(name) > JOB_MAX_NAME)
        return err_new(ERR_USAGE, "the job name '%s' is longer than %d characters", name, JOB_MAX_NAME);
    if (strcmp(name, JOB_STANDALONE) == 0)
        return err_new(ERR_USAGE, "'%s' is a name of ccr's own, and cannot be a job's", name);
    return NULL;
}

static const char setup_lock[] = "ccr setup";

/* Setting up and dropping the database exclude each other, whatever the jobs are. */
static struct err *job_lock_setup(struct conn *c)
{
    bool got = false;

    TRY(advisory_lock(c, setup_lock, 10, &got));
    return got ? NULL : err_new(ERR_LOCKED, "another run is setting up ccr's database");
}

static void job_unlock_setup(struct conn *c)
{
    err_free(advisory_unlock(c, setup_lock)); /* ends with the connection at the latest */
}

struct err *job_add_column(struct conn *c, const char *table, const char *column, const char *definition)
{
    uint64_t there = 0;

    TRY(conn_number(c, &there,
                    "SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'ccr' AND "
                    "TABLE_NAME = '%s' AND COLUMN_NAME = '%s'",
                    table, column));
    return there
               ? NULL
               : conn_exec(c, "ALTER TABLE ccr.%s ADD COLUMN IF NOT EXISTS %s %s", table, column, definition);
}

static struct err *job_create_tables(struct conn *c)
{
    TRY(conn_exec(c, "CREATE DATABASE IF NOT EXISTS ccr CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"));
    for (size_t i = 0; i < sizeof(job_tables) / sizeof(job_tables[0]); i++)
        TRY(conn_exec(c, "%s", job_tables[i]));
    TRY(job_generation_setup(c));
    TRY(job_needs_setup(c));
    TRY(job_needed_setup(c));
    TRY(job_state_setup(c));
    return job_copy_setup(c);
}

struct err *job_setup(struct conn *c)
{
    TRY(job_lock_setup(c));
    struct err *e = job_create_tables(c);
    job_unlock_setup(c);
    return e ? err_context(e, "setting up ccr's own database on the target") : NULL;
}

static struct err *job_drop_empty_database(struct conn *c)
{
    uint64_t used = 0;

    TRY(conn_number(
        c, &used,
        "SELECT (SELECT COUNT(*) FROM ccr.jobs) + (SELECT COUNT(*) FROM ccr.history) + "
        "(SELECT COUNT(*) FROM ccr.loads) + (SELECT COUNT(*) FROM information_schema.TABLES WHERE "
        "TABLE_SCHEMA = 'ccr' AND LEFT(TABLE_NAME, 9) = 'position_')"));
    return used ? NULL : conn_exec(c, "DROP DATABASE ccr");
}

struct err *job_forget(struct conn *c, const char *job, const char *const *tables, size_t count)
{
    char *quoted = sql_string_dup(job);
    struct err *e = NULL;

    for (size_t i = 0; !e && i < count; i++) {
        e = conn_exec(c, "DELETE FROM ccr.%s WHERE job = %s", tables[i], quoted);
        if (e && conn_is_absent(c)) { /* made when it is first needed */
            err_free(e);
            e = NULL;
        }
    }
    free(quoted);
    return e;
}

static struct err *job_remove_locked(struct conn *c, const char *name)
{
    static const char *const tables[] = {
        "tables", "kept",  "loads",   "needs",      "history",           "lanes", "states",
        "copies", "skips", "repairs", "protection", "written_by_others", "needed"};
    char *job = sql_string_dup(name);
    char *position = job_position_table(name);
    char *table = sql_table_dup(JOB_DATABASE, position);
    struct err *e = job_forget(c, name, tables, sizeof(tables) / sizeof(tables[0]));

    if (!e)
        e = conn_exec(c, "DELETE FROM ccr.jobs WHERE name = %s", job);
    if (!e)
        e = conn_exec(c, "DROP TABLE IF EXISTS %s", table);
    if (!e)
        e = job_drop_empty_database(c);
    free(job);
    free(position);
    free(table);
    return e;
}

struct err *job_remove(struct conn *c, const char *name)
{
    TRY(job_lock_setup(c));
    struct err *e = job_remove_locked(c, name);
    job_unlock_setup(c);
    return e;
}

static struct err *job_fill(const struct json_doc *doc, const json_t *object, struct job *job)
{
    const char *name, *stream, *store_id, *stream_id;
    json_t *scope, *renames;

    TRY(json_string_of(doc, object, "name", &name));
    TRY(json_string_of(doc, object, "stream", &stream));
    TRY(json_string_of(doc, object, "store_id", &store_id));
    TRY(json_string_of(doc, object, "stream_id", &stream_id));
    job->name = mem_strdup(name);
    job->stream = mem_strdup(stream);
    job->store_id = mem_strdup(store_id);
    job->stream_id = mem_strdup(stream_id);
    TRY(json_object_of(doc, object, "scope", &scope));
    TRY(json_object_of(doc, object, "renames", &renames));
    return scope_from_json(doc, scope, renames, &job->scope);
}

struct err *job_from_json(const struct json_doc *doc, const json_t *object, struct job **out)
{
    struct job *job = mem_zalloc(1, sizeof(*job));
    struct err *e = job_fill(doc, object, job);

    *out = NULL;
    if (e)
        job_free(job);
    else
        *out = job;
    return e;
}

json_t *job_to_json(const struct job *job)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "name", job->name, "stream", job->stream, "store_id",
                     job->store_id, "stream_id", job->stream_id, "scope", scope_to_json(&job->scope),
                     "renames", scope_renames_to_json(&job->scope));
}

/* The columns are the members of the job's JSON form; scope and renames are JSON inside. */
static struct err *job_from_row(char **row, struct job **out)
{
    static const char *const columns[] = {"name", "stream", "store_id", "stream_id"};
    static const struct json_doc doc = {"the job's row in ccr.jobs", ERR_TARGET};
    json_t *object = json_object();
    json_t *scope = NULL;
    json_t *renames = NULL;
    struct err *e;

    for (size_t i = 0; i < 4; i++)
        json_object_set_new(object, columns[i], json_string(row[i]));
    e = json_parse(&doc, row[4], strlen(row[4]), &scope);
    if (!e)
        e = json_parse(&doc, row[5], strlen(row[5]), &renames);
    json_object_set_new(object, "scope", scope);
    json_object_set_new(object, "renames", renames);
    if (!e)
        e = job_from_json(&doc, object, out);
    json_decref(object);
    return e;
}

struct err *job_load(struct conn *c, const char *name, struct job **out)
{
    struct result *r = NULL;
    char *quoted = sql_string_dup(name);
    struct err *e = conn_query_if_there(
        c, &r, "SELECT name, stream, store_id, stream_id, scope, renames FROM ccr.jobs WHERE name = %s",
        quoted);

    *out = NULL;
    free(quoted);
    if (e || !r)
        return e;
    char **row = result_next(r, NULL);
    if (row)
        e = job_from_row(row, out);
    result_free(r);
    return e;
}

struct err *job_save(struct conn *c, const struct job *job)
{
    static const char *const columns[] = {"name", "stream", "store_id", "stream_id", "scope", "renames"};
    struct buf sql = BUF_INIT;
    json_t *object = job_to_json(job);

    buf_append_str(&sql, "INSERT INTO ccr.jobs (name, stream, store_id, stream_id, scope, renames) VALUES (");
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        const json_t *value = json_object_get(object, columns[i]);
        char *text = json_is_string(value) ? mem_strdup(json_string_value(value))
                                           : json_dumps(value, JSON_COMPACT | JSON_PRESERVE_ORDER);
        buf_append_str(&sql, i ? ", " : "");
        sql_string(&sql, text);
        free(text);
    }
    buf_append_str(&sql, ") ON DUPLICATE KEY UPDATE stream = VALUES(stream), store_id = VALUES(store_id), "
                         "stream_id = VALUES(stream_id), scope = VALUES(scope), renames = VALUES(renames)");
    struct err *e = conn_exec_bytes(c, sql.data, sql.len);
    json_decref(object);
    buf_free(&sql);
    return e;
}

void job_free(struct job *job)
{
    if (!job)
        return;
    scope_free(&job->scope);
    free(job->name);
    free(job->stream);
    free(job->store_id);
    free(job->stream_id);
    free(job);
}

const char *job_target_database(const struct job *job, const char *db)
{
    return scope_target_database(&job->scope, db);
}
