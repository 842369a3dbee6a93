#include "snapshot/finish_objects.h"

#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/clock.h"
#include "base/mem.h"
#include "snapshot/ddl.h"
#include "snapshot/target_session.h"

enum { LOCK_TURNS = 10 };

/* The default database of its CREATE. */
static const char *target_of(const struct restore_plan *p, const struct manifest_object *o)
{
    return restore_plan_db(p, o->db)->target;
}

/* With the names of the target. */
static struct err *place_object(const struct restore_plan *p, const struct manifest_object *o,
                                const char *definition, bool disable, struct buf *out)
{
    struct buf renamed = BUF_INIT;
    struct buf disabled = BUF_INIT;
    struct err *e = ddl_rename(p, o, definition, &renamed);

    if (!e && disable)
        e = ddl_disable_event(buf_str(&renamed), &disabled);
    if (!e)
        e = ddl_or_replace(buf_str(disable ? &disabled : &renamed), out);
    buf_free(&renamed);
    buf_free(&disabled);
    return e;
}

/* Routines, triggers and events take the database's collation of the moment in which they are made. */
static struct err *set_collation(struct conn *c, const char *db, const char *collation, char **before)
{
    char *text = sql_string_dup(db);
    char *name = sql_ident_dup(db);
    struct err *e = conn_value(
        c, before, "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s",
        text);

    if (!e && collation && *before && strcmp(*before, collation) != 0) {
        char *wanted = sql_string_dup(collation);
        e = conn_exec(c, "ALTER DATABASE %s COLLATE %s", name, wanted);
        free(wanted);
    } else {
        free(*before);
        *before = NULL;
    }
    free(text);
    free(name);
    return e;
}

static struct err *create_with_collation(struct conn *c, const char *db, const struct manifest_object *o,
                                         const struct buf *sql, unsigned *number)
{
    char *before = NULL;
    struct err *e = set_collation(c, db, o->kind == OBJECT_VIEW ? NULL : o->database_collation, &before);

    if (!e)
        e = target_create_object(c, db, o, sql, number);
    if (before && !conn_is_lost(c)) {
        char *name = sql_ident_dup(db);
        char *collation = sql_string_dup(before);
        e = err_first(e, conn_exec(c, "ALTER DATABASE %s COLLATE %s", name, collation));
        free(name);
        free(collation);
    }
    free(before);
    return e;
}

static bool is_broken_view(unsigned number)
{
    switch (number) {
    case ER_NO_SUCH_TABLE:
    case ER_BAD_FIELD_ERROR:
    case ER_SP_DOES_NOT_EXIST:
    case ER_VIEW_INVALID:
    case ER_BAD_DB_ERROR:
        return true;
    default:
        return false;
    }
}

static struct err *create_object(struct conn *c, const struct restore_plan *p,
                                 const struct manifest_object *o, const char *definition, struct log *log)
{
    struct buf sql = BUF_INIT;
    unsigned number = 0;
    bool disable = o->kind == OBJECT_EVENT && !p->standalone;
    struct err *e = place_object(p, o, definition, disable, &sql);

    if (!e)
        e = create_with_collation(c, target_of(p, o), o, &sql, &number);
    if (e && o->kind == OBJECT_VIEW && is_broken_view(number)) {
        log_warn(log, "left out, because something that it uses is missing: %s", err_message(e));
        err_free(e);
        e = NULL;
    }
    buf_free(&sql);
    return e;
}

static bool follows_tables(enum object_kind kind)
{
    return kind != OBJECT_DATABASE && kind != OBJECT_TABLE && kind != OBJECT_SEQUENCE;
}

/* ALTER EVENT makes the one who runs it the definer, unless told otherwise. */
static struct err *disable_event(struct conn *c, char **row)
{
    char *event = sql_table_dup(row[0], row[1]);
    const char *at = strrchr(row[2], '@');
    char *user = mem_strndup(row[2], at ? (size_t)(at - row[2]) : strlen(row[2]));
    char *user_quoted = sql_ident_dup(user);
    char *host = sql_ident_dup(at ? at + 1 : "%");
    struct err *e = conn_exec(c, "ALTER DEFINER=%s@%s EVENT %s DISABLE ON SLAVE", user_quoted, host, event);

    free(event);
    free(user);
    free(user_quoted);
    free(host);
    return e;
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
        e = disable_event(c, row);
    }
    result_free(r);
    free(dbs);
    return e;
}

struct err *finish_objects(struct conn *c, const struct restore_plan *p, char *const *definitions,
                           struct log *log)
{
    for (size_t i = 0; i < p->manifest->object_count; i++) {
        const struct manifest_object *o = &p->manifest->objects[i];
        if (!p->in_scope[i] || !follows_tables(o->kind) || (o->kind == OBJECT_TRIGGER && !p->standalone))
            continue;
        TRY(create_object(c, p, o, definitions[i], log));
    }
    return p->standalone ? NULL : disable_events(c, p, log);
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
    struct result *r = NULL;
    char **row;
    char *job = sql_string_dup(p->job->name);
    struct err *e = conn_query(c, &r, "SELECT db, name FROM ccr.kept WHERE job = %s AND kind = 'event'", job);

    while (!e && (row = result_next(r, NULL)) != NULL) {
        char *event = sql_table_dup(row[0], row[1]);
        if (!has_event(p, row[0], row[1]))
            e = conn_exec(c, "DROP EVENT IF EXISTS %s", event);
        free(event);
    }
    result_free(r);
    free(job);
    return e;
}

static struct err *keep_object(struct conn *c, const struct restore_plan *p, const struct manifest_object *o,
                               const char *definition)
{
    struct buf sql = BUF_INIT;
    struct err *e = ddl_rename(p, o, definition, &sql);
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
        e = job_kept_put(c, p->job->name, &kept);
    buf_free(&sql);
    return e;
}

struct err *finish_keep(struct conn *c, const struct restore_plan *p, char *const *definitions)
{
    for (size_t i = 0; i < p->manifest->object_count; i++) {
        const struct manifest_object *o = &p->manifest->objects[i];
        if (p->in_scope[i] && (o->kind == OBJECT_TRIGGER || o->kind == OBJECT_EVENT))
            TRY(keep_object(c, p, o, definitions[i]));
    }
    return NULL;
}
