/* ALTER, DROP, RENAME and TRUNCATE. */
#include "binlog/statement_parser.h"

/* WAIT 5, NOWAIT: how long to wait for locks. */
static void wait_skip(struct parser *p)
{
    if (parser_accept(p, "WAIT"))
        parser_next(p);
    else
        parser_accept(p, "NOWAIT");
}

static bool alter_table(struct parser *p)
{
    p->out->kind = STATEMENT_TABLE;
    if (!parser_if(p) || !parser_name(p, STATEMENT_OBJECT))
        return false;
    wait_skip(p);
    return parse_table_specs(p);
}

/* The name may be missing: the default database. */
static bool alter_database(struct parser *p)
{
    static const char *const options[] = {"CHARACTER", "CHARSET", "COLLATE", "DEFAULT", "COMMENT", NULL};

    p->out->kind = STATEMENT_DATABASE;
    if (parser_is_any(p, options))
        return parser_default_database(p);
    return parser_database(p, STATEMENT_OBJECT) && !parser_is(p, "UPGRADE");
}

/* ... RENAME TO name, before the body. */
static bool alter_event(struct parser *p)
{
    p->out->kind = STATEMENT_EVENT;
    if (!parser_if(p) || !parser_name(p, STATEMENT_OBJECT))
        return false;
    while (p->token.type != SQL_END && !parser_is(p, "DO")) {
        if (p->token.type == SQL_BAD)
            return false;
        if (!parser_accept(p, "RENAME"))
            parser_next(p);
        else if (!parser_accept(p, "TO") || !parser_name(p, STATEMENT_TO))
            return false;
    }
    return true;
}

static bool alter_named(struct parser *p, enum statement_kind kind)
{
    p->out->kind = kind;
    return parser_if(p) && parser_name(p, STATEMENT_OBJECT);
}

bool parse_alter(struct parser *p)
{
    p->out->action = STATEMENT_ALTER;
    if (parser_is(p, "USER") || parser_is(p, "ROLE")) {
        p->out->action = STATEMENT_ACCOUNT;
        return true;
    }
    if (parser_is(p, "SERVER")) {
        p->out->action = STATEMENT_SERVER;
        return true;
    }
    parser_accept(p, "ONLINE");
    p->out->drops_duplicates = parser_accept(p, "IGNORE");
    if (parser_accept(p, "TABLE"))
        return alter_table(p);
    if (parser_accept(p, "DATABASE") || parser_accept(p, "SCHEMA"))
        return alter_database(p);
    if (!parser_attributes(p))
        return false;
    if (parser_accept(p, "VIEW"))
        return alter_named(p, STATEMENT_VIEW);
    if (parser_accept(p, "SEQUENCE"))
        return alter_named(p, STATEMENT_SEQUENCE);
    if (parser_accept(p, "PROCEDURE"))
        return alter_named(p, STATEMENT_PROCEDURE);
    if (parser_accept(p, "FUNCTION"))
        return alter_named(p, STATEMENT_FUNCTION);
    return parser_accept(p, "EVENT") && alter_event(p);
}

/* Names divided by commas, and nothing behind them but how to wait and RESTRICT or CASCADE. */
static bool drop_list(struct parser *p, enum statement_kind kind)
{
    p->out->kind = kind;
    if (!parser_if(p))
        return false;
    do {
        if (!parser_name(p, STATEMENT_OBJECT))
            return false;
    } while (parser_accept_symbol(p, ','));
    wait_skip(p);
    if (!parser_accept(p, "RESTRICT"))
        parser_accept(p, "CASCADE");
    return parser_at_end(p);
}

static bool drop_named(struct parser *p, enum statement_kind kind)
{
    p->out->kind = kind;
    return parser_if(p) && parser_name(p, STATEMENT_OBJECT) && parser_at_end(p);
}

bool parse_drop(struct parser *p)
{
    p->out->action = STATEMENT_DROP;
    if (parser_is(p, "USER") || parser_is(p, "ROLE")) {
        p->out->action = STATEMENT_ACCOUNT;
        return true;
    }
    if (parser_is(p, "SERVER")) {
        p->out->action = STATEMENT_SERVER;
        return true;
    }
    p->out->temporary = parser_accept(p, "TEMPORARY");
    if (parser_accept(p, "TABLE") || parser_accept(p, "TABLES"))
        return drop_list(p, STATEMENT_TABLE);
    if (parser_accept(p, "SEQUENCE"))
        return drop_list(p, STATEMENT_SEQUENCE);
    if (parser_accept(p, "VIEW"))
        return drop_list(p, STATEMENT_VIEW);
    if (parser_accept(p, "DATABASE") || parser_accept(p, "SCHEMA")) {
        p->out->kind = STATEMENT_DATABASE;
        return parser_if(p) && parser_database(p, STATEMENT_OBJECT) && parser_at_end(p);
    }
    if (parser_accept(p, "INDEX"))
        return parse_index(p);
    if (parser_accept(p, "TRIGGER"))
        return drop_named(p, STATEMENT_TRIGGER);
    if (parser_accept(p, "EVENT"))
        return drop_named(p, STATEMENT_EVENT);
    if (parser_accept(p, "PROCEDURE"))
        return drop_named(p, STATEMENT_PROCEDURE);
    if (parser_accept(p, "FUNCTION"))
        return drop_named(p, STATEMENT_FUNCTION);
    if (parser_accept(p, "PACKAGE"))
        return drop_named(p, parser_accept(p, "BODY") ? STATEMENT_PACKAGE_BODY : STATEMENT_PACKAGE);
    return false;
}

bool parse_rename(struct parser *p)
{
    p->out->action = STATEMENT_RENAME;
    if (parser_is(p, "USER")) {
        p->out->action = STATEMENT_ACCOUNT;
        return true;
    }
    if (!parser_accept(p, "TABLE") && !parser_accept(p, "TABLES"))
        return false;
    p->out->kind = STATEMENT_TABLE;
    if (!parser_if(p))
        return false;
    do {
        if (!parser_name(p, STATEMENT_FROM))
            return false;
        wait_skip(p);
        if (!parser_accept(p, "TO") || !parser_name(p, STATEMENT_TO))
            return false;
    } while (parser_accept_symbol(p, ','));
    return parser_at_end(p);
}

bool parse_truncate(struct parser *p)
{
    p->out->action = STATEMENT_TRUNCATE;
    p->out->kind = STATEMENT_TABLE;
    parser_accept(p, "TABLE");
    if (!parser_name(p, STATEMENT_OBJECT))
        return false;
    wait_skip(p);
    return parser_at_end(p);
}
