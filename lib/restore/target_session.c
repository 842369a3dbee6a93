#include "restore/target_session.h"

#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/clock.h"
#include "base/mem.h"
#include "restore/lock_wait.h"

/* An engine that is missing must be an error, not another engine. */
#define SESSION_MODE "NO_ENGINE_SUBSTITUTION"

enum { DROP_TRIES = 40, DROP_PAUSE_US = 250000 };

struct err *target_session_set(struct conn *c)
{
    return conn_exec(
        c, "SET SESSION wait_timeout = 31536000, net_read_timeout = 3600, net_write_timeout = 3600, "
           "max_statement_time = 0, idle_transaction_timeout = 0, foreign_key_checks = 0, "
           "innodb_strict_mode = 0, time_zone = 'SYSTEM', sql_mode = '" SESSION_MODE "', "
           "binlog_annotate_row_events = 0, autocommit = 1, tx_isolation = 'READ-COMMITTED', "
           "sql_quote_show_create = 1, binlog_format = 'ROW', system_versioning_alter_history = 'KEEP', "
           "explicit_defaults_for_timestamp = 1");
}

struct err *target_session_for_rows(struct conn *c)
{
    /* a note (a stored generated column that rounds) is what the source's own writes had too; with
     * unique_checks = 0 the first chunk of a table would lock it whole, for no gain in time */
    return conn_exec(c, "SET SESSION sql_notes = 0, unique_checks = 1, check_constraint_checks = 0, "
                        "time_zone = '+00:00', sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', "
                        "lock_wait_timeout = 3600, innodb_lock_wait_timeout = 3600, max_error_count = 65535");
}

static void append_setting(struct buf *sql, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    buf_printf(sql, ", %s = ", name);
    sql_string(sql, value);
}

/* Makes `db` the default, and takes the settings under which an object was made on the source. */
static struct err *set_for_object(struct conn *c, const char *db, const struct manifest_object *o)
{
    char *quoted = sql_ident_dup(db);
    struct err *e = conn_exec(c, "USE %s", quoted);
    struct buf sql = BUF_INIT;

    free(quoted);
    if (e)
        return e;
    buf_append_str(&sql, "SET SESSION sql_mode = ");
    if (o->kind == OBJECT_TABLE || o->kind == OBJECT_SEQUENCE) {
        char *mode = mem_printf("%s,%s", o->sql_mode ? o->sql_mode : "", SESSION_MODE);
        sql_string(&sql, mode);
        free(mode);
    } else {
        sql_string(&sql, o->sql_mode ? o->sql_mode : "");
    }
    append_setting(&sql, "character_set_client", o->character_set_client);
    append_setting(&sql, "collation_connection", o->collation_connection);
    append_setting(&sql, "time_zone", o->time_zone ? o->time_zone : "+00:00");
    e = conn_exec_bytes(c, sql.data, sql.len);
    buf_free(&sql);
    return e;
}

/* Back to target_session_set's. */
static struct err *reset(struct conn *c)
{
    /* the server's own default for the connection may be latin1: literals would go through that */
    return conn_exec(c, "SET NAMES utf8mb4, sql_mode = '" SESSION_MODE "', time_zone = 'SYSTEM'");
}

static bool same_setting(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool is_set_for(const struct target_creator *t, const char *db, const struct manifest_object *o)
{
    const struct manifest_object *last = t->last;

    return last && strcmp(t->db, db) == 0 && last->kind == o->kind &&
           same_setting(last->sql_mode, o->sql_mode) &&
           same_setting(last->character_set_client, o->character_set_client) &&
           same_setting(last->collation_connection, o->collation_connection) &&
           same_setting(last->time_zone, o->time_zone);
}

struct err *target_creator_run(struct target_creator *t, const char *db, const struct manifest_object *o,
                               const struct buf *sql)
{
    struct err *e = NULL;

    if (!is_set_for(t, db, o)) {
        e = target_creator_end(t);
        t->db = db;
        t->last = o;
        if (!e)
            e = set_for_object(t->conn, db, o);
    }
    if (!e)
        e = conn_exec_bytes(t->conn, sql->data, sql->len);
    e = lock_wait_explain(t->conn, db, e);
    return e ? err_context(e, "creating %s %s.%s", object_kind_name(o->kind), db, o->name) : NULL;
}

struct err *target_creator_end(struct target_creator *t)
{
    bool changed = t->last != NULL;

    t->last = NULL;
    return changed && !conn_is_lost(t->conn) ? reset(t->conn) : NULL;
}

struct err *target_create_object(struct conn *c, const char *db, const struct manifest_object *o,
                                 const struct buf *sql, unsigned *number)
{
    struct target_creator creator = {.conn = c};
    struct err *e = target_creator_run(&creator, db, o, sql);

    if (number)
        *number = conn_errno(c);
    return err_first(e, target_creator_end(&creator));
}

/* PREFIX_JOB_ and then digits only; *number is what they say. */
static bool is_numbered(const char *name, const char *start, unsigned long *number)
{
    size_t len = strlen(start);
    char *end;

    if (strncmp(name, start, len) != 0 || name[len] < '0' || name[len] > '9')
        return false;
    *number = strtoul(name + len, &end, 10);
    return *end == 0;
}

/*
 * A server that was killed in a DROP or RENAME deletes the files of tables that are gone in the background,
 * some time after its start; until then the folder is not empty.
 */
struct err *target_drop_database(struct conn *c, const char *name)
{
    char *quoted = sql_ident_dup(name);
    struct err *e = conn_exec(c, "DROP DATABASE IF EXISTS %s", quoted);

    for (int tries = 0; e && conn_errno(c) == ER_DB_DROP_RMDIR && tries < DROP_TRIES; tries++) {
        err_free(e);
        clock_sleep_us(DROP_PAUSE_US);
        e = conn_exec(c, "DROP DATABASE IF EXISTS %s", quoted);
    }
    free(quoted);
    return lock_wait_explain(c, name, e);
}

static int compare_numbers(const void *a, const void *b)
{
    const unsigned long *x = a;
    const unsigned long *y = b;

    return (*x > *y) - (*x < *y);
}

struct err *target_numbered_databases(struct conn *c, const char *prefix, const char *job,
                                      unsigned long **numbers, size_t *count)
{
    struct result *r = NULL;
    char **row;
    char *start = mem_printf("%s_%s_", prefix, job);
    struct err *e = conn_query(c, &r, "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA");

    *count = 0;
    *numbers = mem_zalloc(r ? result_count(r) + 1 : 1, sizeof(**numbers));
    while (!e && (row = result_next(r, NULL)) != NULL)
        if (is_numbered(row[0], start, &(*numbers)[*count]))
            ++*count;
    qsort(*numbers, *count, sizeof(**numbers), compare_numbers);
    result_free(r);
    free(start);
    return e;
}

/*
 * A server that was killed in a CREATE TABLE may leave a file that no table owns, and that no statement
 * removes. The database stays then, empty for the server, and is in nobody's way.
 */
static struct err *pass_over(struct conn *c, struct err *e, const char *name, struct log *log)
{
    if (!e || conn_errno(c) != ER_DB_DROP_RMDIR)
        return e;
    if (!log)
        return err_hint(e,
                        "remove what lies in that folder of the target's data directory, then run it again");
    log_warn(
        log,
        "database %s cannot be dropped: a file lies in its folder that the server does not know. It is "
        "in nobody's way, and dropped by the next restore when that folder of the data directory is empty",
        name);
    err_free(e);
    return NULL;
}

struct err *target_drop_databases(struct conn *c, const char *prefix, const char *job, struct log *log)
{
    unsigned long *numbers = NULL;
    size_t count = 0;
    struct err *e = target_numbered_databases(c, prefix, job, &numbers, &count);

    for (size_t i = 0; i < count && !e; i++) {
        char *name = mem_printf("%s_%s_%lu", prefix, job, numbers[i]);
        e = pass_over(c, target_drop_database(c, name), name, log);
        free(name);
    }
    free(numbers);
    return e;
}
