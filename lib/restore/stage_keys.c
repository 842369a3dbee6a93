#include "restore/stage_keys.h"

#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/mem.h"
#include "restore/ddl.h"
#include "restore/lock_wait.h"

/* Below this the two ALTER TABLE cost more than they save. */
#define WORTH_BYTES ((uint64_t)8 << 20)

bool stage_keys_wait(const struct restore_table *t)
{
    return t->rows && t->rows->bytes >= WORTH_BYTES && strcasecmp(t->rows->engine, "InnoDB") == 0;
}

struct keys {
    char **names;
    char **clauses;
    size_t count;
    size_t cap;
};

static void collect_key(const char *name, const char *clause, void *arg)
{
    struct keys *k = arg;

    if (k->count == k->cap) {
        k->cap = k->cap ? 2 * k->cap : 8;
        k->names = mem_resize(k->names, k->cap, sizeof(*k->names));
        k->clauses = mem_resize(k->clauses, k->cap, sizeof(*k->clauses));
    }
    k->names[k->count] = mem_strdup(name);
    k->clauses[k->count++] = mem_strdup(clause);
}

static void keys_free(struct keys *k)
{
    for (size_t i = 0; i < k->count; i++) {
        free(k->names[i]);
        free(k->clauses[i]);
    }
    free(k->names);
    free(k->clauses);
}

static struct err *drop_key(struct conn *c, const char *table, const char *name, bool *needed)
{
    char *key = sql_ident_dup(name);
    struct err *e = conn_exec(c, "ALTER TABLE %s DROP KEY %s", table, key);

    free(key);
    *needed = e && (conn_errno(c) == ER_DROP_INDEX_FK || conn_errno(c) == ER_WRONG_AUTO_KEY);
    if (!*needed)
        return e;
    err_free(e);
    return NULL;
}

struct err *stage_keys_drop(struct conn *c, const struct restore_table *t, const char *definition)
{
    struct keys keys = {0};
    char *table = sql_table_dup(t->db->stage, t->name);
    bool needed = false;

    /* with the checks on, the server refuses to drop a key that a foreign key needs */
    struct err *e = conn_exec(c, "SET SESSION foreign_key_checks = 1");
    ddl_each_key(definition, collect_key, &keys);
    for (size_t i = keys.count; !e && !needed && i > 0; i--)
        e = drop_key(c, table, keys.names[i - 1], &needed);
    if (!e)
        e = conn_exec(c, "SET SESSION foreign_key_checks = 0");
    keys_free(&keys);
    free(table);
    return e;
}

static struct err *has_key(struct conn *c, const struct restore_table *t, const char *key, bool *has)
{
    char *db = sql_string_dup(t->db->stage);
    char *table = sql_string_dup(t->name);
    char *name = sql_string_dup(key);
    uint64_t n = 0;
    struct err *e =
        conn_number(c, &n,
                    "SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = %s AND "
                    "TABLE_NAME = %s AND INDEX_NAME = %s",
                    db, table, name);

    *has = n > 0;
    free(db);
    free(table);
    free(name);
    return e;
}

struct err *stage_keys_add(struct conn *c, const struct restore_table *t, const char *definition)
{
    struct keys keys = {0};
    struct buf sql = BUF_INIT;
    char *table = sql_table_dup(t->db->stage, t->name);
    bool missing = false;
    struct err *e = NULL;

    ddl_each_key(definition, collect_key, &keys);
    buf_printf(&sql, "ALTER TABLE %s ", table);
    for (size_t i = 0; !e && i < keys.count; i++) {
        bool has = false;
        e = has_key(c, t, keys.names[i], &has);
        if (has)
            continue;
        buf_printf(&sql, "%sADD %s", missing ? ", " : "", keys.clauses[i]);
        missing = true;
    }
    if (!e && missing)
        e = lock_wait_explain(c, t->db->stage, conn_exec_bytes(c, sql.data, sql.len));
    keys_free(&keys);
    buf_free(&sql);
    free(table);
    return e ? err_context(e, "adding the keys of %s.%s", t->db->name, t->name) : NULL;
}
