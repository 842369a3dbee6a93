#include "replay/session.h"

#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/mem.h"
#include "job/job.h"

/* Seconds that a statement waits for another session's locks before the batch is done again. */
#define LOCK_WAIT "20"

struct err *session_check_server(struct conn *c)
{
    static const struct {
        const char *name;
        const char *value;
        const char *danger;
    } needed[] = {
        {"slave_exec_mode", "STRICT", "missing and duplicate rows would be passed over"},
        {"slave_run_triggers_for_rbr", "NO", "triggers would run a second time"},
        {"slave_type_conversions", "", "values would be converted to other types"},
    };

    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        char *value = NULL;
        TRY(conn_value(c, &value, "SELECT @@GLOBAL.%s", needed[i].name));
        bool right = value && strcmp(value, needed[i].value) == 0;
        struct err *e = right ? NULL
                              : err_hint(err_new(ERR_UNSAFE, "the target's %s is '%s': %s", needed[i].name,
                                                 value ? value : "", needed[i].danger),
                                         "SET GLOBAL %s='%s' on the target, and in its option file",
                                         needed[i].name, needed[i].value);
        free(value);
        TRY(e);
    }
    return NULL;
}

/* What session_enter changes. */
static const char *const of_statement[] = {
    "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION', "
    "time_zone = '+00:00', timestamp = DEFAULT, foreign_key_checks = 1, unique_checks = 1, "
    "check_constraint_checks = 1, auto_increment_increment = 1, auto_increment_offset = 1, "
    "lc_time_names = 'en_US', explicit_defaults_for_timestamp = DEFAULT, sql_auto_is_null = 0, "
    "sql_if_exists = 0, system_versioning_insert_history = 0, old_mode = DEFAULT",
    "SET NAMES utf8mb4",
    "SET SESSION collation_database = DEFAULT, collation_server = DEFAULT",
};

/* READ-COMMITTED: side tables may be younger than the transaction that reads them */
static const char *const settings[] = {
    "SET SESSION autocommit = 1, tx_isolation = 'READ-COMMITTED', max_statement_time = 0, "
    "idle_transaction_timeout = 0, wait_timeout = 31536000, net_read_timeout = 3600, "
    "net_write_timeout = 3600, lock_wait_timeout = " LOCK_WAIT ", innodb_lock_wait_timeout = " LOCK_WAIT,
    /* with a binlog of its own, the target would otherwise write every BINLOG statement's text into it, once
     * for each row event */
    "SET SESSION binlog_annotate_row_events = 0, binlog_format = 'ROW'",
    /* not logged; what the source's session allowed is allowed: an ALTER of a versioned table, options that
     * InnoDB leaves aside */
    "SET SESSION system_versioning_alter_history = 'KEEP', innodb_strict_mode = 0",
};

struct err *session_leave(struct conn *c)
{
    for (size_t i = 0; i < sizeof(of_statement) / sizeof(of_statement[0]); i++)
        TRY(conn_exec(c, "%s", of_statement[i]));
    return NULL;
}

struct err *session_prepare(struct conn *c)
{
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        TRY(conn_exec(c, "%s", settings[i]));
    return session_leave(c);
}

/*
 * Selects the default database. One that the statement does not need may be missing on the target (not
 * followed, or about to be created): ccr's own stands in.
 */
static struct err *session_use(struct conn *c, const struct statement_session *s)
{
    char *name = sql_ident_dup(s->db[0] ? s->db : JOB_DATABASE);
    struct err *e = conn_exec(c, "USE %s", name);

    free(name);
    if (e && !s->needs_db && conn_errno(c) == ER_BAD_DB_ERROR) {
        err_free(e);
        e = conn_exec(c, "USE %s", JOB_DATABASE);
    }
    return e;
}

static void append_flags(struct buf *sql, uint32_t flags)
{
    buf_printf(
        sql,
        ", foreign_key_checks = %d, unique_checks = %d, sql_auto_is_null = %d, "
        "explicit_defaults_for_timestamp = %d, sql_if_exists = %d, system_versioning_insert_history = %d",
        !(flags & QUERY_NOT_FOREIGN_KEY_CHECKS), !(flags & QUERY_RELAXED_UNIQUE_CHECKS),
        (flags & QUERY_AUTO_IS_NULL) != 0, (flags & QUERY_EXPLICIT_DEFAULTS_FOR_TIMESTAMP) != 0,
        (flags & QUERY_IF_EXISTS) != 0, (flags & QUERY_INSERT_HISTORY) != 0);
}

static void append_time_zone(struct buf *sql, const struct query_session *v)
{
    char *zone = mem_strndup(v->time_zone, v->time_zone_len);

    buf_append_str(sql, ", time_zone = ");
    sql_string(sql, zone);
    free(zone);
}

struct err *session_enter(struct conn *c, const struct statement_session *s)
{
    const struct query_session *v = s->vars;
    struct buf sql = BUF_INIT;

    TRY(session_use(c, s));
    buf_printf(&sql, "SET SESSION timestamp = %u.%06u, pseudo_thread_id = %u", (unsigned)s->time,
               (unsigned)v->microseconds, (unsigned)s->thread_id);
    if (v->has_flags2)
        append_flags(&sql, v->flags2);
    if (s->old_mode)
        buf_printf(&sql, ", old_mode = '%s'", s->old_mode);
    if (v->has_sql_mode)
        buf_printf(&sql, ", sql_mode = %llu", (unsigned long long)v->sql_mode);
    if (v->auto_increment_increment)
        buf_printf(&sql, ", auto_increment_increment = %u, auto_increment_offset = %u",
                   v->auto_increment_increment, v->auto_increment_offset);
    if (v->time_zone_len > 0)
        append_time_zone(&sql, v);
    buf_printf(&sql, ", lc_time_names = %u", v->lc_time_names);
    if (v->has_charset_database)
        buf_printf(&sql, ", collation_database = %u", v->charset_database);
    if (v->has_charset) /* last: the text behind is in another character set */
        buf_printf(&sql, ", character_set_client = %u, collation_connection = %u, collation_server = %u",
                   v->character_set_client, v->collation_connection, v->collation_server);
    struct err *e = conn_exec_bytes(c, sql.data, sql.len);
    buf_free(&sql);
    return e;
}

struct err *session_counts(struct conn *c, struct row_counts *out)
{
    struct result *r = NULL;
    char **row;

    *out = (struct row_counts){0};
    TRY(conn_query(c, &r,
                   "SHOW SESSION STATUS WHERE Variable_name IN "
                   "('Handler_write', 'Handler_update', 'Handler_delete')"));
    while ((row = result_next(r, NULL)) != NULL) {
        uint64_t value = strtoull(row[1], NULL, 10);
        if (strcmp(row[0], "Handler_write") == 0)
            out->writes = value;
        else if (strcmp(row[0], "Handler_update") == 0)
            out->updates = value;
        else
            out->deletes = value;
    }
    result_free(r);
    return NULL;
}
