/* Statements written anew: other database names, IF EXISTS put in. Everything else keeps its bytes. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "binlog/statement_parser.h"

/* A name that has a dot behind it and none before it, or that stands where only a database can. */
struct place {
    const char *text;
    size_t len;
    size_t rename;
    bool certain; /* a database; otherwise maybe a table or an alias, in front of a column */
};

struct rewrite {
    const struct statement_rename *renames;
    size_t count;
    bool *met_alone; /* by rename: the same name stands somewhere without being a qualifier */
    struct place *places;
    size_t place_count;
    size_t place_cap;
    bool trigger;
    bool after_database; /* behind DATABASE or SCHEMA, and IF [NOT] EXISTS maybe */
    struct sql_token before;
};

/* What is followed by an object of a database, never by a column. */
static bool leads_to_object(const struct sql_token *t)
{
    static const char *const words[] = {
        "FROM",   "JOIN",         "STRAIGHT_JOIN", "INTO",     "UPDATE", "TABLE",      "TABLES",
        "VIEW",   "TRIGGER",      "PROCEDURE",     "FUNCTION", "EVENT",  "SEQUENCE",   "PACKAGE",
        "BODY",   "CALL",         "EXISTS",        "TO",       "RENAME", "REFERENCES", "ALTER",
        "IGNORE", "LOW_PRIORITY", "TEMPORARY",     "TRUNCATE",
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (sql_token_is(t, words[i]))
            return true;
    return false;
}

static void place_add(struct rewrite *w, const struct sql_token *t, size_t rename, bool certain)
{
    w->places = mem_grow(w->places, w->place_count, &w->place_cap, sizeof(*w->places));
    w->places[w->place_count++] = (struct place){t->text, t->len, rename, certain};
}

/* `behind` stands behind t. */
static bool is_certain(const struct rewrite *w, struct sql_lexer behind)
{
    struct sql_token t;

    if (leads_to_object(&w->before))
        return true;
    (void)sql_lexer_next(&behind); /* the dot */
    t = sql_lexer_next(&behind);
    if (sql_token_is_symbol(&t, '*')) /* GRANT ... ON db.*, but SELECT alias.* */
        return sql_token_is(&w->before, "ON");
    t = sql_lexer_next(&behind);
    return sql_token_is_symbol(&t, '.') || sql_token_is_symbol(&t, '(');
}

static struct err *cannot_tell(const char *name)
{
    return err_hint(err_new(ERR_UNSUPPORTED,
                            "renaming database '%s': cannot tell where the statement means the database and "
                            "where a table, alias or variable of that name",
                            name),
                    "run the job without --rename-db for this database, or rename the alias at the source");
}

static struct err *look_at(struct rewrite *w, const struct sql_token *t, const struct sql_lexer *behind,
                           size_t rename, const char *name)
{
    struct sql_lexer ahead = *behind;
    struct sql_token next = sql_lexer_next(&ahead);
    bool qualifies = sql_token_is_symbol(&next, '.') && !sql_token_is_symbol(&w->before, '.');
    bool exact = strcmp(name, w->renames[rename].db) == 0;

    if (!qualifies && !w->after_database) {
        w->met_alone[rename] = true;
        return NULL;
    }
    if (qualifies && w->trigger && (sql_token_is(t, "NEW") || sql_token_is(t, "OLD")))
        return cannot_tell(w->renames[rename].db);
    bool certain = !qualifies || is_certain(w, *behind);
    if (exact)
        place_add(w, t, rename, certain);
    else if (certain) /* the same database where names are not case-sensitive */
        return cannot_tell(w->renames[rename].db);
    return NULL;
}

static struct err *look_at_name(struct rewrite *w, const struct sql_token *t, const struct sql_lexer *behind)
{
    struct err *e = NULL;
    char *name = sql_token_name(t);

    for (size_t i = 0; i < w->count && !e; i++)
        if (!w->renames[i].name && strcasecmp(name, w->renames[i].db) == 0)
            e = look_at(w, t, behind, i, name);
    free(name);
    return e;
}

static struct err *find_places(struct rewrite *w, const char *sql, size_t len, uint64_t sql_mode)
{
    struct sql_lexer l;

    sql_lexer_init(&l, sql, len, sql_mode);
    for (;;) {
        struct sql_token t = sql_lexer_next(&l);
        if (t.type == SQL_END)
            return NULL;
        if (t.type == SQL_BAD)
            return err_new(ERR_UNSUPPORTED, "a statement whose quotes or comments have no end");
        if (sql_token_is_name(&t))
            TRY(look_at_name(w, &t, &l));
        if (sql_token_is(&t, "DATABASE") || sql_token_is(&t, "SCHEMA"))
            w->after_database = true;
        else if (!sql_token_is(&t, "IF") && !sql_token_is(&t, "NOT") && !sql_token_is(&t, "EXISTS"))
            w->after_database = false;
        w->before = t;
    }
}

static void quoted_name(struct buf *out, const char *name)
{
    buf_append_byte(out, '`');
    for (; *name; name++) {
        if (*name == '`')
            buf_append_byte(out, '`');
        buf_append_byte(out, (uint8_t)*name);
    }
    buf_append_byte(out, '`');
}

static struct err *replace_places(const struct rewrite *w, const char *sql, size_t len, struct buf *out)
{
    const char *done = sql;

    for (size_t i = 0; i < w->place_count; i++)
        if (!w->places[i].certain && w->met_alone[w->places[i].rename])
            return cannot_tell(w->renames[w->places[i].rename].db);
    for (size_t i = 0; i < w->place_count; i++) {
        buf_append(out, done, (size_t)(w->places[i].text - done));
        quoted_name(out, w->renames[w->places[i].rename].to_db);
        done = w->places[i].text + w->places[i].len;
    }
    buf_append(out, done, (size_t)(sql + len - done));
    return NULL;
}

struct err *statement_rename(const char *sql, size_t len, uint64_t sql_mode, const char *default_db,
                             const struct statement_renames *renames, struct buf *out)
{
    struct rewrite w = {.renames = renames->items, .count = renames->count};
    struct statement s;
    struct err *e;

    for (size_t i = 0; i < renames->count; i++)
        if (renames->items[i].name)
            return err_new(ERR_UNSUPPORTED, "a statement cannot be replayed while table %s.%s has another name",
                           default_db, renames->items[i].name);
    statement_parse(sql, len, sql_mode, &s);
    w.trigger = s.kind == STATEMENT_TRIGGER;
    statement_free(&s);
    w.met_alone = mem_zalloc(renames->count + 1, sizeof(*w.met_alone));
    TRY_GOTO(e, out, find_places(&w, sql, len, sql_mode));
    e = replace_places(&w, sql, len, out);
out:
    free(w.met_alone);
    free(w.places);
    return e;
}

/* To behind DROP and the kind of what is dropped; false for any other statement. */
static bool behind_drop(struct parser *p)
{
    static const char *const kinds[] = {"TABLE",   "TABLES", "VIEW",      "SEQUENCE", "DATABASE", "SCHEMA",
                                        "TRIGGER", "EVENT",  "PROCEDURE", "FUNCTION", "PACKAGE",  NULL};
    struct sql_token next = parser_peek(p);

    if (parser_is(p, "SET") && sql_token_is(&next, "STATEMENT") && !parser_set_statement(p))
        return false;
    if (!parser_accept(p, "DROP"))
        return false;
    parser_accept(p, "TEMPORARY");
    if (!parser_is_any(p, kinds))
        return false;
    bool package = parser_is(p, "PACKAGE");
    parser_next(p);
    if (package)
        parser_accept(p, "BODY");
    return sql_token_is_name(&p->token);
}

void statement_add_if_exists(const char *sql, size_t len, uint64_t sql_mode, struct buf *out)
{
    struct statement unused = {0};
    struct parser p;

    parser_init(&p, sql, len, sql_mode, &unused);
    size_t at = len;
    if (behind_drop(&p) && !parser_is(&p, "IF"))
        at = (size_t)(p.token.text - sql);
    buf_append(out, sql, at);
    if (at < len)
        buf_append_str(out, "IF EXISTS ");
    buf_append(out, sql + at, len - at);
}
