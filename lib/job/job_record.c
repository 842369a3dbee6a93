#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/job.h"

/* "'a', 'b', NULL" */
static char *literals(const char *const *values, size_t count)
{
    struct buf out = BUF_INIT;

    for (size_t i = 0; i < count; i++) {
        buf_append_str(&out, i ? ", " : "");
        if (values[i])
            sql_string(&out, values[i]);
        else
            buf_append_str(&out, "NULL");
    }
    return buf_steal(&out);
}

/* "job = '...' AND db = '...' AND name = '...'" */
static char *where_is(const char *job, const char *db, const char *name)
{
    struct buf out = BUF_INIT;

    buf_append_str(&out, "job = ");
    sql_string(&out, job);
    buf_append_str(&out, " AND db = ");
    sql_string(&out, db);
    buf_append_str(&out, " AND name = ");
    sql_string(&out, name);
    return buf_steal(&out);
}

struct err *job_table_hash(struct conn *c, const char *job, const char *db, const char *table, char hash[65])
{
    char *where = where_is(job, db, table);
    char *text = NULL;
    struct err *e = conn_value(c, &text, "SELECT hash FROM ccr.tables WHERE %s", where);

    hash[0] = 0;
    if (!e && text && strlen(text) <= 64)
        strcpy(hash, text);
    free(text);
    free(where);
    return e;
}

struct err *job_table_record(struct conn *c, const char *job, const char *db, const char *table,
                             const char *hash)
{
    const char *values[] = {job, db, table, hash};
    char *where = where_is(job, db, table);
    char *list = literals(values, 4);
    struct err *e = hash ? conn_exec(c, "REPLACE INTO ccr.tables (job, db, name, hash) VALUES (%s)", list)
                         : conn_exec(c, "DELETE FROM ccr.tables WHERE %s", where);

    free(where);
    free(list);
    return e;
}

struct err *job_history_add(struct conn *c, const char *job, const char *what, const char *reason)
{
    const char *values[] = {job, what, reason};
    char *list = literals(values, 3);
    struct err *e = conn_exec(c, "INSERT INTO ccr.history (job, what, reason) VALUES (%s)", list);

    free(list);
    return e;
}

/* A definition is bytes in its own character set. */
static char *hex_literal(const char *bytes)
{
    struct buf out = BUF_INIT;

    buf_append_str(&out, "X'");
    for (; *bytes; bytes++)
        buf_printf(&out, "%02X", (unsigned char)*bytes);
    buf_append_byte(&out, '\'');
    return buf_steal(&out);
}

static struct err *kept_insert(struct conn *c, const char *job, const struct job_kept *k)
{
    const char *values[] = {job,
                            k->kind,
                            k->db,
                            k->name,
                            k->table,
                            k->sql_mode,
                            k->character_set_client,
                            k->collation_connection,
                            k->database_collation,
                            k->time_zone,
                            k->status};
    char *list = literals(values, sizeof(values) / sizeof(values[0]));
    char *definition = hex_literal(k->sql);
    /* a replaced one keeps its id: triggers of one event fire in the order of their ids */
    struct err *e = conn_exec(
        c,
        "INSERT INTO ccr.kept (job, kind, db, name, table_name, sql_mode, "
        "character_set_client, collation_connection, database_collation, time_zone, status, definition) "
        "VALUES (%s, %s) ON DUPLICATE KEY UPDATE table_name = VALUES(table_name), "
        "definition = VALUES(definition), sql_mode = VALUES(sql_mode), "
        "character_set_client = VALUES(character_set_client), "
        "collation_connection = VALUES(collation_connection), "
        "database_collation = VALUES(database_collation), time_zone = VALUES(time_zone), "
        "status = VALUES(status)",
        list, definition);

    free(list);
    free(definition);
    return e;
}

struct err *job_kept_put(struct conn *c, const char *job, const struct job_kept *kept)
{
    if (kept->sql)
        return kept_insert(c, job, kept);
    char *where = where_is(job, kept->db, kept->name);
    char *kind = sql_string_dup(kept->kind);
    struct err *e = conn_exec(c, "DELETE FROM ccr.kept WHERE %s AND kind = %s", where, kind);
    free(where);
    free(kind);
    return e;
}
