#include "replay/schema_change.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "binlog/touched.h"
#include "replay/intent.h"
#include "replay/own_utf8.h"
#include "replay/own_zone.h"
#include "replay/reach.h"
#include "replay/schema_behind.h"
#include "replay/schema_border.h"
#include "replay/schema_definer.h"
#include "replay/schema_event.h"
#include "replay/schema_kept.h"
#include "replay/schema_scope.h"
#include "replay/schema_staging.h"
#include "replay/schema_text.h"
#include "replay/session.h"
#include "replay/statement_dml.h"

enum { STATEMENT_SHOWN = 300 };

static const char go_on[] = "take a new snapshot (ccr-backup, ccr-restore) to go on behind it";

struct err *schema_change_stop(const struct schema_change *s, enum err_code code, const char *why)
{
    bool cut = s->query->sql_len > STATEMENT_SHOWN;

    return err_new(code, "%s: %.*s%s", why, (int)(cut ? STATEMENT_SHOWN : s->query->sql_len), s->query->sql,
                   cut ? "..." : "");
}

const char *schema_change_db(const struct schema_change *s, const struct statement_name *name)
{
    return name->db ? name->db : s->default_db;
}

struct err *schema_change_enter(struct schema_change *s)
{
    struct statement_session session = {
        .vars = &s->session,
        .db = s->default_db[0] ? job_target_database(s->a->job, s->default_db) : "",
        .time = s->time,
        .thread_id = s->query->thread_id,
    };

    for (size_t i = 0; i < s->statement.name_count; i++)
        session.needs_db |= s->border == BORDER_NONE && s->statement.names[i].db == NULL;
    TRY(own_utf8_mode(s, &session.old_mode));
    return session_enter(s->a->conn, &session);
}

struct err *schema_change_leave(struct schema_change *s)
{
    return session_leave(s->a->conn);
}

/* A trigger lies where its table lies; a name alone is a database. */
static struct scope_name change_target(const struct schema_change *s, const struct statement_name *name)
{
    const struct scope *scope = &s->a->job->scope;
    const char *db = schema_change_db(s, name);

    for (size_t i = 0; i < s->statement.name_count && s->statement.kind == STATEMENT_TRIGGER; i++) {
        const struct statement_name *on = &s->statement.names[i];
        if (on->role == STATEMENT_ON)
            return (struct scope_name){scope_target_table(scope, schema_change_db(s, on), on->name).db,
                                       name->name};
    }
    if (name->name && schema_kind_is_table(s->statement.kind))
        return scope_target_table(scope, db, name->name);
    return (struct scope_name){scope_target_database(scope, db), name->name};
}

/* The objects that the statement changes, and the text with databases and tables renamed. */
static struct err *change_translate(struct schema_change *s)
{
    if (s->border != BORDER_NONE)
        return schema_border_translate(s);
    for (size_t i = 0; i < s->statement.name_count; i++) {
        const struct statement_name *name = &s->statement.names[i];
        if (name->role != STATEMENT_REFERENCED && name->role != STATEMENT_ON)
            schema_border_add(s, name->role, change_target(s, name));
    }
    return statement_rename(s->query->sql, s->query->sql_len, s->session.sql_mode, s->default_db,
                            &s->a->job->scope.renames, &s->sql);
}

/* CREATE TABLE ... SELECT that was logged as it ran: what it reads must be as it was on the source. */
static struct err *change_check_select(const struct schema_change *s)
{
    struct reach reach;

    TRY(batch_flush(&s->a->batch)); /* the catalog is read */
    TRY(reach_find(s, &reach));
    reach_free(&reach);
    return NULL;
}

/* Statements that are never replayed: *skip, or the reason to stop. */
static struct err *change_classify(const struct schema_change *s, bool *skip)
{
    const struct statement *st = &s->statement;

    *skip = false;
    switch (st->action) {
    case STATEMENT_ACCOUNT:
    case STATEMENT_MAINTENANCE:
    case STATEMENT_SERVER:
        *skip = true;
        return NULL;
    case STATEMENT_XA:
    case STATEMENT_TRANSACTION:
    case STATEMENT_UNKNOWN:
        return err_hint(schema_change_stop(s, ERR_UNSUPPORTED,
                                           "the log holds a statement that this version "
                                           "does not replay"),
                        go_on);
    case STATEMENT_CREATE:
    case STATEMENT_ALTER:
    case STATEMENT_DROP:
    case STATEMENT_RENAME:
    case STATEMENT_TRUNCATE:
    case STATEMENT_SAVEPOINT:
    case STATEMENT_DML:
    default:
        break;
    }
    if (st->temporary) { /* to be dropped: none was ever made */
        *skip = st->action == STATEMENT_DROP;
        return NULL;
    }
    if (st->with_select)
        TRY(change_check_select(s));
    return NULL;
}

/* The form in which the statement is run again, when it may have been run before. */
static void change_make_repeatable(struct schema_change *s)
{
    struct buf sql = BUF_INIT;

    if (s->statement.action != STATEMENT_DROP)
        return;
    statement_add_if_exists((const char *)s->sql.data, s->sql.len, s->session.sql_mode, &sql);
    buf_free(&s->sql);
    s->sql = sql;
}

static struct err *change_execute(struct schema_change *s)
{
    TRY(schema_text_write(s, &s->sql));
    TRY(schema_text_write(s, &s->behind));
    TRY(prelude_set(s->a->prelude, s->a->conn));
    TRY(schema_change_enter(s));
    failpoint("ddl-before");
    if (s->border == BORDER_LEAVE || s->border == BORDER_CLEAR)
        TRY(schema_border_drop(s));
    else
        TRY(conn_exec_bytes(s->a->conn, s->sql.data, s->sql.len));
    if (s->behind.len)
        TRY(conn_exec_bytes(s->a->conn, s->behind.data, s->behind.len));
    failpoint("ddl-after");
    return schema_change_leave(s);
}

/* Runs it unless a run that was killed has done so. Without an intent of such a run `before` is `now`. */
static struct err *change_run_once(struct schema_change *s, const json_t *before, const json_t *now)
{
    if (before == now)
        return change_execute(s);
    switch (schema_state_outcome(&s->statement, &s->objects, before, now)) {
    case SCHEMA_RUN_AGAIN:
        if (!json_equal(before, now))
            change_make_repeatable(s);
        break;
    case SCHEMA_NOT_DONE:
    case SCHEMA_DEBRIS:
        break;
    case SCHEMA_DONE:
        log_info(s->a->log, "a statement had been run already: %.*s", (int)s->query->sql_len, s->query->sql);
        return NULL;
    case SCHEMA_UNDECIDED:
    default:
        return schema_scope_undecided(
            s, "a run was stopped while this statement ran, and what became of it cannot be told");
    }
    TRY(schema_debris_clear(s, now));
    TRY(schema_rows_check(s)); /* an earlier version opened the intent first */
    return change_execute(s);
}

static struct err *change_run(struct schema_change *s)
{
    struct apply *a = s->a;
    json_t *before = NULL;
    json_t *now = NULL;

    TRY(batch_commit(&a->batch));
    struct err *e = intent_find(a, &s->t->begin.gtid, &before);
    if (!e)
        e = schema_state_read(a->conn, &s->objects, &now);
    if (!e && before && json_array_size(before) != json_array_size(now))
        e = schema_scope_undecided(
            s,
            "a run was stopped while this statement ran, and one of its tables has been left behind since");
    if (!e && !before) {
        e = schema_record_check(s, now);
        if (!e) /* a stop that a copy of the table leads past must leave no intent */
            e = schema_rows_check(s);
        if (!e) {
            before = json_incref(now);
            e = intent_open_statement(a, &s->t->begin.gtid, json_incref(now));
        }
    }
    if (!e)
        e = change_run_once(s, before, now);
    if (!e) {
        tables_forget(a->tables);
        e = batch_open(&a->batch);
    }
    if (!e)
        e = schema_kept_follow(s);
    if (!e)
        e = schema_record_write(s);
    json_decref(before);
    json_decref(now);
    s->t->ddl = e == NULL;
    a->batch.counts.ddl += e == NULL;
    return e;
}

/* Nothing is changed, so what the statement names cannot be checked any further. */
static void change_pretend(struct schema_change *s)
{
    for (size_t i = 0; i < s->statement.name_count; i++)
        tables_unchecked(s->a->tables, schema_change_db(s, &s->statement.names[i]),
                         s->statement.names[i].name);
    tables_forget(s->a->tables);
    s->a->batch.counts.ddl++;
}

/*
 * A ROLLBACK TO is rare in logs: servers cut what it undoes, where they can. So savepoints are set only where
 * one is known to follow, or where tables without transactions are changed.
 */
static struct err *change_savepoint(struct schema_change *s)
{
    struct transaction *t = s->t;
    bool rolls_back = s->query->sql_len > 8 && strncasecmp(s->query->sql, "ROLLBACK", 8) == 0;

    if (s->a->dry_run || t->drop)
        return NULL;
    if (!t->savepoints && rolls_back) {
        transaction_redo(s->a, t, REDO_SAVEPOINTS, NULL);
        return NULL;
    }
    t->passed_savepoint |= !t->savepoints;
    if (!t->savepoints)
        return NULL;
    TRY(batch_open(&s->a->batch));
    buf_append(&s->sql, s->query->sql, s->query->sql_len);
    TRY(schema_text_write(s, &s->sql));
    TRY(schema_change_enter(s)); /* its name is quoted as the source's session quotes */
    TRY(conn_exec_bytes(s->a->conn, s->sql.data, s->sql.len));
    return schema_change_leave(s);
}

/* A statement that failed on the source is logged when it may have done part of its work. */
static struct err *change_failed_on_source(struct schema_change *s)
{
    if (s->statement.action == STATEMENT_DROP) {
        change_make_repeatable(s);
        return NULL;
    }
    return err_hint(schema_change_stop(s, ERR_RESYNC,
                                       "a statement failed on the source, and may have done part "
                                       "of its work"),
                    "take a new snapshot (ccr-backup, ccr-restore)");
}

static struct err *change_replay(struct schema_change *s)
{
    struct apply *a = s->a;

    if (s->t->rows_added)
        return schema_change_stop(s, ERR_UNSUPPORTED, "a statement behind row changes in one transaction");
    TRY(change_translate(s));
    /* a DROP that failed for one of several is logged for all; a restore leaves out a view that cannot be
     * made */
    if (s->statement.name_count > 1 || s->statement.kind == STATEMENT_VIEW)
        change_make_repeatable(s);
    if (s->query->error_code != 0)
        TRY(change_failed_on_source(s));
    TRY(schema_border_check_defaults(s));
    TRY(schema_definer_check(s));
    TRY(own_zone_check_definition(s));
    if (a->dry_run) {
        change_pretend(s);
        return NULL;
    }
    if (s->statement.kind == STATEMENT_EVENT)
        TRY(schema_event_disable(s));
    if (s->statement.kind == STATEMENT_TRIGGER) {
        TRY(batch_commit(&a->batch));
        TRY(schema_text_write(s, &s->sql));
        TRY(schema_kept_trigger(s));
        s->t->ddl = true;
        a->batch.counts.ddl++;
        return NULL;
    }
    if (s->reads_behind)
        TRY(schema_behind_check(s));
    return change_run(s);
}

/*
 * Temporary tables are not replayed. One that is altered, emptied or copied from may be older than the
 * snapshot, so that the log has no CREATE of it, and may have the name of another table. (Where rows are
 * logged, a table made from one comes with all its columns.)
 */
static bool change_is_temporary(const struct schema_change *s)
{
    const struct statement *st = &s->statement;
    struct touched touched;
    bool like = false;

    if (st->temporary || !s->of_session)
        return st->temporary;
    for (size_t i = 0; i < st->name_count; i++)
        like |= st->names[i].role == STATEMENT_REFERENCED;
    if (st->kind != STATEMENT_TABLE || st->action == STATEMENT_DROP ||
        (st->action == STATEMENT_CREATE && (st->or_replace || !like)))
        return false;
    touched_read(s->query->sql, s->query->sql_len, s->session.sql_mode, &touched);
    bool otherwise = touched.of_session;
    touched_free(&touched);
    return !otherwise;
}

/* A run may have been killed while it ran the statement, before the statement's table was left behind. */
static struct err *change_pass_over(struct schema_change *s)
{
    json_t *before = NULL;

    if (s->a->dry_run || s->t->alone || !s->a->batch.committed.intent)
        return NULL;
    TRY(intent_find(s->a, &s->t->begin.gtid, &before));
    s->t->ddl |= before != NULL; /* ends with the intent's end */
    json_decref(before);
    return NULL;
}

static struct err *change_take(struct schema_change *s)
{
    bool skip = false;

    if (s->t->half_done && s->statement.action != STATEMENT_DML)
        return NULL; /* it made the table whose rows are half done */
    TRY(change_classify(s, &skip));
    if (s->statement.action == STATEMENT_DML)
        return statement_dml(s, NULL);
    if (!skip && s->statement.action == STATEMENT_SAVEPOINT)
        return change_savepoint(s);
    TRY(schema_staging(s, &skip));
    /* two-phase ALTER: what counts is its COMMIT, which holds the whole statement */
    skip |= s->t->begin.start_alter || s->t->begin.rollback_alter;
    bool in_scope = false;
    if (!skip)
        TRY(schema_scope(s, &in_scope));
    if (!in_scope) {
        s->a->batch.counts.skipped_statements++;
        return change_pass_over(s);
    }
    s->t->in_scope = true;
    if (s->a->staging_rows)
        return schema_change_stop(s, ERR_RESYNC, "a table was altered of which only partitions are staged");
    if (s->statement.imports)
        return schema_scope_need(s, &s->statement.names[0], "a tablespace was imported or discarded");
    if (change_is_temporary(s))
        return err_hint(
            schema_change_stop(s, ERR_UNSUPPORTED, "the log holds a statement of a temporary table"),
            "set binlog_format=ROW on the source; %s", go_on);
    return change_replay(s);
}

static void change_free(struct schema_change *s)
{
    statement_free(&s->statement);
    schema_objects_free(&s->objects);
    free(s->default_db);
    buf_free(&s->sql);
    buf_free(&s->behind);
    buf_free(&s->utf8);
    free(s->charset);
}

static struct err *change_begin(struct schema_change *s, const struct binlog_event *e)
{
    s->time = e->time;
    s->of_session = e->flags & BINLOG_FLAG_THREAD_SPECIFIC;
    TRY(query_session_parse(s->query->status, s->query->status_len, &s->session));
    s->default_db = mem_strndup(s->query->db, s->query->db_len);
    TRY(schema_text_read(s));
    if (s->query == &s->in_utf8 || query_text_is_plain(&s->session, s->query->sql, s->query->sql_len))
        statement_parse(s->query->sql, s->query->sql_len, s->session.sql_mode, &s->statement);
    return NULL;
}

struct err *schema_change_statement(struct apply *a, struct transaction *t, const struct binlog_event *e,
                                    const struct binlog_query *query)
{
    struct schema_change s = {.a = a, .t = t, .query = query};
    struct err *error = change_begin(&s, e);

    if (!error)
        error = change_take(&s);
    prelude_clear(a->prelude);
    change_free(&s);
    return error;
}

struct err *schema_change_load(struct apply *a, struct transaction *t, const struct binlog_event *e,
                               const struct binlog_query *query)
{
    /* the server has written the statement anew, its names in UTF-8 whatever the client spoke */
    struct schema_change s = {.a = a, .t = t, .query = query, .as_sent = true};
    struct binlog_load load;

    TRY(binlog_load_parse(e, &load));
    struct err *error = change_begin(&s, e);
    if (!error && s.statement.action != STATEMENT_DML)
        error = schema_change_stop(&s, ERR_UNSUPPORTED, "the log holds a statement that cannot be read");
    if (!error)
        error = statement_dml(&s, &load);
    prelude_clear(a->prelude);
    change_free(&s);
    return error;
}
