#include "binlog/grant.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct reader {
    const char *sql;
    struct sql_lexer lexer;
    struct sql_token token; /* the next one */
    size_t behind;          /* where the one before it ends */
};

static void advance(struct reader *r)
{
    r->behind = (size_t)(r->lexer.p - r->sql);
    r->token = sql_lexer_next(&r->lexer);
}

static size_t place(const struct reader *r)
{
    return (size_t)(r->token.text - r->sql);
}

static bool accept(struct reader *r, const char *word)
{
    if (!sql_token_is(&r->token, word))
        return false;
    advance(r);
    return true;
}

static bool accept_symbol(struct reader *r, char symbol)
{
    if (!sql_token_is_symbol(&r->token, symbol))
        return false;
    advance(r);
    return true;
}

static bool take_name(struct reader *r, char **out)
{
    if (!sql_token_is_name(&r->token))
        return false;
    *out = sql_token_name(&r->token);
    advance(r);
    return true;
}

static bool take_account(struct reader *r, struct account *out)
{
    struct sql_lexer l = r->lexer;

    l.p = r->token.text;
    if (!account_take(&l, out))
        return false;
    r->lexer = l;
    advance(r);
    return true;
}

static bool take_grantee(struct reader *r, struct grant *g)
{
    if (!take_account(r, &g->grantee))
        return false;
    g->grantee_end = r->behind;
    return true;
}

/* SELECT (`a`, `b`), INSERT ...: up to ON. */
static bool skip_privileges(struct reader *r, struct grant *g)
{
    g->privileges_start = place(r);
    while (!sql_token_is(&r->token, "ON")) {
        g->columns |= sql_token_is_symbol(&r->token, '(');
        if (r->token.type == SQL_END || r->token.type == SQL_BAD)
            return false;
        advance(r);
    }
    g->privileges_end = r->behind;
    advance(r);
    return true;
}

/* *.*, `db`.*, `db`.`name`, with the kind of a routine before it. */
static bool take_object(struct reader *r, struct grant *g)
{
    bool routine = accept(r, "PROCEDURE") || accept(r, "FUNCTION");

    if (accept(r, "PACKAGE")) {
        accept(r, "BODY");
        routine = g->package = true;
    }
    g->object_start = place(r);
    if (!routine && accept_symbol(r, '*')) {
        g->kind = GRANT_GLOBAL;
        return accept_symbol(r, '.') && accept_symbol(r, '*');
    }
    if (!take_name(r, &g->db) || !accept_symbol(r, '.'))
        return false;
    if (!routine && accept_symbol(r, '*')) {
        g->kind = GRANT_DATABASE;
        return true;
    }
    g->kind = routine ? GRANT_ROUTINE : GRANT_TABLE;
    return take_name(r, &g->name);
}

/* What follows the grantee: IDENTIFIED, REQUIRE, WITH and their values, in this order. */
static bool take_options(struct reader *r, struct grant *g)
{
    for (; r->token.type != SQL_END; advance(r)) {
        if (r->token.type == SQL_BAD)
            return false;
        struct reader option = *r;
        if (accept(&option, "WITH") && (accept(&option, "GRANT") || accept(&option, "ADMIN")) &&
            accept(&option, "OPTION"))
            g->option = true;
    }
    return true;
}

static bool read_grant(struct reader *r, struct grant *g)
{
    bool role = r->token.type == SQL_QUOTED;

    if (role) {
        g->kind = GRANT_ROLE;
        if (!take_name(r, &g->role))
            return false;
    } else if (sql_token_is(&r->token, "PROXY")) {
        struct account proxied = {0};
        g->kind = GRANT_PROXY;
        bool read = skip_privileges(r, g) && take_account(r, &proxied);
        account_free(&proxied);
        if (!read)
            return false;
    } else {
        if (!skip_privileges(r, g) || !take_object(r, g))
            return false;
        g->object_end = r->behind;
    }
    return accept(r, "TO") && take_grantee(r, g) && take_options(r, g);
}

static bool read_create(struct reader *r, struct grant *g)
{
    g->kind = GRANT_CREATE;
    return (accept(r, "USER") || accept(r, "ROLE")) && take_grantee(r, g);
}

static bool read_alter(struct reader *r, struct grant *g)
{
    g->kind = GRANT_ALTER;
    return accept(r, "USER") && take_grantee(r, g);
}

static bool read_default_role(struct reader *r, struct grant *g)
{
    g->kind = GRANT_DEFAULT_ROLE;
    return accept(r, "DEFAULT") && accept(r, "ROLE") && take_name(r, &g->role) && accept(r, "FOR") &&
           take_grantee(r, g);
}

static void begin(struct reader *r, const char *sql)
{
    r->sql = sql;
    sql_lexer_init(&r->lexer, sql, strlen(sql), 0);
    advance(r);
}

struct err *grant_parse(const char *sql, struct grant *out)
{
    struct reader r;
    bool read;

    *out = (struct grant){0};
    begin(&r, sql);
    if (accept(&r, "GRANT"))
        read = read_grant(&r, out);
    else if (accept(&r, "CREATE"))
        read = read_create(&r, out);
    else if (accept(&r, "ALTER"))
        read = read_alter(&r, out);
    else
        read = accept(&r, "SET") && read_default_role(&r, out);
    if (read)
        return NULL;
    /* no more of it: a password's hash may follow */
    return err_new(ERR_UNSUPPORTED,
                   "a statement about users has not the form that the server prints: %.24s...", sql);
}

void grant_free(struct grant *g)
{
    account_free(&g->grantee);
    free(g->role);
    free(g->db);
    free(g->name);
    *g = (struct grant){0};
}

static void skip_columns(struct reader *r, size_t end)
{
    while (place(r) < end && !accept_symbol(r, ')'))
        advance(r);
}

/* The words of one privilege, without its columns. */
static char *next_privilege(struct reader *r, size_t end, size_t *text_end)
{
    struct buf name = BUF_INIT;

    while (place(r) < end && !sql_token_is_symbol(&r->token, ',')) {
        if (sql_token_is_symbol(&r->token, '(')) {
            skip_columns(r, end);
        } else {
            buf_append_str(&name, name.len ? " " : "");
            buf_append(&name, r->token.text, r->token.len);
            advance(r);
        }
        *text_end = r->behind;
    }
    accept_symbol(r, ',');
    return buf_steal(&name);
}

struct err *grant_each_privilege(const char *sql, const struct grant *g, grant_privilege_fn *fn, void *arg)
{
    struct reader r;
    struct err *e = NULL;

    begin(&r, sql);
    while (place(&r) < g->privileges_start)
        advance(&r);
    while (!e && place(&r) < g->privileges_end) {
        size_t start = place(&r);
        size_t end = start;
        char *name = next_privilege(&r, g->privileges_end, &end);
        e = fn(&(struct grant_privilege){name, sql + start, end - start}, arg);
        free(name);
    }
    return e;
}

struct texts {
    char **items;
    size_t count;
};

static void texts_add(struct texts *t, char *text)
{
    t->items = mem_resize(t->items, t->count + 1, sizeof(*t->items));
    t->items[t->count++] = text;
}

/* "SELECT", or "SELECT `a`" for each column. */
static struct err *add_privilege(const struct grant_privilege *privilege, void *arg)
{
    struct texts *t = arg;
    struct reader r = {.sql = privilege->text};
    bool columns = false;

    sql_lexer_init(&r.lexer, privilege->text, privilege->len, 0);
    for (advance(&r); r.token.type != SQL_END && r.token.type != SQL_BAD; advance(&r)) {
        columns |= sql_token_is_symbol(&r.token, '(');
        if (columns && sql_token_is_name(&r.token))
            texts_add(t, mem_printf("%s %.*s", privilege->name, (int)r.token.len, r.token.text));
    }
    if (!columns)
        texts_add(t, mem_strdup(privilege->name));
    return NULL;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct err *grant_sorted(const char *sql, char **out)
{
    struct buf text = BUF_INIT;
    struct texts t = {0};
    struct grant g;
    struct err *e = grant_parse(sql, &g);

    if (!e && g.privileges_end)
        e = grant_each_privilege(sql, &g, add_privilege, &t);
    if (t.count)
        qsort(t.items, t.count, sizeof(*t.items), compare_texts);
    buf_append(&text, sql, e ? 0 : g.privileges_start);
    for (size_t i = 0; i < t.count; i++) {
        buf_printf(&text, "%s%s", i ? ", " : "", t.items[i]);
        free(t.items[i]);
    }
    if (!e)
        buf_append_str(&text, sql + g.privileges_end);
    free(t.items);
    grant_free(&g);
    *out = buf_steal(&text);
    return e;
}

struct err *grant_each_plugin(const char *sql, struct err *(*fn)(const char *name, void *arg), void *arg)
{
    struct reader r;

    begin(&r, sql);
    while (r.token.type != SQL_END && r.token.type != SQL_BAD) {
        char *name = NULL;
        bool plugin = accept(&r, "VIA") || accept(&r, "OR");
        if (!plugin) {
            advance(&r);
        } else if (take_name(&r, &name)) {
            struct err *e = fn(name, arg);
            free(name);
            TRY(e);
        }
    }
    return NULL;
}

char *grant_pattern_of(const char *db)
{
    struct buf out = BUF_INIT;

    for (; *db; db++) {
        if (*db == '_' || *db == '%' || *db == '\\')
            buf_append_byte(&out, '\\');
        buf_append_byte(&out, (uint8_t)*db);
    }
    return buf_steal(&out);
}

char *grant_pattern_name(const char *pattern)
{
    struct buf out = BUF_INIT;

    for (; *pattern; pattern++) {
        if (*pattern == '_' || *pattern == '%') {
            buf_free(&out);
            return NULL;
        }
        if (*pattern == '\\' && pattern[1])
            pattern++;
        buf_append_byte(&out, (uint8_t)*pattern);
    }
    return buf_steal(&out);
}
