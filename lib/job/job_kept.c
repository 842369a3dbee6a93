#include <stdlib.h>

#include "base/mem.h"
#include "job/job.h"

enum { KIND, DB, NAME, TABLE, SQL, SQL_MODE, CHARSET, COLLATION, DB_COLLATION, ZONE, STATUS };

static struct err *query_kept(struct conn *c, const char *job, const char *kind, struct result **out)
{
    char *quoted = sql_string_dup(job);
    char *kinds = sql_string_dup(kind ? kind : "%");
    struct err *e = conn_query_if_there(c, out,
                                        "SELECT kind, db, name, table_name, definition, sql_mode, "
                                        "character_set_client, collation_connection, database_collation, "
                                        "time_zone, status FROM ccr.kept WHERE job = %s AND kind LIKE %s "
                                        "ORDER BY id",
                                        quoted, kinds);

    free(quoted);
    free(kinds);
    return e;
}

struct err *job_kept_read(struct conn *c, const char *job, const char *kind, struct job_kept_list *out)
{
    char **row;

    *out = (struct job_kept_list){0};
    TRY(query_kept(c, job, kind, &out->result));
    if (!out->result)
        return NULL;
    out->items = mem_zalloc(result_count(out->result) + 1, sizeof(*out->items));
    while ((row = result_next(out->result, NULL)) != NULL)
        out->items[out->count++] = (struct job_kept){
            .kind = row[KIND],
            .db = row[DB],
            .name = row[NAME],
            .table = row[TABLE],
            .sql = row[SQL],
            .sql_mode = row[SQL_MODE],
            .character_set_client = row[CHARSET],
            .collation_connection = row[COLLATION],
            .database_collation = row[DB_COLLATION],
            .time_zone = row[ZONE],
            .status = row[STATUS],
        };
    return NULL;
}

void job_kept_free(struct job_kept_list *list)
{
    free(list->items);
    result_free(list->result);
    *list = (struct job_kept_list){0};
}
