#include "restore/finish_objects.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "restore/ddl.h"

/* The default database of its CREATE. */
static const char *target_of(const struct restore_plan *p, const struct manifest_object *o)
{
    return restore_plan_db(p, o->db)->target;
}

static struct err *disable_events(struct conn *c, const struct restore_plan *p, struct log *log)
{
    struct result *r = NULL;
    char **row;
    char *dbs = restore_plan_target_list(p);
    struct err *e = NULL;

    if (*dbs)
        e = conn_query(c, &r,
                       "SELECT EVENT_SCHEMA, EVENT_NAME, DEFINER FROM information_schema.EVENTS "
                       "WHERE STATUS = 'ENABLED' AND EVENT_SCHEMA IN (%s)",
                       dbs);
    while (!e && r && (row = result_next(r, NULL)) != NULL) {
        const struct restore_db *db = restore_plan_target_db(p, row[0]);
        if (!db || !db->whole)
            continue;
        log_warn(log, "event %s.%s is disabled: its database is followed now", row[0], row[1]);
        e = place_event_status(c, row[0], row[1], row[2], "DISABLE ON SLAVE");
    }
    result_free(r);
    free(dbs);
    return e;
}

static struct err *place_kind(const struct placing *p, enum object_kind kind)
{
    unsigned number;

    for (size_t i = 0; i < p->plan->manifest->object_count; i++)
        if (placing_has(p, i, kind))
            TRY(place_object(p, i, PLACE_AS_DEFINED, &number));
    return NULL;
}

struct err *finish_objects(const struct placing *p)
{
    TRY(place_routines_and_views(p));
    return p->plan->standalone ? place_kind(p, OBJECT_TRIGGER) : NULL;
}

struct err *finish_events(const struct placing *p)
{
    TRY(place_kind(p, OBJECT_EVENT));
    return p->plan->standalone ? NULL : disable_events(p->conn, p->plan, p->log);
}

static bool has_event(const struct restore_plan *p, const char *target, const char *name)
{
    for (size_t i = 0; i < p->manifest->object_count; i++) {
        const struct manifest_object *o = &p->manifest->objects[i];
        if (p->in_scope[i] && o->kind == OBJECT_EVENT && strcmp(o->name, name) == 0 &&
            strcmp(target_of(p, o), target) == 0)
            return true;
    }
    return false;
}

struct err *finish_drop_events(struct conn *c, const struct restore_plan *p)
{
    struct job_kept_list kept;
    struct err *e = job_kept_read(c, p->job->name, "event", &kept);

    for (size_t i = 0; i < kept.count && !e; i++) {
        char *event = sql_table_dup(kept.items[i].db, kept.items[i].name);
        if (!has_event(p, kept.items[i].db, kept.items[i].name))
            e = conn_exec(c, "DROP EVENT IF EXISTS %s", event);
        free(event);
    }
    job_kept_free(&kept);
    return e;
}

static struct err *keep_object(const struct placing *placing, size_t i)
{
    const struct restore_plan *p = placing->plan;
    const struct manifest_object *o = &p->manifest->objects[i];
    struct buf defined = BUF_INIT;
    struct buf sql = BUF_INIT;
    struct err *e = missing_definer_place(placing->conn, &p->missing_definer, &placing->accounts, o,
                                          placing->definitions[i], &defined);
    if (!e)
        e = ddl_rename(placing->conn, p, o, buf_str(&defined), &sql);
    struct scope_name to = restore_plan_target_name(p, o);
    struct job_kept kept = {
        .kind = o->kind == OBJECT_TRIGGER ? "trigger" : "event",
        .db = to.db,
        .name = to.name,
        .table = o->table ? scope_target_table(&p->job->scope, o->db, o->table).name : NULL,
        .sql = buf_str(&sql),
        .sql_mode = o->sql_mode,
        .character_set_client = o->character_set_client,
        .collation_connection = o->collation_connection,
        .database_collation = o->database_collation,
        .time_zone = o->time_zone,
        .status = o->status,
    };

    if (!e)
        e = job_kept_put(placing->conn, p->job->name, &kept);
    buf_free(&defined);
    buf_free(&sql);
    return e;
}

struct err *finish_keep(const struct placing *p)
{
    for (size_t i = 0; i < p->plan->manifest->object_count; i++)
        if (placing_has(p, i, OBJECT_TRIGGER) || placing_has(p, i, OBJECT_EVENT))
            TRY(keep_object(p, i));
    return NULL;
}
