#include "replay/roads.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/job.h"
#include "replay/components.h"
#include "replay/net.h"

struct roads {
    struct conn *conn;
    const char *job;
    struct components *components; /* NULL: not read since roads_forget */
    struct road_table *tables;
    size_t single; /* components of tables without foreign keys */
};

struct roads *roads_new(struct conn *c, const char *job)
{
    struct roads *r = mem_zalloc(1, sizeof(*r));

    r->conn = c;
    r->job = job;
    return r;
}

void roads_forget(struct roads *r)
{
    while (r->tables) {
        struct road_table *t = r->tables;
        r->tables = t->next;
        free(t->db);
        free(t->name);
        free(t->reason);
        free(t);
    }
    components_free(r->components);
    r->components = NULL;
    r->single = 0;
}

size_t roads_joined(const struct roads *r)
{
    return r->components ? components_count(r->components) : 0;
}

void roads_free(struct roads *r)
{
    if (!r)
        return;
    roads_forget(r);
    free(r);
}

const char *road_name(enum road road)
{
    static const char *const names[] = {
        [ROAD_ORDERED] = "ordered", [ROAD_MERGED] = "merged", [ROAD_BAG] = "bag"};

    return names[road];
}

static struct road_table *roads_lookup(const struct roads *r, const char *db, const char *name)
{
    for (struct road_table *t = r->tables; t; t = t->next)
        if (strcmp(t->name, name) == 0 && strcmp(t->db, db) == 0)
            return t;
    return NULL;
}

/* What makes the way of this table's changes matter, whatever its keys; NULL for nothing. Malloc'ed. */
static char *needs_order(const struct catalog_table *t)
{
    if (t->is_sequence)
        return mem_strdup("a sequence");
    if (!t->transactional)
        return mem_printf("its engine, %s, has no transactions", t->engine);
    if (t->versioned)
        return mem_strdup("system versioning: every change leaves a row of history");
    if (t->cascades)
        return mem_strdup("a foreign key with CASCADE, SET NULL or SET DEFAULT");
    return NULL;
}

/* Why this table by itself cannot be merged; NULL where it can. Malloc'ed. */
static char *obstacle(const struct catalog_table *t)
{
    char *why = needs_order(t);

    if (!why && !net_identity(t))
        why = mem_strdup("no primary key, and no unique key without NULLs");
    return why;
}

static struct road_table *roads_add(struct roads *r, const char *db, const char *name, size_t component)
{
    struct road_table *t = mem_zalloc(1, sizeof(*t));

    t->db = mem_strdup(db);
    t->name = mem_strdup(name);
    t->component = component;
    t->next = r->tables;
    r->tables = t;
    return t;
}

static void set_road(struct road_table *t, enum road road, const char *reason)
{
    free(t->reason);
    t->road = road;
    t->reason = mem_strdup(reason);
}

/* Another table of the component. */
static struct err *judge_neighbour(struct roads *r, struct road_table *t)
{
    struct catalog_table *catalog = NULL;
    char hash[HASH_HEX_SIZE];
    char *why = NULL;

    TRY(job_table_hash(r->conn, r->job, t->db, t->name, hash));
    TRY(catalog_table_read(r->conn, t->db, t->name, &catalog));
    if (!catalog || !hash[0])
        why = mem_strdup("not followed by this job");
    else
        why = obstacle(catalog);
    set_road(t, why ? ROAD_ORDERED : ROAD_MERGED, why ? why : "");
    free(why);
    catalog_table_free(catalog);
    return NULL;
}

static struct err *add_neighbours(struct roads *r, size_t component)
{
    const char *db, *name;

    for (size_t at = 0; components_member(r->components, component, &at, &db, &name);)
        if (!roads_lookup(r, db, name))
            TRY(judge_neighbour(r, roads_add(r, db, name, component)));
    return NULL;
}

/* One ordered table makes all of them ordered. */
static void settle_component(struct roads *r, size_t component)
{
    const struct road_table *ordered = NULL;
    size_t count = 0;

    for (const struct road_table *t = r->tables; t; t = t->next) {
        if (t->component != component)
            continue;
        count++;
        if (t->road == ROAD_ORDERED)
            ordered = t;
    }
    for (struct road_table *t = r->tables; t; t = t->next) {
        if (t->component != component || t->road == ROAD_ORDERED)
            continue;
        if (!ordered) {
            set_road(t, ROAD_MERGED, count > 1 ? "so are all tables connected by foreign keys" : "has a key");
            continue;
        }
        char *reason =
            mem_printf("foreign keys connect it with %s.%s: %s", ordered->db, ordered->name, ordered->reason);
        set_road(t, ROAD_ORDERED, reason);
        free(reason);
    }
}

/* A table without a key that nothing is connected with. */
static bool fits_bag(const struct catalog_table *t)
{
    char *why = needs_order(t);
    bool fits = !why && !net_identity(t);

    free(why);
    if (!fits)
        return false;
    for (size_t i = 0; i < t->column_count; i++)
        if ((t->columns[i].generated && !t->columns[i].stored) || t->columns[i].auto_increment)
            return false;
    for (size_t i = 0; i < t->key_count; i++)
        if (t->keys[i].hash)
            return false;
    return true;
}

struct err *roads_find(struct roads *r, const struct catalog_table *t, struct road_table **out)
{
    *out = roads_lookup(r, t->db, t->name);
    if (*out)
        return NULL;
    if (!r->components)
        TRY(components_read(r->conn, &r->components));
    size_t component = components_find(r->components, t->db, t->name);
    bool joined = component < roads_joined(r);
    char *why = obstacle(t);
    *out = roads_add(r, t->db, t->name, joined ? component : component + r->single++);
    set_road(*out, why ? ROAD_ORDERED : ROAD_MERGED, why ? why : "");
    free(why);
    if (joined)
        TRY(add_neighbours(r, component));
    settle_component(r, (*out)->component);
    if (!joined && fits_bag(t))
        set_road(*out, ROAD_BAG, "no key: a batch's changes are counted for each distinct row");
    return NULL;
}

void roads_make_ordered(struct roads *r, struct road_table *t, const char *reason)
{
    set_road(t, ROAD_ORDERED, reason);
    settle_component(r, t->component);
}
