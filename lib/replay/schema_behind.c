#include "replay/schema_behind.h"

#include <stdlib.h>
#include <strings.h>

#include "base/mem.h"
#include "binlog/sql_lex.h"
#include "replay/schema_scope.h"

/* Whatever may stand before the first column. */
static bool begins_columns(const struct sql_token *t)
{
    static const char *const words[] = {"SELECT",      "ALL",           "DISTINCT",
                                        "DISTINCTROW", "STRAIGHT_JOIN", "HIGH_PRIORITY"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (sql_token_is(t, words[i]))
            return true;
    return t->type == SQL_WORD && t->len > 4 && strncasecmp(t->text, "SQL_", 4) == 0;
}

/* SELECT * or t.*: not COUNT(*), and no product. */
static bool asks_for_all_columns(const struct schema_change *s)
{
    struct sql_lexer l;
    struct sql_token before = {.type = SQL_END};
    struct sql_token t;

    sql_lexer_init(&l, (const char *)s->sql.data, s->sql.len, s->session.sql_mode);
    for (t = sql_lexer_next(&l); t.type != SQL_END && t.type != SQL_BAD; t = sql_lexer_next(&l)) {
        if (sql_token_is_symbol(&t, '*') && (begins_columns(&before) || sql_token_is_symbol(&before, '.') ||
                                             sql_token_is_symbol(&before, ',')))
            return true;
        before = t;
    }
    return false;
}

/* The server prepares it, and finds all that it names, or does not. */
static struct err *try_statement(struct schema_change *s)
{
    struct conn *c = s->a->conn;

    TRY(schema_change_enter(s));
    MYSQL_STMT *statement = mysql_stmt_init(conn_handle(c));
    if (!statement)
        return err_new(ERR_INTERNAL, "the client library gave no statement");
    struct err *e = NULL;
    if (mysql_stmt_prepare(statement, (const char *)s->sql.data, (unsigned long)s->sql.len))
        e = err_new(conn_code(c), "%s", mysql_stmt_error(statement));
    mysql_stmt_close(statement);
    struct err *left = schema_change_leave(s);
    return e ? err_first(e, left) : left;
}

struct err *schema_behind_check(struct schema_change *s)
{
    const struct statement_name *view = &s->statement.names[0];

    if (asks_for_all_columns(s))
        return schema_scope_need(s, view, "a view takes all columns of a table that is behind");
    TRY(batch_commit(&s->a->batch));
    struct err *e = try_statement(s);
    if (!e || conn_is_lost(s->a->conn))
        return e;
    char *why = mem_printf("a view cannot be made over tables that are behind: %s", err_message(e));
    err_free(e);
    e = schema_scope_need(s, view, why);
    free(why);
    return e;
}
