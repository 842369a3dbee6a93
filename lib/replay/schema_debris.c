/* What a server that was killed in the midst of a CREATE leaves in the way of the next one. */
#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "replay/schema_change.h"

/*
 * A name with this before it is taken as the name of files, which is how InnoDB's parts of a table without a
 * definition can be named.
 */
#define FILE_NAME "#mysql50#"

static struct err *debris_drop(const struct schema_change *s, const char *db, const char *name)
{
    char *table = sql_table_dup(db, name);

    log_info(s->a->log, "a killed CREATE left %s half made: dropped, to be made again", table);
    failpoint("debris-before");
    struct err *e = conn_exec(s->a->conn, "DROP TABLE IF EXISTS %s", table);
    failpoint("debris-after");
    free(table);
    return e;
}

/* InnoDB's table, or partitions, of a name that has no definition (error 1050 where it is created). */
static struct err *debris_drop_parts(const struct schema_change *s, const struct schema_object *o)
{
    struct result *r = NULL;
    char **row;
    char *db = sql_string_dup(o->db);
    char *name = sql_string_dup(o->name);
    struct err *e = conn_query(
        s->a->conn, &r,
        "SELECT SUBSTRING(NAME, LOCATE('/', NAME) + 1) FROM information_schema.INNODB_SYS_TABLES WHERE "
        "SUBSTRING_INDEX(CAST(NAME AS BINARY), '#P#', 1) = CONCAT(CAST(CONVERT(%s USING filename) AS "
        "BINARY), '/', "
        "CAST(CONVERT(%s USING filename) AS BINARY))",
        db, name);

    while (!e && (row = result_next(r, NULL)) != NULL) {
        char *part = mem_printf(FILE_NAME "%s", row[0]);
        e = debris_drop(s, o->db, part);
        free(part);
    }
    result_free(r);
    free(db);
    free(name);
    return e;
}

struct err *schema_debris_clear(const struct schema_change *s, const json_t *now)
{
    if (s->statement.action != STATEMENT_CREATE)
        return NULL;
    for (size_t i = 0; i < s->objects.count; i++) {
        const struct schema_object *o = &s->objects.items[i];
        if (o->role != STATEMENT_OBJECT || (o->kind != STATEMENT_TABLE && o->kind != STATEMENT_SEQUENCE))
            continue;
        if (schema_state_is_broken(now, i))
            TRY(debris_drop(s, o->db, o->name));
        if (schema_state_is_broken(now, i) || !schema_state_exists(now, i))
            TRY(debris_drop_parts(s, o));
    }
    return NULL;
}
