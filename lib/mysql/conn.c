#include "mysql/conn_parts.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <errmsg.h>
#include <mysqld_error.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "mysql/refusal.h"
#include "mysql/silence.h"

enum { STATEMENT_SHOWN = 200 };

struct result {
    MYSQL_RES *res;
};

const char *conn_side_name(const struct conn *c)
{
    return c->side == CONN_SOURCE ? "source" : "target";
}

enum err_code conn_code(const struct conn *c)
{
    return c->side == CONN_SOURCE ? ERR_SOURCE : ERR_TARGET;
}

struct err *conn_error(const struct conn *c, const char *what)
{
    unsigned number = mysql_errno(c->mysql);
    const char *side = conn_side_name(c);
    struct err *e;

    if (what || !c->shown)
        e = err_new(conn_code(c), "%s: %s: error %u: %s", side, what ? what : "failed", number,
                    mysql_error(c->mysql));
    else
        e = err_new(conn_code(c), "%s: error %u: %s [%s]", side, number, mysql_error(c->mysql), c->shown);
    if (c->silent_s)
        e = err_hint(e,
                     "no answer for %u seconds, and no sign that the server is at work on one "
                     "(--server-timeout); the next run goes on from what is committed",
                     c->silent_s);
    return refusal_explain(e, number, mysql_error(c->mysql));
}

void conn_thread_end(void)
{
    mysql_thread_end();
}

MYSQL *conn_handle(struct conn *c)
{
    return c->mysql;
}

unsigned conn_errno(const struct conn *c)
{
    return mysql_errno(c->mysql);
}

uint64_t conn_affected(const struct conn *c)
{
    return c->affected;
}

uint64_t conn_id(const struct conn *c)
{
    return mysql_thread_id(c->mysql);
}

bool conn_is_lost(const struct conn *c)
{
    switch (mysql_errno(c->mysql)) {
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
    case CR_MALFORMED_PACKET:
    case ER_CONNECTION_KILLED:
    case ER_SERVER_SHUTDOWN:
        return true;
    default:
        return false;
    }
}

bool conn_is_absent(const struct conn *c)
{
    unsigned number = conn_errno(c);

    return number == ER_NO_SUCH_TABLE || number == ER_BAD_DB_ERROR;
}

static void conn_note_statement(struct conn *c, const char *sql, size_t len)
{
    bool cut = len > STATEMENT_SHOWN;

    free(c->shown);
    c->shown = mem_printf("%.*s%s", (int)(cut ? STATEMENT_SHOWN : len), sql, cut ? "..." : "");
}

/* Reads and drops every result that is left, so that the connection is ready for the next statement. */
static struct err *conn_drain(struct conn *c)
{
    for (;;) {
        MYSQL_RES *res = mysql_store_result(c->mysql);
        if (res)
            mysql_free_result(res);
        else if (mysql_errno(c->mysql))
            return conn_error(c, NULL);
        int more = mysql_next_result(c->mysql);
        if (more > 0)
            return conn_error(c, NULL);
        if (more < 0)
            return NULL;
    }
}

struct err *conn_send(struct conn *c, const void *sql, size_t len, const char *what)
{
    return mysql_send_query(c->mysql, sql, (unsigned long)len) != 0 ? conn_error(c, what) : NULL;
}

struct err *conn_answer(struct conn *c, const char *what)
{
    if (c->params.server_timeout_s && !c->params.read_timeout_s)
        c->silent_s = silence_wait(c->mysql, &c->params);
    return mysql_read_query_result(c->mysql) != 0 ? conn_error(c, what) : NULL;
}

static struct err *conn_ask(struct conn *c, const void *sql, size_t len)
{
    TRY(conn_send(c, sql, len, NULL));
    return conn_answer(c, NULL);
}

static struct err *conn_run(struct conn *c, const void *sql, size_t len)
{
    failpoint("statement");
    TRY(conn_ask(c, sql, len));
    c->affected = mysql_affected_rows(c->mysql);
    return conn_drain(c);
}

struct err *conn_exec_bytes(struct conn *c, const void *sql, size_t len)
{
    conn_note_statement(c, sql, len);
    return conn_run(c, sql, len);
}

struct err *conn_exec_shown(struct conn *c, const char *sql, const char *shown)
{
    conn_note_statement(c, shown, strlen(shown));
    return conn_run(c, sql, strlen(sql));
}

struct err *conn_exec(struct conn *c, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    char *sql = mem_vprintf(fmt, ap);
    va_end(ap);
    struct err *e = conn_exec_bytes(c, sql, strlen(sql));
    free(sql);
    return e;
}

static struct err *conn_store(struct conn *c, struct result **out, const char *sql)
{
    size_t len = strlen(sql);

    conn_note_statement(c, sql, len);
    TRY(conn_ask(c, sql, len));
    MYSQL_RES *res = mysql_store_result(c->mysql);
    if (!res)
        return mysql_errno(c->mysql) ? conn_error(c, NULL)
                                     : err_new(ERR_INTERNAL, "statement has no result: %s", c->shown);
    *out = mem_zalloc(1, sizeof(**out));
    (*out)->res = res;
    return NULL;
}

static struct err *conn_vquery(struct conn *c, struct result **out, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

static struct err *conn_vquery(struct conn *c, struct result **out, const char *fmt, va_list ap)
{
    char *sql = mem_vprintf(fmt, ap);
    struct err *e = conn_store(c, out, sql);

    free(sql);
    return e;
}

struct err *conn_query(struct conn *c, struct result **out, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    struct err *e = conn_vquery(c, out, fmt, ap);
    va_end(ap);
    return e;
}

/* The results of a statement that is several. */
static struct err *conn_store_each(struct conn *c, conn_each_fn *each, void *arg)
{
    int more;

    do {
        struct result r = {.res = mysql_store_result(c->mysql)};
        if (!r.res)
            return mysql_errno(c->mysql) ? conn_error(c, NULL)
                                         : err_new(ERR_INTERNAL, "a statement has no result: %s", c->shown);
        each(&r, arg);
        mysql_free_result(r.res);
        more = mysql_next_result(c->mysql);
    } while (more == 0);
    return more > 0 ? conn_error(c, NULL) : NULL;
}

static struct err *conn_set_several(struct conn *c, enum enum_mysql_set_option option)
{
    return mysql_set_server_option(c->mysql, option) != 0 ? conn_error(c, NULL) : NULL;
}

/* Allowed for this call only: where a statement of somebody else is run, it must not be two. */
struct err *conn_query_each(struct conn *c, const char *sql, conn_each_fn *each, void *arg, bool *absent)
{
    *absent = false;
    TRY(conn_set_several(c, MYSQL_OPTION_MULTI_STATEMENTS_ON));
    conn_note_statement(c, sql, strlen(sql));
    struct err *e = conn_ask(c, sql, strlen(sql));
    if (!e)
        e = conn_store_each(c, each, arg);
    if (e && conn_is_lost(c))
        return e;
    *absent = e && conn_is_absent(c);
    if (*absent) {
        err_free(e);
        e = NULL;
    }
    return err_first(e, conn_set_several(c, MYSQL_OPTION_MULTI_STATEMENTS_OFF));
}

struct err *conn_transaction(struct conn *c, struct err *(*fn)(void *arg), void *arg)
{
    TRY(conn_exec(c, "START TRANSACTION"));
    struct err *e = fn(arg);
    if (!e)
        return conn_exec(c, "COMMIT");
    return conn_is_lost(c) ? e : err_first(e, conn_exec(c, "ROLLBACK"));
}

struct err *conn_query_if_there(struct conn *c, struct result **out, const char *fmt, ...)
{
    va_list ap;

    *out = NULL;
    va_start(ap, fmt);
    struct err *e = conn_vquery(c, out, fmt, ap);
    va_end(ap);
    if (!e || !conn_is_absent(c))
        return e;
    err_free(e);
    return NULL;
}

char **result_next(struct result *r, unsigned long **lengths)
{
    char **row = mysql_fetch_row(r->res);

    if (row && lengths)
        *lengths = mysql_fetch_lengths(r->res);
    return row;
}

size_t result_count(const struct result *r)
{
    return (size_t)mysql_num_rows(r->res);
}

unsigned result_columns(const struct result *r)
{
    return mysql_num_fields(r->res);
}

const char *result_column_name(const struct result *r, unsigned column)
{
    return mysql_fetch_field_direct(r->res, column)->name;
}

const char *result_value(const struct result *r, char **row, const char *column)
{
    for (unsigned i = 0; i < result_columns(r); i++)
        if (strcmp(result_column_name(r, i), column) == 0)
            return row[i];
    return NULL;
}

void result_free(struct result *r)
{
    if (!r)
        return;
    mysql_free_result(r->res);
    free(r);
}

static struct err *conn_first(struct conn *c, char **out, const char *sql)
{
    struct result *r = NULL;

    *out = NULL;
    TRY(conn_store(c, &r, sql));
    unsigned long *lengths = NULL;
    char **row = result_next(r, &lengths);
    if (row && row[0]) {
        *out = mem_alloc(lengths[0] + 1);
        memcpy(*out, row[0], lengths[0]);
        (*out)[lengths[0]] = 0;
    }
    result_free(r);
    return NULL;
}

struct err *conn_value(struct conn *c, char **out, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    char *sql = mem_vprintf(fmt, ap);
    va_end(ap);
    struct err *e = conn_first(c, out, sql);
    free(sql);
    return e;
}

struct err *conn_number(struct conn *c, uint64_t *out, const char *fmt, ...)
{
    va_list ap;
    char *text = NULL;

    va_start(ap, fmt);
    char *sql = mem_vprintf(fmt, ap);
    va_end(ap);
    struct err *e = conn_first(c, &text, sql);
    free(sql);
    if (e)
        return e;
    char *end = NULL;
    if (text)
        *out = strtoull(text, &end, 10);
    if (!text || end == text || *end)
        e = err_new(conn_code(c), "%s: expected a number, got '%s' [%s]", conn_side_name(c),
                    text ? text : "NULL", c->shown);
    free(text);
    return e;
}

void sql_table(struct buf *out, const char *db, const char *name)
{
    sql_ident(out, db);
    buf_append_byte(out, '.');
    sql_ident(out, name);
}

void sql_string(struct buf *out, const char *s)
{
    bool plain = true;

    for (const char *p = s; *p; p++)
        if (*p == '\\' || (unsigned char)*p < 0x20)
            plain = false;
    if (!plain) {
        buf_append_str(out, "_utf8mb4 X'");
        for (; *s; s++)
            buf_printf(out, "%02X", (unsigned char)*s);
        buf_append_byte(out, '\'');
        return;
    }
    buf_append_byte(out, '\'');
    for (; *s; s++) {
        if (*s == '\'')
            buf_append_byte(out, '\'');
        buf_append_byte(out, (uint8_t)*s);
    }
    buf_append_byte(out, '\'');
}

char *sql_ident_dup(const char *name)
{
    struct buf b = BUF_INIT;

    sql_ident(&b, name);
    return buf_steal(&b);
}

char *sql_table_dup(const char *db, const char *name)
{
    struct buf b = BUF_INIT;

    sql_table(&b, db, name);
    return buf_steal(&b);
}

char *sql_string_dup(const char *s)
{
    struct buf b = BUF_INIT;

    sql_string(&b, s);
    return buf_steal(&b);
}
