#include "replay/schema_staging.h"

#include "binlog/sql_lex.h"

static bool is_followed(const struct schema_change *s, const struct statement_name *n)
{
    return n->name && scope_table(&s->a->job->scope, schema_change_db(s, n), n->name);
}

/* A DROP TRIGGER does not say of which table. */
static bool concerns_trigger(const struct schema_change *s, const struct statement_name *n)
{
    return n->role == STATEMENT_ON
               ? is_followed(s, n)
               : s->statement.action == STATEMENT_DROP &&
                     scope_database(&s->a->job->scope, schema_change_db(s, n)) != SCOPE_OUT;
}

/* Triggers and keys go with a table that is dropped, and along with one that is renamed. */
static bool takes_along(const struct schema_change *s, const struct statement_name *n)
{
    const struct statement *st = &s->statement;
    bool drops = st->action == STATEMENT_DROP || st->or_replace;

    if (st->kind == STATEMENT_DATABASE)
        return drops && scope_database(&s->a->job->scope, schema_change_db(s, n)) != SCOPE_OUT;
    return st->kind == STATEMENT_TABLE && is_followed(s, n) && n->role != STATEMENT_REFERENCED &&
           (drops || st->action == STATEMENT_RENAME || n->role == STATEMENT_TO);
}

/* DROP FOREIGN KEY, or DROP CONSTRAINT, which may be one. */
static bool drops_key(const struct schema_change *s)
{
    struct sql_lexer l;
    struct sql_token t;
    bool drop = false;

    if (s->statement.kind != STATEMENT_TABLE || s->statement.action != STATEMENT_ALTER)
        return false;
    sql_lexer_init(&l, s->query->sql, s->query->sql_len, s->session.sql_mode);
    for (t = sql_lexer_next(&l); t.type != SQL_END && t.type != SQL_BAD; t = sql_lexer_next(&l)) {
        if (drop && (sql_token_is(&t, "FOREIGN") || sql_token_is(&t, "CONSTRAINT")))
            return true;
        drop = sql_token_is(&t, "DROP");
    }
    return false;
}

struct err *schema_staging(const struct schema_change *s, bool *skip)
{
    const struct statement *st = &s->statement;
    bool elsewhere = st->kind == STATEMENT_VIEW || st->kind == STATEMENT_TRIGGER;
    bool drops = drops_key(s);
    bool goes = false;
    bool key = false;

    if (!s->a->staging)
        return NULL;
    *skip |= elsewhere;
    for (size_t i = 0; i < st->name_count; i++) {
        const struct statement_name *n = &st->names[i];
        goes |= st->kind == STATEMENT_VIEW      ? is_followed(s, n)
                : st->kind == STATEMENT_TRIGGER ? concerns_trigger(s, n)
                                                : takes_along(s, n);
        key |= drops && n->role == STATEMENT_OBJECT && is_followed(s, n);
    }
    if (key)
        return schema_change_stop(s, ERR_RESYNC, "a foreign key may have gone behind the snapshot");
    if (goes && s->a->staging_whole)
        return schema_change_stop(s, ERR_RESYNC,
                                  elsewhere ? "a view or trigger was changed behind the snapshot"
                                            : "a table was dropped, replaced or renamed behind the snapshot");
    return NULL;
}
