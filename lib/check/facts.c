#include "check/facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mysql/catalog.h"

const char *facts_setting(const struct facts *f, const char *name)
{
    return json_string_value(json_object_get(f->settings, name));
}

void facts_add_name(struct fact_names *names, const char *name, const char *kind, const char *db,
                    const char *table)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i].name, name) == 0)
            return;
    names->items = mem_resize(names->items, names->count + 1, sizeof(*names->items));
    names->items[names->count++] = (struct fact_name){
        mem_strdup(name), mem_printf("%s %s%s%s", kind, db, table ? "." : "", table ? table : "")};
}

void facts_add_key(struct facts *f, struct scope_name child, const char *key, struct scope_name parent,
                   bool cascades)
{
    f->keys = mem_resize(f->keys, f->key_count + 1, sizeof(*f->keys));
    f->keys[f->key_count++] = (struct fact_key){
        .text = mem_printf("%s.%s (%s) to %s.%s", child.db, child.name, key, parent.db, parent.name),
        .db = mem_strdup(parent.db),
        .name = mem_strdup(parent.name),
        .cascades = cascades,
    };
}

void facts_free_names(struct fact_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->items[i].name);
        free(names->items[i].of);
    }
    free(names->items);
    *names = (struct fact_names){0};
}

void facts_free(struct facts *f)
{
    for (size_t i = 0; i < f->table_count; i++) {
        free(f->tables[i].db);
        free(f->tables[i].name);
        free(f->tables[i].engine);
    }
    for (size_t i = 0; i < f->key_count; i++) {
        free(f->keys[i].text);
        free(f->keys[i].db);
        free(f->keys[i].name);
    }
    free(f->tables);
    free(f->keys);
    catalog_free_names(f->databases, f->database_count);
    facts_free_names(&f->collations);
    facts_free_names(&f->zones);
    facts_free_names(&f->definers);
    gtid_pos_free(&f->end);
    json_decref(f->settings);
    free(f->snapshot);
    free(f->function);
    free(f->partitioned);
    *f = (struct facts){0};
}
