/* The specifications of ALTER TABLE: other tables that they name, and what they do to rows that are there. */
#include "binlog/sql_varies.h"
#include "binlog/statement_parser.h"

/* What a specification is about, as far as it matters. */
enum spec {
    SPEC_OTHER,
    SPEC_COLUMN,     /* MODIFY, CHANGE */
    SPEC_NEW_COLUMN, /* ADD */
};

/* RENAME [TO | AS | =] name, but not RENAME COLUMN, INDEX or KEY a TO b. */
static bool spec_rename(struct parser *p)
{
    static const char *const parts[] = {"COLUMN", "INDEX", "KEY", NULL};

    if (parser_is_any(p, parts))
        return true;
    if (!parser_accept(p, "TO") && !parser_accept(p, "AS"))
        parser_accept_symbol(p, '=');
    return parser_name(p, STATEMENT_TO);
}

/* EXCHANGE PARTITION p WITH TABLE name */
static bool spec_exchange(struct parser *p)
{
    if (!parser_accept(p, "PARTITION") || !sql_token_is_name(&p->token))
        return false;
    p->out->takes_partition = true;
    parser_next(p);
    return parser_accept(p, "WITH") && parser_accept(p, "TABLE") && parser_name(p, STATEMENT_EXCHANGED);
}

/* CONVERT TABLE name TO PARTITION ...; CONVERT PARTITION p TO TABLE name; CONVERT TO CHARACTER SET ... */
static bool spec_convert(struct parser *p)
{
    if (parser_accept(p, "TABLE"))
        return parser_name(p, STATEMENT_EXCHANGED);
    if (!parser_accept(p, "PARTITION"))
        return true;
    if (!sql_token_is_name(&p->token))
        return false;
    p->out->takes_partition = true;
    parser_next(p);
    return parser_accept(p, "TO") && parser_accept(p, "TABLE") && parser_name(p, STATEMENT_EXCHANGED);
}

/* [COLUMN] [IF [NOT] EXISTS] name, or a list of columns in parentheses. */
static void spec_column(struct parser *p)
{
    parser_accept(p, "COLUMN");
    if (parser_accept(p, "IF")) {
        parser_accept(p, "NOT");
        parser_accept(p, "EXISTS");
    }
    if (sql_token_is_name(&p->token))
        parser_next(p);
}

/* What a specification begins with. */
static bool spec_begin(struct parser *p, enum spec *spec)
{
    static const char *const no_columns[] = {"INDEX",   "KEY",       "UNIQUE",  "FULLTEXT",
                                             "SPATIAL", "PRIMARY",   "FOREIGN", "CONSTRAINT",
                                             "CHECK",   "PARTITION", NULL};

    *spec = SPEC_OTHER;
    if (parser_accept(p, "RENAME"))
        return spec_rename(p);
    if (parser_accept(p, "EXCHANGE"))
        return spec_exchange(p);
    if (parser_accept(p, "CONVERT"))
        return spec_convert(p);
    if (parser_accept(p, "ADD"))
        *spec = parser_is_any(p, no_columns) ? SPEC_OTHER : SPEC_NEW_COLUMN;
    else if (parser_accept(p, "MODIFY") || parser_accept(p, "CHANGE"))
        *spec = SPEC_COLUMN;
    else if (parser_accept(p, "DROP"))
        p->out->takes_partition |= parser_is(p, "PARTITION");
    else if (parser_is(p, "TRUNCATE"))
        p->out->truncates = p->out->takes_partition = true;
    else if (parser_is(p, "IMPORT") || parser_is(p, "DISCARD"))
        p->out->imports = true;
    if (*spec != SPEC_OTHER)
        spec_column(p);
    return true;
}

/* What gives something else on another server, or for each row: as the default of a new column its values are
 * in no log. The clock is not among them: it is set to the source's; but variables are, @u as well, and what
 * the log tells of statements that change rows only. */
static bool is_volatile(const struct parser *p)
{
    static const char *const calls[] = {"CONNECTION_ID", "DATABASE", "LAST_INSERT_ID", "RAND", "SCHEMA",
                                        "SLEEP",         NULL};
    static const char *const words[] = {"CURRENT_ROLE", "CURRENT_USER", NULL};
    struct sql_token next = parser_peek(p);

    if (parser_is(p, "NEXT") || parser_is(p, "PREVIOUS"))
        return sql_token_is(&next, "VALUE");
    if (p->token.type == SQL_VARIABLE || parser_is_any(p, words))
        return true;
    if (p->after_dot || !sql_token_is_symbol(&next, '('))
        return false;
    return sql_function_varies(&p->token) || sql_token_is_any(&p->token, calls);
}

static void spec_look(struct parser *p, enum spec spec)
{
    if (spec == SPEC_OTHER)
        return;
    p->out->numbers_rows |= parser_is(p, "AUTO_INCREMENT") || parser_is(p, "SERIAL");
    p->out->volatile_default |= spec == SPEC_NEW_COLUMN && is_volatile(p);
}

/* The specifications, divided by commas outside of parentheses. */
bool parse_table_specs(struct parser *p)
{
    enum spec spec;
    size_t depth = 0;

    if (!spec_begin(p, &spec))
        return false;
    while (p->token.type != SQL_END) {
        bool comma = depth == 0 && parser_is_symbol(p, ',');
        depth += parser_is_symbol(p, '(');
        depth -= parser_is_symbol(p, ')') && depth > 0;
        spec_look(p, spec);
        if (!parser_definition(p) || (comma && !spec_begin(p, &spec)))
            return false;
    }
    return true;
}
