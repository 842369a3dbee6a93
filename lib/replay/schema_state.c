#include "replay/schema_state.h"

#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/mem.h"
#include "mysql/catalog.h"

/* In place of a definition's hash. */
static const char broken[] = "broken";

void schema_objects_free(struct schema_objects *o)
{
    for (size_t i = 0; i < o->count; i++) {
        free(o->items[i].db);
        free(o->items[i].name);
    }
    free(o->items);
    *o = (struct schema_objects){0};
}

bool schema_kind_is_table(enum statement_kind kind)
{
    return kind == STATEMENT_TABLE || kind == STATEMENT_SEQUENCE || kind == STATEMENT_VIEW;
}

bool schema_object_is_table(const struct schema_object *o)
{
    return schema_kind_is_table(o->kind);
}

static json_t *state_item(bool exists, const char *hash, const char *ids)
{
    return json_pack("{s:b, s:s, s:s}", "exists", (int)exists, "hash", hash, "ids", ids);
}

/* InnoDB's ids of a table, or of its partitions. */
static struct err *read_ids(struct conn *c, const char *db, const char *name, char **ids)
{
    struct buf path = BUF_INIT;

    buf_append_str(&path, "CONCAT(CAST(CONVERT(");
    sql_string(&path, db);
    buf_append_str(&path, " USING filename) AS BINARY), '/', CAST(CONVERT(");
    sql_string(&path, name);
    buf_append_str(&path, " USING filename) AS BINARY)");
    struct err *e =
        conn_value(c, ids,
                   "SELECT GROUP_CONCAT(TABLE_ID ORDER BY NAME) "
                   "FROM information_schema.INNODB_SYS_TABLES "
                   "WHERE CAST(NAME AS BINARY) = %s) OR LOCATE(%s, '#P#'), CAST(NAME AS BINARY)) = 1",
                   buf_str(&path), buf_str(&path));
    buf_free(&path);
    return e;
}

/* The last failure was of a definition without its table, or of a sequence without its row. */
static bool is_half_made(const struct conn *c)
{
    return conn_errno(c) == ER_NO_SUCH_TABLE_IN_ENGINE || conn_errno(c) == ER_KEY_NOT_FOUND;
}

static struct err *read_table(struct conn *c, const char *db, const char *name, json_t **out)
{
    char hash[HASH_HEX_SIZE] = "";
    char *type = NULL;
    char *ids = NULL;
    char *db_literal = sql_string_dup(db);
    char *name_literal = sql_string_dup(name);
    struct err *e = conn_value(c, &type,
                               "SELECT TABLE_TYPE FROM information_schema.TABLES "
                               "WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s",
                               db_literal, name_literal);

    free(db_literal);
    free(name_literal);
    bool table = type && strcmp(type, "VIEW") != 0;
    if (!e && table)
        e = catalog_table_hash(c, db, name, hash);
    if (e && table && is_half_made(c)) {
        err_free(e);
        e = NULL;
        memcpy(hash, broken, sizeof(broken));
    }
    if (!e && table)
        e = read_ids(c, db, name, &ids);
    if (!e)
        *out = state_item(type != NULL, hash, ids ? ids : "");
    free(type);
    free(ids);
    return e;
}

/* Databases, events and routines, of which a view of information_schema tells whether they are there. */
static struct err *read_count(struct conn *c, json_t **out, const char *query, const struct schema_object *o,
                              const char *routine_type)
{
    char *db = sql_string_dup(o->db);
    char *name = sql_string_dup(o->name ? o->name : "");
    uint64_t count = 0;
    struct err *e;

    if (!o->name)
        e = conn_number(c, &count, "%s SCHEMA_NAME = %s", query, db);
    else if (!routine_type)
        e = conn_number(c, &count, "%sSCHEMA = %s AND EVENT_NAME = %s", query, db, name);
    else
        e = conn_number(c, &count, "%sSCHEMA = %s AND ROUTINE_NAME = %s AND ROUTINE_TYPE = '%s'", query, db,
                        name, routine_type);
    if (!e)
        *out = state_item(count > 0, "", "");
    free(db);
    free(name);
    return e;
}

static struct err *read_object(struct conn *c, const struct schema_object *o, json_t **out)
{
    static const char routines[] = "SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_";
    static const char events[] = "SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_";
    static const char schemata[] = "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE";

    switch (o->kind) {
    case STATEMENT_DATABASE:
        return read_count(c, out, schemata, o, "");
    case STATEMENT_EVENT:
        return read_count(c, out, events, o, NULL);
    case STATEMENT_FUNCTION:
        return read_count(c, out, routines, o, "FUNCTION");
    case STATEMENT_PROCEDURE:
        return read_count(c, out, routines, o, "PROCEDURE");
    case STATEMENT_PACKAGE:
        return read_count(c, out, routines, o, "PACKAGE");
    case STATEMENT_PACKAGE_BODY:
        return read_count(c, out, routines, o, "PACKAGE BODY");
    case STATEMENT_TABLE:
    case STATEMENT_SEQUENCE:
    case STATEMENT_VIEW:
    case STATEMENT_TRIGGER:
    case STATEMENT_NO_OBJECT:
    default:
        return read_table(c, o->db, o->name, out);
    }
}

struct err *schema_state_read(struct conn *c, const struct schema_objects *objects, json_t **out)
{
    json_t *states = json_array();

    for (size_t i = 0; i < objects->count; i++) {
        json_t *item = NULL;
        struct err *e = read_object(c, &objects->items[i], &item);
        if (e) {
            json_decref(states);
            return e;
        }
        json_array_append_new(states, item);
    }
    *out = states;
    return NULL;
}

bool schema_state_exists(const json_t *state, size_t object)
{
    return json_is_true(json_object_get(json_array_get(state, object), "exists"));
}

static const char *state_text(const json_t *state, size_t object, const char *member)
{
    const char *text = json_string_value(json_object_get(json_array_get(state, object), member));

    return text ? text : "";
}

const char *schema_state_hash(const json_t *state, size_t object)
{
    return state_text(state, object, "hash");
}

bool schema_state_is_broken(const json_t *state, size_t object)
{
    return strcmp(schema_state_hash(state, object), broken) == 0;
}

/* Which table it is, whatever its name: its ids, or only that it exists. */
static const char *state_identity(const json_t *state, size_t object)
{
    const char *ids = state_text(state, object, "ids");

    return ids[0] ? ids : schema_state_exists(state, object) ? "exists" : "";
}

static size_t find_object(const struct schema_objects *o, size_t like)
{
    size_t i = 0;

    while (strcmp(o->items[i].db, o->items[like].db) != 0 ||
           strcmp(o->items[i].name, o->items[like].name) != 0)
        i++;
    return i;
}

/* RENAME TABLE: the pairs, in order, played through on what was there before. */
static enum schema_outcome outcome_of_rename(const struct schema_objects *o, const json_t *before,
                                             const json_t *now)
{
    const char **expected = mem_zalloc(o->count, sizeof(*expected));
    bool moved = false;
    bool unchanged = true;
    bool done = true;

    for (size_t i = 0; i < o->count; i++)
        expected[i] = state_identity(before, i);
    for (size_t i = 0; i + 1 < o->count; i += 2) {
        size_t from = find_object(o, i);
        size_t to = find_object(o, i + 1);
        expected[to] = expected[from];
        expected[from] = "";
    }
    for (size_t i = 0; i < o->count; i++) {
        if (find_object(o, i) != i)
            continue;
        moved |= strcmp(expected[i], state_identity(before, i)) != 0;
        unchanged &= strcmp(state_identity(now, i), state_identity(before, i)) == 0;
        done &= strcmp(state_identity(now, i), expected[i]) == 0;
    }
    free(expected);
    if (!moved) /* tables swapped that have no ids: both outcomes look alike */
        return SCHEMA_UNDECIDED;
    return unchanged ? SCHEMA_NOT_DONE : done ? SCHEMA_DONE : SCHEMA_UNDECIDED;
}

static bool renames(const struct statement *s)
{
    for (size_t i = 0; i < s->name_count; i++)
        if (s->names[i].role == STATEMENT_TO)
            return true;
    return false;
}

/* Running it a second time leads to the same state. */
static bool can_be_repeated(const struct statement *s)
{
    switch (s->action) {
    case STATEMENT_TRUNCATE:
    case STATEMENT_DROP:
        return true;
    case STATEMENT_CREATE:
        return s->or_replace || s->if_not_exists;
    case STATEMENT_ALTER:
        return s->truncates || (s->kind != STATEMENT_TABLE && !renames(s));
    case STATEMENT_UNKNOWN:
    case STATEMENT_RENAME:
    case STATEMENT_ACCOUNT:
    case STATEMENT_MAINTENANCE:
    case STATEMENT_DML:
    case STATEMENT_TRANSACTION:
    case STATEMENT_SAVEPOINT:
    case STATEMENT_XA:
    case STATEMENT_SERVER:
    default:
        return false;
    }
}

/* ALTER TABLE neither loses a table nor breaks one: a server that was killed has. */
static bool is_damaged(const struct statement *s, const struct schema_objects *o, const json_t *before,
                       const json_t *now)
{
    if (s->action != STATEMENT_ALTER || s->kind != STATEMENT_TABLE)
        return false;
    for (size_t i = 0; i < o->count; i++) {
        bool stays = o->items[i].role == STATEMENT_OBJECT && schema_state_exists(before, i) && !renames(s);
        bool missing = !schema_state_exists(now, i) && (stays || o->items[i].role == STATEMENT_TO);
        if (missing || schema_state_is_broken(now, i))
            return true;
    }
    return false;
}

/* EXCHANGE PARTITION with tables that have no ids. */
static bool cannot_tell(const struct schema_objects *o, const json_t *before)
{
    for (size_t i = 0; i < o->count; i++)
        if (o->items[i].role == STATEMENT_EXCHANGED && schema_state_exists(before, i) &&
            !state_text(before, i, "ids")[0])
            return true;
    return false;
}

static bool left_debris(const struct schema_objects *o, const json_t *now)
{
    for (size_t i = 0; i < o->count; i++)
        if (o->items[i].role == STATEMENT_OBJECT && schema_state_is_broken(now, i))
            return true;
    return false;
}

enum schema_outcome schema_state_outcome(const struct statement *s, const struct schema_objects *objects,
                                         const json_t *before, const json_t *now)
{
    if (s->action == STATEMENT_RENAME)
        return outcome_of_rename(objects, before, now);
    if (s->action == STATEMENT_CREATE && left_debris(objects, now))
        return SCHEMA_DEBRIS;
    bool same = json_equal(before, now);
    if (can_be_repeated(s))
        return same && s->action == STATEMENT_DROP ? SCHEMA_NOT_DONE : SCHEMA_RUN_AGAIN;
    if (same)
        return cannot_tell(objects, before) ? SCHEMA_UNDECIDED : SCHEMA_NOT_DONE;
    return is_damaged(s, objects, before, now) ? SCHEMA_UNDECIDED : SCHEMA_DONE;
}
