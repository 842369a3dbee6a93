#include "replay/schema_kept.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "binlog/sql_lex.h"
#include "mysql/charset.h"
#include "replay/schema_event.h"

/* Names of the session's settings, as SHOW CREATE prints them. */
struct kept_session {
    struct result *result;
    char **row;
};

static struct err *kept_read_session(struct schema_change *s, struct kept_session *out)
{
    TRY(schema_change_enter(s));
    TRY(conn_query(s->a->conn, &out->result,
                   "SELECT @@sql_mode, @@character_set_client, @@collation_connection, "
                   "@@collation_database"));
    out->row = result_next(out->result, NULL);
    return schema_change_leave(s);
}

static const struct statement_name *kept_table(const struct schema_change *s)
{
    for (size_t i = 0; i < s->statement.name_count; i++)
        if (s->statement.names[i].role == STATEMENT_ON)
            return &s->statement.names[i];
    return NULL;
}

/* "job = ... AND kind = ... AND db = ... AND column = ...", malloc'ed; NULL leaves a condition out. */
static char *kept_where(const struct schema_change *s, const char *kind, const char *db, const char *column,
                        const char *value)
{
    struct buf out = BUF_INIT;

    buf_append_str(&out, "job = ");
    sql_string(&out, s->a->job->name);
    buf_append_str(&out, " AND db = ");
    sql_string(&out, db);
    if (kind)
        buf_printf(&out, " AND kind = '%s'", kind);
    if (column) {
        buf_printf(&out, " AND %s = ", column);
        sql_string(&out, value);
    }
    return buf_steal(&out);
}

static struct err *kept_delete(const struct schema_change *s, const char *kind, const char *db,
                               const char *column, const char *value)
{
    char *where = kept_where(s, kind, db, column, value);
    struct err *e = conn_exec(s->a->conn, "DELETE FROM ccr.kept WHERE %s", where);

    free(where);
    return e;
}

static struct err *kept_exists(const struct schema_change *s, const struct schema_object *o, bool *exists)
{
    uint64_t count = 0;
    char *where = kept_where(s, "trigger", o->db, "name", o->name);
    struct err *e = conn_number(s->a->conn, &count, "SELECT COUNT(*) FROM ccr.kept WHERE %s", where);

    free(where);
    *exists = count > 0;
    return e;
}

/* Triggers of two source databases in one of the target, where their tables are renamed into it. */
static struct err *kept_check_name(const struct schema_change *s, const struct schema_object *o,
                                   const char *table)
{
    char *found = NULL;
    char *where = kept_where(s, "trigger", o->db, "name", o->name);
    struct err *e = conn_value(s->a->conn, &found, "SELECT table_name FROM ccr.kept WHERE %s", where);

    if (!e && found && table && strcmp(found, table) != 0 && !s->statement.or_replace)
        e = err_new(ERR_UNSUPPORTED, "two triggers would be called %s.%s on the target", o->db, o->name);
    free(found);
    free(where);
    return e;
}

static struct err *kept_create(struct schema_change *s, const struct schema_object *o)
{
    const struct statement_name *table = kept_table(s);
    struct scope_name on = {NULL, NULL};
    struct kept_session session = {0};

    if (table)
        on = scope_target_table(&s->a->job->scope, schema_change_db(s, table), table->name);
    TRY(kept_check_name(s, o, on.name));
    struct err *e = kept_read_session(s, &session);
    if (!e)
        e = batch_open(&s->a->batch);
    if (!e) {
        const struct job_kept kept = {
            .kind = "trigger",
            .db = o->db,
            .name = o->name,
            .table = on.name,
            .sql = buf_str(&s->sql),
            .sql_mode = session.row[0],
            .character_set_client = session.row[1],
            .collation_connection = session.row[2],
            .database_collation = session.row[3],
        };
        e = job_kept_put(s->a->conn, s->a->job->name, &kept);
    }
    result_free(session.result);
    return e;
}

/* By its name, in all databases of the target where its table may be. */
static struct err *kept_drop(const struct schema_change *s, const struct schema_object *o)
{
    const struct scope *scope = &s->a->job->scope;

    TRY(kept_delete(s, "trigger", o->db, "name", o->name));
    for (size_t i = 0; i < scope->renames.count; i++) {
        const struct statement_rename *r = &scope->renames.items[i];
        if (r->name && strcmp(scope_target_database(scope, r->db), o->db) == 0)
            TRY(kept_delete(s, "trigger", r->to_db, "name", o->name));
    }
    return NULL;
}

struct err *schema_kept_trigger(struct schema_change *s)
{
    const struct statement *st = &s->statement;

    for (size_t i = 0; i < s->objects.count; i++) {
        const struct schema_object *o = &s->objects.items[i];
        bool exists = false;
        if (st->action == STATEMENT_DROP) {
            TRY(batch_open(&s->a->batch));
            TRY(kept_drop(s, o));
            continue;
        }
        if (st->if_not_exists)
            TRY(kept_exists(s, o, &exists));
        if (!exists)
            TRY(kept_create(s, o));
    }
    return NULL;
}

/*
 * A trigger's definition with another table behind ON: the server, too, rewrites it when a table is renamed.
 * The table's name is the first name behind the first ON, with or without its database.
 */
static void retarget_utf8(const char *sql, const char *new_table, struct buf *out)
{
    struct sql_lexer lexer;
    struct sql_token token, next;

    sql_lexer_init(&lexer, sql, strlen(sql), 0);
    do {
        token = sql_lexer_next(&lexer);
    } while (token.type != SQL_END && token.type != SQL_BAD && !sql_token_is(&token, "ON"));
    token = sql_lexer_next(&lexer);
    next = sql_lexer_next(&lexer);
    if (sql_token_is_symbol(&next, '.'))
        token = sql_lexer_next(&lexer);
    if (!sql_token_is_name(&token)) {
        buf_append_str(out, sql);
        return;
    }
    buf_append(out, sql, (size_t)(token.text - sql));
    sql_ident(out, new_table);
    buf_append_str(out, token.text + token.len);
}

/* In the character set of the client that made it. */
static struct err *kept_retarget(const struct schema_change *s, const char *charset, const char *sql,
                                 const char *new_table, struct buf *out)
{
    struct buf utf8 = BUF_INIT;
    struct buf moved = BUF_INIT;
    bool exact;
    struct err *e = charset_convert(s->a->conn, charset, "utf8mb4", sql, strlen(sql), &utf8, &exact);

    if (!e && exact) {
        retarget_utf8(buf_str(&utf8), new_table, &moved);
        e = charset_convert(s->a->conn, "utf8mb4", charset, moved.data, moved.len, out, &exact);
    }
    if (!e && !exact)
        e = err_new(ERR_UNSUPPORTED,
                    "a trigger of the table that is now %s was made by a client that speaks %s: "
                    "its definition cannot be changed to that name",
                    new_table, charset);
    buf_free(&utf8);
    buf_free(&moved);
    return e;
}

static struct err *kept_move_trigger(const struct schema_change *s, char **trigger,
                                     const struct schema_object *to)
{
    const char *id = trigger[0];
    struct buf moved = BUF_INIT;
    struct buf statement = BUF_INIT;

    TRY(kept_retarget(s, trigger[2], trigger[1], to->name, &moved));
    buf_append_str(&statement, "UPDATE ccr.kept SET db = ");
    sql_string(&statement, to->db);
    buf_append_str(&statement, ", table_name = ");
    sql_string(&statement, to->name);
    buf_append_str(&statement, ", definition = X'");
    for (size_t i = 0; i < moved.len; i++)
        buf_printf(&statement, "%02X", moved.data[i]);
    buf_printf(&statement, "' WHERE id = %s", id);
    struct err *e = conn_exec_bytes(s->a->conn, statement.data, statement.len);
    buf_free(&moved);
    buf_free(&statement);
    return e;
}

static struct err *kept_rename(const struct schema_change *s, const struct schema_object *from,
                               const struct schema_object *to)
{
    struct result *r = NULL;
    char **row;
    char *where = kept_where(s, "trigger", from->db, "table_name", from->name);
    struct err *e = conn_query(s->a->conn, &r,
                               "SELECT id, definition, character_set_client FROM ccr.kept WHERE %s", where);

    while (!e && (row = result_next(r, NULL)) != NULL)
        e = kept_move_trigger(s, row, to);
    result_free(r);
    free(where);
    return e;
}

struct err *schema_kept_follow(struct schema_change *s)
{
    const struct statement *st = &s->statement;
    bool drops = st->action == STATEMENT_DROP || (st->action == STATEMENT_CREATE && st->or_replace);

    if (st->kind == STATEMENT_EVENT)
        return schema_event_keep(s);
    if (s->border == BORDER_CLEAR)
        TRY(kept_delete(s, "event",
                        job_target_database(s->a->job, schema_change_db(s, &s->statement.names[0])), NULL,
                        NULL));
    for (size_t i = 0; i < s->objects.count; i++) {
        const struct schema_object *o = &s->objects.items[i];
        if (o->kind == STATEMENT_DATABASE && drops)
            TRY(kept_delete(s, NULL, o->db, NULL, NULL));
        if (o->kind == STATEMENT_TABLE && drops)
            TRY(kept_delete(s, "trigger", o->db, "table_name", o->name));
        if (o->role == STATEMENT_TO && i > 0)
            TRY(kept_rename(s, &s->objects.items[i - 1], o));
    }
    return NULL;
}
