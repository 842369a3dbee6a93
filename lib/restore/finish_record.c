#include "restore/finish_record.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/protect.h"
#include "mysql/catalog.h"
#include "restore/finish_objects.h"

enum { NAMES_SHOWN = 20 }; /* of tables, in the history */

/* A table of the target, and its hash to be recorded. */
struct hashed {
    const char *db;
    const char *name;
    char hash[HASH_HEX_SIZE];
};

struct hashes {
    struct hashed *items;
    size_t count;
};

struct record {
    struct conn *conn;
    const struct restore_plan *plan;
    const struct placing *placing;
    const struct pending *pending;
    const char *job;
    const struct hashes *hashes;
    const struct job_position *position;
};

/* Whatever has a new definition, of which there is one or none for each table. */
static struct err *hash_tables(struct record *r, struct hashes *out)
{
    const struct restore_plan *p = r->plan;
    const struct pending *n = r->pending;
    struct err *e = NULL;

    out->items = mem_zalloc(p->table_count + n->in_count + n->key_count + 1, sizeof(*out->items));
    for (size_t i = 0; !n->partial && i < p->table_count; i++)
        out->items[out->count++] = (struct hashed){p->tables[i].target.db, p->tables[i].target.name, ""};
    for (size_t i = 0; i < n->in_count; i++)
        out->items[out->count++] = (struct hashed){n->in[i].db, n->in[i].name, ""};
    for (size_t i = 0; i < n->key_count; i++)
        if (n->keys[i].replaces)
            out->items[out->count++] = (struct hashed){n->keys[i].db, n->keys[i].table, ""};
    for (size_t i = 0; !e && i < out->count; i++)
        e = catalog_table_hash(r->conn, out->items[i].db, out->items[i].name, out->items[i].hash);
    return e;
}

static struct err *record_views(struct record *r)
{
    const struct restore_plan *p = r->plan;
    char no_hash[HASH_HEX_SIZE];

    hash_bytes_hex("", 0, no_hash);
    for (size_t i = 0; i < p->manifest->object_count; i++) {
        const struct manifest_object *o = &p->manifest->objects[i];
        struct scope_name to = restore_plan_target_name(p, o);
        if (o->kind == OBJECT_VIEW && p->in_scope[i])
            TRY(job_table_record(r->conn, r->job, to.db, to.name, no_hash));
    }
    return NULL;
}

static struct err *record_tables(struct record *r)
{
    const struct hashes *h = r->hashes;

    for (size_t i = 0; i < h->count; i++)
        TRY(job_table_record(r->conn, r->job, h->items[i].db, h->items[i].name, h->items[i].hash));
    return NULL;
}

static struct err *record_whole(struct record *r)
{
    static const char *const tables[] = {"tables", "kept", "loads", "needs"};
    char *what = mem_printf("full copy of snapshot %s", r->pending->snapshot);
    struct err *e = job_forget(r->conn, r->job, tables, sizeof(tables) / sizeof(tables[0]));

    if (!e)
        e = protect_begin(r->conn, r->job);
    if (!e)
        e = job_save(r->conn, r->plan->job);
    if (!e)
        e = job_generation_next(r->conn, r->job);
    if (!e)
        e = record_tables(r);
    if (!e)
        e = record_views(r);
    if (!e)
        e = finish_keep(r->placing);
    if (!e)
        e = job_history_add(r->conn, r->job, what, r->pending->reason);
    free(what);
    return e;
}

/* The triggers kept for these tables are the snapshot's from here on. */
static struct err *keep_triggers(struct record *r)
{
    const struct pending *n = r->pending;
    char *job = sql_string_dup(r->job);
    struct err *e = NULL;

    for (size_t i = 0; !e && i < n->in_count + n->out_count; i++) {
        const struct pending_table *t = i < n->in_count ? &n->in[i] : &n->out[i - n->in_count];
        char *db = sql_string_dup(t->db);
        char *name = sql_string_dup(t->name);
        e = conn_exec(
            r->conn,
            "DELETE FROM ccr.kept WHERE job = %s AND kind = 'trigger' AND db = %s AND table_name = %s", job,
            db, name);
        free(db);
        free(name);
    }
    free(job);
    return e ? e : finish_keep(r->placing);
}

static bool has_table_of(const struct scope *in, const struct job_need *n)
{
    struct partitions partitions = {0};
    struct err *e = job_need_partitions(n, &partitions);
    bool has = !e && scope_table(in, n->db, partitions.items[0].table);

    err_free(e);
    partitions_free(&partitions);
    return has;
}

/* What is needed of a whole database is settled where all its tables are in. */
static bool is_settled(const struct scope *in, const struct job_need *n)
{
    if (strcmp(n->kind, JOB_FULL) == 0)
        return false;
    if (strcmp(n->kind, JOB_BEHIND) == 0)
        return scope_covers_tables(in, n->db, n->name);
    if (strcmp(n->kind, JOB_PARTITION) == 0)
        return has_table_of(in, n);
    if (n->name[0])
        return scope_table(in, n->db, n->name);
    char *db = scope_literal(n->db);
    bool covers = scope_covers_tables(in, db, "*");
    free(db);
    return covers;
}

static struct err *settle_needs(struct record *r)
{
    struct job_needs needs;

    TRY(job_needs_read(r->conn, r->job, &needs));
    struct err *e = NULL;
    for (size_t i = 0; !e && i < needs.count; i++)
        if (is_settled(&r->plan->job->scope, &needs.items[i]))
            e = job_need_settle(r->conn, r->job, &needs.items[i]);
    job_needs_free(&needs);
    return e;
}

static struct err *record_copy(struct record *r)
{
    const struct pending *n = r->pending;
    struct buf what = BUF_INIT;

    buf_printf(&what, "partial copy of snapshot %s:", n->snapshot);
    for (size_t i = 0; i < n->in_count && i < NAMES_SHOWN; i++)
        buf_printf(&what, "%s %s.%s", i ? "," : "", n->in[i].db, n->in[i].name);
    if (n->in_count > NAMES_SHOWN)
        buf_printf(&what, " and %zu more", n->in_count - NAMES_SHOWN);
    if (n->in_count == 0)
        buf_append_str(&what, " no table is left");
    struct err *e = job_history_add(r->conn, r->job, buf_str(&what), n->reason);
    buf_free(&what);
    return e;
}

static struct err *record_partial(struct record *r)
{
    static const char *const loads[] = {"loads"};
    const struct pending *n = r->pending;

    for (size_t i = 0; i < n->out_count; i++)
        TRY(job_table_record(r->conn, r->job, n->out[i].db, n->out[i].name, NULL));
    TRY(record_tables(r));
    for (size_t i = 0; i < n->in_count; i++)
        TRY(protect_forget(r->conn, r->job, n->in[i].db, n->in[i].name));
    if (n->behind) {
        TRY(record_views(r));
        TRY(keep_triggers(r));
    }
    TRY(job_forget(r->conn, r->job, loads, 1));
    TRY(settle_needs(r));
    return record_copy(r);
}

static struct err *record_all(void *arg)
{
    struct record *r = arg;
    struct job_position next = *r->position;

    next.pending = NULL;
    TRY(r->pending->partial ? record_partial(r) : record_whole(r));
    return job_position_update(r->conn, r->job, r->position, &next);
}

struct err *finish_record(const struct placing *placing, const struct pending *pending,
                          const struct job_position *position)
{
    struct hashes hashes = {0};
    struct record r = {placing->conn, placing->plan, placing, pending, placing->plan->job->name,
                       &hashes,       position};
    struct err *e = hash_tables(&r, &hashes);

    if (!e) /* the swap may be an earlier version's */
        e = job_generation_setup(r.conn);
    if (!e)
        e = protect_setup(r.conn);
    if (!e)
        e = conn_transaction(r.conn, record_all, &r);
    free(hashes.items);
    return e;
}
