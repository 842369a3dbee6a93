/* What waited for promotion: triggers, and events in their state. */
#include <stdlib.h>
#include <string.h>

#include "format/document.h"
#include "promote/parts.h"
#include "restore/place_object.h"

enum { KIND, DB, NAME, TABLE, DEFINITION, SQL_MODE, CHARSET, COLLATION, DB_COLLATION, ZONE, STATUS };

/* In the order in which they were made, which is the triggers' order of action. */
static struct err *read_kept(struct promote *p, const char *kind, struct result **out)
{
    char *job = sql_string_dup(p->name);
    struct err *e = conn_query(p->conn, out,
                               "SELECT kind, db, name, table_name, definition, sql_mode, "
                               "character_set_client, collation_connection, database_collation, time_zone, "
                               "status FROM ccr.kept WHERE job = %s AND kind LIKE '%s' ORDER BY id",
                               job, kind);

    free(job);
    return e;
}

struct err *promote_list_kept(struct promote *p)
{
    json_t *list = json_array();
    struct result *r = NULL;
    char **row;
    struct err *e = read_kept(p, "%", &r);

    json_object_set_new(p->run->result, "kept", list);
    while (!e && (row = result_next(r, NULL)) != NULL) {
        json_t *kept = json_object();
        document_set_bytes(kept, "kind", row[KIND]);
        document_set_bytes(kept, "db", row[DB]);
        document_set_bytes(kept, "name", row[NAME]);
        document_set_bytes(kept, "status", row[STATUS]);
        json_array_append_new(list, kept);
        if (row[KIND][0] == 't')
            run_say(p->run, "trigger %s.%s of table %s", row[DB], row[NAME], row[TABLE] ? row[TABLE] : "");
        else
            run_say(p->run, "event %s.%s: %s", row[DB], row[NAME], row[STATUS] ? row[STATUS] : "");
    }
    result_free(r);
    return e;
}

static struct err *create(struct promote *p, char **row, size_t definition_len, enum object_kind kind)
{
    const struct manifest_object o = {
        .kind = kind,
        .db = row[DB],
        .name = row[NAME],
        .table = row[TABLE],
        .sql_mode = row[SQL_MODE],
        .character_set_client = row[CHARSET],
        .collation_connection = row[COLLATION],
        .database_collation = row[DB_COLLATION],
        .time_zone = row[ZONE],
        .status = row[STATUS],
    };
    struct buf sql = BUF_INIT;

    buf_append(&sql, row[DEFINITION], definition_len);
    struct err *e = place_statement(p->conn, row[DB], &o, &sql, NULL);
    buf_free(&sql);
    return e;
}

/* All of them are made anew, so that their order is right whatever a killed run has done. */
struct err *promote_triggers(struct promote *p)
{
    struct result *r = NULL;
    unsigned long *lengths;
    char **row;
    struct err *e = read_kept(p, "trigger", &r);

    while (!e && (row = result_next(r, &lengths)) != NULL) {
        char *trigger = sql_table_dup(row[DB], row[NAME]);
        e = conn_exec(p->conn, "DROP TRIGGER IF EXISTS %s", trigger);
        if (!e)
            e = create(p, row, lengths[DEFINITION], OBJECT_TRIGGER);
        free(trigger);
    }
    result_free(r);
    return e;
}

static const char *status_clause(const char *status)
{
    if (strcmp(status, "ENABLED") == 0)
        return "ENABLE";
    return strcmp(status, "DISABLED") == 0 ? "DISABLE" : "DISABLE ON SLAVE";
}

/* It is there, disabled, but for one that somebody has dropped. */
static struct err *set_event(struct promote *p, char **row, size_t definition_len)
{
    char *definer = NULL;
    char *db = sql_string_dup(row[DB]);
    char *name = sql_string_dup(row[NAME]);
    struct err *e = conn_value(p->conn, &definer,
                               "SELECT DEFINER FROM information_schema.EVENTS WHERE EVENT_SCHEMA = %s AND "
                               "EVENT_NAME = %s",
                               db, name);

    if (!e && definer)
        e = place_event_status(p->conn, row[DB], row[NAME], definer,
                               status_clause(row[STATUS] ? row[STATUS] : "ENABLED"));
    else if (!e)
        e = create(p, row, definition_len, OBJECT_EVENT);
    free(definer);
    free(db);
    free(name);
    return e;
}

struct err *promote_events(struct promote *p)
{
    struct result *r = NULL;
    unsigned long *lengths;
    char **row;
    char *scheduler = NULL;
    struct err *e = read_kept(p, "event", &r);
    bool any = r && result_count(r) > 0;

    while (!e && (row = result_next(r, &lengths)) != NULL)
        e = set_event(p, row, lengths[DEFINITION]);
    result_free(r);
    if (!e && any)
        e = conn_value(p->conn, &scheduler, "SELECT @@GLOBAL.event_scheduler");
    if (scheduler && strcmp(scheduler, "ON") != 0)
        log_warn(p->run->log, "event_scheduler is %s on the target: no event runs until it is ON", scheduler);
    free(scheduler);
    return e;
}
