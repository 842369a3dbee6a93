#include "restore/in_place.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "restore/target_session.h"
#include "snapshot/names.h"

static char *mark_comment(const char *job)
{
    return mem_printf("ccr-restore --in-place of %s has not ended", job);
}

/* The comment is compared here: names of jobs differ by case. */
struct err *in_place_unfinished(struct conn *c, const char *job, char ***names, size_t *count)
{
    struct result *r = NULL;
    char **row;
    char *comment = mark_comment(job);
    struct err *e = conn_query(c, &r,
                               "SELECT TABLE_SCHEMA, TABLE_COMMENT FROM information_schema.TABLES "
                               "WHERE TABLE_NAME = '" IN_PLACE_MARK "'");

    *count = 0;
    *names = mem_zalloc(r ? result_count(r) + 1 : 1, sizeof(**names));
    while (!e && (row = result_next(r, NULL)) != NULL)
        if (row[1] && strcmp(row[1], comment) == 0)
            (*names)[(*count)++] = mem_strdup(row[0]);
    result_free(r);
    free(comment);
    return e;
}

bool in_place_is_unfinished(char *const *names, size_t count, const char *db)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], db) == 0)
            return true;
    return false;
}

struct err *in_place_refuse(const char *job)
{
    return err_hint(
        err_new(ERR_UNSAFE, "--in-place is for a first restore; job %s has been copied already", job),
        "restore without --in-place: its tables stay in use until all is loaded");
}

/* Databases that hold anything; the marked ones among them. */
#define FILLED                                                                                               \
    "SELECT TABLE_SCHEMA FROM information_schema.TABLES WHERE TABLE_SCHEMA IN (%s) UNION "                   \
    "SELECT ROUTINE_SCHEMA FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA IN (%s) UNION "             \
    "SELECT EVENT_SCHEMA FROM information_schema.EVENTS WHERE EVENT_SCHEMA IN (%s)"

static struct err *refuse(struct names *taken)
{
    if (!taken->count)
        return NULL;
    return err_hint(
        err_new(ERR_UNSAFE, "--in-place is for databases that the target does not have yet; it has %s",
                names_text(taken)),
        "restore without --in-place: what is there stays in use until all is loaded. Or restore under "
        "another name (--rename-db A:B), or drop what is there, if nobody needs it");
}

struct err *in_place_check(struct conn *c, const struct restore_plan *p)
{
    char **ours = NULL;
    size_t count = 0;
    struct names taken = {0};
    struct result *r = NULL;
    char **row;
    char *dbs = restore_plan_target_list(p);
    struct err *e = in_place_unfinished(c, p->job->name, &ours, &count);

    if (!e && *dbs)
        e = conn_query(c, &r, FILLED, dbs, dbs, dbs);
    while (r && (row = result_next(r, NULL)) != NULL)
        if (!in_place_is_unfinished(ours, count, row[0]))
            names_add(&taken, row[0], "*", NULL);
    if (!e)
        e = refuse(&taken);
    result_free(r);
    names_free(&taken);
    catalog_free_names(ours, count);
    free(dbs);
    return e;
}

struct err *in_place_mark(struct conn *c, const struct restore_plan *p, const struct restore_db *db)
{
    char *table = sql_table_dup(db->target, IN_PLACE_MARK);
    char *comment = mark_comment(p->job->name);
    struct err *e = conn_exec(c,
                              "CREATE TABLE %s (restore_again_or_drop_this_database INT) ENGINE=InnoDB "
                              "COMMENT = '%s'",
                              table, comment);

    free(table);
    free(comment);
    return e;
}

/* Tables and sequences, and the mark. */
static struct err *count_tables(struct conn *c, const struct restore_plan *p, const struct restore_db *db,
                                bool *equal)
{
    char **there = NULL;
    size_t count = 0;
    size_t wanted = 1;

    TRY(catalog_list_tables(c, db->target, "", &there, &count));
    for (size_t i = 0; i < p->table_count; i++)
        wanted += p->tables[i].db == db;
    *equal = count == wanted;
    catalog_free_names(there, count);
    return NULL;
}

struct err *in_place_is_whole(struct conn *c, const struct restore_plan *p, bool *whole)
{
    char **ours = NULL;
    size_t count = 0;
    struct err *e = in_place_unfinished(c, p->job->name, &ours, &count);

    *whole = !e;
    for (size_t i = 0; i < p->db_count && *whole && !e; i++) {
        *whole = in_place_is_unfinished(ours, count, p->dbs[i].target);
        if (*whole)
            e = count_tables(c, p, &p->dbs[i], whole);
    }
    catalog_free_names(ours, count);
    return e;
}

struct err *in_place_drop(struct conn *c, const char *job)
{
    char **ours = NULL;
    size_t count = 0;
    struct err *e = in_place_unfinished(c, job, &ours, &count);

    for (size_t i = 0; i < count && !e; i++)
        e = target_drop_database(c, ours[i]);
    catalog_free_names(ours, count);
    return e;
}
