/* What waited for promotion: triggers, and events in their state. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/document.h"
#include "promote/parts.h"
#include "restore/place_object.h"

struct err *promote_list_kept(struct promote *p)
{
    json_t *list = json_array();
    struct job_kept_list kept;
    struct err *e = job_kept_read(p->conn, p->name, NULL, &kept);

    json_object_set_new(p->run->result, "kept", list);
    for (size_t i = 0; i < kept.count; i++) {
        const struct job_kept *k = &kept.items[i];
        json_t *object = json_object();
        document_set_bytes(object, "kind", k->kind);
        document_set_bytes(object, "db", k->db);
        document_set_bytes(object, "name", k->name);
        document_set_bytes(object, "status", k->status);
        json_array_append_new(list, object);
        if (k->kind[0] == 't')
            run_say(p->run, "trigger %s.%s of table %s", k->db, k->name, k->table ? k->table : "");
        else
            run_say(p->run, "event %s.%s: %s", k->db, k->name, k->status ? k->status : "");
    }
    job_kept_free(&kept);
    return e;
}

static struct err *create(struct promote *p, const struct job_kept *k, enum object_kind kind)
{
    struct manifest_object o = {.kind = kind};
    const char *const from[] = {
        k->name,      k->sql_mode, k->character_set_client, k->collation_connection, k->database_collation,
        k->time_zone, k->status};
    char **const to[] = {
        &o.name,      &o.sql_mode, &o.character_set_client, &o.collation_connection, &o.database_collation,
        &o.time_zone, &o.status};
    const size_t count = sizeof(to) / sizeof(to[0]);
    struct buf sql = BUF_INIT;

    for (size_t i = 0; i < count; i++)
        *to[i] = from[i] ? mem_strdup(from[i]) : NULL;
    buf_append_str(&sql, k->sql);
    struct err *e = place_statement(p->conn, k->db, &o, &sql, NULL);
    buf_free(&sql);
    for (size_t i = 0; i < count; i++)
        free(*to[i]);
    return e;
}

/* All of them are made anew, so that their order is right whatever a killed run has done. */
struct err *promote_triggers(struct promote *p)
{
    struct job_kept_list kept;
    struct err *e = job_kept_read(p->conn, p->name, "trigger", &kept);

    for (size_t i = 0; i < kept.count && !e; i++) {
        char *trigger = sql_table_dup(kept.items[i].db, kept.items[i].name);
        e = conn_exec(p->conn, "DROP TRIGGER IF EXISTS %s", trigger);
        if (!e)
            e = create(p, &kept.items[i], OBJECT_TRIGGER);
        free(trigger);
    }
    job_kept_free(&kept);
    return e;
}

static const char *status_clause(const char *status)
{
    if (strcmp(status, "ENABLED") == 0)
        return "ENABLE";
    return strcmp(status, "DISABLED") == 0 ? "DISABLE" : "DISABLE ON SLAVE";
}

/* It is there, disabled, but for one that somebody has dropped. */
static struct err *set_event(struct promote *p, const struct job_kept *k)
{
    char *definer = NULL;
    char *db = sql_string_dup(k->db);
    char *name = sql_string_dup(k->name);
    struct err *e = conn_value(p->conn, &definer,
                               "SELECT DEFINER FROM information_schema.EVENTS WHERE EVENT_SCHEMA = %s AND "
                               "EVENT_NAME = %s",
                               db, name);

    if (!e && definer)
        e = place_event_status(p->conn, k->db, k->name, definer,
                               status_clause(k->status ? k->status : "ENABLED"));
    else if (!e)
        e = create(p, k, OBJECT_EVENT);
    free(definer);
    free(db);
    free(name);
    return e;
}

struct err *promote_events(struct promote *p)
{
    struct job_kept_list kept;
    char *scheduler = NULL;
    struct err *e = job_kept_read(p->conn, p->name, "event", &kept);
    bool any = kept.count > 0;

    for (size_t i = 0; i < kept.count && !e; i++)
        e = set_event(p, &kept.items[i]);
    job_kept_free(&kept);
    if (!e && any)
        e = conn_value(p->conn, &scheduler, "SELECT @@GLOBAL.event_scheduler");
    if (scheduler && strcmp(scheduler, "ON") != 0)
        log_warn(p->run->log, "event_scheduler is %s on the target: no event runs until it is ON", scheduler);
    free(scheduler);
    return e;
}
