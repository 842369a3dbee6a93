/* CREATE ...: what is created, and the tables that a new table, trigger or index leads to. */
#include "binlog/statement_parser.h"

static bool next_is_symbol(const struct parser *p, char symbol)
{
    struct sql_token next = parser_peek(p);

    return sql_token_is_symbol(&next, symbol);
}

/* The rest of CREATE TABLE: nothing but what can name another table is looked at. */
static bool table_rest(struct parser *p)
{
    if (parser_is(p, "LIKE")) {
        parser_next(p);
        return parser_name(p, STATEMENT_REFERENCED);
    }
    while (p->token.type != SQL_END) {
        if (parser_is(p, "SELECT") || (parser_is(p, "VALUES") && next_is_symbol(p, '('))) {
            p->out->with_select = true;
            return true;
        }
        if (!parser_definition(p))
            return false;
    }
    return true;
}

static bool create_table(struct parser *p)
{
    p->out->kind = STATEMENT_TABLE;
    if (!parser_if(p) || !parser_name(p, STATEMENT_OBJECT))
        return false;
    struct sql_token next = parser_peek(p);
    if (parser_is_symbol(p, '(') && sql_token_is(&next, "LIKE"))
        parser_next(p);
    return table_rest(p);
}

/* Up to ON, the table. Also of DROP INDEX. */
bool parse_index(struct parser *p)
{
    p->out->action = STATEMENT_ALTER;
    p->out->kind = STATEMENT_TABLE;
    if (!parser_if(p) || !sql_token_is_name(&p->token))
        return false;
    parser_next(p);
    while (!parser_is(p, "ON")) {
        if (p->token.type != SQL_WORD) /* USING BTREE */
            return false;
        parser_next(p);
    }
    parser_next(p);
    return parser_name(p, STATEMENT_OBJECT);
}

/* [BEFORE | AFTER] events ON table */
static bool create_trigger(struct parser *p)
{
    p->out->kind = STATEMENT_TRIGGER;
    if (!parser_if(p) || !parser_name(p, STATEMENT_OBJECT))
        return false;
    if (!parser_accept(p, "BEFORE") && !parser_accept(p, "AFTER"))
        return false;
    while (!parser_is(p, "ON")) {
        static const char *const words[] = {"INSERT", "UPDATE", "DELETE", "OR", NULL};
        if (!parser_is_any(p, words))
            return false;
        parser_next(p);
    }
    parser_next(p);
    return parser_name(p, STATEMENT_ON);
}

/* A stored function, or one from a shared library (RETURNS ... SONAME). */
static bool create_function(struct parser *p)
{
    p->out->kind = STATEMENT_FUNCTION;
    if (!parser_if(p) || !parser_name(p, STATEMENT_OBJECT))
        return false;
    if (parser_is(p, "RETURNS")) {
        struct sql_lexer ahead = p->lexer;
        (void)sql_lexer_next(&ahead);
        struct sql_token next = sql_lexer_next(&ahead);
        if (sql_token_is(&next, "SONAME"))
            p->out->action = STATEMENT_SERVER;
    }
    return true;
}

static bool create_named(struct parser *p, enum statement_kind kind)
{
    p->out->kind = kind;
    return parser_if(p) && parser_name(p, STATEMENT_OBJECT);
}

static bool create_object(struct parser *p)
{
    static const char *const index_kinds[] = {"UNIQUE", "FULLTEXT", "SPATIAL", "VECTOR", NULL};

    if (parser_accept(p, "DATABASE") || parser_accept(p, "SCHEMA")) {
        p->out->kind = STATEMENT_DATABASE;
        return parser_if(p) && parser_database(p, STATEMENT_OBJECT);
    }
    if (parser_accept(p, "TABLE"))
        return create_table(p);
    if (parser_is_any(p, index_kinds))
        parser_next(p);
    if (parser_accept(p, "INDEX"))
        return parse_index(p);
    if (parser_accept(p, "SEQUENCE"))
        return create_named(p, STATEMENT_SEQUENCE);
    if (parser_accept(p, "VIEW"))
        return create_named(p, STATEMENT_VIEW);
    if (parser_accept(p, "TRIGGER"))
        return create_trigger(p);
    if (parser_accept(p, "EVENT"))
        return create_named(p, STATEMENT_EVENT);
    if (parser_accept(p, "PROCEDURE"))
        return create_named(p, STATEMENT_PROCEDURE);
    if (parser_accept(p, "FUNCTION"))
        return create_function(p);
    if (parser_accept(p, "PACKAGE"))
        return create_named(p, parser_accept(p, "BODY") ? STATEMENT_PACKAGE_BODY : STATEMENT_PACKAGE);
    return false;
}

bool parse_create(struct parser *p)
{
    p->out->action = STATEMENT_CREATE;
    if (parser_accept(p, "OR")) {
        if (!parser_accept(p, "REPLACE"))
            return false;
        p->out->or_replace = true;
    }
    if (parser_is(p, "USER") || parser_is(p, "ROLE")) {
        p->out->action = STATEMENT_ACCOUNT;
        return true;
    }
    if (parser_is(p, "SERVER")) {
        p->out->action = STATEMENT_SERVER;
        return true;
    }
    p->out->temporary = parser_accept(p, "TEMPORARY");
    return parser_attributes(p) && create_object(p);
}
