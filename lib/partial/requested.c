#include "partial/requested.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "format/chain.h"
#include "format/layout.h"
#include "job/job.h"
#include "job/job_copy.h"
#include "job/job_requests.h"
#include "job/job_state.h"
#include "mysql/catalog.h"
#include "restore/swap_finish.h"
#include "snapshot/choice.h"

struct requesting {
    const struct partial_params *params;
    const struct restore_params *restore;
    struct conn *conn;
    struct job *job;
    struct job_position position;
    bool has_position;
    struct job_needs needs;
    struct job_copy_state copy; /* that was interrupted */
};

/* Needs that one copy is to bring in. */
struct group {
    const struct job_need **needs;
    size_t count;
    char **texts; /* of --tables or --partitions, ending with NULL */
    bool full;
    bool partitions;
};

static bool is_kind(const struct job_need *n, const char *kind)
{
    return strcmp(n->kind, kind) == 0;
}

static void group_new(const struct requesting *r, struct group *g)
{
    *g = (struct group){.needs = mem_zalloc(r->needs.count + 1, sizeof(*g->needs)),
                        .texts = mem_zalloc(r->needs.count + 1, sizeof(*g->texts))};
}

static void group_add(struct group *g, const struct job_need *n)
{
    g->full |= is_kind(n, JOB_FULL);
    g->partitions |= is_kind(n, JOB_PARTITION);
    g->texts[g->count] = job_need_text(n);
    g->needs[g->count++] = n;
}

static void group_free(struct group *g)
{
    for (size_t i = 0; i < g->count; i++)
        free(g->texts[i]);
    free(g->texts);
    free(g->needs);
    *g = (struct group){0};
}

/* The latest that any of them asks for. */
static struct err *since(const struct requesting *r, const struct group *g, struct choice_params *to,
                         struct gtid_pos *pos)
{
    struct err *e = NULL;

    to->since_epoch = g->full ? 0 : r->position.epoch;
    for (size_t i = 0; i < g->count && !e; i++)
        e = job_need_latest(g->needs[i], &to->since_epoch, pos);
    return e;
}

static const char *const nothing[] = {NULL};

static struct err *wanted_of(const struct requesting *r, const struct group *g, struct scope *scope,
                             struct partitions *partitions)
{
    const char *const *texts = (const char *const *)g->texts;
    const struct scope_texts tables = {nothing, texts, nothing, nothing};

    scope->fold_case = r->job->scope.fold_case;
    if (g->full) {
        scope_copy_patterns(&r->job->scope, scope);
        return NULL;
    }
    if (!g->partitions)
        TRY(scope_parse(&tables, scope));
    if (g->partitions)
        TRY(partitions_parse(texts, partitions));
    for (size_t i = 0; i < partitions->count; i++)
        scope_list_add_literal(&scope->tables, partitions->items[i].db, partitions->items[i].table);
    scope_add_excludes(&r->job->scope, scope);
    return NULL;
}

/* The snapshot for them; *out is NULL where there is none yet. */
static struct err *find(const struct requesting *r, const struct group *g, struct manifest **out)
{
    struct scope scope = {0};
    struct partitions partitions = {0};
    struct gtid_pos pos = GTID_POS_INIT;
    struct choice_params choice = {
        .store = r->restore->store,
        .stream = r->job->stream,
        .wanted = &scope,
        .partitions = &partitions,
        .log = r->restore->log,
        .since = &pos,
        .one_epoch = !g->full,
        .prefer = r->copy.found && r->copy.copy.partial == !g->full ? r->copy.copy.snapshot : NULL,
    };
    struct err *e = wanted_of(r, g, &scope, &partitions);

    *out = NULL;
    if (!e)
        e = since(r, g, &choice, &pos);
    if (!e)
        e = choice_find(&choice, r->job->stream_id, out);
    scope_free(&scope);
    partitions_free(&partitions);
    gtid_pos_free(&pos);
    return e;
}

/* "needed since 0-1-77: renamed into scope; asked for" */
static char *reason_of(const struct group *g)
{
    struct buf out = BUF_INIT;

    for (size_t i = 0; i < g->count; i++) {
        const struct job_need *n = g->needs[i];
        bool again = i && strcmp(n->reason, g->needs[i - 1]->reason) == 0;
        if (again)
            continue;
        buf_append_str(&out, i ? "; " : "");
        if (n->gtid[0])
            buf_printf(&out, "needed since %s: ", n->gtid);
        buf_append_str(&out, n->reason);
    }
    return buf_steal(&out);
}

static struct err *copy(const struct requesting *r, const struct group *g, const struct manifest *m,
                        struct restore_result *result)
{
    const char *const *texts = (const char *const *)g->texts;
    char *reason = reason_of(g);
    struct restore_params restore_params = *r->restore;
    const struct partial_params partial = {&restore_params, r->params->limits};
    bool taken = false;
    struct err *e;

    restore_params.scope = (struct scope_texts){nothing, nothing, nothing, nothing};
    restore_params.partitions = g->partitions ? texts : nothing;
    if (!g->full && !g->partitions)
        restore_params.scope.tables = texts;
    restore_params.database_renames = restore_params.table_renames = nothing;
    restore_params.full = false;
    restore_params.stream = NULL;
    restore_params.snapshot = m->id;
    restore_params.reason = reason;
    e = g->full ? NULL : partial_restore(&partial, result, &taken);
    if (!e && !taken) { /* these tables may be all that the job follows */
        restore_params.scope.tables = nothing;
        e = restore(&restore_params, result);
    }
    free(reason);
    return e;
}

/* --- which of them --- */

static const struct job_need *first_of(const struct requesting *r, const char *kind)
{
    for (size_t i = 0; i < r->needs.count; i++)
        if (is_kind(&r->needs.items[i], kind))
            return &r->needs.items[i];
    return NULL;
}

static bool group_has(const struct group *g, const struct job_need *n)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->needs[i] == n)
            return true;
    return false;
}

/* Those of a kind, of one database where `db` is given. */
static void add_all(const struct requesting *r, const char *kind, const char *db, struct group *g)
{
    for (size_t i = 0; i < r->needs.count; i++)
        if (is_kind(&r->needs.items[i], kind) && (!db || strcmp(r->needs.items[i].db, db) == 0))
            group_add(g, &r->needs.items[i]);
}

/* What a statement needs that needs one of them: the job cannot pass it without all. */
static void add_statements(const struct requesting *r, struct group *g)
{
    for (size_t k = 0; k < g->count; k++)
        for (size_t i = 0; i < r->needs.count; i++)
            if (is_kind(&r->needs.items[i], JOB_NEED) && r->needs.items[i].gtid[0] &&
                strcmp(r->needs.items[i].gtid, g->needs[k]->gtid) == 0 && !group_has(g, &r->needs.items[i]))
                group_add(g, &r->needs.items[i]);
}

/* *m is NULL where no snapshot will do. */
static struct err *try_database(const struct requesting *r, const char *kind, const char *db, struct group *g,
                                struct manifest **m)
{
    group_free(g);
    group_new(r, g);
    if (!is_kind(&(struct job_need){.kind = kind}, JOB_PARTITION))
        add_all(r, JOB_BEHIND, NULL, g);
    if (db)
        add_all(r, kind, db, g);
    add_statements(r, g);
    return g->count ? find(r, g, m) : NULL;
}

static struct err *try_single(const struct requesting *r, const struct job_need *n, struct group *g,
                              struct manifest **m)
{
    group_free(g);
    group_new(r, g);
    if (!is_kind(n, JOB_FULL) && !is_kind(n, JOB_PARTITION))
        add_all(r, JOB_BEHIND, NULL, g);
    group_add(g, n);
    add_statements(r, g);
    return find(r, g, m);
}

/* Database by database, then each by itself. */
static struct err *try_kind(const struct requesting *r, const char *kind, struct group *g,
                            struct manifest **m)
{
    const char *db = NULL;

    for (size_t i = 0; i < r->needs.count && !*m; i++) {
        const struct job_need *n = &r->needs.items[i];
        if (!is_kind(n, kind) || (db && strcmp(db, n->db) == 0))
            continue;
        db = n->db;
        TRY(try_database(r, kind, db, g, m));
    }
    for (size_t i = 0; i < r->needs.count && !*m; i++)
        if (is_kind(&r->needs.items[i], kind))
            TRY(try_single(r, &r->needs.items[i], g, m));
    return NULL;
}

static struct err *try_all(const struct requesting *r, struct group *g, struct manifest **m)
{
    const struct job_need *full = job_needs_full(&r->needs);

    if (full)
        return try_single(r, full, g, m);
    TRY(try_kind(r, JOB_NEED, g, m));
    if (!*m && first_of(r, JOB_BEHIND))
        TRY(try_database(r, JOB_BEHIND, NULL, g, m));
    /* single partitions of tables that are behind cannot be brought in */
    if (!*m && !first_of(r, JOB_BEHIND))
        TRY(try_kind(r, JOB_PARTITION, g, m));
    return NULL;
}

/* --- partitions that the target has no more --- */

static bool lists(struct result *partitions, const char *name)
{
    bool found = false;
    char **row;

    while ((row = result_next(partitions, NULL)) != NULL)
        found |= strcasecmp(row[0], name) == 0;
    return found;
}

/* The log divides the table otherwise since it was asked for: where the rows are now only the table tells. */
static struct err *widen_one(const struct requesting *r, const struct job_need *n, bool *changed)
{
    struct partitions p = {0};
    struct result *there = NULL;
    struct err *e = job_need_partitions(n, &p);

    if (!e) {
        const struct partitions_of *of = &p.items[0];
        const struct scope_name target = scope_target_table(&r->job->scope, of->db, of->table);
        e = catalog_partitions(r->conn, target.db, target.name, &there);
        if (!e && !lists(there, of->names[0])) {
            *changed = true;
            e = job_need_widen(r->conn, r->job->name, n, of->db, of->table);
        }
    }
    result_free(there);
    partitions_free(&p);
    return e;
}

static struct err *widen_all(void *arg)
{
    struct requesting *r = arg;
    struct job_needs needs;
    bool changed = false;
    struct err *e = NULL;

    for (size_t i = 0; i < r->needs.count && !e; i++)
        if (is_kind(&r->needs.items[i], JOB_PARTITION))
            e = widen_one(r, &r->needs.items[i], &changed);
    if (e || !changed)
        return e;
    TRY(job_needs_read(r->conn, r->job->name, &needs));
    job_needs_free(&r->needs);
    r->needs = needs;
    return NULL;
}

/* --- the run --- */

/* A swap that a killed run has left: what is needed shows when it is finished. */
static struct err *finish_earlier(struct requesting *r)
{
    TRY(job_position_read(r->conn, r->job->name, &r->position, &r->has_position));
    if (!r->has_position || !r->position.pending)
        return NULL;
    TRY(job_lock_stage(r->conn, r->job->name));
    TRY(job_state_lock_for_copy(r->conn, r->job->name));
    job_position_free(&r->position);
    TRY(job_position_read(r->conn, r->job->name, &r->position, &r->has_position));
    if (r->position.pending)
        log_info(r->restore->log, "finishing the swap of an earlier run");
    TRY(swap_finish(r->restore->target, r->restore->store, r->job->name, &r->position, r->restore->log));
    TRY(job_unlock(r->conn, r->job->name));
    return NULL;
}

static struct err *look(struct requesting *r)
{
    TRY(job_load(r->conn, r->restore->job, &r->job));
    if (!r->job)
        return err_hint(
            err_new(ERR_TARGET, "the target has no job '%s'", r->restore->job),
            "ccr-job list shows those that it has; ccr-restore --job %s without --requested makes one, from "
            "a snapshot",
            r->restore->job);
    TRY(finish_earlier(r));
    TRY(job_copy_read(r->conn, r->job->name, &r->copy));
    TRY(job_needs_read(r->conn, r->job->name, &r->needs));
    return r->has_position ? conn_transaction(r->conn, widen_all, r) : NULL;
}

/* The log has gone on in another epoch, where no part of this one's tables can be brought in any more. */
static struct err *newest_epoch(const struct requesting *r, uint64_t *out)
{
    struct segment_footer *footer = NULL;
    struct manifest *m = NULL;
    struct err *e = chain_newest(r->restore->store, r->job->stream, &footer);

    *out = footer ? footer->epoch : 0;
    if (footer && footer->kind == SEGMENT_TERMINATOR)
        *out = footer->next_epoch;
    segment_footer_free(footer);
    if (!e)
        e = manifest_newest(r->restore->store, r->job->stream, &m);
    if (m && m->epoch > *out)
        *out = m->epoch;
    manifest_free(m);
    return e;
}

static struct err *need_all(struct requesting *r, bool *changed)
{
    uint64_t epoch;
    const struct job_need *n = &r->needs.items[0];

    *changed = false;
    if (job_needs_full(&r->needs) || !r->has_position)
        return NULL;
    TRY(newest_epoch(r, &epoch));
    if (epoch <= r->position.epoch)
        return NULL;
    char *table = job_need_text(n);
    char *reason = mem_printf("epoch %" PRIu64 " of the log ended before a copy of %s was there, which was "
                              "needed: %s",
                              r->position.epoch, table, n->reason);
    const struct job_need full = {
        .kind = JOB_FULL, .db = "", .name = "", .gtid = "", .reason = reason, .epoch = epoch};
    struct err *e = job_needs_setup(r->conn);
    if (!e)
        e = job_need_put(r->conn, r->job->name, &full);
    *changed = !e;
    free(table);
    free(reason);
    return e;
}

static void describe(const struct requesting *r, struct buf *out)
{
    for (size_t i = 0; i < r->needs.count; i++) {
        const struct job_need *n = &r->needs.items[i];
        char *text = is_kind(n, JOB_FULL) ? mem_strdup("the whole job") : job_need_text(n);
        buf_printf(out, "%s%s (%s)", i ? ", " : "", text, n->reason);
        free(text);
    }
}

static void publish(const struct requesting *r, const char *program)
{
    const struct job_requests p = {r->conn, r->restore->store, r->restore->job, program, r->restore->log};

    job_requests_publish(&p);
}

static void forget(struct requesting *r)
{
    job_free(r->job);
    job_position_free(&r->position);
    job_needs_free(&r->needs);
    job_copy_state_free(&r->copy);
    conn_close(r->conn);
    r->job = NULL;
    r->conn = NULL;
    r->copy = (struct job_copy_state){0};
}

/* Afterwards the conn's locks are free for the copy. */
static struct err *choose(struct requesting *r, struct group *g, struct manifest **m)
{
    bool changed = false;

    TRY(conn_open(r->restore->target, &r->conn));
    TRY(look(r));
    if (!r->needs.count)
        return NULL;
    TRY(try_all(r, g, m));
    if (!*m)
        TRY(need_all(r, &changed));
    if (!changed)
        return NULL;
    job_needs_free(&r->needs);
    TRY(job_needs_read(r->conn, r->job->name, &r->needs));
    return try_all(r, g, m);
}

struct err *requested_next(const struct partial_params *params, const char *program,
                           struct restore_result *result, enum requested *outcome, struct buf *waits_for)
{
    struct requesting r = {.params = params, .restore = params->restore};
    struct group g = {0};
    struct manifest *m = NULL;
    struct err *e = choose(&r, &g, &m);

    *outcome = !r.needs.count ? REQUESTED_NOTHING : m ? REQUESTED_COPIED : REQUESTED_WAITS;
    if (!e && *outcome == REQUESTED_WAITS)
        describe(&r, waits_for);
    if (!e && !m)
        publish(&r, program);
    if (!e && m) {
        conn_close(r.conn);
        r.conn = NULL;
        e = copy(&r, &g, m, result);
    }
    manifest_free(m);
    group_free(&g);
    forget(&r);
    return e;
}
