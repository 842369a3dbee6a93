#include "binlog/statement_parser.h"

#include "base/mem.h"

void parser_init(struct parser *p, const char *sql, size_t len, uint64_t sql_mode, struct statement *out)
{
    *p = (struct parser){.out = out};
    sql_lexer_init(&p->lexer, sql, len, sql_mode);
    p->token = sql_lexer_next(&p->lexer);
}

void parser_next(struct parser *p)
{
    p->after_dot = sql_token_is_symbol(&p->token, '.');
    p->token = sql_lexer_next(&p->lexer);
}

bool parser_is(const struct parser *p, const char *word)
{
    return !p->after_dot && sql_token_is(&p->token, word);
}

bool parser_is_any(const struct parser *p, const char *const *words)
{
    return !p->after_dot && sql_token_is_any(&p->token, words);
}

bool parser_is_symbol(const struct parser *p, char symbol)
{
    return sql_token_is_symbol(&p->token, symbol);
}

bool parser_at_end(const struct parser *p)
{
    if (!parser_is_symbol(p, ';'))
        return p->token.type == SQL_END;
    return parser_peek(p).type == SQL_END;
}

bool parser_accept(struct parser *p, const char *word)
{
    if (!parser_is(p, word))
        return false;
    parser_next(p);
    return true;
}

bool parser_accept_symbol(struct parser *p, char symbol)
{
    if (!parser_is_symbol(p, symbol))
        return false;
    parser_next(p);
    return true;
}

struct sql_token parser_peek(const struct parser *p)
{
    struct sql_lexer ahead = p->lexer;

    return sql_lexer_next(&ahead);
}

static struct statement_name *name_add(struct parser *p, enum statement_role role)
{
    struct statement *s = p->out;

    s->names = mem_grow(s->names, s->name_count, &p->name_cap, sizeof(*s->names));
    struct statement_name *n = &s->names[s->name_count++];
    *n = (struct statement_name){.role = role};
    return n;
}

bool parser_name(struct parser *p, enum statement_role role)
{
    if (!sql_token_is_name(&p->token))
        return false;
    struct statement_name *n = name_add(p, role);
    n->name = sql_token_name(&p->token);
    parser_next(p);
    if (!parser_accept_symbol(p, '.'))
        return true;
    if (!sql_token_is_name(&p->token))
        return false;
    n->db = n->name;
    n->name = sql_token_name(&p->token);
    parser_next(p);
    return true;
}

bool parser_database(struct parser *p, enum statement_role role)
{
    if (!sql_token_is_name(&p->token))
        return false;
    name_add(p, role)->db = sql_token_name(&p->token);
    parser_next(p);
    return !parser_is_symbol(p, '.');
}

bool parser_default_database(struct parser *p)
{
    name_add(p, STATEMENT_OBJECT);
    return true;
}

bool parser_if(struct parser *p)
{
    if (!parser_accept(p, "IF"))
        return true;
    bool not = parser_accept(p, "NOT");
    if (!parser_accept(p, "EXISTS"))
        return false;
    if (not )
        p->out->if_not_exists = true;
    else
        p->out->if_exists = true;
    return true;
}

bool parser_skip_parentheses(struct parser *p)
{
    size_t depth = 0;

    do {
        if (p->token.type == SQL_END || p->token.type == SQL_BAD)
            return false;
        if (parser_is_symbol(p, '('))
            depth++;
        else if (parser_is_symbol(p, ')'))
            depth--;
        parser_next(p);
    } while (depth > 0);
    return true;
}

bool parser_set_statement(struct parser *p)
{
    while (!parser_is(p, "FOR")) {
        if (p->token.type == SQL_END || p->token.type == SQL_BAD)
            return false;
        if (!parser_is_symbol(p, '('))
            parser_next(p);
        else if (!parser_skip_parentheses(p))
            return false;
    }
    parser_next(p);
    return true;
}

/* 'name'@'host', name@host, CURRENT_USER, CURRENT_USER(), CURRENT_ROLE, a role. */
static bool account_skip(struct parser *p)
{
    if (!sql_token_is_name(&p->token) && p->token.type != SQL_STRING)
        return false;
    parser_next(p);
    if (p->token.type == SQL_VARIABLE)
        parser_next(p);
    else if (parser_accept_symbol(p, '('))
        return parser_accept_symbol(p, ')');
    return true;
}

bool parser_attributes(struct parser *p)
{
    for (;;) {
        if (parser_accept(p, "DEFINER")) {
            if (!parser_accept_symbol(p, '=') || !account_skip(p))
                return false;
        } else if (parser_accept(p, "ALGORITHM")) {
            if (!parser_accept_symbol(p, '=') || p->token.type != SQL_WORD)
                return false;
            parser_next(p);
        } else if (parser_accept(p, "SQL")) {
            if (!parser_accept(p, "SECURITY") || p->token.type != SQL_WORD)
                return false;
            parser_next(p);
        } else if (!parser_accept(p, "AGGREGATE")) {
            return true;
        }
    }
}

/* (a, b.c, ...) */
static bool union_list(struct parser *p)
{
    parser_accept_symbol(p, '=');
    if (!parser_accept_symbol(p, '('))
        return false;
    while (!parser_accept_symbol(p, ')'))
        if (!parser_name(p, STATEMENT_REFERENCED) ||
            (!parser_accept_symbol(p, ',') && !parser_is_symbol(p, ')')))
            return false;
    return true;
}

bool parser_definition(struct parser *p)
{
    if (parser_accept(p, "REFERENCES"))
        return parser_name(p, STATEMENT_REFERENCED);
    if (parser_accept(p, "UNION"))
        return union_list(p);
    parser_next(p);
    return p->token.type != SQL_BAD;
}
