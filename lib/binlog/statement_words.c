/* What keywords lead to: tables, programs, databases, or nothing. */
#include "binlog/statement_scan.h"

/* Words that are a name only in quotes. */
static const char *const reserved[] = {
    "SELECT",        "WITH",         "WHERE",  "GROUP",     "HAVING",    "ORDER",   "LIMIT",
    "UNION",         "EXCEPT",       "SET",    "VALUES",    "INTERSECT", "ON",      "USING",
    "JOIN",          "INNER",        "LEFT",   "RIGHT",     "CROSS",     "FOR",     "LOCK",
    "NATURAL",       "INTO",         "FROM",   "AS",        "PARTITION", "USE",     "FORCE",
    "IGNORE",        "READ",         "WRITE",  "PROCEDURE", "FETCH",     "THEN",    "RETURNING",
    "ROWS",          "LOW_PRIORITY", "TO",     "LIKE",      "IN",        "OUTER",   "REPLACE",
    "LOOP",          "ELSE",         "ELSEIF", "AND",       "OR",        "NOT",     "IS",
    "OPTION",        "INSERT",       "UPDATE", "DELETE",    "DEFAULT",   "COLLATE", "CHARACTER",
    "STRAIGHT_JOIN", "CALL",         "CREATE", "ALTER",     "DROP",      "TABLE",   "INDEX",
    "TRIGGER",       "REFERENCES",   NULL};

/* Words that can stand behind a table and are no alias there. */
static const char *const clauses[] = {"VALUE",   "MINUS",   "FULL",      "WINDOW", "OFFSET", "DO",
                                      "END",     "LOCAL",   "WAIT",      "NOWAIT", "OPEN",   "CLOSE",
                                      "CHARSET", "COMMENT", "DUPLICATE", NULL};

/* Words that end a list of tables. */
static const char *const list_ends[] = {
    "WHERE",     "GROUP",  "HAVING", "ORDER",  "LIMIT",  "UNION",     "EXCEPT", "MINUS",     "SET",
    "INTERSECT", "VALUES", "VALUE",  "SELECT", "FOR",    "LOCK",      "INTO",   "PROCEDURE", "RETURNING",
    "WINDOW",    "THEN",   "DO",     "LOOP",   "OFFSET", "DUPLICATE", "BEGIN",  "END",       NULL};

/* Between a verb and the name that it leads to. */
static const char *const modifiers[] = {"IF",      "NOT",    "EXISTS", "LOW_PRIORITY", "HIGH_PRIORITY",
                                        "DELAYED", "IGNORE", "TABLE",  "TABLES",       "LATERAL",
                                        "INTO",    NULL};
static const char *const delete_modifiers[] = {"LOW_PRIORITY", "QUICK", "IGNORE", "HISTORY", NULL};

static void expect_table(struct scan *s, bool changes)
{
    scan_level(s)->expect = EXPECT_TABLE;
    scan_level(s)->list = EXPECT_TABLE;
    s->changes = changes;
}

static void expect_object(struct scan *s, enum expect expect, bool list)
{
    scan_level(s)->expect = expect;
    scan_level(s)->list = list ? expect : EXPECT_NOTHING;
}

/* FROM, where it leads to a table. */
static bool word_from(struct scan *s)
{
    if (scan_level(s)->from_function || sql_token_is(scan_before(s, 1), "SYSTEM_TIME") ||
        sql_token_is(scan_before(s, 2), "OF") || sql_token_is(scan_before(s, 1), "NEXT"))
        return true;
    if (sql_token_is(scan_before(s, 2), "PREPARE"))
        return true;
    expect_table(s, s->deletes && (sql_token_is(scan_before(s, 1), "DELETE") ||
                                   sql_token_is_any(scan_before(s, 1), delete_modifiers)));
    return true;
}

static bool word_insert(struct scan *s)
{
    static const char *const not_behind[] = {"BEFORE", "AFTER", "OR", "FOLLOWS", "FOREACH", NULL};
    size_t next = s->i + 1;

    if (sql_token_is_any(scan_before(s, 1), not_behind) || sql_token_is_symbol(scan_before(s, 1), '.'))
        return false;
    while (sql_token_is_any(scan_at(s, next), modifiers))
        next++;
    if (!sql_token_is_name(scan_at(s, next)) || sql_token_is_any(scan_at(s, next), reserved))
        return false;
    s->i = next - 1;
    expect_object(s, EXPECT_OBJECT, false);
    return true;
}

static bool word_update(struct scan *s)
{
    static const char *const not_behind[] = {"FOR", "ON", "KEY", "BEFORE", "AFTER", "OR", NULL};

    if (sql_token_is_any(scan_before(s, 1), not_behind))
        return false;
    expect_table(s, true);
    return true;
}

static bool word_delete(struct scan *s)
{
    static const char *const not_behind[] = {"ON", "BEFORE", "AFTER", "OR", NULL};
    size_t next = s->i + 1;

    if (sql_token_is_any(scan_before(s, 1), not_behind))
        return false;
    s->deletes = true;
    while (sql_token_is_any(scan_at(s, next), delete_modifiers))
        next++;
    s->i = next - 1;
    if (!sql_token_is(scan_at(s, next), "FROM"))
        expect_object(s, EXPECT_TARGET, true);
    return true;
}

static bool word_table(struct scan *s)
{
    static const char *const lists[] = {"DROP",   "LOCK",     "FLUSH",  "CHECK",    "ANALYZE",
                                        "REPAIR", "OPTIMIZE", "RENAME", "CHECKSUM", NULL};

    expect_object(s, sql_token_is(&s->verb, "LOCK") ? EXPECT_TABLE : EXPECT_OBJECT,
                  sql_token_is_any(&s->verb, lists));
    return true;
}

/* VIEW, FUNCTION, ...: only behind CREATE, ALTER or DROP; otherwise names like any other. */
static bool word_kind(struct scan *s)
{
    static const char *const ddl[] = {"CREATE", "ALTER", "DROP", NULL};
    static const char *const tables[] = {"VIEW", "SEQUENCE", NULL};
    static const char *const databases[] = {"DATABASE", "SCHEMA", NULL};
    static const char *const bodies[] = {"FUNCTION", "PROCEDURE", "PACKAGE", "EVENT", "TRIGGER", NULL};
    const struct sql_token *t = scan_at(s, s->i);
    bool create = sql_token_is(&s->verb, "CREATE");

    if (!sql_token_is_any(&s->verb, ddl))
        return false;
    if (sql_token_is_any(t, databases)) {
        static const char *const own[] = {"CREATE", "ALTER", "DROP", "REPLACE", NULL};
        if (!sql_token_is_any(scan_before(s, 1), own))
            return false;
        if (!sql_token_is_any(scan_at(s, s->i + 1),
                              clauses)) /* ALTER DATABASE CHARSET ...: the default one */
            expect_object(s, EXPECT_DATABASE, false);
    } else if (sql_token_is_any(t, tables)) {
        expect_object(s, EXPECT_OBJECT, sql_token_is(&s->verb, "DROP"));
    } else if (sql_token_is(t, "TRIGGER")) {
        expect_object(s, EXPECT_TRIGGER, false);
        s->await_on = create;
    } else {
        s->i += sql_token_is(scan_at(s, s->i + 1), "BODY");
        expect_object(s, EXPECT_PROGRAM, false);
    }
    s->out->program |= sql_token_is_any(t, bodies);
    return true;
}

static bool word_verb(struct scan *s)
{
    static const char *const keeps[] = {"ALTER", "CREATE", NULL};

    /* ALTER TABLE ... DROP x, RENAME y; CREATE OR REPLACE */
    if (!sql_token_is_any(&s->verb, keeps) || sql_token_is(scan_at(s, s->i), "ALTER") ||
        sql_token_is(scan_at(s, s->i), "CREATE"))
        s->verb = *scan_at(s, s->i);
    return true;
}

static bool word_rename(struct scan *s)
{
    static const char *const parts[] = {"COLUMN", "INDEX", "KEY", "USER", NULL};
    static const char *const table[] = {"TABLE", "TABLES", NULL};
    static const char *const to[] = {"TO", "AS", NULL};

    word_verb(s);
    if (sql_token_is_any(scan_at(s, s->i + 1), parts))
        return true;
    if (sql_token_is_any(scan_at(s, s->i + 1), table)) {
        s->renames = true;
        return true;
    }
    if (!sql_token_is(&s->verb, "ALTER"))
        return true;
    if (sql_token_is_any(scan_at(s, s->i + 1), to) || sql_token_is_symbol(scan_at(s, s->i + 1), '='))
        s->i++;
    scan_level(s)->expect = s->out->program ? EXPECT_PROGRAM : EXPECT_OBJECT; /* ALTER EVENT, ALTER TABLE */
    return true;
}

static bool word_to(struct scan *s)
{
    if (s->renames)
        scan_level(s)->expect = EXPECT_OBJECT;
    return s->renames;
}

static bool word_on(struct scan *s)
{
    if (s->await_on)
        scan_level(s)->expect = EXPECT_OBJECT;
    s->await_on = false;
    return true;
}

static bool word_index(struct scan *s)
{
    static const char *const before_it[] = {"CREATE",   "DROP",    "REPLACE", "UNIQUE",
                                            "FULLTEXT", "SPATIAL", "VECTOR",  NULL};

    s->await_on |=
        sql_token_is_any(scan_before(s, 1), before_it) && !sql_token_is(&s->verb, "ALTER") && s->depth == 0;
    return true;
}

static bool word_truncate(struct scan *s)
{
    if (!sql_token_is_name(scan_at(s, s->i + 1)) || sql_token_is(scan_at(s, s->i + 1), "PARTITION"))
        return false;
    expect_object(s, EXPECT_OBJECT, false);
    return true;
}

static bool word_union(struct scan *s)
{
    size_t open = s->i + 1 + sql_token_is_symbol(scan_at(s, s->i + 1), '=');

    if (!sql_token_is_symbol(scan_at(s, open), '(') || !sql_token_is_name(scan_at(s, open + 1)) ||
        sql_token_is_any(scan_at(s, open + 1), reserved))
        return false;
    s->i = open;
    scan_push(s, (struct level){.expect = EXPECT_OBJECT, .list = EXPECT_OBJECT});
    return true;
}

/* NEXT VALUE FOR sequence. */
static bool word_for(struct scan *s)
{
    if (sql_token_is(scan_before(s, 1), "VALUE"))
        expect_object(s, EXPECT_OBJECT, false);
    return sql_token_is(scan_before(s, 1), "VALUE");
}

/* [ROW] TYPE OF table[.column]: the column is no part of the name. */
static bool word_of(struct scan *s)
{
    size_t first = s->i + 1;
    size_t parts = scan_chain(s, first);
    bool row = sql_token_is(scan_before(s, 2), "ROW");

    if (!sql_token_is(scan_before(s, 1), "TYPE") || !sql_token_is_name(scan_at(s, first)))
        return false;
    if (row || parts > 1)
        scan_add(s, REF_TABLE, first, row ? parts > 1 : parts > 2);
    s->i = first + 2 * (parts - 1);
    return true;
}

static bool word_with(struct scan *s)
{
    static const char *const others[] = {"TABLE", "CHECK", "PARSER",   "ROLLUP", "CONSISTENT", "SYSTEM",
                                         "READ",  "GRANT", "CASCADED", "LOCAL",  "VALIDATION", "TIES",
                                         "ADMIN", "QUERY", "WITHOUT",  NULL};

    if (sql_token_is_any(scan_at(s, s->i + 1), others))
        return false;
    scan_level(s)->with = true;
    if (sql_token_is(scan_at(s, s->i + 1), "RECURSIVE"))
        s->i++;
    if (sql_token_is_name(scan_at(s, s->i + 1)))
        scan_add(s, REF_ALIAS, ++s->i, false);
    return true;
}

static bool word_using(struct scan *s)
{
    if (s->deletes && !sql_token_is_symbol(scan_at(s, s->i + 1), '('))
        expect_table(s, false);
    return true;
}

static bool word_handler(struct scan *s)
{
    if (!sql_token_is(scan_at(s, s->i + 1), "FOR"))
        expect_object(s, EXPECT_OBJECT, false);
    return true;
}

static bool word_call(struct scan *s)
{
    s->out->programs = true;
    expect_object(s, EXPECT_PROGRAM, false);
    return true;
}

static bool word_dynamic(struct scan *s)
{
    s->out->dynamic |=
        sql_token_is(scan_at(s, s->i), "PREPARE") || sql_token_is(scan_at(s, s->i + 1), "IMMEDIATE");
    return true;
}

static bool word_opaque(struct scan *s)
{
    s->opaque = s->out->opaque = true;
    return true;
}

static bool word_join(struct scan *s)
{
    expect_table(s, s->changes);
    return true;
}

static bool word_references(struct scan *s)
{
    scan_level(s)->expect = EXPECT_OBJECT;
    return true;
}

static bool word_begin(struct scan *s)
{
    s->out->program = true;
    s->verb = (struct sql_token){SQL_END, "", 0};
    return true;
}

static const struct {
    const char *word;
    bool (*take)(struct scan *s); /* false: perhaps a name */
} words[] = {
    {"FROM", word_from},       {"JOIN", word_join},       {"STRAIGHT_JOIN", word_join},
    {"INSERT", word_insert},   {"REPLACE", word_insert},  {"UPDATE", word_update},
    {"DELETE", word_delete},   {"TABLE", word_table},     {"TABLES", word_table},
    {"VIEW", word_kind},       {"SEQUENCE", word_kind},   {"TRIGGER", word_kind},
    {"FUNCTION", word_kind},   {"PROCEDURE", word_kind},  {"PACKAGE", word_kind},
    {"EVENT", word_kind},      {"DATABASE", word_kind},   {"SCHEMA", word_kind},
    {"CREATE", word_verb},     {"ALTER", word_verb},      {"DROP", word_verb},
    {"LOCK", word_verb},       {"FLUSH", word_verb},      {"CHECK", word_verb},
    {"ANALYZE", word_verb},    {"REPAIR", word_verb},     {"OPTIMIZE", word_verb},
    {"CHECKSUM", word_verb},   {"RENAME", word_rename},   {"TO", word_to},
    {"ON", word_on},           {"INDEX", word_index},     {"TRUNCATE", word_truncate},
    {"UNION", word_union},     {"FOR", word_for},         {"OF", word_of},
    {"WITH", word_with},       {"USING", word_using},     {"HANDLER", word_handler},
    {"CALL", word_call},       {"PREPARE", word_dynamic}, {"EXECUTE", word_dynamic},
    {"SHOW", word_opaque},     {"GRANT", word_opaque},    {"REVOKE", word_opaque},
    {"DESCRIBE", word_opaque}, {"EXPLAIN", word_opaque},  {"REFERENCES", word_references},
    {"BEGIN", word_begin},
};

/* A keyword that changes what follows; false for anything else. */
bool scan_word(struct scan *s)
{
    const struct sql_token *t = scan_at(s, s->i);

    if (t->type != SQL_WORD || sql_token_is_symbol(scan_before(s, 1), '.'))
        return false;
    if (sql_token_is_any(t, list_ends)) {
        scan_level(s)->list = EXPECT_NOTHING;
        scan_level(s)->with = false;
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (sql_token_is(t, words[i].word))
            return words[i].take(s);
    return sql_token_is_any(t, reserved);
}

bool scan_is_reserved(const struct sql_token *t)
{
    return sql_token_is_any(t, reserved);
}

bool scan_is_clause(const struct sql_token *t)
{
    return sql_token_is_any(t, clauses);
}

bool scan_is_modifier(const struct sql_token *t)
{
    return sql_token_is_any(t, modifiers);
}
