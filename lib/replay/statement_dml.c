#include "replay/statement_dml.h"

#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "mysql/infile.h"
#include "replay/half_done.h"
#include "replay/intent.h"
#include "replay/own_utf8.h"
#include "replay/own_zone.h"
#include "replay/reach.h"
#include "replay/schema_text.h"
#include "replay/session.h"

static struct err *read_file(void *prelude, void *out, size_t cap, size_t *len)
{
    return prelude_file_read(prelude, out, cap, len);
}

/* The statement as it ran, its file's name and LOCAL put in; the log has neither REPLACE nor IGNORE in it. */
static void load_statement(const struct schema_change *s, const struct binlog_load *load, struct buf *sql)
{
    static const char *const duplicates[] = {"", "IGNORE ", "REPLACE "};
    const struct binlog_query *q = s->query;

    buf_append(sql, q->sql, load->name_start);
    buf_printf(sql, " LOCAL INFILE 'of the log' %sINTO", duplicates[load->duplicates]);
    buf_append(sql, q->sql + load->name_end, q->sql_len - load->name_end);
}

/*
 * LOCAL passes over rows that the statement failed on without it. On the source none did; a row passed over
 * here means that the tables differ.
 */
static struct err *load_check(const struct schema_change *s, const struct binlog_load *load)
{
    const char *info = mysql_info(conn_handle(s->a->conn));
    const char *skipped = info ? strstr(info, "Skipped: ") : NULL;

    if (load->duplicates != LOAD_DUPLICATES_FAIL || !skipped || strtoull(skipped + 9, NULL, 10) == 0)
        return NULL;
    return err_hint(schema_change_stop(s, ERR_UNSAFE,
                                       "the target passed over rows of a LOAD DATA that the source "
                                       "took"),
                    "the tables differ: restore a new snapshot");
}

static struct err *execute(struct schema_change *s, const struct binlog_load *load)
{
    struct apply *a = s->a;

    if (!load)
        return conn_exec_bytes(a->conn, s->sql.data, s->sql.len);
    TRY(prelude_file_open(a->prelude, load->file_id));
    TRY(infile_exec(a->conn, &s->sql, read_file, a->prelude));
    return load_check(s, load);
}

/* A check constraint that the source's session had switched off: the log does not say so. */
static struct err *execute_unchecked(struct schema_change *s, const struct binlog_load *load, struct err *e)
{
    if (conn_errno(s->a->conn) != ER_CONSTRAINT_FAILED)
        return e;
    err_free(e);
    TRY(conn_exec(s->a->conn, "SET SESSION check_constraint_checks = 0"));
    TRY(prelude_set(s->a->prelude, s->a->conn));
    return execute(s, load);
}

/* A statement that failed on the source after it had changed a table without transactions is logged with the
 * error that it must meet here as well. */
static struct err *judge(const struct schema_change *s, const struct reach *reach, struct err *e)
{
    unsigned expected = s->query->error_code;

    if (expected == 0)
        return e;
    if (e && conn_errno(s->a->conn) == expected) {
        err_free(e);
        return NULL;
    }
    if (e)
        return e;
    return reach_need(s, reach, "a statement failed on the source and not on the target");
}

/* Stopped from outside: how far it had come cannot be told. */
static bool was_interrupted(unsigned error)
{
    return error == ER_QUERY_INTERRUPTED || error == ER_SERVER_SHUTDOWN || error == ER_CONNECTION_KILLED ||
           error == ER_NEW_ABORTING_CONNECTION || error == ER_STATEMENT_TIMEOUT;
}

static struct err *run(struct schema_change *s, const struct binlog_load *load, const struct reach *reach)
{
    struct apply *a = s->a;
    struct statement_session session = {
        .vars = &s->session,
        .db = s->default_db[0] ? job_target_database(a->job, s->default_db) : "",
        .needs_db = reach->needs_db,
        .time = s->time,
        .thread_id = s->query->thread_id,
    };

    TRY(batch_open(&a->batch));
    TRY(schema_text_write(s, &s->sql));
    TRY(own_utf8_mode(s, &session.old_mode));
    TRY(prelude_set(a->prelude, a->conn));
    TRY(session_enter(a->conn, &session));
    failpoint("dml-before");
    struct err *e = execute(s, load);
    if (e && s->query->error_code == 0)
        e = execute_unchecked(s, load, e);
    TRY(judge(s, reach, e));
    failpoint("dml-after");
    return session_leave(a->conn);
}

static struct err *translate(struct schema_change *s, const struct binlog_load *load)
{
    struct buf text = BUF_INIT;

    if (load)
        load_statement(s, load, &text);
    else
        buf_append(&text, s->query->sql, s->query->sql_len);
    struct err *e = statement_rename((const char *)text.data, text.len, s->session.sql_mode, s->default_db,
                                     &s->a->job->scope.renames, &s->sql);
    buf_free(&text);
    return e;
}

/* *redo: the transaction is to be read again, and committed by itself. */
static struct err *prepare(struct schema_change *s, const struct reach *reach, bool *redo)
{
    struct transaction *t = s->t;

    *redo = false;
    if (!reach->cannot_undo || t->alone)
        return NULL;
    if (t->rows_added || t->passed_savepoint) {
        transaction_redo(s->a, t, REDO_ALONE, NULL);
        s->a->redo.what = mem_strdup(reach->cannot_undo);
        *redo = true;
        return NULL;
    }
    TRY(intent_open_rows(s->a, &t->begin.gtid, reach->cannot_undo));
    t->alone = t->savepoints = true;
    return NULL;
}

static struct err *replay(struct schema_change *s, const struct binlog_load *load, const struct reach *reach)
{
    struct apply *a = s->a;
    bool redo;

    s->t->in_scope = true;
    for (size_t i = 0; s->t->half_done && reach->cannot_undo && i < reach->written.count; i++)
        half_done_add(a, reach->written.tables[i].db, reach->written.tables[i].name);
    if (s->t->drop)
        return NULL;
    if (was_interrupted(s->query->error_code) || (load && s->query->error_code))
        return reach_need(s, reach, "a statement was cut short on the source, and had done part of its work");
    TRY(own_zone_check_data(s));
    TRY(translate(s, load));
    if (!a->dry_run) {
        TRY(prepare(s, reach, &redo));
        if (redo)
            return NULL;
        s->t->rows_added = true;
        TRY(run(s, load, reach));
    }
    a->batch.counts.statements++;
    return NULL;
}

struct err *statement_dml(struct schema_change *s, const struct binlog_load *load)
{
    struct reach reach;

    TRY(batch_flush(&s->a->batch)); /* the catalog is read */
    TRY(reach_find(s, &reach));
    struct err *e = NULL;
    if (reach.in_scope && s->a->staging_rows)
        e = schema_change_stop(
            s, ERR_RESYNC,
            "a change was logged as a statement, of a table of which only partitions are staged");
    else if (reach.in_scope)
        e = replay(s, load, &reach);
    else
        s->a->batch.counts.skipped_statements++;
    reach_free(&reach);
    return e;
}
