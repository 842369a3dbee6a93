/* Patterns and renames as they are written on a command line or in a config file. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mysql/catalog.h"
#include "snapshot/scope.h"

struct scope_texts scope_texts_of(const struct opts *opts)
{
    return (struct scope_texts){
        .databases = opts_list(opts, OPT_DATABASES, NULL),
        .tables = opts_list(opts, OPT_TABLES, NULL),
        .exclude_databases = opts_list(opts, OPT_EXCLUDE_DATABASES, NULL),
        .exclude_tables = opts_list(opts, OPT_EXCLUDE_TABLES, NULL),
    };
}

bool scope_texts_given(const struct scope_texts *t)
{
    return t->databases[0] || t->tables[0] || t->exclude_databases[0] || t->exclude_tables[0];
}

/* Behind a name in backticks, whose bytes are literal; NULL where it has no end. */
static const char *take_quoted(const char *p, struct buf *out)
{
    for (p++; *p; p++) {
        if (*p == '`' && p[1] != '`')
            return p + 1;
        if (*p == '`')
            p++;
        scope_add_literal(out, *p);
    }
    return NULL;
}

/* Up to `end`, with wildcards. */
static const char *take_plain(const char *p, char end, struct buf *out)
{
    for (; *p && *p != end; p++) {
        if (*p == '\\' && p[1] && strchr("*?\\", p[1]))
            scope_add_literal(out, *++p);
        else if (*p == '\\')
            scope_add_literal(out, *p);
        else
            buf_append_byte(out, (uint8_t)*p);
    }
    return p;
}

/*
 * One name or pattern, up to `end` or the end of the text; *p moves to there. malloc'ed, NULL where the text
 * is no name.
 */
static char *take_pattern(const char **p, char end)
{
    struct buf out = BUF_INIT;

    *p = **p == '`' ? take_quoted(*p, &out) : take_plain(*p, end, &out);
    bool complete = *p && (!**p || **p == end);
    /* what is no UTF-8 cannot be a name, and could not be stored with the job */
    json_t *text = complete && out.len ? json_stringn((const char *)out.data, out.len) : NULL;
    if (!text)
        buf_free(&out);
    json_decref(text);
    return text ? buf_steal(&out) : NULL;
}

static bool is_system_database(const char *pattern)
{
    char *name = scope_pattern_name(pattern);
    bool system = scope_pattern_is_exact(pattern) && catalog_is_system_database(name);

    free(name);
    return system;
}

static struct err *parse_databases(const char *option, const char *const *texts, struct scope_list *out)
{
    for (; *texts; texts++) {
        const char *p = *texts;
        char *db = take_pattern(&p, 0);
        if (!db)
            return err_new(ERR_USAGE, "%s: '%s' is not a database's name or pattern", option, *texts);
        bool system = is_system_database(db);
        scope_list_add(out, db, NULL);
        free(db);
        if (system)
            return err_new(ERR_USAGE, "%s: database %s is never part of a snapshot", option, *texts);
    }
    return NULL;
}

/* DB.TABLE */
static bool take_table(const char **p, char end, char **db, char **name)
{
    *name = NULL;
    *db = take_pattern(p, '.');
    if (*db && *p && **p == '.') {
        (*p)++;
        *name = take_pattern(p, end);
    }
    if (*name)
        return true;
    free(*db);
    *db = NULL;
    return false;
}

static struct err *parse_tables(const char *option, const char *const *texts, struct scope_list *out)
{
    for (; *texts; texts++) {
        const char *p = *texts;
        char *db, *name;
        if (!take_table(&p, 0, &db, &name))
            return err_hint(err_new(ERR_USAGE, "%s: '%s' is not of the form DB.TABLE", option, *texts),
                            "a name with a dot in it stands in backticks");
        bool system = is_system_database(db) || strcmp(name, CATALOG_RESTORE_MARK) == 0;
        scope_list_add(out, db, name);
        free(db);
        free(name);
        if (system)
            return err_new(ERR_USAGE, "%s: table %s is never part of a snapshot", option, *texts);
    }
    return NULL;
}

struct err *scope_parse(const struct scope_texts *texts, struct scope *out)
{
    TRY(parse_databases("--databases", texts->databases, &out->databases));
    TRY(parse_tables("--tables", texts->tables, &out->tables));
    TRY(parse_databases("--exclude-databases", texts->exclude_databases, &out->exclude_databases));
    return parse_tables("--exclude-tables", texts->exclude_tables, &out->exclude_tables);
}

/* A name that a rename leads from or to. */
static bool take_exact(char *pattern, char **name)
{
    *name = pattern && scope_pattern_is_exact(pattern) ? scope_pattern_name(pattern) : NULL;
    free(pattern);
    return *name != NULL;
}

char *scope_take_name(const char **text, char end)
{
    char *name;

    take_exact(take_pattern(text, end), &name);
    return name;
}

static bool take_rename(const char *text, bool tables, struct statement_rename *out)
{
    const char *p = text;
    char *db = NULL, *name = NULL, *to_db = NULL, *to_name = NULL;

    if (tables)
        take_table(&p, ':', &db, &name);
    else
        db = take_pattern(&p, ':');
    if (p && *p == ':') {
        p++;
        if (tables)
            take_table(&p, 0, &to_db, &to_name);
        else
            to_db = take_pattern(&p, 0);
    }
    bool ok = take_exact(db, &out->db);
    ok &= take_exact(to_db, &out->to_db);
    if (tables) {
        ok &= take_exact(name, &out->name);
        ok &= take_exact(to_name, &out->to_name);
    }
    return ok;
}

static void free_rename(struct statement_rename *r)
{
    free(r->db);
    free(r->name);
    free(r->to_db);
    free(r->to_name);
}

static bool same_or_none(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Against the renames before it. */
static struct err *check_rename(const char *option, const char *text, const struct statement_rename *r,
                                const struct scope *s)
{
    for (size_t i = 0; i < s->renames.count; i++) {
        const struct statement_rename *o = &s->renames.items[i];
        if (strcmp(o->db, r->db) == 0 && same_or_none(o->name, r->name))
            return err_new(ERR_USAGE, "%s %s: that name is given another one already", option, text);
        if (strcmp(o->to_db, r->to_db) == 0 && same_or_none(o->to_name, r->to_name))
            return err_new(ERR_USAGE, "%s %s: '%s' and '%s' would both become '%s'", option, text,
                           o->name ? o->name : o->db, r->name ? r->name : r->db,
                           r->name ? r->to_name : r->to_db);
    }
    return NULL;
}

static struct err *parse_renames(const char *option, const char *const *texts, bool tables, struct scope *out)
{
    for (; *texts; texts++) {
        struct statement_rename r = {0};
        struct err *e = NULL;
        if (!take_rename(*texts, tables, &r))
            e = err_new(ERR_USAGE, "%s: '%s' is not of the form %s", option, *texts,
                        tables ? "DB.TABLE:DB.TABLE" : "A:B");
        else
            e = check_rename(option, *texts, &r, out);
        if (!e)
            statement_renames_add(&out->renames, r.db, r.name, r.to_db, r.to_name);
        free_rename(&r);
        TRY(e);
    }
    return NULL;
}

struct err *scope_parse_renames(const char *const *databases, const char *const *tables, struct scope *out)
{
    TRY(parse_renames("--rename-db", databases, false, out));
    return parse_renames("--rename-table", tables, true, out);
}

static void describe_list(const struct scope_list *l, const char **between, struct buf *out)
{
    for (size_t i = 0; i < l->count; i++) {
        buf_append_str(out, *between);
        buf_append_str(out, l->items[i].db);
        if (l->items[i].name)
            buf_printf(out, ".%s", l->items[i].name);
        *between = ", ";
    }
}

void scope_describe(const struct scope *s, struct buf *out)
{
    const char *between = "";

    describe_list(&s->databases, &between, out);
    describe_list(&s->tables, &between, out);
    if (!*between)
        buf_append_str(out, "everything");
    between = " but ";
    describe_list(&s->exclude_databases, &between, out);
    describe_list(&s->exclude_tables, &between, out);
}
