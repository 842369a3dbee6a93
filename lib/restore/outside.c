#include "restore/outside.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mysql/catalog.h"
#include "restore/ddl.h"
#include "snapshot/names.h"

/* InnoDB's bits of what a key does to its own table's rows. */
enum { CASCADE_BITS = 1 | 2 | 4 | 8 };

enum { FOR_DB, FOR_NAME, REF_DB, REF_NAME, TYPE };

/* All foreign keys of the server. Names are in the form of file names there. */
static struct err *read_keys(struct conn *c, struct result **out)
{
    return conn_query(c, out,
                      "SELECT CONVERT(UNHEX(HEX(SUBSTRING_INDEX(FOR_NAME, '/', 1))) USING filename), "
                      "CONVERT(UNHEX(HEX(SUBSTRING_INDEX(FOR_NAME, '/', -1))) USING filename), "
                      "CONVERT(UNHEX(HEX(SUBSTRING_INDEX(REF_NAME, '/', 1))) USING filename), "
                      "CONVERT(UNHEX(HEX(SUBSTRING_INDEX(REF_NAME, '/', -1))) USING filename), TYPE "
                      "FROM information_schema.INNODB_SYS_FOREIGN");
}

static bool goes(const struct live *l, const char *db, const char *name)
{
    const struct live_table *t = live_find(l, db, name);

    return t && t->fate != LIVE_STAYS;
}

static void add_pair(struct names *n, const char *db, const char *name, const char *ref_db,
                     const char *ref_name)
{
    char *to = mem_printf(" (refers to %s.%s)", ref_db, ref_name);

    names_add(n, db, name, to);
    free(to);
}

struct obstacles {
    const struct restore_plan *plan;
    const struct restore_table *table; /* at hand */
    struct names stay;                 /* keys that would lead to old tables */
    struct names cascade;
};

static struct err *judge_live(struct conn *c, const struct live *l, char **row, struct obstacles *o)
{
    bool child = goes(l, row[FOR_DB], row[FOR_NAME]);
    bool parent = goes(l, row[REF_DB], row[REF_NAME]);
    bool cascades = strtoul(row[TYPE], NULL, 10) & CASCADE_BITS;
    char recorded[HASH_HEX_SIZE] = "";

    if (child == parent || (child && !o->plan->partial))
        return NULL;
    if (o->plan->partial)
        TRY(job_table_hash(c, o->plan->job->name, row[FOR_DB], row[FOR_NAME], recorded));
    if (!child && !recorded[0])
        add_pair(&o->stay, row[FOR_DB], row[FOR_NAME], row[REF_DB], row[REF_NAME]);
    else if (cascades)
        add_pair(&o->cascade, row[FOR_DB], row[FOR_NAME], row[REF_DB], row[REF_NAME]);
    return NULL;
}

static void judge_clause(const char *name, const char *clause, void *arg)
{
    struct obstacles *o = arg;
    char *db, *ref;

    (void)name;
    ddl_reference(clause, o->table->db->name, &db, &ref);
    if (ref && !restore_plan_table(o->plan, db, ref) && ddl_cascades(clause))
        add_pair(&o->cascade, o->table->db->name, o->table->name, db, ref);
    free(db);
    free(ref);
}

static struct err *refuse(struct obstacles *o)
{
    if (o->stay.count)
        return err_hint(err_new(ERR_UNSAFE,
                                "foreign keys of tables that stay refer to tables that would be replaced: %s",
                                names_text(&o->stay)),
                        "drop those keys, or restore those tables as well");
    if (o->cascade.count)
        return err_hint(err_new(ERR_UNSAFE,
                                "foreign keys with CASCADE, SET NULL or SET DEFAULT connect tables that are "
                                "asked for with others: %s",
                                names_text(&o->cascade)),
                        "the log does not tell what such a key changes: name both tables (--tables)");
    return NULL;
}

struct err *outside_check(struct conn *c, const struct restore_plan *p, char *const *definitions,
                          const struct live *l)
{
    struct obstacles o = {.plan = p};
    struct result *r = NULL;
    char **row;

    TRY(read_keys(c, &r));
    struct err *e = NULL;
    while (!e && (row = result_next(r, NULL)) != NULL)
        if (row[FOR_DB] && row[FOR_NAME] && row[REF_DB] && row[REF_NAME])
            e = judge_live(c, l, row, &o);
    result_free(r);
    for (size_t i = 0; p->partial && i < p->table_count; i++) {
        o.table = &p->tables[i];
        if (o.table->object)
            ddl_each_foreign_key(definitions[o.table->object - p->manifest->objects], judge_clause, &o);
    }
    if (!e)
        e = refuse(&o);
    names_free(&o.stay);
    names_free(&o.cascade);
    return e;
}

/* One table's clauses on their way into the list. */
struct collecting {
    const struct restore_plan *plan;
    const char *db; /* the table, on the target */
    const char *name;
    bool stays; /* itself: its keys that lead to new tables are wanted, not those that lead to old ones */
    struct pending *to;
};

static void collect_clause(const char *name, const char *clause, void *arg)
{
    struct collecting *k = arg;
    struct buf qualified = BUF_INIT;
    char *db, *ref;

    ddl_reference(clause, k->db, &db, &ref);
    if (ref && (restore_plan_target_table(k->plan, db, ref) != NULL) == k->stays) {
        ddl_qualify(clause, k->db, &qualified);
        pending_add_key(k->to, k->db, k->name, name, buf_str(&qualified), k->stays);
        buf_free(&qualified);
    }
    free(db);
    free(ref);
}

static struct err *collect_live(struct conn *c, struct collecting *k)
{
    char *sql = NULL;
    struct err *e = catalog_table_create_sql(c, k->db, k->name, &sql);

    if (sql)
        ddl_each_foreign_key(sql, collect_clause, k);
    free(sql);
    return e;
}

static struct err *collect_incoming(struct conn *c, const struct restore_table *t, char *const *definitions,
                                    bool behind, struct collecting *k)
{
    struct buf placed = BUF_INIT;

    if (!behind)
        return collect_live(c, k);
    if (!t->object)
        return NULL; /* made behind the snapshot: the log would not have brought in such a key */
    ddl_place_table(k->plan, t, definitions[t->object - k->plan->manifest->objects], DDL_TARGET, &placed);
    ddl_each_foreign_key(buf_str(&placed), collect_clause, k);
    buf_free(&placed);
    return NULL;
}

static bool is_listed(const struct pending *p, const char *db, const char *name)
{
    for (size_t i = 0; i < p->key_count; i++)
        if (strcmp(p->keys[i].table, name) == 0 && strcmp(p->keys[i].db, db) == 0)
            return true;
    return false;
}

static struct err *collect_staying(struct conn *c, const struct restore_plan *p, const struct live *l,
                                   struct pending *to)
{
    struct result *r = NULL;
    char **row;

    TRY(read_keys(c, &r));
    struct err *e = NULL;
    while (!e && (row = result_next(r, NULL)) != NULL) {
        if (!row[FOR_DB] || !row[FOR_NAME] || !row[REF_DB] || !row[REF_NAME] ||
            !goes(l, row[REF_DB], row[REF_NAME]) || goes(l, row[FOR_DB], row[FOR_NAME]) ||
            is_listed(to, row[FOR_DB], row[FOR_NAME]))
            continue;
        struct collecting k = {p, row[FOR_DB], row[FOR_NAME], true, to};
        e = collect_live(c, &k);
    }
    result_free(r);
    return e;
}

struct err *outside_collect(struct conn *c, const struct restore_plan *p, char *const *definitions,
                            const struct live *l, bool behind, struct pending *to)
{
    for (size_t i = 0; i < p->table_count; i++) {
        const struct restore_table *t = &p->tables[i];
        const struct live_table *old = live_find(l, t->target.db, t->target.name);
        struct collecting k = {p, t->target.db, t->target.name, false, to};
        TRY(collect_incoming(c, t, definitions, behind || !old || !old->ours, &k));
    }
    return collect_staying(c, p, l, to);
}
