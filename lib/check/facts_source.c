/* Facts from the source itself. Each query covers all databases in scope; what is out of scope is left out
 * here. */
#include <stdlib.h>
#include <string.h>

#include "backup/source_settings.h"
#include "base/mem.h"
#include "check/facts.h"
#include "mysql/server.h"

struct reading {
    struct conn *c;
    const struct scope *scope;
    const char *dbs; /* "'a', 'b'" */
    struct facts *out;
};

typedef void row_fn(const struct reading *r, char **row);

static struct err *each_row(const struct reading *r, const char *sql, row_fn *fn)
{
    struct result *result = NULL;
    char **row;
    struct err *e = conn_query(r->c, &result, "%s", sql);

    while (!e && (row = result_next(result, NULL)) != NULL)
        fn(r, row);
    result_free(result);
    return e;
}

static void add_table(const struct reading *r, char **row)
{
    struct facts *out = r->out;

    if (!scope_table(r->scope, row[0], row[1]))
        return;
    bool view = strcmp(row[2], "VIEW") == 0;
    bool sequence = strcmp(row[2], "SEQUENCE") == 0;
    out->tables = mem_resize(out->tables, out->table_count + 1, sizeof(*out->tables));
    out->tables[out->table_count++] = (struct fact_table){
        .db = mem_strdup(row[0]),
        .name = mem_strdup(row[1]),
        .engine = row[3] && !view && !sequence ? mem_strdup(row[3]) : NULL,
        .view = view,
        .versioned = strcmp(row[2], "SYSTEM VERSIONED") == 0,
        .keyless = !view && !sequence && !row[4],
    };
    if (!out->partitioned && row[5] && strstr(row[5], "partitioned"))
        out->partitioned = mem_printf("%s.%s", row[0], row[1]);
}

static struct err *read_tables(const struct reading *r)
{
    char *sql = mem_printf(
        "SELECT t.TABLE_SCHEMA, t.TABLE_NAME, t.TABLE_TYPE, t.ENGINE, k.TABLE_NAME, t.CREATE_OPTIONS "
        "FROM information_schema.TABLES t LEFT JOIN (SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME FROM "
        "(SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME FROM information_schema.STATISTICS "
        "WHERE TABLE_SCHEMA IN (%s) GROUP BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME "
        "HAVING MAX(NON_UNIQUE) = 0 AND MAX(NULLABLE = 'YES') = 0) i) k "
        "ON k.TABLE_SCHEMA = t.TABLE_SCHEMA AND k.TABLE_NAME = t.TABLE_NAME "
        "WHERE t.TABLE_SCHEMA IN (%s) ORDER BY t.TABLE_SCHEMA, t.TABLE_NAME",
        r->dbs, r->dbs);
    struct err *e = each_row(r, sql, add_table);

    free(sql);
    return e;
}

/* Of a table, or (no name) of a database. */
static void add_collation(const struct reading *r, char **row)
{
    if (!row[0])
        return;
    if (!row[2] && scope_programs(r->scope, row[1]))
        facts_add_name(&r->out->collations, row[0], "database", row[1], NULL);
    else if (row[2] && scope_table(r->scope, row[1], row[2]))
        facts_add_name(&r->out->collations, row[0], "table", row[1], row[2]);
}

static struct err *read_collations(const struct reading *r)
{
    char *sql =
        mem_printf("SELECT DEFAULT_COLLATION_NAME, SCHEMA_NAME, NULL FROM information_schema.SCHEMATA "
                   "WHERE SCHEMA_NAME IN (%s) UNION "
                   "SELECT TABLE_COLLATION, TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES "
                   "WHERE TABLE_SCHEMA IN (%s) UNION "
                   "SELECT COLLATION_NAME, TABLE_SCHEMA, TABLE_NAME FROM information_schema.COLUMNS "
                   "WHERE TABLE_SCHEMA IN (%s)",
                   r->dbs, r->dbs, r->dbs);
    struct err *e = each_row(r, sql, add_collation);

    free(sql);
    return e;
}

static void add_program(const struct reading *r, char **row)
{
    if (!scope_programs(r->scope, row[0]))
        return;
    if (row[2])
        facts_add_name(&r->out->zones, row[2], "event", row[0], row[1]);
    else if (!r->out->function)
        r->out->function = mem_printf("%s.%s", row[0], row[1]);
}

static struct err *read_programs(const struct reading *r)
{
    char *sql =
        mem_printf("SELECT EVENT_SCHEMA, EVENT_NAME, TIME_ZONE FROM information_schema.EVENTS WHERE "
                   "EVENT_SCHEMA IN (%s) "
                   "UNION ALL SELECT ROUTINE_SCHEMA, ROUTINE_NAME, NULL FROM information_schema.ROUTINES "
                   "WHERE ROUTINE_SCHEMA IN (%s) AND ROUTINE_TYPE = 'FUNCTION'",
                   r->dbs, r->dbs);
    struct err *e = each_row(r, sql, add_program);

    free(sql);
    return e;
}

/* Of what is in scope as a table (row[3]: its name), or with its database. */
static void add_definer(const struct reading *r, char **row)
{
    if (row[3] ? scope_table(r->scope, row[1], row[3]) : scope_programs(r->scope, row[1]))
        facts_add_name(&r->out->definers, row[0], row[4], row[1], row[2]);
}

static struct err *read_definers(const struct reading *r)
{
    char *sql = mem_printf(
        "SELECT DEFINER, TABLE_SCHEMA, TABLE_NAME, TABLE_NAME, 'view' FROM information_schema.VIEWS "
        "WHERE TABLE_SCHEMA IN (%s) UNION ALL "
        "SELECT DEFINER, TRIGGER_SCHEMA, TRIGGER_NAME, EVENT_OBJECT_TABLE, 'trigger' FROM "
        "information_schema.TRIGGERS WHERE TRIGGER_SCHEMA IN (%s) UNION ALL "
        "SELECT DEFINER, ROUTINE_SCHEMA, ROUTINE_NAME, NULL, LOWER(ROUTINE_TYPE) FROM "
        "information_schema.ROUTINES WHERE ROUTINE_SCHEMA IN (%s) UNION ALL "
        "SELECT DEFINER, EVENT_SCHEMA, EVENT_NAME, NULL, 'event' FROM information_schema.EVENTS "
        "WHERE EVENT_SCHEMA IN (%s)",
        r->dbs, r->dbs, r->dbs, r->dbs);
    struct err *e = each_row(r, sql, add_definer);

    free(sql);
    return e;
}

static bool acts(const char *rule)
{
    return strcmp(rule, "RESTRICT") != 0 && strcmp(rule, "NO ACTION") != 0;
}

static void add_key(const struct reading *r, char **row)
{
    if (!scope_table(r->scope, row[0], row[1]) || scope_table(r->scope, row[3], row[4]))
        return;
    facts_add_key(r->out, (struct scope_name){row[0], row[1]}, row[2], (struct scope_name){row[3], row[4]},
                  acts(row[5]) || acts(row[6]));
}

static struct err *read_keys(const struct reading *r)
{
    char *sql = mem_printf(
        "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, UNIQUE_CONSTRAINT_SCHEMA, "
        "REFERENCED_TABLE_NAME, UPDATE_RULE, DELETE_RULE FROM information_schema.REFERENTIAL_CONSTRAINTS "
        "WHERE CONSTRAINT_SCHEMA IN (%s) ORDER BY CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME",
        r->dbs);
    struct err *e = each_row(r, sql, add_key);

    free(sql);
    return e;
}

static struct err *read_server(const struct reading *r)
{
    uint64_t zones = 0;

    TRY(source_settings_read(r->c, &r->out->settings));
    TRY(conn_number(r->c, &zones, "SELECT COUNT(*) FROM mysql.time_zone_name"));
    r->out->knows_zones = zones > 0;
    return server_binlog_pos(r->c, &r->out->end);
}

static struct err *read_all(const struct reading *r)
{
    TRY(read_server(r));
    if (!*r->dbs)
        return NULL;
    TRY(read_tables(r));
    TRY(read_collations(r));
    TRY(read_programs(r));
    TRY(read_definers(r));
    return read_keys(r);
}

struct err *facts_of_source(struct conn *c, const struct source_scope *scope, struct facts *out)
{
    struct buf dbs = BUF_INIT;

    *out = (struct facts){.live = true, .end = GTID_POS_INIT};
    out->databases = mem_zalloc(scope->database_count + 1, sizeof(*out->databases));
    for (size_t i = 0; i < scope->database_count; i++) {
        out->databases[out->database_count++] = mem_strdup(scope->databases[i]);
        buf_append_str(&dbs, i ? ", " : "");
        sql_string(&dbs, scope->databases[i]);
    }
    const struct reading r = {c, &scope->scope, buf_str(&dbs), out};
    struct err *e = read_all(&r);
    buf_free(&dbs);
    return e ? err_context(e, "looking at the source") : NULL;
}
