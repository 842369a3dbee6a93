/*
 * Facts from what SHOW CREATE TABLE and SHOW CREATE DATABASE print. Their keywords are in capitals; those in
 * expressions (of generated columns, of checks) are not.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "binlog/sql_lex.h"
#include "check/facts.h"
#include "mysql/catalog.h"
#include "restore/ddl.h"

struct parse {
    struct sql_lexer lexer;
    struct sql_token token;
    size_t depth; /* of parentheses, behind the token */
    struct fact_table *t;
    const struct scope *scope;
    struct facts *out;
    char **not_null; /* columns */
    size_t not_null_count;
};

static void next(struct parse *p)
{
    p->token = sql_lexer_next(&p->lexer);
    if (sql_token_is_symbol(&p->token, '('))
        p->depth++;
    else if (sql_token_is_symbol(&p->token, ')') && p->depth > 0)
        p->depth--;
}

static bool at_end(const struct parse *p)
{
    return p->token.type == SQL_END || p->token.type == SQL_BAD;
}

static bool is_keyword(const struct parse *p, const char *word)
{
    return p->token.type == SQL_WORD && p->token.len == strlen(word) &&
           memcmp(p->token.text, word, p->token.len) == 0;
}

/* COLLATE x, CHARACTER SET x, CHARSET=x at the token. Behind a character set mostly comes a collation of it.
 */
static void take_collation(struct parse *p, const char *kind, const char *db, const char *table)
{
    bool collation = is_keyword(p, "COLLATE");

    if (!collation && !is_keyword(p, "SET") && !is_keyword(p, "CHARSET"))
        return;
    next(p);
    if (sql_token_is_symbol(&p->token, '='))
        next(p);
    struct parse ahead = *p;
    next(&ahead);
    if (p->token.type != SQL_WORD || (!collation && is_keyword(&ahead, "COLLATE")))
        return;
    char *name = sql_token_name(&p->token);
    facts_add_name(&p->out->collations, name, kind, db, table);
    free(name);
}

/* The rest of a clause of the table's list; the token is behind its first word then, at ',' or ')'. */
static bool in_clause(const struct parse *p)
{
    return !at_end(p) && p->depth > 0 && !(p->depth == 1 && sql_token_is_symbol(&p->token, ','));
}

static void take_column(struct parse *p)
{
    char *name = sql_token_name(&p->token);
    bool not_null = false, after_not = false;

    for (next(p); in_clause(p); next(p)) {
        if (p->depth != 1)
            continue;
        not_null |= after_not && is_keyword(p, "NULL");
        after_not = is_keyword(p, "NOT");
        take_collation(p, "table", p->t->db, p->t->name);
    }
    if (!not_null) {
        free(name);
        return;
    }
    p->not_null = mem_resize(p->not_null, p->not_null_count + 1, sizeof(*p->not_null));
    p->not_null[p->not_null_count++] = name;
}

static bool is_not_null(const struct parse *p)
{
    char *name = sql_token_name(&p->token);
    bool found = false;

    for (size_t i = 0; !found && i < p->not_null_count; i++)
        found = strcmp(p->not_null[i], name) == 0;
    free(name);
    return found;
}

/* UNIQUE KEY `name` (`a`,`b`(10)) */
static void take_unique(struct parse *p)
{
    bool all = true;

    for (next(p); in_clause(p); next(p))
        if (p->depth == 2 && p->token.type == SQL_QUOTED && !is_not_null(p))
            all = false;
    if (all)
        p->t->keyless = false;
}

static void take_clause(struct parse *p)
{
    if (p->token.type == SQL_QUOTED)
        take_column(p);
    else if (is_keyword(p, "UNIQUE"))
        take_unique(p);
    else if (is_keyword(p, "PRIMARY"))
        p->t->keyless = false;
    while (in_clause(p))
        next(p);
}

/* ENGINE=x, what rows are stored in, and whether they are divided. */
static void take_option(struct parse *p)
{
    take_collation(p, "table", p->t->db, p->t->name);
    if (is_keyword(p, "PARTITION") && !p->out->partitioned)
        p->out->partitioned = mem_printf("%s.%s", p->t->db, p->t->name);
    if (!is_keyword(p, "ENGINE") || p->t->engine)
        return;
    next(p);
    next(p);
    if (sql_token_is_name(&p->token))
        p->t->engine = sql_token_name(&p->token);
}

static void add_key(const char *name, const char *clause, void *arg)
{
    const struct parse *p = arg;
    char *db, *ref;

    ddl_reference(clause, p->t->db, &db, &ref);
    if (ref && !scope_table(p->scope, db, ref))
        facts_add_key(p->out, (struct scope_name){p->t->db, p->t->name}, name, (struct scope_name){db, ref},
                      ddl_cascades(clause));
    free(db);
    free(ref);
}

void facts_of_definition(const char *sql, const char *sql_mode, const struct scope *scope,
                         struct fact_table *t, struct facts *out)
{
    struct parse p = {.t = t, .scope = scope, .out = out};

    sql_lexer_init(&p.lexer, sql, strlen(sql), ddl_lexing_mode(sql_mode));
    t->keyless = true;
    do
        next(&p);
    while (p.depth == 0 && !at_end(&p));
    for (next(&p); p.depth > 0 && !at_end(&p); next(&p))
        take_clause(&p);
    for (; !at_end(&p); next(&p))
        if (p.depth == 0)
            take_option(&p);
    if (p.token.type == SQL_BAD)
        t->keyless = false;
    ddl_each_foreign_key(sql, add_key, &p);
    catalog_free_names(p.not_null, p.not_null_count);
}

void facts_of_database(const char *sql, const char *db, struct facts *out)
{
    struct parse p = {.out = out};

    sql_lexer_init(&p.lexer, sql, strlen(sql), 0);
    do {
        next(&p);
        take_collation(&p, "database", db, NULL);
    } while (!at_end(&p));
}
