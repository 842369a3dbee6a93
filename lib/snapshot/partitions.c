#include "snapshot/partitions.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "snapshot/scope.h"

static struct partitions_of *table_of(struct partitions *p, const char *db, const char *table)
{
    const struct partitions_of *found = partitions_find(p, db, table);

    if (found)
        return &p->items[found - p->items];
    p->items = mem_resize(p->items, p->count + 1, sizeof(*p->items));
    p->items[p->count] = (struct partitions_of){.db = mem_strdup(db), .table = mem_strdup(table)};
    return &p->items[p->count++];
}

static void add_name(struct partitions_of *t, const char *name)
{
    if (partitions_has(t, name))
        return;
    t->names = mem_resize(t->names, t->count + 1, sizeof(*t->names));
    t->names[t->count++] = mem_strdup(name);
}

/* DB.TABLE:PARTITION; or a name alone, then *table stays what it was. */
static bool take_item(struct partitions *p, const char *text, size_t *table)
{
    const char *at = text;
    char *db = scope_take_name(&at, '.');
    char *name = NULL, *partition = NULL;

    if (db && !*at) {
        if (p->count > *table)
            add_name(&p->items[*table], db);
        free(db);
        return p->count > *table;
    }
    if (db) {
        at++;
        name = scope_take_name(&at, ':');
    }
    if (name && *at == ':') {
        at++;
        partition = scope_take_name(&at, 0);
    }
    if (partition) {
        struct partitions_of *t = table_of(p, db, name);
        *table = (size_t)(t - p->items);
        add_name(t, partition);
    }
    bool taken = partition != NULL;
    free(db);
    free(name);
    free(partition);
    return taken;
}

struct err *partitions_parse(const char *const *texts, struct partitions *out)
{
    size_t table = 0;

    for (; *texts; texts++)
        if (!take_item(out, *texts, &table))
            return err_hint(
                err_new(ERR_USAGE, "--partitions: '%s' is not of the form DB.TABLE:PARTITION", *texts),
                "partitions have no wildcards; a name with a dot or a colon in it stands in backticks");
    return NULL;
}

void partitions_of_manifest(const struct manifest *m, struct partitions *out)
{
    for (size_t i = 0; i < m->table_count; i++) {
        const struct manifest_table *t = &m->tables[i];
        for (size_t k = 0; k < t->partition_count; k++)
            add_name(table_of(out, t->db, t->name), t->partitions[k]);
    }
}

void partitions_free(struct partitions *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free(p->items[i].db);
        free(p->items[i].table);
        for (size_t k = 0; k < p->items[i].count; k++)
            free(p->items[i].names[k]);
        free(p->items[i].names);
    }
    free(p->items);
    *p = (struct partitions){0};
}

const struct partitions_of *partitions_find(const struct partitions *p, const char *db, const char *table)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->items[i].db, db) == 0 && strcmp(p->items[i].table, table) == 0)
            return &p->items[i];
    return NULL;
}

bool partitions_has(const struct partitions_of *t, const char *name)
{
    for (size_t i = 0; i < t->count; i++)
        if (strcasecmp(t->names[i], name) == 0)
            return true;
    return false;
}

bool partitions_cover(const struct partitions *outer, const struct partitions *inner)
{
    for (size_t i = 0; i < inner->count; i++) {
        const struct partitions_of *t = &inner->items[i];
        const struct partitions_of *held = partitions_find(outer, t->db, t->table);
        for (size_t k = 0; k < t->count; k++)
            if (!held || !partitions_has(held, t->names[k]))
                return false;
    }
    return true;
}

void partitions_describe_as(const struct partitions_of *t, const char *db, const char *table, struct buf *out)
{
    buf_printf(out, "%s.%s", db, table);
    for (size_t i = 0; i < t->count; i++)
        buf_printf(out, "%c%s", i ? ',' : ':', t->names[i]);
}

void partitions_describe(const struct partitions *p, struct buf *out)
{
    for (size_t i = 0; i < p->count; i++) {
        buf_append_str(out, i ? ", " : "");
        partitions_describe_as(&p->items[i], p->items[i].db, p->items[i].table, out);
    }
}
