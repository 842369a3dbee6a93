#include "restore/place_object.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "binlog/account.h"
#include "restore/ddl.h"
#include "restore/target_session.h"

struct err *placing_begin(struct conn *c, const struct restore_plan *p, char *const *definitions,
                          struct log *log, struct placing *out)
{
    *out = (struct placing){.conn = c, .plan = p, .definitions = definitions, .log = log};
    return account_list_names(c, &out->accounts);
}

bool placing_has(const struct placing *p, size_t i, enum object_kind kind)
{
    return p->plan->in_scope[i] && p->plan->manifest->objects[i].kind == kind;
}

/* The definer is whoever runs it; a view is read with the rights of who reads it. */
static void append_as_own(const struct manifest_object *o, const char *sql, struct buf *out)
{
    static const char security[] = " SQL SECURITY DEFINER VIEW ";
    struct definer definer;

    if (!definer_find(sql, ddl_lexing_mode(o->sql_mode), &definer)) {
        buf_append_str(out, sql);
    } else {
        const char *rest = sql + definer.end;
        buf_append(out, sql, definer.start);
        buf_append_str(out, "CURRENT_USER");
        if (strncmp(rest, security, sizeof(security) - 1) == 0) {
            buf_append_str(out, " SQL SECURITY INVOKER VIEW ");
            rest += sizeof(security) - 1;
        }
        buf_append_str(out, rest);
    }
    account_free(&definer.account);
}

/* With the names and the definer of the target. */
static struct err *build_statement(const struct placing *p, size_t i, enum place_as as, struct buf *out)
{
    const struct manifest_object *o = &p->plan->manifest->objects[i];
    struct buf defined = BUF_INIT;
    struct buf renamed = BUF_INIT;
    struct buf disabled = BUF_INIT;
    bool disable = o->kind == OBJECT_EVENT && !p->plan->standalone;
    struct err *e = NULL;

    if (as == PLACE_AS_OWN)
        append_as_own(o, p->definitions[i], &defined);
    else
        e = missing_definer_place(p->conn, &p->plan->missing_definer, &p->accounts, o, p->definitions[i],
                                  &defined);
    if (!e)
        e = ddl_rename(p->conn, p->plan, o, buf_str(&defined), &renamed);
    if (!e && disable)
        e = ddl_disable_event(buf_str(&renamed), &disabled);
    if (!e)
        e = ddl_or_replace(buf_str(disable ? &disabled : &renamed), out);
    buf_free(&defined);
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

struct err *place_statement(struct conn *c, const char *db, const struct manifest_object *o,
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

struct err *place_object(const struct placing *p, size_t i, enum place_as as, unsigned *number)
{
    const struct manifest_object *o = &p->plan->manifest->objects[i];
    struct buf sql = BUF_INIT;

    *number = 0;
    struct err *e = build_statement(p, i, as, &sql);
    if (!e)
        e = place_statement(p->conn, restore_plan_db(p->plan, o->db)->target, o, &sql, number);
    buf_free(&sql);
    return e;
}

/* ALTER EVENT makes the one who runs it the definer, unless told otherwise. */
struct err *place_event_status(struct conn *c, const char *db, const char *name, const char *definer,
                               const char *status)
{
    char *event = sql_table_dup(db, name);
    const char *at = strrchr(definer, '@');
    char *user = mem_strndup(definer, at ? (size_t)(at - definer) : strlen(definer));
    char *user_quoted = sql_ident_dup(user);
    char *host = sql_ident_dup(at ? at + 1 : "%");
    struct err *e = conn_exec(c, "ALTER DEFINER=%s@%s EVENT %s %s", user_quoted, host, event, status);

    free(event);
    free(user);
    free(user_quoted);
    free(host);
    return e;
}
