/* One scope within another, told from their patterns. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "snapshot/scope.h"

enum element_kind { ELEMENT_CHARACTER, ELEMENT_ONE, ELEMENT_MANY };

/* A pattern as what it is made of. */
struct element {
    enum element_kind kind;
    const char *text; /* CHARACTER: one of UTF-8 */
    size_t len;
};

struct elements {
    struct element *items;
    size_t count;
};

static struct elements elements_read(const char *pattern)
{
    struct elements out = {mem_zalloc(strlen(pattern) + 1, sizeof(*out.items)), 0};

    while (*pattern) {
        struct element *e = &out.items[out.count++];
        *e = (struct element){ELEMENT_CHARACTER, pattern, 1};
        if (*pattern == '*' || *pattern == '?')
            e->kind = *pattern == '*' ? ELEMENT_MANY : ELEMENT_ONE;
        else if (*pattern == '\\' && pattern[1])
            e->text = ++pattern;
        while (e->kind == ELEMENT_CHARACTER && ((unsigned char)e->text[e->len] & 0xC0) == 0x80)
            e->len++;
        pattern = e->text + e->len;
    }
    return out;
}

static bool same_character(const struct element *a, const struct element *b, bool fold)
{
    if (a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++) {
        char x = a->text[i];
        char y = b->text[i];
        if (fold && x >= 'A' && x <= 'Z')
            x = (char)(x - 'A' + 'a');
        if (fold && y >= 'A' && y <= 'Z')
            y = (char)(y - 'A' + 'a');
        if (x != y)
            return false;
    }
    return true;
}

/* Whatever this element of the inner pattern stands for, the outer one's stands for too (but MANY, outside).
 */
static bool element_covers(const struct element *outer, const struct element *inner, bool fold)
{
    if (inner->kind == ELEMENT_MANY)
        return false;
    return outer->kind == ELEMENT_ONE ||
           (inner->kind == ELEMENT_CHARACTER && outer->kind == ELEMENT_CHARACTER &&
            same_character(outer, inner, fold));
}

/* As scope_pattern_covers(), with a pattern in place of the name: its wildcards are characters of their own.
 */
static bool elements_cover(const struct elements *outer, const struct elements *inner, bool fold)
{
    size_t o = 0, i = 0, star = 0, retry = 0;

    while (i < inner->count || o < outer->count) {
        if (o < outer->count && outer->items[o].kind == ELEMENT_MANY) {
            star = ++o;
            retry = i;
        } else if (o < outer->count && i < inner->count &&
                   element_covers(&outer->items[o], &inner->items[i], fold)) {
            o++;
            i++;
        } else {
            if (star == 0 || retry == inner->count)
                return false;
            o = star;
            i = ++retry;
        }
    }
    return true;
}

static bool pattern_covers(const struct scope *s, const char *outer, const char *inner)
{
    struct elements o = elements_read(outer);
    struct elements i = elements_read(inner);
    bool covers = elements_cover(&o, &i, s->fold_case);

    free(o.items);
    free(i.items);
    return covers;
}

static bool elements_meet(const struct element *a, const struct element *b, bool fold)
{
    return a->kind == ELEMENT_ONE || b->kind == ELEMENT_ONE || same_character(a, b, fold);
}

/* Some name fits both. meet[j]: the first i elements of `a` and the first j of `b` can stand for one text. */
static bool patterns_meet(const struct scope *s, const char *x, const char *y)
{
    struct elements a = elements_read(x);
    struct elements b = elements_read(y);
    bool *meet = mem_zalloc(b.count + 1, sizeof(*meet));

    meet[0] = true;
    for (size_t j = 0; j < b.count && b.items[j].kind == ELEMENT_MANY; j++)
        meet[j + 1] = true;
    for (size_t i = 0; i < a.count; i++) {
        bool many = a.items[i].kind == ELEMENT_MANY;
        bool diagonal = meet[0];
        meet[0] = meet[0] && many;
        for (size_t j = 0; j < b.count; j++) {
            bool above = meet[j + 1];
            if (many || b.items[j].kind == ELEMENT_MANY)
                meet[j + 1] = above || meet[j];
            else
                meet[j + 1] = diagonal && elements_meet(&a.items[i], &b.items[j], s->fold_case);
            diagonal = above;
        }
    }
    bool found = meet[b.count];
    free(a.items);
    free(b.items);
    free(meet);
    return found;
}

static bool is_everything(const struct scope *s)
{
    return s->databases.count == 0 && s->tables.count == 0;
}

/* `name` is NULL in lists of databases. */
static bool list_covers(const struct scope *s, const struct scope_list *l, const char *db, const char *name)
{
    for (size_t i = 0; i < l->count; i++)
        if (pattern_covers(s, l->items[i].db, db) && (!name || pattern_covers(s, l->items[i].name, name)))
            return true;
    return false;
}

static bool includes(const struct scope *outer, const struct scope_pattern *p)
{
    return is_everything(outer) || list_covers(outer, &outer->databases, p->db, NULL) ||
           (p->name && list_covers(outer, &outer->tables, p->db, p->name));
}

static bool list_meets(const struct scope *s, const struct scope_list *l, const struct scope_pattern *p)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct scope_pattern *q = &l->items[i];
        if (patterns_meet(s, q->db, p->db) && (!q->name || !p->name || patterns_meet(s, q->name, p->name)))
            return true;
    }
    return false;
}

/* What outer excludes, inner excludes as well, or never included. */
static bool allows_exclusion(const struct scope *outer, const struct scope *inner,
                             const struct scope_pattern *p)
{
    if (list_covers(outer, &inner->exclude_databases, p->db, NULL) ||
        (p->name && list_covers(outer, &inner->exclude_tables, p->db, p->name)))
        return true;
    return !is_everything(inner) && !list_meets(outer, &inner->databases, p) &&
           !list_meets(outer, &inner->tables, p);
}

static bool includes_all(const struct scope *outer, const struct scope_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        if (!includes(outer, &l->items[i]))
            return false;
    return true;
}

static bool allows_all(const struct scope *outer, const struct scope *inner, const struct scope_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        if (!allows_exclusion(outer, inner, &l->items[i]))
            return false;
    return true;
}

bool scope_covers(const struct scope *outer, const struct scope *inner)
{
    if (is_everything(inner) && !is_everything(outer))
        return false;
    return includes_all(outer, &inner->databases) && includes_all(outer, &inner->tables) &&
           allows_all(outer, inner, &outer->exclude_databases) &&
           allows_all(outer, inner, &outer->exclude_tables);
}

bool scope_covers_tables(const struct scope *s, const char *db, const char *name)
{
    struct scope tables = {.fold_case = s->fold_case};

    scope_list_add(&tables.tables, db, name);
    scope_add_excludes(s, &tables);
    bool covers = scope_covers(s, &tables);
    scope_free(&tables);
    return covers;
}
