#include "binlog/touched.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "binlog/sql_lex.h"
#include "binlog/sql_varies.h"

/* One level of parentheses; the outermost is the statement itself. */
struct level {
    bool wants;              /* a table's name comes next */
    bool list;               /* in a list of tables: a comma or JOIN leads to another one */
    bool writes;             /* they are changed */
    bool own_from;           /* TRIM(x FROM y): a FROM that leads to no table */
    bool ordered;            /* ORDER BY was met */
    struct sql_token opener; /* what stands before the parenthesis */
};

struct scan {
    struct sql_lexer lexer;
    struct sql_token before[3]; /* the last ones, newest first */
    struct sql_token token;
    struct level *levels;
    size_t depth; /* levels[depth] is the current one */
    size_t level_cap;
    struct sql_token closed; /* what stood before the parenthesis that closed last */
    bool calls;              /* CALL: a procedure's name comes next */
    bool deletes;            /* between DELETE and its FROM */
    size_t delete_from;      /* names there were before a DELETE's own */
    char **hidden;           /* names of WITH */
    size_t hidden_count;
    size_t hidden_cap;
    struct touched *out;
};

static struct level *level(struct scan *s)
{
    return &s->levels[s->depth];
}

static struct sql_token peek(const struct scan *s)
{
    struct sql_lexer ahead = s->lexer;

    return sql_lexer_next(&ahead);
}

static void next(struct scan *s)
{
    s->before[2] = s->before[1];
    s->before[1] = s->before[0];
    s->before[0] = s->token;
    s->token = sql_lexer_next(&s->lexer);
}

static void name_add(struct touched *t, enum touched_role role, char *db, char *name)
{
    t->names = mem_grow(t->names, t->count, &t->cap, sizeof(*t->names));
    t->names[t->count++] = (struct touched_name){role, db, name};
}

static void varies(struct scan *s, const struct sql_token *t)
{
    if (!s->out->varies)
        s->out->varies = mem_strndup(t->text, t->len);
}

/* [db .] name, the first token of which is current; leaves the last one current. */
static void take_name(struct scan *s, enum touched_role role)
{
    char *db = NULL;
    char *name = sql_token_name(&s->token);
    struct sql_token dot = peek(s);

    if (sql_token_is_symbol(&dot, '.')) {
        next(s);
        struct sql_token part = peek(s);
        if (sql_token_is_name(&part)) {
            next(s);
            db = name;
            name = sql_token_name(&s->token);
        }
    }
    name_add(s->out, role, db, name);
}

static void level_push(struct scan *s)
{
    static const char *const own_from[] = {"TRIM", "EXTRACT", "SUBSTRING",   "SUBSTR",
                                           "MID",  "OVERLAY", "TRIM_ORACLE", NULL};
    struct level *up = level(s);
    struct level down = {
        .wants = up->wants,
        .list = up->wants,
        .writes = up->wants && up->writes,
        .own_from = sql_token_is_any(&s->before[0], own_from),
        .opener = s->before[0],
    };

    up->wants = false;
    s->levels = mem_grow(s->levels, s->depth + 1, &s->level_cap, sizeof(*s->levels));
    s->levels[++s->depth] = down;
}

static void level_pop(struct scan *s)
{
    if (s->depth == 0) {
        s->out->unreadable = true;
        return;
    }
    s->closed = level(s)->opener;
    s->depth--;
}

/* WITH a AS (...), or WITH a (x, y) AS (...): a name that is no table. */
static void hide(struct scan *s)
{
    const struct sql_token *t = sql_token_is_symbol(&s->before[1], ')') ? &s->closed : &s->before[1];

    if (!sql_token_is(&s->before[0], "AS") || !sql_token_is_name(t))
        return;
    s->hidden = mem_grow(s->hidden, s->hidden_count, &s->hidden_cap, sizeof(*s->hidden));
    s->hidden[s->hidden_count++] = sql_token_name(t);
}

static void symbol(struct scan *s)
{
    switch (*s->token.text) {
    case '(':
        hide(s);
        level_push(s);
        break;
    case ')':
        level_pop(s);
        break;
    case ',':
        level(s)->wants = level(s)->list;
        break;
    case ';':
        *level(s) = (struct level){.opener = level(s)->opener};
        break;
    case '{': /* { OJ a LEFT JOIN b } */
        s->out->unreadable = true;
        break;
    default:
        break;
    }
}

static void wants(struct scan *s, bool list, bool writes)
{
    level(s)->wants = true;
    level(s)->list = list;
    level(s)->writes = writes;
}

static void list_ends(struct scan *s)
{
    level(s)->wants = level(s)->list = false;
}

/* INSERT and REPLACE are functions, too; all words that may stand in front of the table are passed over. */
static void word_insert(struct scan *s)
{
    struct sql_token t = peek(s);

    if (sql_token_is_symbol(&t, '('))
        return;
    wants(s, false, true);
    s->out->defaults = true;
}

static void word_default(struct scan *s)
{
    s->out->defaults = true;
}

static void word_update(struct scan *s)
{
    if (sql_token_is(&s->before[0], "KEY")) /* ON DUPLICATE KEY UPDATE */
        list_ends(s);
    else if (!sql_token_is(&s->before[0], "FOR") && !sql_token_is(&s->before[0], "ON"))
        wants(s, true, true);
}

static void word_delete(struct scan *s)
{
    if (sql_token_is(&s->before[0], "ON"))
        return;
    level(s)->writes = s->deletes = true;
    s->delete_from = s->out->count;
}

static void word_from(struct scan *s)
{
    if (level(s)->own_from)
        return;
    wants(s, true, level(s)->writes);
    s->deletes = false;
}

/* DELETE FROM a USING b JOIN c: the tables are b and c, a may be an alias. */
static void word_using(struct scan *s)
{
    struct sql_token t = peek(s);

    if (!level(s)->writes || sql_token_is_symbol(&t, '('))
        return;
    while (s->out->count > s->delete_from) {
        s->out->count--;
        free(s->out->names[s->out->count].db);
        free(s->out->names[s->out->count].name);
    }
    s->out->of_session = true;
    wants(s, true, true);
}

static void word_join(struct scan *s)
{
    level(s)->wants = level(s)->list;
}

static void word_table(struct scan *s)
{
    wants(s, false, true);
}

static void word_select(struct scan *s)
{
    list_ends(s);
    level(s)->writes = false;
}

static void word_order(struct scan *s)
{
    if (sql_token_is(&s->before[0], "FOR")) /* USE INDEX FOR ORDER BY */
        return;
    list_ends(s);
    level(s)->ordered |= sql_token_is(&s->token, "ORDER");
}

/* Which rows it is depends on the order in which a server finds them. */
static void word_limit(struct scan *s)
{
    list_ends(s);
    if (!level(s)->ordered)
        varies(s, &s->token);
}

static void word_call(struct scan *s)
{
    s->calls = true;
}

static void word_dynamic(struct scan *s)
{
    s->out->unreadable = true;
}

static void word_next(struct scan *s)
{
    struct sql_token t = peek(s);

    if (sql_token_is(&t, "VALUE")) /* NEXT VALUE FOR s */
        varies(s, &s->token);
}

static void word_varies(struct scan *s)
{
    varies(s, &s->token);
}

static const struct {
    const char *word;
    void (*take)(struct scan *s);
} words[] = {
    {"INSERT", word_insert},   {"REPLACE", word_insert},      {"UPDATE", word_update},
    {"DELETE", word_delete},   {"FROM", word_from},           {"USING", word_using},
    {"JOIN", word_join},       {"STRAIGHT_JOIN", word_join},  {"TABLE", word_table},
    {"SELECT", word_select},   {"VALUES", list_ends},         {"WHERE", list_ends},
    {"SET", list_ends},        {"HAVING", list_ends},         {"UNION", list_ends},
    {"EXCEPT", list_ends},     {"INTERSECT", list_ends},      {"RETURNING", list_ends},
    {"WINDOW", list_ends},     {"PROCEDURE", list_ends},      {"ORDER", word_order},
    {"GROUP", word_order},     {"LIMIT", word_limit},         {"CALL", word_call},
    {"EXECUTE", word_dynamic}, {"PREPARE", word_dynamic},     {"NEXT", word_next},
    {"PREVIOUS", word_next},   {"CURRENT_USER", word_varies}, {"CURRENT_ROLE", word_varies},
    {"LOAD", word_default},    {"DEFAULT", word_default},
};

static bool keyword(struct scan *s)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!sql_token_is(&s->token, words[i].word))
            continue;
        words[i].take(s);
        return true;
    }
    return false;
}

/* Words before a parenthesis that call nothing. */
static bool is_syntax(const struct sql_token *t)
{
    static const char *const names[] = {
        "AND",     "OR",   "NOT",  "IN",    "ON",     "AS",         "VALUES",   "VALUE",     "EXISTS",
        "CASE",    "WHEN", "THEN", "ELSE",  "LIKE",   "WHERE",      "BY",       "PARTITION", "INT",
        "VARCHAR", "CHAR", "OVER", "INDEX", "KEY",    "IF",         "COALESCE", "CONCAT",    "COUNT",
        "SUM",     "MAX",  "MIN",  "CAST",  "IFNULL", "NAME_CONST", NULL};

    return sql_token_is_any(t, names);
}

/* A name with a parenthesis behind it; db . name has been joined already. */
static void take_call(struct scan *s)
{
    const struct sql_token *t = &s->token;
    struct sql_token behind = peek(s);

    if (sql_token_is_symbol(&behind, '.')) {
        take_name(s, TOUCHED_CALLED);
        behind = peek(s);
        struct touched_name *n = &s->out->names[s->out->count - 1];
        if (n->db && sql_token_is_symbol(&behind, '('))
            return;
        free(n->db); /* a column */
        free(n->name);
        s->out->count--;
        return;
    }
    if (!sql_token_is_symbol(&behind, '('))
        return;
    if (sql_token_is(t, "DATABASE") || sql_token_is(t, "SCHEMA"))
        s->out->asks_for_db = true;
    else if (sql_token_is(t, "CONNECTION_ID"))
        s->out->of_session = true;
    else if (sql_function_varies(t))
        varies(s, t);
    else if (!is_syntax(t))
        name_add(s->out, TOUCHED_CALLED, NULL, sql_token_name(t));
}

/* Between a verb and its table: INSERT HIGH_PRIORITY IGNORE INTO t, TABLE IF NOT EXISTS t. */
static bool is_filler(const struct sql_token *t)
{
    static const char *const fillers[] = {"LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED", "IGNORE",  "INTO",
                                          "IF",           "NOT",           "EXISTS",  "LATERAL", NULL};

    return sql_token_is_any(t, fillers);
}

static void take_table(struct scan *s)
{
    struct sql_token behind = peek(s);

    if (is_filler(&s->token))
        return;
    if (sql_token_is_any(&s->token,
                         (const char *const[]){"SELECT", "WITH", "VALUES", "TABLE", "FROM", "SET", NULL})) {
        level(s)->wants = false;
        (void)keyword(s);
        return;
    }
    level(s)->wants = false;
    if (sql_token_is(&s->token, "DUAL"))
        return;
    if (sql_token_is_symbol(&behind, '(') && level(s)->list) { /* JSON_TABLE(...) */
        take_call(s);
        return;
    }
    take_name(s, level(s)->writes ? TOUCHED_WRITTEN : TOUCHED_READ);
}

static void variable(struct scan *s)
{
    static const char *const same[] = {"@@timestamp",        "@@identity", "@@last_insert_id",
                                       "@@insert_id",        "@@sql_mode", "@@foreign_key_checks",
                                       "@@pseudo_thread_id", NULL};
    const struct sql_token *t = &s->token;

    if (t->len < 2 || t->text[1] != '@')
        return;
    for (size_t i = 0; same[i]; i++)
        if (t->len == strlen(same[i]) && strncasecmp(t->text, same[i], t->len) == 0)
            return;
    varies(s, t);
}

static void take(struct scan *s)
{
    bool part = sql_token_is_symbol(&s->before[0], '.');

    if (s->token.type == SQL_SYMBOL) {
        symbol(s);
    } else if (s->token.type == SQL_VARIABLE) {
        variable(s);
    } else if (!sql_token_is_name(&s->token) || part) {
        level(s)->wants = false;
    } else if (s->calls) {
        s->calls = false;
        take_name(s, TOUCHED_CALLED);
    } else if (s->deletes && !sql_token_is(&s->token, "FROM")) {
        /* names in front of FROM are among those behind it */
        s->out->of_session |= !sql_token_is_any(
            &s->token, (const char *const[]){"LOW_PRIORITY", "QUICK", "IGNORE", "HISTORY", NULL});
    } else if (level(s)->wants) {
        take_table(s);
    } else if (!keyword(s)) {
        take_call(s);
    } else if (sql_token_is(&s->token, "REPLACE") || sql_token_is(&s->token, "INSERT")) {
        /* the functions of that name call nothing */
    }
}

/* The names of WITH are no tables; one that is written is. */
static void drop_hidden(struct scan *s)
{
    struct touched *t = s->out;
    size_t kept = 0;

    for (size_t i = 0; i < t->count; i++) {
        bool hidden = false;
        for (size_t k = 0; k < s->hidden_count; k++)
            hidden |= t->names[i].role == TOUCHED_READ && !t->names[i].db &&
                      strcasecmp(t->names[i].name, s->hidden[k]) == 0;
        if (hidden)
            free(t->names[i].name);
        else
            t->names[kept++] = t->names[i];
    }
    t->count = kept;
}

void touched_read(const char *sql, size_t len, uint64_t sql_mode, struct touched *out)
{
    struct scan s = {.out = out};

    *out = (struct touched){0};
    s.levels = mem_grow(NULL, 0, &s.level_cap, sizeof(*s.levels));
    s.levels[0] = (struct level){0};
    sql_lexer_init(&s.lexer, sql, len, sql_mode);
    for (next(&s); s.token.type != SQL_END && s.token.type != SQL_BAD; next(&s))
        take(&s);
    out->unreadable |= s.token.type == SQL_BAD || s.depth != 0;
    drop_hidden(&s);
    for (size_t i = 0; i < s.hidden_count; i++)
        free(s.hidden[i]);
    free(s.hidden);
    free(s.levels);
}

void touched_free(struct touched *t)
{
    for (size_t i = 0; i < t->count; i++) {
        free(t->names[i].db);
        free(t->names[i].name);
    }
    free(t->names);
    free(t->varies);
    *t = (struct touched){0};
}
