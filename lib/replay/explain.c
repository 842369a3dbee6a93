#include "replay/explain.h"

#include <stdlib.h>

#include "base/mem.h"
#include "replay/roads.h"

static struct err *explain_table(struct run *run, struct conn *c, struct roads *roads, bool in_order,
                                 char **row)
{
    struct catalog_table *catalog = NULL;
    struct road_table *t = NULL;

    TRY(catalog_table_read(c, row[0], row[1], &catalog));
    if (!catalog) /* a view */
        return NULL;
    struct err *e = roads_find(roads, catalog, &t);
    if (!e) {
        char *name = mem_printf("%s.%s", t->db, t->name);
        const char *road = road_name(in_order ? ROAD_ORDERED : t->road);
        const char *reason = in_order && t->road != ROAD_ORDERED ? "--road ordered" : t->reason;
        run_say(run, "%-40s %-8s %s", name, road, reason);
        json_array_append_new(
            json_object_get(run->result, "tables"),
            json_pack("{s:s, s:s, s:s, s:s}", "db", t->db, "name", t->name, "road", road, "reason", reason));
        free(name);
    }
    catalog_table_free(catalog);
    return e;
}

struct err *explain_roads(struct run *run, struct conn *c, const char *job, bool in_order)
{
    struct roads *roads = roads_new(c, job);
    struct result *r = NULL;
    char *quoted = sql_string_dup(job);
    struct err *e =
        conn_query(c, &r, "SELECT db, name FROM ccr.tables WHERE job = %s ORDER BY db, name", quoted);
    char **row;

    json_object_set_new(run->result, "tables", json_array());
    while (!e && (row = result_next(r, NULL)) != NULL)
        e = explain_table(run, c, roads, in_order, row);
    result_free(r);
    free(quoted);
    roads_free(roads);
    return e;
}
