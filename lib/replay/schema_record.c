/* The tables that ccr made, and the hashes of their definitions, around a statement. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "replay/schema_change.h"

typedef struct err *record_fn(const struct schema_change *s, const char *db, const char *name);

/* Tables whose foreign keys name this one: their definitions change with its name and its columns'. */
static struct err *each_child(const struct schema_change *s, const struct schema_object *o, record_fn *fn)
{
    struct result *r = NULL;
    char *db = sql_string_dup(o->db);
    char *name = sql_string_dup(o->name);
    char **row;

    struct err *e = conn_query(
        s->a->conn, &r,
        "SELECT DISTINCT CONVERT(CONVERT(CAST(SUBSTRING_INDEX(FOR_NAME, '/', 1) AS BINARY) USING filename) "
        "USING utf8mb4), CONVERT(CONVERT(CAST(SUBSTRING_INDEX(FOR_NAME, '/', -1) AS BINARY) USING filename) "
        "USING utf8mb4) FROM information_schema.INNODB_SYS_FOREIGN WHERE CAST(REF_NAME AS BINARY) = "
        "CONCAT(CAST(CONVERT(%s USING filename) AS BINARY), '/', CAST(CONVERT(%s USING filename) AS BINARY))",
        db, name);
    while (!e && (row = result_next(r, NULL)) != NULL)
        if (row[0] && row[1])
            e = fn(s, row[0], row[1]);
    result_free(r);
    free(db);
    free(name);
    return e;
}

static bool changes_children(const struct schema_change *s)
{
    return (s->statement.action == STATEMENT_ALTER && s->statement.kind == STATEMENT_TABLE) ||
           s->statement.action == STATEMENT_RENAME;
}

static struct err *record_compare(const struct schema_change *s, const char *db, const char *name,
                                  const char *hash)
{
    char recorded[HASH_HEX_SIZE];

    TRY(job_table_hash(s->a->conn, s->a->job->name, db, name, recorded));
    if (strcmp(hash, recorded) == 0)
        return NULL;
    if (!recorded[0])
        return err_hint(schema_change_stop(s, ERR_UNSAFE,
                                           "the target has a table of that name which ccr did not "
                                           "make"),
                        "move %s.%s away on the target, or restore a new snapshot with --replace", db, name);
    return err_hint(err_new(ERR_UNSAFE,
                            "the definition of table %s.%s on the target is not the one that ccr left "
                            "there",
                            db, name),
                    "undo the change on the target, or restore a new snapshot");
}

static struct err *child_check(const struct schema_change *s, const char *db, const char *name)
{
    char hash[HASH_HEX_SIZE];

    char recorded[HASH_HEX_SIZE];

    TRY(job_table_hash(s->a->conn, s->a->job->name, db, name, recorded));
    if (!recorded[0]) /* the target's own */
        return NULL;
    TRY(catalog_table_hash(s->a->conn, db, name, hash));
    return record_compare(s, db, name, hash);
}

static struct err *child_record(const struct schema_change *s, const char *db, const char *name)
{
    char hash[HASH_HEX_SIZE];

    TRY(job_table_hash(s->a->conn, s->a->job->name, db, name, hash));
    if (!hash[0])
        return NULL;
    TRY(catalog_table_hash(s->a->conn, db, name, hash));
    return job_table_record(s->a->conn, s->a->job->name, db, name, hash[0] ? hash : NULL);
}

struct err *schema_record_check(const struct schema_change *s, const json_t *state)
{
    for (size_t i = 0; i < s->objects.count; i++) {
        const struct schema_object *o = &s->objects.items[i];
        const char *hash = schema_state_hash(state, i); /* views have none, and no record */
        if (!schema_object_is_table(o))
            continue;
        if (hash[0])
            TRY(record_compare(s, o->db, o->name, hash));
        if (hash[0] && changes_children(s))
            TRY(each_child(s, o, child_check));
    }
    return NULL;
}

/* Every table of a database is gone. */
static struct err *record_drop_database(const struct schema_change *s, const char *db)
{
    char *job = sql_string_dup(s->a->job->name);
    char *name = sql_string_dup(db);
    struct err *e = conn_exec(s->a->conn, "DELETE FROM ccr.tables WHERE job = %s AND db = %s", job, name);

    free(job);
    free(name);
    return e;
}

/* A view has no hash of its own. */
static struct err *record_name(const char *job, struct conn *c, const struct schema_object *o, bool exists,
                               const char *hash)
{
    char of_nothing[HASH_HEX_SIZE];

    hash_bytes_hex("", 0, of_nothing);
    return job_table_record(c, job, o->db, o->name, hash[0] ? hash : exists ? of_nothing : NULL);
}

static struct err *record_object(const struct schema_change *s, const struct schema_object *o, bool exists,
                                 const char *hash)
{
    const char *job = s->a->job->name;
    bool dropped = s->statement.action == STATEMENT_DROP || s->statement.or_replace;

    if (o->kind == STATEMENT_DATABASE)
        return dropped ? record_drop_database(s, o->db) : NULL;
    if (!schema_object_is_table(o))
        return NULL;
    TRY(record_name(job, s->a->conn, o, exists, hash));
    return changes_children(s) ? each_child(s, o, child_record) : NULL;
}

/* What a person wants copied again of a table that is called otherwise from here on. */
static struct err *record_rename(const struct schema_change *s, const struct schema_object *from,
                                 const struct schema_object *to)
{
    const struct scope *scope = &s->a->job->scope;
    struct scope_name was, is;

    if (s->a->staging || !scope_source_table(scope, from->db, from->name, &was) ||
        !scope_source_table(scope, to->db, to->name, &is))
        return NULL;
    return job_needs_rename(s->a->conn, s->a->job->name, &was, &is);
}

struct err *schema_record_write(const struct schema_change *s)
{
    json_t *state = NULL;

    TRY(schema_state_read(s->a->conn, &s->objects, &state));
    struct err *e = NULL;
    for (size_t i = 0; !e && i < s->objects.count; i++)
        e = record_object(s, &s->objects.items[i], schema_state_exists(state, i),
                          schema_state_hash(state, i));
    for (size_t i = 1; !e && i < s->objects.count; i++)
        if (s->objects.items[i].role == STATEMENT_TO)
            e = record_rename(s, &s->objects.items[i - 1], &s->objects.items[i]);
    json_decref(state);
    return e;
}
