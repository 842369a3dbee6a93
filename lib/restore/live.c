#include "restore/live.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mysql/catalog.h"
#include "restore/in_place.h"

static int compare_live(const struct live_table *t, const char *db, const char *name)
{
    int order = strcmp(t->db->target, db);

    return order ? order : strcmp(t->name, name);
}

static int compare_lives(const void *a, const void *b)
{
    const struct live_table *y = b;

    return compare_live(a, y->db->target, y->name);
}

struct live_table *live_find(const struct live *l, const char *db, const char *name)
{
    for (size_t low = 0, high = l->count; low < high;) {
        size_t middle = low + (high - low) / 2;
        int order = compare_live(&l->tables[middle], db, name);
        if (order == 0)
            return &l->tables[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static const struct restore_db *find_db(const struct restore_plan *p, const struct live *l,
                                        const char *target)
{
    for (size_t i = 0; i < l->gone_count; i++)
        if (strcmp(l->gone[i].target, target) == 0)
            return &l->gone[i].db;
    return restore_plan_target_db(p, target);
}

/* In scope still, and under the same name: the source has dropped it. Otherwise it is another copy, no longer
 * followed, and not ours to drop. */
static void add_if_gone(const struct restore_plan *p, const struct job *saved, const char *target,
                        struct live *l)
{
    struct scope_name source;

    if (restore_plan_target_db(p, target) || !scope_source_table(&saved->scope, target, NULL, &source) ||
        scope_database(&p->job->scope, source.db) == SCOPE_OUT ||
        strcmp(scope_target_database(&p->job->scope, source.db), target) != 0)
        return;
    l->gone = mem_resize(l->gone, l->gone_count + 1, sizeof(*l->gone));
    struct live_gone *g = &l->gone[l->gone_count++];
    g->name = mem_strdup(source.db);
    g->target = mem_strdup(target);
    g->db = (struct restore_db){
        .name = g->name,
        .target = g->target,
        .old = mem_printf("ccr_old_%s_%zu", p->job->name, p->db_count + l->gone_count),
        .whole = true,
    };
}

static struct err *read_gone(struct conn *c, const struct restore_plan *p, struct live *l)
{
    struct result *r = NULL;
    char **row;

    if (!l->saved || p->partial)
        return NULL;
    char *job = sql_string_dup(p->job->name);
    struct err *e = conn_query(c, &r, "SELECT DISTINCT db FROM ccr.tables WHERE job = %s", job);
    free(job);
    while (!e && (row = result_next(r, NULL)) != NULL)
        add_if_gone(p, l->saved, row[0], l);
    result_free(r);
    return e;
}

/* "'a', 'b'": every database that is looked at. */
static char *database_list(const struct restore_plan *p, const struct live *l)
{
    struct buf out = BUF_INIT;
    char *planned = restore_plan_target_list(p);

    buf_append_str(&out, planned);
    for (size_t i = 0; i < l->gone_count; i++) {
        buf_append_str(&out, out.len ? ", " : "");
        sql_string(&out, l->gone[i].target);
    }
    free(planned);
    return buf_steal(&out);
}

static void add_name(const struct restore_plan *p, const struct restore_db *db, char **row, size_t *cap,
                     struct live *l)
{
    l->tables = mem_grow(l->tables, l->count, cap, sizeof(*l->tables));
    l->tables[l->count++] = (struct live_table){
        .db = db,
        .name = mem_strdup(row[1]),
        .view = strcmp(row[2], "VIEW") == 0,
        .incoming = restore_plan_target_table(p, row[0], row[1]) != NULL,
    };
}

/* What an unfinished restore of this job is making in place is nothing that stands there. */
static struct err *read_names(struct conn *c, const struct restore_plan *p, const char *dbs, struct live *l)
{
    struct result *r = NULL;
    char **row;
    size_t cap = 0;
    char **unfinished = NULL;
    size_t count = 0;

    struct err *e = in_place_unfinished(c, p->job->name, &unfinished, &count);
    if (!e)
        e = conn_query(c, &r,
                       "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES "
                       "WHERE TABLE_SCHEMA IN (%s)",
                       dbs);
    while (r && (row = result_next(r, NULL)) != NULL) {
        const struct restore_db *db = find_db(p, l, row[0]);
        if (db && !in_place_is_unfinished(unfinished, count, row[0]))
            add_name(p, db, row, &cap, l);
    }
    result_free(r);
    catalog_free_names(unfinished, count);
    if (l->count)
        qsort(l->tables, l->count, sizeof(*l->tables), compare_lives);
    return e;
}

static struct err *read_triggers(struct conn *c, const char *dbs, struct live *l)
{
    struct result *r = NULL;
    char **row;

    TRY(conn_query(
        c, &r,
        "SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, TRIGGER_NAME FROM information_schema.TRIGGERS "
        "WHERE TRIGGER_SCHEMA IN (%s)",
        dbs));
    while ((row = result_next(r, NULL)) != NULL) {
        struct live_table *t = live_find(l, row[0], row[1]);
        if (t && !t->trigger)
            t->trigger = mem_strdup(row[2]);
    }
    result_free(r);
    return NULL;
}

static struct err *read_ours(struct conn *c, const struct restore_plan *p, struct live *l)
{
    struct result *r = NULL;
    char **row;
    char *job = sql_string_dup(p->job->name);
    struct err *e = conn_query_if_there(c, &r, "SELECT db, name FROM ccr.tables WHERE job = %s", job);

    free(job);
    if (e || !r) /* none: the first restore of the first job */
        return e;
    while ((row = result_next(r, NULL)) != NULL) {
        struct live_table *t = live_find(l, row[0], row[1]);
        if (t)
            t->ours = true;
    }
    result_free(r);
    return NULL;
}

/* A view of the snapshot will stand here. */
bool live_view_is_coming(const struct restore_plan *p, const struct live_table *t)
{
    for (size_t i = 0; i < p->manifest->object_count; i++) {
        const struct manifest_object *o = &p->manifest->objects[i];
        if (o->kind != OBJECT_VIEW || !p->in_scope[i])
            continue;
        struct scope_name to = restore_plan_target_name(p, o);
        if (strcmp(to.name, t->name) == 0 && strcmp(to.db, t->db->target) == 0)
            return true;
    }
    return false;
}

/* The job followed it under this name, and still asks for it. */
static bool still_asked_for(const struct restore_plan *p, const struct live *l, const struct live_table *t)
{
    struct scope_name source;

    if (!l->saved || !scope_source_table(&l->saved->scope, t->db->target, t->name, &source) ||
        !scope_table(&p->job->scope, source.db, source.name))
        return false;
    struct scope_name to = scope_target_table(&p->job->scope, source.db, source.name);
    return strcmp(to.db, t->db->target) == 0 && strcmp(to.name, t->name) == 0;
}

static enum live_fate fate_of(const struct restore_plan *p, const struct live *l, const struct live_table *t)
{
    /* what the job made and the snapshot no longer has goes, unless the job no longer asks for it */
    bool gone = t->ours && !t->incoming && still_asked_for(p, l, t);

    if (t->view && p->partial && !t->incoming)
        return LIVE_STAYS;
    if (t->view)
        return t->incoming || (gone && !live_view_is_coming(p, t)) ? LIVE_ASIDE : LIVE_STAYS;
    if (t->incoming || gone || live_view_is_coming(p, t))
        return t->trigger ? LIVE_ASIDE : LIVE_OLD;
    return LIVE_STAYS;
}

struct err *live_read(struct conn *c, const struct restore_plan *p, struct live *out)
{
    struct job_position position;
    bool found = false;

    *out = (struct live){0};
    struct err *e = job_position_read(c, p->job->name, &position, &found);
    if (found)
        job_position_free(&position);
    out->first = !found;
    if (!e)
        e = job_load(c, p->job->name, &out->saved);
    if (!e && found)
        e = read_gone(c, p, out);
    char *dbs = database_list(p, out);
    if (!e && *dbs)
        e = read_names(c, p, dbs, out);
    if (!e && *dbs)
        e = read_triggers(c, dbs, out);
    if (!e)
        e = read_ours(c, p, out);
    for (size_t i = 0; !e && i < out->count; i++)
        out->tables[i].fate = fate_of(p, out, &out->tables[i]);
    free(dbs);
    if (e)
        live_free(out);
    return e;
}

void live_free(struct live *l)
{
    for (size_t i = 0; i < l->count; i++) {
        free(l->tables[i].name);
        free(l->tables[i].trigger);
    }
    for (size_t i = 0; i < l->gone_count; i++) {
        free(l->gone[i].name);
        free(l->gone[i].target);
        free(l->gone[i].db.old);
    }
    free(l->gone);
    free(l->tables);
    job_free(l->saved);
    *l = (struct live){0};
}
