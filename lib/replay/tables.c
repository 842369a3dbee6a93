#include "replay/tables.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "replay/shape.h"

enum { TABLES_BUCKETS = 1024, MAP_ID_BYTES = 6 };

struct tables_alias {
    uint64_t source_id;
    struct table *table;
};

struct tables {
    const struct job *job;
    struct conn *conn;
    struct err *(*idle)(void *arg);
    void *idle_arg;
    struct table *buckets[TABLES_BUCKETS];
    struct tables_alias *aliases; /* of the statement at hand */
    size_t alias_count;
    size_t alias_cap;
    uint64_t next_id;
    unsigned lane_count;
    unsigned next_lane;
    struct roads *roads;
    unsigned *lanes;  /* of each component; lane_count for none yet; NULL: since tables_forget */
    char **unchecked; /* "db\ntable" */
    size_t unchecked_count;
    size_t unchecked_cap;
};

struct tables *tables_new(const struct job *job, struct conn *c, struct err *(*idle)(void *arg), void *arg)
{
    struct tables *t = mem_zalloc(1, sizeof(*t));

    t->job = job;
    t->conn = c;
    t->idle = idle;
    t->idle_arg = arg;
    t->roads = roads_new(c, job->name);
    t->next_id = 1;
    t->lane_count = 1;
    return t;
}

void tables_set_lanes(struct tables *t, unsigned count)
{
    t->lane_count = count;
}

static void table_free(struct table *table)
{
    free(table->source_db);
    free(table->source_name);
    free(table->db);
    free(table->name);
    catalog_table_free(table->catalog);
    rows_table_map_free(&table->map);
    buf_free(&table->map_event);
    buf_free(&table->body);
    free(table);
}

void tables_forget(struct tables *t)
{
    for (size_t i = 0; i < TABLES_BUCKETS; i++)
        while (t->buckets[i]) {
            struct table *table = t->buckets[i];
            t->buckets[i] = table->next;
            table_free(table);
        }
    t->alias_count = 0;
    roads_forget(t->roads);
    free(t->lanes);
    t->lanes = NULL;
}

void tables_free(struct tables *t)
{
    if (!t)
        return;
    tables_forget(t);
    roads_free(t->roads);
    free(t->aliases);
    for (size_t i = 0; i < t->unchecked_count; i++)
        free(t->unchecked[i]);
    free(t->unchecked);
    free(t);
}

void tables_unchecked(struct tables *t, const char *db, const char *name)
{
    t->unchecked = mem_grow(t->unchecked, t->unchecked_count, &t->unchecked_cap, sizeof(*t->unchecked));
    t->unchecked[t->unchecked_count++] = mem_printf("%s\n%s", db, name ? name : "");
}

void tables_make_ordered(struct tables *t, struct table *table, const char *reason)
{
    roads_make_ordered(t->roads, table->road, reason);
}

/* Named by itself, or with its whole database. */
static bool tables_is_unchecked(const struct tables *t, const struct table *table)
{
    size_t len = strlen(table->source_db);

    for (size_t i = 0; i < t->unchecked_count; i++) {
        const char *entry = t->unchecked[i];
        if (strncmp(entry, table->source_db, len) == 0 && entry[len] == '\n' &&
            (!entry[len + 1] || strcmp(entry + len + 1, table->source_name) == 0))
            return true;
    }
    return false;
}

bool tables_in_scope(const struct job *job, const char *db, const char *name)
{
    return scope_table(&job->scope, db, name);
}

static struct table **tables_bucket(struct tables *t, const char *db, size_t db_len, const char *name,
                                    size_t name_len)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < db_len; i++)
        hash = (hash ^ (uint8_t)db[i]) * 16777619u;
    hash = (hash ^ 0) * 16777619u;
    for (size_t i = 0; i < name_len; i++)
        hash = (hash ^ (uint8_t)name[i]) * 16777619u;
    return &t->buckets[hash % TABLES_BUCKETS];
}

static struct table *tables_lookup(struct tables *t, const struct rows_table_map *m)
{
    struct table **bucket = tables_bucket(t, m->db, m->db_len, m->table, m->table_len);

    for (struct table *table = *bucket; table; table = table->next)
        if (strlen(table->source_db) == m->db_len && memcmp(table->source_db, m->db, m->db_len) == 0 &&
            strlen(table->source_name) == m->table_len &&
            memcmp(table->source_name, m->table, m->table_len) == 0)
            return table;
    struct table *table = mem_zalloc(1, sizeof(*table));
    table->source_db = mem_strndup(m->db, m->db_len);
    table->source_name = mem_strndup(m->table, m->table_len);
    table->in_scope = tables_in_scope(t->job, table->source_db, table->source_name);
    table->next = *bucket;
    *bucket = table;
    return table;
}

/* Components, and tables without foreign keys, take turns. */
static void tables_choose_lane(struct tables *t, struct table *table)
{
    size_t joined = roads_joined(t->roads);
    size_t component = table->road->component;

    if (!t->lanes) {
        t->lanes = mem_zalloc(joined + 1, sizeof(*t->lanes));
        for (size_t i = 0; i < joined; i++)
            t->lanes[i] = t->lane_count;
    }
    if (component < joined && t->lanes[component] < t->lane_count) {
        table->lane = t->lanes[component];
        return;
    }
    table->lane = t->next_lane++ % t->lane_count;
    if (component < joined)
        t->lanes[component] = table->lane;
}

/* Reads the target's table, and compares it with what ccr recorded of it. */
static struct err *tables_read_target(struct tables *t, struct table *table)
{
    char recorded[HASH_HEX_SIZE];
    char hash[HASH_HEX_SIZE];

    if (table->catalog || table->unchecked)
        return NULL;
    if (scope_clashes(&t->job->scope, table->source_db, table->source_name))
        return err_hint(err_new(ERR_UNSAFE,
                                "table %s.%s would have the name that the job gives to another one",
                                table->source_db, table->source_name),
                        "restore with other renames (--rename-db, --rename-table)");
    struct scope_name target = scope_target_table(&t->job->scope, table->source_db, table->source_name);
    table->db = mem_strdup(target.db);
    table->name = mem_strdup(target.name);
    table->id = t->next_id++;
    table->unchecked = tables_is_unchecked(t, table);
    if (table->unchecked)
        return NULL;
    TRY(catalog_table_read(t->conn, table->db, table->name, &table->catalog));
    if (!table->catalog)
        return err_hint(
            err_about(err_new(ERR_UNSAFE, "table %s.%s does not exist on the target", table->db, table->name),
                      table->source_db, table->source_name),
            COPY_HINT "; keep other writers away from the target", table->source_db, table->source_name);
    TRY(job_table_hash(t->conn, t->job->name, table->db, table->name, recorded));
    if (!recorded[0])
        return err_hint(err_new(ERR_UNSAFE, "table %s.%s on the target was not made by job %s", table->db,
                                table->name, t->job->name),
                        "ccr-restore --replace takes it over");
    TRY(catalog_table_hash(t->conn, table->db, table->name, hash));
    if (strcmp(hash, recorded) != 0)
        return err_hint(err_about(err_new(ERR_UNSAFE,
                                          "the definition of table %s.%s on the target is not the one that "
                                          "ccr left there",
                                          table->db, table->name),
                                  table->source_db, table->source_name),
                        "undo the change on the target; or " COPY_HINT, table->source_db, table->source_name);
    TRY(roads_find(t->roads, table->catalog, &table->road));
    tables_choose_lane(t, table);
    return NULL;
}

static struct err *tables_check_shape(const struct tables *t, const struct table *table)
{
    if (table->unchecked)
        return NULL;
    struct err *e = shape_check(&table->map, table->catalog);
    if (!e)
        e = shape_check_metadata(&table->map, table->catalog, t->conn);
    return e ? err_about(e, table->source_db, table->source_name) : NULL;
}

/* A map of another shape than the last one of this table (or the first one). */
static struct err *tables_take_map(struct tables *t, struct table *table, const struct binlog_event *event)
{
    struct binlog_event own = *event;

    TRY(t->idle(t->idle_arg)); /* changes under way refer to the last map */
    TRY(tables_read_target(t, table));
    rows_table_map_free(&table->map);
    buf_clear(&table->body);
    buf_append(&table->body, event->data, event->len);
    own.data = table->body.data;
    own.body = table->body.data + (event->body - event->data);
    TRY(rows_table_map_parse(&own, &table->map));
    TRY(tables_check_shape(t, table));
    buf_clear(&table->map_event);
    rows_table_map_build(&table->map_event, &table->map, table->id, table->db, table->name, 0, 0);
    return NULL;
}

/* Equal but for the source's table id. */
static bool tables_same_map(const struct table *table, const struct binlog_event *event)
{
    size_t skip = BINLOG_HEADER_SIZE + MAP_ID_BYTES;

    return table->body.len == event->len && event->body_len > MAP_ID_BYTES &&
           memcmp(table->body.data + skip, event->body + MAP_ID_BYTES, event->body_len - MAP_ID_BYTES) == 0;
}

struct err *tables_map(struct tables *t, const struct binlog_event *event, struct table **out)
{
    struct rows_table_map map = {0};

    TRY(rows_table_map_parse(event, &map));
    struct table *table = tables_lookup(t, &map);
    uint64_t source_id = map.table_id;
    rows_table_map_free(&map);
    if (table->in_scope && !tables_same_map(table, event))
        TRY(tables_take_map(t, table, event));
    t->aliases = mem_grow(t->aliases, t->alias_count, &t->alias_cap, sizeof(*t->aliases));
    t->aliases[t->alias_count++] = (struct tables_alias){source_id, table};
    *out = table;
    return NULL;
}

struct table *tables_find(const struct tables *t, uint64_t source_id)
{
    for (size_t i = t->alias_count; i > 0; i--)
        if (t->aliases[i - 1].source_id == source_id)
            return t->aliases[i - 1].table;
    return NULL;
}

void tables_statement_end(struct tables *t)
{
    t->alias_count = 0;
}

struct err *tables_named(struct tables *t, const char *db, const char *name, struct table **out)
{
    const struct rows_table_map names = {
        .db = db, .db_len = strlen(db), .table = name, .table_len = strlen(name)};

    *out = tables_lookup(t, &names);
    return (*out)->in_scope ? tables_read_target(t, *out) : NULL;
}
