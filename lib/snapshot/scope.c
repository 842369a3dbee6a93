#include "snapshot/scope.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mysql/catalog.h"

static char folded(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_name(const struct scope *s, const char *a, const char *b)
{
    if (!s->fold_case)
        return strcmp(a, b) == 0;
    while (*a && folded(*a) == folded(*b)) {
        a++;
        b++;
    }
    return folded(*a) == folded(*b);
}

/* Behind one character of UTF-8. */
static const char *next_character(const char *p)
{
    p++;
    while (((unsigned char)*p & 0xC0) == 0x80)
        p++;
    return p;
}

/* The pattern's element at p fits the text; both move behind it. Not for '*'. */
static bool take_one(const struct scope *s, const char **p, const char **text)
{
    if (!**text)
        return false;
    if (**p == '?') {
        (*p)++;
        *text = next_character(*text);
        return true;
    }
    const char *literal = **p == '\\' && (*p)[1] ? *p + 1 : *p;
    if (!*literal || (s->fold_case ? folded(*literal) != folded(**text) : *literal != **text))
        return false;
    *p = literal + 1;
    (*text)++;
    return true;
}

bool scope_pattern_covers(const struct scope *s, const char *pattern, const char *text)
{
    const char *star = NULL; /* behind the last one */
    const char *retry = text;

    while (*text || *pattern) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = text;
        } else if (!take_one(s, &pattern, &text)) {
            if (!star || !*retry)
                return false;
            pattern = star;
            text = retry = next_character(retry);
        }
    }
    return true;
}

/* Some pattern of the list fits the database. */
static bool lists_database(const struct scope *s, const struct scope_list *l, const char *db)
{
    for (size_t i = 0; i < l->count; i++)
        if (scope_pattern_covers(s, l->items[i].db, db))
            return true;
    return false;
}

static bool lists_table(const struct scope *s, const struct scope_list *l, const char *db, const char *name)
{
    for (size_t i = 0; i < l->count; i++)
        if (scope_pattern_covers(s, l->items[i].db, db) && scope_pattern_covers(s, l->items[i].name, name))
            return true;
    return false;
}

enum scope_extent scope_database(const struct scope *s, const char *db)
{
    if (!db[0] || catalog_is_system_database(db) || lists_database(s, &s->exclude_databases, db))
        return SCOPE_OUT;
    if ((s->databases.count == 0 && s->tables.count == 0) || lists_database(s, &s->databases, db))
        return lists_database(s, &s->exclude_tables, db) ? SCOPE_HOLES : SCOPE_WHOLE;
    return lists_database(s, &s->tables, db) ? SCOPE_TABLES : SCOPE_OUT;
}

bool scope_programs(const struct scope *s, const char *db)
{
    return scope_database(s, db) >= SCOPE_HOLES;
}

bool scope_table(const struct scope *s, const char *db, const char *name)
{
    enum scope_extent extent = scope_database(s, db);

    if (extent == SCOPE_OUT || same_name(s, name, CATALOG_RESTORE_MARK) ||
        (extent == SCOPE_TABLES && !lists_table(s, &s->tables, db, name)))
        return false;
    return extent == SCOPE_WHOLE || !lists_table(s, &s->exclude_tables, db, name);
}

bool scope_is_behind(const struct scope *s, const char *db, const char *name)
{
    return lists_table(s, &s->behind, db, name);
}

bool scope_pattern_is_exact(const char *pattern)
{
    for (; *pattern; pattern++) {
        if (*pattern == '*' || *pattern == '?')
            return false;
        if (*pattern == '\\' && pattern[1])
            pattern++;
    }
    return true;
}

char *scope_pattern_name(const char *pattern)
{
    struct buf name = BUF_INIT;

    for (; *pattern; pattern++) {
        if (*pattern == '\\' && pattern[1])
            pattern++;
        buf_append_byte(&name, (uint8_t)*pattern);
    }
    return buf_steal(&name);
}

bool scope_is_open(const struct scope *s)
{
    if (s->databases.count == 0 && s->tables.count == 0)
        return true;
    for (size_t i = 0; i < s->databases.count; i++)
        if (!scope_pattern_is_exact(s->databases.items[i].db))
            return true;
    for (size_t i = 0; i < s->tables.count; i++)
        if (!scope_pattern_is_exact(s->tables.items[i].db))
            return true;
    return false;
}

/* The rename of a table, or (name NULL) of a database. */
static const struct statement_rename *find_rename(const struct scope *s, const char *db, const char *name)
{
    for (size_t i = 0; i < s->renames.count; i++) {
        const struct statement_rename *r = &s->renames.items[i];
        if (!r->name == !name && same_name(s, r->db, db) && (!name || same_name(s, r->name, name)))
            return r;
    }
    return NULL;
}

const char *scope_target_database(const struct scope *s, const char *db)
{
    const struct statement_rename *r = find_rename(s, db, NULL);

    return r ? r->to_db : db;
}

struct scope_name scope_target_table(const struct scope *s, const char *db, const char *name)
{
    const struct statement_rename *r = find_rename(s, db, name);

    if (r)
        return (struct scope_name){r->to_db, r->to_name};
    return (struct scope_name){scope_target_database(s, db), name};
}

/* The rename that leads to this target name. */
static const struct statement_rename *find_rename_to(const struct scope *s, const char *db, const char *name)
{
    for (size_t i = 0; i < s->renames.count; i++) {
        const struct statement_rename *r = &s->renames.items[i];
        if (!r->name == !name && same_name(s, r->to_db, db) && (!name || same_name(s, r->to_name, name)))
            return r;
    }
    return NULL;
}

bool scope_source_table(const struct scope *s, const char *db, const char *name, struct scope_name *out)
{
    const struct statement_rename *table = name ? find_rename_to(s, db, name) : NULL;
    const struct statement_rename *database = find_rename_to(s, db, NULL);

    *out = (struct scope_name){database ? database->db : db, name};
    if (table)
        *out = (struct scope_name){table->db, table->name};
    else if (!database && find_rename(s, db, NULL)) /* that database is called otherwise here */
        return false;
    return table || !name || !find_rename(s, out->db, name);
}

bool scope_clashes(const struct scope *s, const char *db, const char *name)
{
    struct scope_name to = {scope_target_database(s, db), NULL};

    if (name)
        to = scope_target_table(s, db, name);
    for (size_t i = 0; i < s->renames.count; i++) {
        const struct statement_rename *r = &s->renames.items[i];
        bool itself = same_name(s, r->db, db) && (!name || !r->name || same_name(s, r->name, name));
        bool followed = r->name ? scope_table(s, r->db, r->name) : scope_database(s, r->db) != SCOPE_OUT;
        if (itself || !followed || !same_name(s, r->to_db, to.db))
            continue;
        if (!r->name ? !name || !find_rename(s, db, name) : name && same_name(s, r->to_name, to.name))
            return true;
    }
    return false;
}

static bool has_pattern(const struct scope_list *l, const char *db, const char *name)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->items[i].db, db) == 0 && (!name || strcmp(l->items[i].name, name) == 0))
            return true;
    return false;
}

void scope_list_add(struct scope_list *l, const char *db, const char *name)
{
    if (has_pattern(l, db, name))
        return;
    l->items = mem_resize(l->items, l->count + 1, sizeof(*l->items));
    l->items[l->count++] = (struct scope_pattern){mem_strdup(db), name ? mem_strdup(name) : NULL};
}

void scope_add_literal(struct buf *pattern, char c)
{
    if (c == '*' || c == '?' || c == '\\')
        buf_append_byte(pattern, '\\');
    buf_append_byte(pattern, (uint8_t)c);
}

char *scope_literal(const char *name)
{
    struct buf pattern = BUF_INIT;

    for (; *name; name++)
        scope_add_literal(&pattern, *name);
    return buf_steal(&pattern);
}

void scope_list_add_literal(struct scope_list *l, const char *db, const char *name)
{
    char *db_pattern = scope_literal(db);
    char *name_pattern = name ? scope_literal(name) : NULL;

    scope_list_add(l, db_pattern, name_pattern);
    free(db_pattern);
    free(name_pattern);
}

static void free_list(struct scope_list *l)
{
    for (size_t i = 0; i < l->count; i++) {
        free(l->items[i].db);
        free(l->items[i].name);
    }
    free(l->items);
}

void scope_free(struct scope *s)
{
    free_list(&s->databases);
    free_list(&s->tables);
    free_list(&s->exclude_databases);
    free_list(&s->exclude_tables);
    free_list(&s->behind);
    statement_renames_free(&s->renames);
    *s = (struct scope){0};
}

static void copy_list(const struct scope_list *from, struct scope_list *to)
{
    for (size_t i = 0; i < from->count; i++)
        scope_list_add(to, from->items[i].db, from->items[i].name);
}

void scope_copy_patterns(const struct scope *from, struct scope *to)
{
    copy_list(&from->databases, &to->databases);
    copy_list(&from->tables, &to->tables);
    copy_list(&from->exclude_databases, &to->exclude_databases);
    copy_list(&from->exclude_tables, &to->exclude_tables);
}

void scope_copy_renames(const struct scope *from, struct scope *to)
{
    for (size_t i = 0; i < from->renames.count; i++) {
        const struct statement_rename *r = &from->renames.items[i];
        statement_renames_add(&to->renames, r->db, r->name, r->to_db, r->to_name);
    }
}

void scope_add_excludes(const struct scope *from, struct scope *to)
{
    copy_list(&from->exclude_databases, &to->exclude_databases);
    copy_list(&from->exclude_tables, &to->exclude_tables);
}
