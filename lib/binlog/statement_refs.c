#include "binlog/statement_refs.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "binlog/sql_lex.h"

/* What the next name stands for. */
enum expect {
    EXPECT_NOTHING,
    EXPECT_TABLE,  /* in a query: an alias may follow */
    EXPECT_OBJECT, /* a table as DDL, INSERT or HANDLER name it: no alias */
    EXPECT_TARGET,
    EXPECT_PROGRAM,
    EXPECT_TRIGGER,
    EXPECT_DATABASE,
};

/* Between two parentheses, or outside of all. */
struct level {
    enum expect expect;
    enum expect list;   /* what follows a comma */
    bool from_item;     /* a derived table or a join in parentheses: an alias may follow */
    bool from_function; /* EXTRACT(x FROM y): FROM leads to no table */
    bool item_next;     /* the next parenthesis is one: JSON_TABLE(...) AS name */
    bool with;          /* behind WITH: names of common table expressions */
};

struct scan {
    struct sql_token *t;
    size_t count; /* the last one is SQL_END */
    size_t i;
    struct level *levels;
    size_t depth;
    size_t level_cap;
    struct sql_token verb; /* CREATE, ALTER, DROP, ... of the statement at hand */
    bool renames;          /* RENAME TABLE: TO leads to a table */
    bool await_on;         /* CREATE TRIGGER, CREATE INDEX: ON leads to the table */
    bool opaque;           /* up to the next semicolon */
    bool changes;          /* the tables of this clause are changed */
    bool deletes;
    struct statement_refs *out;
};

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

static const struct sql_token *at(const struct scan *s, size_t i)
{
    return &s->t[i < s->count ? i : s->count - 1];
}

static const struct sql_token *before(const struct scan *s, size_t n)
{
    static const struct sql_token none = {SQL_END, "", 0};

    return s->i >= n ? &s->t[s->i - n] : &none;
}

static bool is_any(const struct sql_token *t, const char *const *words)
{
    for (; *words; words++)
        if (sql_token_is(t, *words))
            return true;
    return false;
}

static struct level *level(struct scan *s)
{
    return &s->levels[s->depth];
}

static void level_push(struct scan *s, struct level l)
{
    s->depth++;
    s->levels = mem_grow(s->levels, s->depth, &s->level_cap, sizeof(*s->levels));
    s->levels[s->depth] = l;
}

static struct statement_ref *ref_add(struct scan *s, enum ref_kind kind, size_t first, size_t last)
{
    struct statement_refs *r = s->out;
    const struct sql_token *from = at(s, first);
    const struct sql_token *to = at(s, last);

    r->items = mem_grow(r->items, r->count, &r->cap, sizeof(*r->items));
    r->items[r->count] = (struct statement_ref){
        .kind = kind, .text = from->text, .len = (size_t)(to->text + to->len - from->text)};
    return &r->items[r->count++];
}

/* One name at token `first`, or with its database before it (`first` and `first` + 2). */
static struct statement_ref *ref_name(struct scan *s, enum ref_kind kind, size_t first, bool with_db)
{
    struct statement_ref *r = ref_add(s, kind, first, with_db ? first + 2 : first);

    if (with_db) {
        r->db = sql_token_name(at(s, first));
        r->db_len = at(s, first)->len;
    }
    r->name = sql_token_name(at(s, with_db ? first + 2 : first));
    return r;
}

/* Parts of a.b.c or a.b.* from token i on. */
static size_t chain_length(const struct scan *s, size_t i)
{
    size_t parts = 1;

    while (sql_token_is_symbol(at(s, i + 1), '.') &&
           (sql_token_is_name(at(s, i + 2)) || at(s, i + 2)->type == SQL_NUMBER ||
            sql_token_is_symbol(at(s, i + 2), '*'))) {
        parts++;
        i += 2;
    }
    return parts;
}

/* [AS] alias at token i; true where there is one. */
static bool take_alias(struct scan *s, size_t i)
{
    bool as = sql_token_is(at(s, i), "AS");

    if (as)
        i++;
    const struct sql_token *t = at(s, i);
    if (!sql_token_is_name(t) || is_any(t, reserved) || (!as && is_any(t, clauses)))
        return false;
    ref_name(s, REF_ALIAS, i, false);
    s->i = i;
    return true;
}

/* Behind the table: PARTITION (...), FOR SYSTEM_TIME AS OF x; then the alias. */
static size_t behind_table(const struct scan *s, size_t i)
{
    size_t depth = 0;

    if (!sql_token_is(at(s, i), "PARTITION") || !sql_token_is_symbol(at(s, i + 1), '('))
        return i;
    for (i++; at(s, i)->type != SQL_END; i++) {
        depth += sql_token_is_symbol(at(s, i), '(');
        depth -= sql_token_is_symbol(at(s, i), ')');
        if (depth == 0)
            return i + 1;
    }
    return i;
}

static void take_table(struct scan *s, size_t parts, bool may_have_alias)
{
    size_t first = s->i;
    struct statement_ref *r = ref_name(s, REF_TABLE, first, parts > 1);
    size_t index = s->out->count - 1;

    r->changed = s->changes || !may_have_alias;
    s->i = first + (parts > 1 ? 2 : 0);
    size_t behind = behind_table(s, s->i + 1);
    bool aliased = may_have_alias && take_alias(s, behind);
    s->out->items[index].aliased = aliased;
    /* CREATE TABLE a LIKE b, CREATE TABLE a (LIKE b) */
    size_t like = s->i + 1 + sql_token_is_symbol(at(s, s->i + 1), '(');
    if (sql_token_is(&s->verb, "CREATE") && !may_have_alias && sql_token_is(at(s, like), "LIKE")) {
        if (like > s->i + 1)
            level_push(s, (struct level){0});
        level(s)->expect = EXPECT_OBJECT;
        s->i = like;
    }
}

/* A name where one is expected. */
static void take_expected(struct scan *s, enum expect expect, size_t parts)
{
    size_t first = s->i;
    size_t named = parts > 2 ? 2 : parts;

    level(s)->expect = EXPECT_NOTHING;
    switch (expect) {
    case EXPECT_TABLE:
    case EXPECT_OBJECT:
        if (expect == EXPECT_TABLE && parts == 1 && sql_token_is_symbol(at(s, first + 1), '(')) {
            level(s)->item_next = true;
            return;
        }
        take_table(s, named, expect == EXPECT_TABLE);
        s->i += parts > 2 ? 2 * (parts - 2) : 0;
        return;
    case EXPECT_TARGET: /* a, d.a, a.*, d.a.* */
        if (sql_token_is_symbol(at(s, first + 2 * (parts - 1)), '*'))
            named = parts - 1;
        ref_name(s, REF_TARGET, first, named > 1);
        break;
    case EXPECT_PROGRAM:
        ref_name(s, REF_PROGRAM, first, parts > 1);
        break;
    case EXPECT_TRIGGER:
        ref_name(s, REF_TRIGGER, first, parts > 1);
        break;
    case EXPECT_DATABASE: {
        struct statement_ref *r = ref_add(s, REF_DATABASE, first, first);
        r->db = sql_token_name(at(s, first));
        r->db_len = at(s, first)->len;
        break;
    }
    case EXPECT_NOTHING:
        break;
    }
    s->i = first + 2 * (parts - 1);
}

/* A name in an expression, or anywhere else where no object is expected. */
static void take_free(struct scan *s, size_t parts)
{
    size_t first = s->i;
    size_t last = first + 2 * (parts - 1);
    bool call = sql_token_is_symbol(at(s, last + 1), '(');

    s->i = last;
    if (parts == 1) {
        ref_name(s, REF_ALONE, first, false);
    } else if (call) {
        ref_name(s, REF_PROGRAM, first, true);
        s->out->programs = true;
    } else if (parts == 2) {
        ref_name(s, REF_QUALIFIER, first, false);
    } else {
        ref_name(s, REF_COLUMN, first, true);
    }
}

static void expect_table(struct scan *s, bool changes)
{
    level(s)->expect = EXPECT_TABLE;
    level(s)->list = EXPECT_TABLE;
    s->changes = changes;
}

static void expect_object(struct scan *s, enum expect expect, bool list)
{
    level(s)->expect = expect;
    level(s)->list = list ? expect : EXPECT_NOTHING;
}

/* FROM, where it leads to a table. */
static bool word_from(struct scan *s)
{
    if (level(s)->from_function || sql_token_is(before(s, 1), "SYSTEM_TIME") ||
        sql_token_is(before(s, 2), "OF") || sql_token_is(before(s, 1), "NEXT"))
        return true;
    if (sql_token_is(before(s, 2), "PREPARE"))
        return true;
    expect_table(s, s->deletes &&
                        (sql_token_is(before(s, 1), "DELETE") || is_any(before(s, 1), delete_modifiers)));
    return true;
}

static bool word_insert(struct scan *s)
{
    static const char *const not_behind[] = {"BEFORE", "AFTER", "OR", "FOLLOWS", "FOREACH", NULL};
    size_t next = s->i + 1;

    if (is_any(before(s, 1), not_behind) || sql_token_is_symbol(before(s, 1), '.'))
        return false;
    while (is_any(at(s, next), modifiers))
        next++;
    if (!sql_token_is_name(at(s, next)) || is_any(at(s, next), reserved))
        return false;
    s->i = next - 1;
    expect_object(s, EXPECT_OBJECT, false);
    return true;
}

static bool word_update(struct scan *s)
{
    static const char *const not_behind[] = {"FOR", "ON", "KEY", "BEFORE", "AFTER", "OR", NULL};

    if (is_any(before(s, 1), not_behind))
        return false;
    expect_table(s, true);
    return true;
}

static bool word_delete(struct scan *s)
{
    static const char *const not_behind[] = {"ON", "BEFORE", "AFTER", "OR", NULL};
    size_t next = s->i + 1;

    if (is_any(before(s, 1), not_behind))
        return false;
    s->deletes = true;
    while (is_any(at(s, next), delete_modifiers))
        next++;
    s->i = next - 1;
    if (!sql_token_is(at(s, next), "FROM"))
        expect_object(s, EXPECT_TARGET, true);
    return true;
}

static bool word_table(struct scan *s)
{
    static const char *const lists[] = {"DROP",   "LOCK",     "FLUSH",  "CHECK",    "ANALYZE",
                                        "REPAIR", "OPTIMIZE", "RENAME", "CHECKSUM", NULL};

    expect_object(s, sql_token_is(&s->verb, "LOCK") ? EXPECT_TABLE : EXPECT_OBJECT, is_any(&s->verb, lists));
    return true;
}

/* VIEW, FUNCTION, ...: only behind CREATE, ALTER or DROP; otherwise names like any other. */
static bool word_kind(struct scan *s)
{
    static const char *const ddl[] = {"CREATE", "ALTER", "DROP", NULL};
    static const char *const tables[] = {"VIEW", "SEQUENCE", NULL};
    static const char *const databases[] = {"DATABASE", "SCHEMA", NULL};
    static const char *const bodies[] = {"FUNCTION", "PROCEDURE", "PACKAGE", "EVENT", "TRIGGER", NULL};
    const struct sql_token *t = at(s, s->i);
    bool create = sql_token_is(&s->verb, "CREATE");

    if (!is_any(&s->verb, ddl))
        return false;
    if (is_any(t, databases)) {
        static const char *const own[] = {"CREATE", "ALTER", "DROP", "REPLACE", NULL};
        if (!is_any(before(s, 1), own))
            return false;
        if (!is_any(at(s, s->i + 1), clauses)) /* ALTER DATABASE CHARSET ...: the default one */
            expect_object(s, EXPECT_DATABASE, false);
    } else if (is_any(t, tables)) {
        expect_object(s, EXPECT_OBJECT, sql_token_is(&s->verb, "DROP"));
    } else if (sql_token_is(t, "TRIGGER")) {
        expect_object(s, EXPECT_TRIGGER, false);
        s->await_on = create;
    } else {
        s->i += sql_token_is(at(s, s->i + 1), "BODY");
        expect_object(s, EXPECT_PROGRAM, false);
    }
    s->out->program |= is_any(t, bodies);
    return true;
}

static bool word_verb(struct scan *s)
{
    static const char *const keeps[] = {"ALTER", "CREATE", NULL};

    /* ALTER TABLE ... DROP x, RENAME y; CREATE OR REPLACE */
    if (!is_any(&s->verb, keeps) || sql_token_is(at(s, s->i), "ALTER") || sql_token_is(at(s, s->i), "CREATE"))
        s->verb = *at(s, s->i);
    return true;
}

static bool word_rename(struct scan *s)
{
    static const char *const parts[] = {"COLUMN", "INDEX", "KEY", "USER", NULL};
    static const char *const table[] = {"TABLE", "TABLES", NULL};
    static const char *const to[] = {"TO", "AS", NULL};

    word_verb(s);
    if (is_any(at(s, s->i + 1), parts))
        return true;
    if (is_any(at(s, s->i + 1), table)) {
        s->renames = true;
        return true;
    }
    if (!sql_token_is(&s->verb, "ALTER"))
        return true;
    if (is_any(at(s, s->i + 1), to) || sql_token_is_symbol(at(s, s->i + 1), '='))
        s->i++;
    level(s)->expect = s->out->program ? EXPECT_PROGRAM : EXPECT_OBJECT; /* ALTER EVENT, ALTER TABLE */
    return true;
}

static bool word_to(struct scan *s)
{
    if (s->renames)
        level(s)->expect = EXPECT_OBJECT;
    return s->renames;
}

static bool word_on(struct scan *s)
{
    if (s->await_on)
        level(s)->expect = EXPECT_OBJECT;
    s->await_on = false;
    return true;
}

static bool word_index(struct scan *s)
{
    static const char *const before_it[] = {"CREATE",   "DROP",    "REPLACE", "UNIQUE",
                                            "FULLTEXT", "SPATIAL", "VECTOR",  NULL};

    s->await_on |= is_any(before(s, 1), before_it) && !sql_token_is(&s->verb, "ALTER") && s->depth == 0;
    return true;
}

static bool word_truncate(struct scan *s)
{
    if (!sql_token_is_name(at(s, s->i + 1)) || sql_token_is(at(s, s->i + 1), "PARTITION"))
        return false;
    expect_object(s, EXPECT_OBJECT, false);
    return true;
}

static bool word_union(struct scan *s)
{
    size_t open = s->i + 1 + sql_token_is_symbol(at(s, s->i + 1), '=');

    if (!sql_token_is_symbol(at(s, open), '(') || !sql_token_is_name(at(s, open + 1)) ||
        is_any(at(s, open + 1), reserved))
        return false;
    s->i = open;
    level_push(s, (struct level){.expect = EXPECT_OBJECT, .list = EXPECT_OBJECT});
    return true;
}

/* NEXT VALUE FOR sequence. */
static bool word_for(struct scan *s)
{
    if (sql_token_is(before(s, 1), "VALUE"))
        expect_object(s, EXPECT_OBJECT, false);
    return sql_token_is(before(s, 1), "VALUE");
}

/* [ROW] TYPE OF table[.column]: the column is no part of the name. */
static bool word_of(struct scan *s)
{
    size_t first = s->i + 1;
    size_t parts = chain_length(s, first);
    bool row = sql_token_is(before(s, 2), "ROW");

    if (!sql_token_is(before(s, 1), "TYPE") || !sql_token_is_name(at(s, first)))
        return false;
    if (row || parts > 1)
        ref_name(s, REF_TABLE, first, row ? parts > 1 : parts > 2);
    s->i = first + 2 * (parts - 1);
    return true;
}

static bool word_with(struct scan *s)
{
    static const char *const others[] = {"TABLE", "CHECK", "PARSER",   "ROLLUP", "CONSISTENT", "SYSTEM",
                                         "READ",  "GRANT", "CASCADED", "LOCAL",  "VALIDATION", "TIES",
                                         "ADMIN", "QUERY", "WITHOUT",  NULL};

    if (is_any(at(s, s->i + 1), others))
        return false;
    level(s)->with = true;
    if (sql_token_is(at(s, s->i + 1), "RECURSIVE"))
        s->i++;
    if (sql_token_is_name(at(s, s->i + 1)))
        ref_name(s, REF_ALIAS, ++s->i, false);
    return true;
}

static bool word_using(struct scan *s)
{
    if (s->deletes && !sql_token_is_symbol(at(s, s->i + 1), '('))
        expect_table(s, false);
    return true;
}

static bool word_handler(struct scan *s)
{
    if (!sql_token_is(at(s, s->i + 1), "FOR"))
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
    s->out->dynamic |= sql_token_is(at(s, s->i), "PREPARE") || sql_token_is(at(s, s->i + 1), "IMMEDIATE");
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
    level(s)->expect = EXPECT_OBJECT;
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
static bool take_word(struct scan *s)
{
    const struct sql_token *t = at(s, s->i);

    if (t->type != SQL_WORD || sql_token_is_symbol(before(s, 1), '.'))
        return false;
    if (is_any(t, list_ends)) {
        level(s)->list = EXPECT_NOTHING;
        level(s)->with = false;
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (sql_token_is(t, words[i].word))
            return words[i].take(s);
    return is_any(t, reserved);
}

static void take_name_token(struct scan *s)
{
    enum expect expect = level(s)->expect;
    const struct sql_token *t = at(s, s->i);
    size_t parts = chain_length(s, s->i);

    if (s->opaque) {
        for (size_t k = 0; k < parts; k++)
            if (sql_token_is_name(at(s, s->i + 2 * k)))
                ref_name(s, REF_OPAQUE, s->i + 2 * k, false);
        s->i += 2 * (parts - 1);
        return;
    }
    if (parts == 1 && expect && is_any(t, modifiers) && !sql_token_is_symbol(at(s, s->i + 1), '('))
        return; /* DROP TABLE IF EXISTS ... */
    if (expect && (parts > 1 || !is_any(t, reserved))) {
        take_expected(s, expect, parts);
        return;
    }
    level(s)->expect = EXPECT_NOTHING;
    if (parts == 1 && take_word(s))
        return;
    take_free(s, parts);
}

/* The words before a parenthesis that say what is in it. */
static struct level level_of(struct scan *s)
{
    static const char *const from[] = {"EXTRACT", "TRIM", "SUBSTRING", "SUBSTR", "MID", NULL};
    static const char *const sequences[] = {"NEXTVAL", "LASTVAL", "SETVAL", NULL};
    const struct sql_token *word = before(s, 1);

    if (level(s)->expect == EXPECT_TABLE)
        return (struct level){.expect = EXPECT_TABLE, .list = EXPECT_TABLE, .from_item = true};
    if (is_any(word, sequences))
        return (struct level){.expect = EXPECT_OBJECT};
    return (struct level){.from_function = is_any(word, from), .from_item = level(s)->item_next};
}

static void take_symbol(struct scan *s)
{
    const struct sql_token *t = at(s, s->i);
    enum expect expect = EXPECT_NOTHING;

    if (sql_token_is_symbol(t, '(')) {
        struct level inner = level_of(s);
        level(s)->expect = EXPECT_NOTHING;
        level(s)->item_next = false;
        level_push(s, inner);
        return;
    }
    if (sql_token_is_symbol(t, ')')) {
        bool item = s->depth > 0 && level(s)->from_item;
        s->depth -= s->depth > 0;
        level(s)->expect = EXPECT_NOTHING;
        if (item)
            take_alias(s, s->i + 1);
        return;
    }
    if (sql_token_is_symbol(t, ',')) {
        expect = level(s)->list;
        if (level(s)->with && sql_token_is_name(at(s, s->i + 1)))
            ref_name(s, REF_ALIAS, ++s->i, false);
    }
    if (sql_token_is_symbol(t, ';')) {
        *level(s) = (struct level){0};
        s->verb = (struct sql_token){SQL_END, "", 0};
        s->renames = s->await_on = s->opaque = s->changes = s->deletes = false;
    }
    level(s)->expect = expect;
}

static void scan_all(struct scan *s)
{
    level_push(s, (struct level){0});
    s->depth = 0;
    s->levels[0] = (struct level){0};
    for (s->i = 0; s->i + 1 < s->count; s->i++) {
        const struct sql_token *t = at(s, s->i);
        if (sql_token_is_name(t))
            take_name_token(s);
        else if (t->type == SQL_SYMBOL)
            take_symbol(s);
        else
            level(s)->expect = EXPECT_NOTHING;
    }
}

struct err *statement_refs_read(const char *sql, size_t len, uint64_t sql_mode, struct statement_refs *out)
{
    struct scan s = {.out = out, .verb = {SQL_END, "", 0}};
    struct sql_lexer l;
    size_t cap = 0;
    struct sql_token token;

    *out = (struct statement_refs){0};
    sql_lexer_init(&l, sql, len, sql_mode);
    do {
        token = sql_lexer_next(&l);
        s.t = mem_grow(s.t, s.count, &cap, sizeof(*s.t));
        s.t[s.count++] = token;
    } while (token.type != SQL_END && token.type != SQL_BAD);
    if (token.type == SQL_END)
        scan_all(&s);
    free(s.t);
    free(s.levels);
    if (token.type == SQL_BAD)
        return err_new(ERR_UNSUPPORTED, "a statement whose quotes or comments have no end");
    return NULL;
}

void statement_refs_free(struct statement_refs *r)
{
    for (size_t i = 0; i < r->count; i++) {
        free(r->items[i].db);
        free(r->items[i].name);
    }
    free(r->items);
    *r = (struct statement_refs){0};
}

bool statement_refs_has_alias(const struct statement_refs *r, const char *name)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->items[i].kind == REF_ALIAS && strcasecmp(r->items[i].name, name) == 0)
            return true;
    return false;
}
