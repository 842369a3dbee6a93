/*
 * Single partitions of what is staged, into the job's own tables.
 *
 * Each is first exchanged for a table of its own in staging, then that table with the partition of the live
 * table. What comes in is of the job's very position, so that every one of several exchanges leads from one
 * right state to the next, and doing it again would as well. What must not happen is one that comes late,
 * when the job has moved on: a statement may outlive the run that sent it. So they are announced in the
 * position row, and whoever takes the job over first drops the tables (restore/swap.h).
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "mysql/catalog.h"
#include "mysql/server.h"
#include "partial/run.h"
#include "replay/net.h"
#include "replay/status.h"
#include "restore/lock_wait.h"
#include "restore/restore_servers.h"
#include "restore/stage.h"
#include "restore/swap.h"
#include "restore/target_session.h"

/* One partition, or subpartition. */
struct exchange {
    struct scope_name live;
    char *staged; /* quoted */
    char *apart;  /* the same: the table of its rows */
    char *name;   /* the same */
};

struct exchanges {
    struct exchange *items;
    size_t count;
};

static struct scope_name live_name(const struct partial *p, const struct partitions_of *t)
{
    return scope_target_table(partial_scope(p), t->db, t->table);
}

static struct err *refuse(struct scope_name n, const char *why)
{
    return err_hint(
        err_new(ERR_UNSAFE, "partitions of %s.%s cannot be brought in by themselves: %s", n.db, n.name, why),
        "bring in the whole table (--tables)");
}

/* What EXCHANGE PARTITION does not know of, and what the replay of a part cannot follow. */
static const char *obstacle(const struct partial *p, const struct catalog_table *t, bool as_recorded)
{
    if (!t->partitioned)
        return "it has none";
    if (t->versioned)
        return "it is system-versioned";
    if (strcmp(t->engine, "InnoDB") != 0)
        return "it is not of InnoDB";
    if (!as_recorded)
        return "its definition is not what ccr left there";
    if (manifest_is_of_partitions(p->plan->manifest) && !net_identity(t))
        return "it has no key by which rows could be told apart, which a snapshot of partitions needs";
    return NULL;
}

/* found[i]: the i-th partition is there. */
static void mark_found(const struct partitions_of *t, struct result *r, bool *found)
{
    char **row;

    while ((row = result_next(r, NULL)) != NULL)
        for (size_t i = 0; i < t->count; i++)
            found[i] = found[i] || strcasecmp(row[0], t->names[i]) == 0;
}

static struct err *check_live_names(struct partial *p, const struct partitions_of *t, struct scope_name live)
{
    struct result *r = NULL;

    TRY(catalog_partitions(p->conn, live.db, live.name, &r));
    bool *found = mem_zalloc(t->count + 1, sizeof(*found));
    mark_found(t, r, found);
    size_t i = 0;
    while (i < t->count && found[i])
        i++;
    struct err *e = NULL;
    if (i < t->count)
        e = err_hint(err_new(ERR_USAGE, "table %s.%s has no partition %s on the target", live.db, live.name,
                             t->names[i]),
                     "check --partitions; what is new on the source comes with ccr-apply");
    free(found);
    result_free(r);
    return e;
}

static struct err *check_table(struct partial *p, const struct partitions_of *t)
{
    struct scope_name live = live_name(p, t);
    struct catalog_table *table = NULL;
    char recorded[HASH_HEX_SIZE], hash[HASH_HEX_SIZE];

    TRY(job_table_hash(p->conn, p->restore->job, live.db, live.name, recorded));
    TRY(catalog_table_hash(p->conn, live.db, live.name, hash));
    TRY(catalog_table_read(p->conn, live.db, live.name, &table));
    const char *why = table ? obstacle(p, table, strcmp(hash, recorded) == 0) : "it is not there";
    struct err *e = why ? refuse(live, why) : check_live_names(p, t, live);
    catalog_table_free(table);
    return e;
}

struct err *exchange_check(struct partial *p)
{
    bool galera = false;

    TRY(server_is_galera(p->conn, &galera));
    if (galera)
        return err_hint(
            err_new(ERR_UNSUPPORTED, "partitions are not brought in by themselves on a Galera node"),
            "bring in the whole table (--tables)");
    for (size_t i = 0; i < p->partitions.count; i++)
        TRY(check_table(p, &p->partitions.items[i]));
    return NULL;
}

/* Of the definition without the table's name; "" where there is no such table. */
static struct err *hash_definition(struct partial *p, const char *db, const char *table,
                                   char hash[HASH_HEX_SIZE])
{
    char *sql = NULL;

    hash[0] = '\0';
    TRY(catalog_table_create_sql(p->conn, db, table, &sql));
    const char *rest = sql ? strchr(sql, '\n') : NULL;
    if (rest)
        catalog_definition_hash(rest, hash);
    free(sql);
    return NULL;
}

static struct err *compare(struct partial *p, const char *stage, const struct partitions_of *t,
                           struct scope_name live)
{
    char staged[HASH_HEX_SIZE], there[HASH_HEX_SIZE];

    TRY(hash_definition(p, stage, t->table, staged));
    TRY(hash_definition(p, live.db, live.name, there));
    return staged[0] && strcmp(staged, there) == 0
               ? NULL
               : refuse(live, "the table that the snapshot and the log lead to has another definition");
}

static void add_exchange(struct exchanges *all, const struct partial *p, const struct partitions_of *t,
                         const char *stage, const char *name)
{
    char *apart = mem_printf("x%zu", all->count + 1);

    all->items = mem_resize(all->items, all->count + 1, sizeof(*all->items));
    all->items[all->count++] = (struct exchange){
        .live = live_name(p, t),
        .staged = sql_table_dup(stage, t->table),
        .apart = sql_table_dup(p->plan->stage0, apart),
        .name = sql_ident_dup(name),
    };
    free(apart);
}

static struct err *plan_table(struct partial *p, const struct partitions_of *t, struct exchanges *all)
{
    const char *stage = restore_plan_db(p->plan, t->db)->stage;
    struct result *r = NULL;
    char **row;

    TRY(compare(p, stage, t, live_name(p, t)));
    TRY(check_live_names(p, t, live_name(p, t)));
    TRY(catalog_partitions(p->conn, stage, t->table, &r));
    while ((row = result_next(r, NULL)) != NULL)
        if (partitions_has(t, row[0]))
            add_exchange(all, p, t, stage, row[1] ? row[1] : row[0]);
    result_free(r);
    return NULL;
}

/* A counter goes along with its partition: it must not fall behind that of the live table. */
static struct err *keep_counter(struct partial *p, const struct exchange *x)
{
    char *db = sql_string_dup(x->live.db);
    char *name = sql_string_dup(x->live.name);
    uint64_t counter = 0;
    struct err *e =
        conn_number(p->conn, &counter,
                    "SELECT COALESCE(MAX(AUTO_INCREMENT), 0) FROM information_schema.TABLES WHERE "
                    "TABLE_SCHEMA = %s AND TABLE_NAME = %s",
                    db, name);

    if (!e && counter) /* the server leaves one that is higher */
        e = conn_exec(p->conn, "ALTER TABLE %s AUTO_INCREMENT = %llu", x->apart, (unsigned long long)counter);
    free(db);
    free(name);
    return e;
}

/* The partition's rows in a table of their own. */
static struct err *take_apart(struct partial *p, const struct exchange *x)
{
    TRY(conn_exec(p->conn, "CREATE TABLE %s LIKE %s", x->apart, x->staged));
    TRY(conn_exec(p->conn, "ALTER TABLE %s REMOVE PARTITIONING", x->apart));
    TRY(conn_exec(p->conn, "ALTER TABLE %s EXCHANGE PARTITION %s WITH TABLE %s", x->staged, x->name,
                  x->apart));
    return keep_counter(p, x);
}

static struct err *exchange_one(const struct lock_wait *wait, const struct exchange *x)
{
    char *live = sql_table_dup(x->live.db, x->live.name);
    struct buf sql = BUF_INIT;

    buf_printf(&sql, "ALTER TABLE %s EXCHANGE PARTITION %s WITH TABLE %s", live, x->name, x->apart);
    struct err *e = lock_wait_exec(wait, &sql, NULL);
    buf_free(&sql);
    free(live);
    return e ? err_hint(e, "bring in the whole table (--tables)") : NULL;
}

static struct err *exchange_all(struct partial *p, const struct exchanges *all)
{
    int64_t start_us = clock_monotonic_us();
    const struct lock_wait wait = {
        .conn = p->conn,
        .log = p->restore->log,
        .plan = p->plan,
        .what = "exchange",
        .hint = "end those sessions or give --swap-wait more time, and run again",
        .attempt_s = p->restore->lock_wait_s,
        .all_s = p->restore->swap_wait_s,
        .deadline_us = start_us + (int64_t)p->restore->swap_wait_s * CLOCK_US_PER_S,
    };

    for (size_t i = 0; i < all->count; i++) {
        struct err *e = exchange_one(&wait, &all->items[i]);
        if (e)
            return err_context(e, "exchanging partition %s of %s.%s (%zu of %zu are in)", all->items[i].name,
                               all->items[i].live.db, all->items[i].live.name, i, all->count);
    }
    p->result->swap_seconds = (double)(clock_monotonic_us() - start_us) / CLOCK_US_PER_S;
    return NULL;
}

/* Partitions that were needed, and are in. */
static struct err *settle_needs(struct partial *p)
{
    struct job_needs needs;

    TRY(job_needs_read(p->conn, p->restore->job, &needs));
    struct err *e = NULL;
    for (size_t i = 0; !e && i < needs.count; i++) {
        struct partitions needed = {0};
        if (strcmp(needs.items[i].kind, JOB_PARTITION) != 0)
            continue;
        e = job_need_partitions(&needs.items[i], &needed);
        if (!e && partitions_cover(&p->partitions, &needed))
            e = job_need_settle(p->conn, p->restore->job, &needs.items[i]);
        partitions_free(&needed);
    }
    job_needs_free(&needs);
    return e;
}

/* The end of the intent, with its line in the history. */
static struct err *record(void *arg)
{
    static const char *const loads[] = {"loads"};
    struct partial *p = arg;
    struct buf what = BUF_INIT;
    struct job_position next = p->position;

    next.intent = NULL;
    buf_printf(&what, "partial copy of snapshot %s: ", p->plan->manifest->id);
    for (size_t i = 0; i < p->partitions.count; i++) {
        const struct partitions_of *t = &p->partitions.items[i];
        struct scope_name live = live_name(p, t);
        buf_append_str(&what, i ? ", " : "");
        partitions_describe_as(t, live.db, live.name, &what);
    }
    struct err *e = job_history_add(p->conn, p->restore->job, buf_str(&what), p->result->reason);
    if (!e)
        e = job_forget(p->conn, p->restore->job, loads, 1);
    if (!e)
        e = settle_needs(p);
    if (!e)
        e = job_position_update(p->conn, p->restore->job, &p->position, &next);
    buf_free(&what);
    return e;
}

static struct err *finish(struct partial *p)
{
    TRY(target_drop_databases(p->conn, "ccr_stage", p->restore->job, p->restore->log));
    TRY(stage_forget(p->conn, p->restore->job));
    failpoint("record-before");
    TRY(conn_transaction(p->conn, record, p));
    failpoint("record-after");
    TRY(partial_read_position(p));
    return status_publish(p->restore->store, p->saved, &p->position);
}

static struct err *steps(struct partial *p, struct exchanges *all)
{
    for (size_t i = 0; i < p->partitions.count; i++)
        TRY(plan_table(p, &p->partitions.items[i], all));
    TRY(stage_spend(p->conn, p->plan));
    for (size_t i = 0; i < all->count; i++)
        TRY(lock_wait_explain(p->conn, NULL, take_apart(p, &all->items[i])));
    TRY(restore_wait_for_readers(p->restore, p->conn));
    TRY(partial_claim(p));
    TRY(swap_announce_exchange(p->conn, p->restore->job, &p->position, p->plan->stage0));
    p->result->tables = p->partitions.count;
    struct err *e = exchange_all(p, all);
    if (e && !conn_is_lost(p->conn))
        e = err_first(e, swap_abandon(p->conn, p->restore->job, &p->position));
    TRY(e);
    for (size_t i = 0; i < p->partitions.count; i++)
        p->result->partitions += p->partitions.items[i].count;
    return finish(p);
}

struct err *exchange_in(struct partial *p)
{
    struct exchanges all = {0};
    struct err *e = steps(p, &all);

    for (size_t i = 0; i < all.count; i++) {
        free(all.items[i].staged);
        free(all.items[i].apart);
        free(all.items[i].name);
    }
    free(all.items);
    return e;
}
