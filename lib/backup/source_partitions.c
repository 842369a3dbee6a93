#include "backup/source_partitions.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

static const struct source_object *find_table(const struct source_schema *schema,
                                              const struct partitions_of *t)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct manifest_object *o = &schema->objects[i].entry;
        if (o->kind == OBJECT_TABLE && strcmp(o->db, t->db) == 0 && strcmp(o->name, t->table) == 0)
            return &schema->objects[i];
    }
    return NULL;
}

/* What EXCHANGE PARTITION could not bring in. */
static struct err *check_table(const struct source_schema *schema, const struct partitions_of *t)
{
    const struct source_object *o = find_table(schema, t);

    if (!o)
        return err_hint(err_new(ERR_SOURCE, "source: there is no table %s.%s in scope", t->db, t->table),
                        "check --partitions and the tables that are excluded");
    if (!o->table->partitioned)
        return err_hint(err_new(ERR_SOURCE, "source: table %s.%s has no partitions", t->db, t->table),
                        "take it as a whole (--tables)");
    if (o->table->versioned || strcmp(o->table->engine, "InnoDB") != 0)
        return err_hint(err_new(ERR_SOURCE,
                                "source: partitions of %s.%s cannot be taken by themselves: it is %s", t->db,
                                t->table, o->table->versioned ? "system-versioned" : "not of InnoDB"),
                        "take it as a whole (--tables)");
    return NULL;
}

/* The server's own spelling in place of what was asked for. */
static void take_names(struct partitions_of *t, struct result *r, bool *found, struct buf *there)
{
    const char *before = NULL; /* each comes once for each of its subpartitions */
    char **row;

    while ((row = result_next(r, NULL)) != NULL) {
        if (!before || strcmp(before, row[0]) != 0)
            buf_printf(there, "%s%s", there->len ? ", " : "", row[0]);
        before = row[0];
        for (size_t i = 0; i < t->count; i++) {
            if (strcasecmp(t->names[i], row[0]) != 0)
                continue;
            found[i] = true;
            free(t->names[i]);
            t->names[i] = mem_strdup(row[0]);
        }
    }
}

static struct err *check_names(struct conn *c, struct partitions_of *t)
{
    struct buf there = BUF_INIT;
    struct result *r = NULL;
    bool *found = mem_zalloc(t->count, sizeof(*found));
    struct err *e = catalog_partitions(c, t->db, t->table, &r);

    if (!e)
        take_names(t, r, found, &there);
    for (size_t i = 0; !e && i < t->count; i++)
        if (!found[i])
            e = err_hint(
                err_new(ERR_SOURCE, "source: table %s.%s has no partition %s", t->db, t->table, t->names[i]),
                "it has %s; a subpartition is not taken without the others of its partition",
                buf_str(&there));
    result_free(r);
    buf_free(&there);
    free(found);
    return e;
}

struct err *source_partitions_check(struct conn *c, const struct source_schema *schema,
                                    struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->count; i++) {
        TRY(check_table(schema, &partitions->items[i]));
        TRY(check_names(c, &partitions->items[i]));
    }
    return NULL;
}
