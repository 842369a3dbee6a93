/* Statements written anew: other database names, IF EXISTS put in. Everything else keeps its bytes. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/sql_ident.h"
#include "binlog/statement_parser.h"
#include "binlog/statement_refs.h"

struct edit {
    const char *text;
    size_t len;
    char *with;
};

struct rewrite {
    const struct statement_renames *renames;
    const char *default_db;
    struct statement_refs refs;
    bool alter_table;
    struct edit *edits;
    size_t count;
    size_t cap;
};

static struct err *cannot_tell(const char *name)
{
    return err_hint(err_new(ERR_UNSUPPORTED,
                            "renaming '%s': cannot tell where the statement means the database or table and "
                            "where an alias, column or variable of that name",
                            name),
                    "run the job without that rename, or use another alias at the source");
}

static void edit_add(struct rewrite *w, const char *text, size_t len, const char *db, const char *name)
{
    struct buf with = BUF_INIT;

    if (db)
        sql_ident(&with, db);
    if (db && name)
        buf_append_byte(&with, '.');
    if (name)
        sql_ident(&with, name);
    w->edits = mem_grow(w->edits, w->count, &w->cap, sizeof(*w->edits));
    w->edits[w->count++] = (struct edit){text, len, buf_steal(&with)};
}

/*
 * The rename of a table, or (name NULL) of a database. Names that differ in case only may be the same on the
 * source: *doubt.
 */
static const struct statement_rename *find_rename(const struct rewrite *w, const char *db, const char *name,
                                                  bool *doubt)
{
    for (size_t i = 0; i < w->renames->count; i++) {
        const struct statement_rename *r = &w->renames->items[i];
        if (!r->name != !name || strcasecmp(r->db, db) != 0 || (name && strcasecmp(r->name, name) != 0))
            continue;
        if (strcmp(r->db, db) == 0 && (!name || strcmp(r->name, name) == 0))
            return r;
        *doubt = true;
    }
    return NULL;
}

static const char *db_of(const struct rewrite *w, const struct statement_ref *ref)
{
    return ref->db ? ref->db : w->default_db;
}

static bool is_introduced(const struct rewrite *w, enum ref_kind kind, const char *name)
{
    for (size_t i = 0; i < w->refs.count; i++) {
        const struct statement_ref *r = &w->refs.items[i];
        if (r->kind == kind && strcasecmp(r->name, name) == 0)
            return true;
    }
    return false;
}

/* Only the database's name changes. */
static struct err *rename_database(struct rewrite *w, const struct statement_ref *ref)
{
    bool doubt = false;
    const struct statement_rename *r = ref->db ? find_rename(w, ref->db, NULL, &doubt) : NULL;

    if (doubt)
        return cannot_tell(ref->db);
    if (r)
        edit_add(w, ref->text, ref->db_len, r->to_db, NULL);
    return NULL;
}

static struct err *rename_table(struct rewrite *w, const struct statement_ref *ref)
{
    bool doubt = false;
    const struct statement_rename *r = find_rename(w, db_of(w, ref), ref->name, &doubt);

    if (doubt)
        return cannot_tell(ref->name);
    if (!r)
        return rename_database(w, ref);
    /* a common table expression of that name? */
    if (!ref->db && is_introduced(w, REF_ALIAS, ref->name))
        return cannot_tell(ref->name);
    edit_add(w, ref->text, ref->len, r->to_db, r->to_name);
    return NULL;
}

static struct err *rename_column(struct rewrite *w, const struct statement_ref *ref)
{
    if (!is_introduced(w, REF_ALIAS, ref->name))
        return rename_table(w, ref);
    /* db.alias.column: the alias stays, but in which database its table lies is another question */
    for (size_t i = 0; i < w->renames->count; i++)
        if (w->renames->items[i].name && strcasecmp(w->renames->items[i].db, ref->db) == 0)
            return cannot_tell(ref->name);
    return rename_database(w, ref);
}

/* A trigger lies where its table lies. */
static struct err *rename_trigger(struct rewrite *w, const struct statement_ref *ref)
{
    const struct statement_ref *end = w->refs.items + w->refs.count;
    const struct statement_ref *table = ref + 1;
    bool doubt = false;

    while (table < end && table->kind != REF_TABLE)
        table++;
    const struct statement_rename *r =
        table < end ? find_rename(w, db_of(w, table), table->name, &doubt) : NULL;
    if (doubt)
        return cannot_tell(table->name);
    if (!r)
        return rename_database(w, ref);
    edit_add(w, ref->text, ref->len, r->to_db, ref->name);
    return NULL;
}

/* Is the table read or changed under its own name, and is anything else called so? */
static void look_for(const struct rewrite *w, const char *db, const char *name, bool *as_table,
                     bool *as_other)
{
    for (size_t i = 0; i < w->refs.count; i++) {
        const struct statement_ref *r = &w->refs.items[i];
        if (!r->name || strcasecmp(r->name, name) != 0)
            continue;
        if (r->kind == REF_TABLE && !r->aliased && strcmp(db_of(w, r), db) == 0 && strcmp(r->name, name) == 0)
            *as_table = true;
        else if (r->kind == REF_ALIAS || (r->kind == REF_TABLE && !r->aliased) ||
                 (r->kind == REF_ALONE && w->refs.program))
            *as_other = true;
    }
}

/* name.column, where a table of that name is called otherwise on the target. */
static struct err *rename_qualifier_table(struct rewrite *w, const struct statement_ref *ref,
                                          const struct statement_rename *r)
{
    bool as_table = false;
    bool as_other = false;
    bool taken = false;
    bool ignored = false;

    if (strcmp(r->name, r->to_name) == 0)
        return NULL;
    look_for(w, r->db, r->name, &as_table, &as_other);
    if (!as_table && as_other)
        return NULL; /* an alias, or a table of another database */
    if (!as_table && strcmp(r->db, w->default_db) != 0)
        return NULL;
    look_for(w, r->to_db, r->to_name, &taken, &taken);
    look_for(w, "", r->to_name, &ignored, &taken);
    if (as_other || !as_table || taken)
        return cannot_tell(r->name);
    edit_add(w, ref->text, ref->len, NULL, r->to_name);
    return NULL;
}

static bool is_trigger_row(const struct rewrite *w, const char *name)
{
    bool trigger = false;

    for (size_t i = 0; i < w->refs.count; i++)
        trigger |= w->refs.items[i].kind == REF_TRIGGER;
    return trigger && (strcasecmp(name, "NEW") == 0 || strcasecmp(name, "OLD") == 0);
}

/* name.column: never a database where the name is explained otherwise. */
static struct err *rename_qualifier(struct rewrite *w, const struct statement_ref *ref)
{
    if (is_trigger_row(w, ref->name))
        return NULL;
    for (size_t i = 0; i < w->renames->count; i++) {
        const struct statement_rename *r = &w->renames->items[i];
        if (r->name && strcmp(r->name, ref->name) == 0)
            TRY(rename_qualifier_table(w, ref, r));
        if (!r->name && strcasecmp(r->db, ref->name) == 0 && !is_introduced(w, REF_ALIAS, ref->name) &&
            !is_introduced(w, REF_TABLE, ref->name) && !is_introduced(w, REF_ALONE, ref->name))
            return cannot_tell(r->db);
    }
    return NULL;
}

/* DELETE this FROM ... */
static struct err *rename_target(struct rewrite *w, const struct statement_ref *ref)
{
    if (!ref->db && is_introduced(w, REF_ALIAS, ref->name))
        return NULL;
    return rename_table(w, ref);
}

/* table_ibfk_1: InnoDB renames the keys that it named itself with their table. */
static void rename_key(struct rewrite *w, const struct statement_ref *ref)
{
    for (size_t i = 0; i < w->renames->count && w->alter_table; i++) {
        const struct statement_rename *r = &w->renames->items[i];
        size_t len = r->name ? strlen(r->name) : 0;
        bool of_it =
            len && strncmp(ref->name, r->name, len) == 0 && strncmp(ref->name + len, "_ibfk_", 6) == 0;
        if (!of_it || w->refs.items[0].kind != REF_TABLE || strcmp(w->refs.items[0].name, r->name) != 0 ||
            strcmp(db_of(w, &w->refs.items[0]), r->db) != 0)
            continue;
        char *name = mem_printf("%s%s", r->to_name, ref->name + len);
        edit_add(w, ref->text, ref->len, NULL, name);
        free(name);
        return;
    }
}

static struct err *rename_opaque(const struct rewrite *w, const struct statement_ref *ref)
{
    for (size_t i = 0; i < w->renames->count; i++) {
        const struct statement_rename *r = &w->renames->items[i];
        if (strcasecmp(ref->name, r->name ? r->name : r->db) == 0)
            return cannot_tell(ref->name);
    }
    return NULL;
}

static struct err *rename_ref(struct rewrite *w, const struct statement_ref *ref)
{
    switch (ref->kind) {
    case REF_TABLE:
        return rename_table(w, ref);
    case REF_TARGET:
        return rename_target(w, ref);
    case REF_PROGRAM:
    case REF_DATABASE:
        return rename_database(w, ref);
    case REF_TRIGGER:
        return rename_trigger(w, ref);
    case REF_COLUMN:
        return rename_column(w, ref);
    case REF_QUALIFIER:
        return rename_qualifier(w, ref);
    case REF_OPAQUE:
        return rename_opaque(w, ref);
    case REF_ALONE:
        rename_key(w, ref);
        return NULL;
    case REF_ALIAS:
    default:
        return NULL;
    }
}

/* A statement put together at run time out of a text that names what is renamed. */
static struct err *check_strings(const struct rewrite *w, const char *sql, size_t len, uint64_t sql_mode)
{
    struct sql_lexer l;
    struct sql_token t;

    sql_lexer_init(&l, sql, len, sql_mode);
    do {
        t = sql_lexer_next(&l);
        for (size_t i = 0; i < w->renames->count && t.type == SQL_STRING; i++) {
            const struct statement_rename *r = &w->renames->items[i];
            const char *name = r->name ? r->name : r->db;
            if (memmem(t.text, t.len, name, strlen(name)))
                return err_hint(err_new(ERR_UNSUPPORTED,
                                        "renaming '%s': a program prepares statements from a text "
                                        "that may name it",
                                        name),
                                "run the job without that rename, or without that program");
        }
    } while (t.type != SQL_END && t.type != SQL_BAD);
    return NULL;
}

static void apply_edits(const struct rewrite *w, const char *sql, size_t len, struct buf *out)
{
    const char *done = sql;

    for (size_t i = 0; i < w->count; i++) {
        buf_append(out, done, (size_t)(w->edits[i].text - done));
        buf_append_str(out, w->edits[i].with);
        done = w->edits[i].text + w->edits[i].len;
    }
    buf_append(out, done, (size_t)(sql + len - done));
}

static struct err *find_edits(struct rewrite *w, const char *sql, size_t len, uint64_t sql_mode)
{
    struct statement s;

    statement_parse(sql, len, sql_mode, &s);
    w->alter_table = s.action == STATEMENT_ALTER && s.kind == STATEMENT_TABLE;
    statement_free(&s);
    TRY(statement_refs_read(sql, len, sql_mode, &w->refs));
    if (w->refs.dynamic)
        TRY(check_strings(w, sql, len, sql_mode));
    for (size_t i = 0; i < w->refs.count; i++)
        TRY(rename_ref(w, &w->refs.items[i]));
    return NULL;
}

struct err *statement_rename(const char *sql, size_t len, uint64_t sql_mode, const char *default_db,
                             const struct statement_renames *renames, struct buf *out)
{
    struct rewrite w = {.renames = renames, .default_db = default_db};
    struct err *e = NULL;

    if (renames->count == 0) {
        buf_append(out, sql, len);
        return NULL;
    }
    e = find_edits(&w, sql, len, sql_mode);
    if (!e)
        apply_edits(&w, sql, len, out);
    for (size_t i = 0; i < w.count; i++)
        free(w.edits[i].with);
    free(w.edits);
    statement_refs_free(&w.refs);
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
        buf_append_str(out, sql[at - 1] == ' ' ? "IF EXISTS " : " IF EXISTS "); /* DROP TABLE`t` */
    buf_append(out, sql + at, len - at);
}
