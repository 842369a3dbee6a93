#include "binlog/statement.h"

#include <stdlib.h>

#include "binlog/statement_parser.h"

/* Verbs that need no names. SELECT and CALL are data changes: they are logged only for what they do. */
static const struct {
    const char *word;
    enum statement_action action;
} verbs[] = {
    {"INSERT", STATEMENT_DML},
    {"UPDATE", STATEMENT_DML},
    {"DELETE", STATEMENT_DML},
    {"REPLACE", STATEMENT_DML},
    {"CALL", STATEMENT_DML},
    {"DO", STATEMENT_DML},
    {"SELECT", STATEMENT_DML},
    {"WITH", STATEMENT_DML},
    {"VALUES", STATEMENT_DML},
    {"HANDLER", STATEMENT_DML},
    {"EXECUTE", STATEMENT_DML},
    {"GRANT", STATEMENT_ACCOUNT},
    {"REVOKE", STATEMENT_ACCOUNT},
    {"OPTIMIZE", STATEMENT_MAINTENANCE},
    {"REPAIR", STATEMENT_MAINTENANCE},
    {"CHECK", STATEMENT_MAINTENANCE},
    {"CHECKSUM", STATEMENT_MAINTENANCE},
    {"FLUSH", STATEMENT_MAINTENANCE},
    {"CACHE", STATEMENT_MAINTENANCE},
    {"COMMIT", STATEMENT_TRANSACTION},
    {"SAVEPOINT", STATEMENT_SAVEPOINT},
    {"RELEASE", STATEMENT_SAVEPOINT},
    {"XA", STATEMENT_XA},
    {"INSTALL", STATEMENT_SERVER},
    {"UNINSTALL", STATEMENT_SERVER},
};

static bool parse_verb(struct parser *p)
{
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (!parser_is(p, verbs[i].word))
            continue;
        p->out->action = verbs[i].action;
        return true;
    }
    return false;
}

static bool parse_set(struct parser *p)
{
    p->out->action = STATEMENT_DML;
    if (parser_is(p, "PASSWORD") || parser_is(p, "ROLE"))
        p->out->action = STATEMENT_ACCOUNT;
    struct sql_token next = parser_peek(p);
    if (parser_is(p, "DEFAULT") && sql_token_is(&next, "ROLE"))
        p->out->action = STATEMENT_ACCOUNT;
    return true;
}

/* ANALYZE TABLE; any other ANALYZE runs the statement behind it. */
static bool parse_analyze(struct parser *p)
{
    if (!parser_accept(p, "NO_WRITE_TO_BINLOG"))
        parser_accept(p, "LOCAL");
    bool table = parser_is(p, "TABLE") || parser_is(p, "TABLES");
    p->out->action = table ? STATEMENT_MAINTENANCE : STATEMENT_DML;
    return true;
}

static bool parse_load(struct parser *p)
{
    if (parser_is(p, "DATA") || parser_is(p, "XML"))
        p->out->action = STATEMENT_DML;
    else
        p->out->action = STATEMENT_SERVER;
    return p->out->action == STATEMENT_DML || parser_is(p, "INDEX");
}

static bool parse_begin(struct parser *p)
{
    p->out->action = STATEMENT_TRANSACTION;
    parser_accept(p, "WORK");
    return parser_at_end(p); /* BEGIN NOT ATOMIC is a program */
}

static bool parse_rollback(struct parser *p)
{
    parser_accept(p, "WORK");
    p->out->action = parser_is(p, "TO") ? STATEMENT_SAVEPOINT : STATEMENT_TRANSACTION;
    return true;
}

static bool parse_start(struct parser *p)
{
    p->out->action = STATEMENT_TRANSACTION;
    return parser_is(p, "TRANSACTION");
}

static const struct {
    const char *word;
    bool (*parse)(struct parser *p);
} parsers[] = {
    {"CREATE", parse_create},     {"ALTER", parse_alter},       {"DROP", parse_drop},
    {"RENAME", parse_rename},     {"TRUNCATE", parse_truncate}, {"SET", parse_set},
    {"LOAD", parse_load},         {"ANALYZE", parse_analyze},   {"BEGIN", parse_begin},
    {"ROLLBACK", parse_rollback}, {"START", parse_start},
};

static bool parse_statement(struct parser *p)
{
    struct sql_token next = parser_peek(p);

    if (parser_is(p, "SET") && sql_token_is(&next, "STATEMENT")) {
        parser_next(p);
        if (!parser_set_statement(p))
            return false;
    }
    for (size_t i = 0; i < sizeof(parsers) / sizeof(parsers[0]); i++)
        if (parser_accept(p, parsers[i].word))
            return parsers[i].parse(p);
    if (parser_is_symbol(p, '(')) {
        p->out->action = STATEMENT_DML;
        return true;
    }
    return parse_verb(p);
}

void statement_parse(const char *sql, size_t len, uint64_t sql_mode, struct statement *out)
{
    struct parser p;

    *out = (struct statement){0};
    parser_init(&p, sql, len, sql_mode, out);
    if (parse_statement(&p))
        return;
    statement_free(out);
    *out = (struct statement){0};
}

void statement_free(struct statement *s)
{
    for (size_t i = 0; i < s->name_count; i++) {
        free(s->names[i].db);
        free(s->names[i].name);
    }
    free(s->names);
    s->names = NULL;
    s->name_count = 0;
}

static const char *object_statement_name(const struct statement *s)
{
    static const char *const names[][3] = {
        [STATEMENT_NO_OBJECT] = {"CREATE", "ALTER", "DROP"},
        [STATEMENT_DATABASE] = {"CREATE DATABASE", "ALTER DATABASE", "DROP DATABASE"},
        [STATEMENT_TABLE] = {"CREATE TABLE", "ALTER TABLE", "DROP TABLE"},
        [STATEMENT_SEQUENCE] = {"CREATE SEQUENCE", "ALTER SEQUENCE", "DROP SEQUENCE"},
        [STATEMENT_VIEW] = {"CREATE VIEW", "ALTER VIEW", "DROP VIEW"},
        [STATEMENT_FUNCTION] = {"CREATE FUNCTION", "ALTER FUNCTION", "DROP FUNCTION"},
        [STATEMENT_PROCEDURE] = {"CREATE PROCEDURE", "ALTER PROCEDURE", "DROP PROCEDURE"},
        [STATEMENT_PACKAGE] = {"CREATE PACKAGE", "ALTER PACKAGE", "DROP PACKAGE"},
        [STATEMENT_PACKAGE_BODY] = {"CREATE PACKAGE BODY", "ALTER PACKAGE BODY", "DROP PACKAGE BODY"},
        [STATEMENT_TRIGGER] = {"CREATE TRIGGER", "ALTER TRIGGER", "DROP TRIGGER"},
        [STATEMENT_EVENT] = {"CREATE EVENT", "ALTER EVENT", "DROP EVENT"},
    };

    return names[s->kind][s->action - STATEMENT_CREATE];
}

const char *statement_name_of(const struct statement *s)
{
    switch (s->action) {
    case STATEMENT_CREATE:
    case STATEMENT_ALTER:
    case STATEMENT_DROP:
        return object_statement_name(s);
    case STATEMENT_RENAME:
        return "RENAME TABLE";
    case STATEMENT_TRUNCATE:
        return "TRUNCATE TABLE";
    case STATEMENT_ACCOUNT:
        return "account statement";
    case STATEMENT_MAINTENANCE:
        return "maintenance statement";
    case STATEMENT_DML:
        return "INSERT or other data change";
    case STATEMENT_TRANSACTION:
        return "transaction control";
    case STATEMENT_SAVEPOINT:
        return "SAVEPOINT";
    case STATEMENT_XA:
        return "XA statement";
    case STATEMENT_SERVER:
        return "server statement";
    case STATEMENT_UNKNOWN:
        break;
    }
    return "unknown statement";
}
