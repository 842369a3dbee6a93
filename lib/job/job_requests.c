#include "job/job_requests.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/request.h"
#include "job/job_state.h"

struct asking {
    const struct job_requests *params;
    struct job *job;
    uint64_t generation;
    char *who;
    struct job_needs needs;
    struct request *wanted; /* one for each need, or statement that needs several tables */
    size_t wanted_count;
    struct requests stored;
};

static bool is_kind(const struct job_need *n, const char *kind)
{
    return strcmp(n->kind, kind) == 0;
}

static void replace_text(char **to, const char *text)
{
    free(*to);
    *to = mem_strdup(text);
}

static void replace_json(json_t **to, json_t *value)
{
    json_decref(*to);
    *to = value;
}

/* One statement needs them all, or they are behind: they come in one snapshot. */
static bool goes_with(const struct job_need *n, const struct job_need *first)
{
    return n == first || (is_kind(n, JOB_BEHIND) && is_kind(first, JOB_BEHIND)) ||
           (n->gtid[0] && is_kind(n, JOB_NEED) && is_kind(first, JOB_NEED) &&
            strcmp(n->gtid, first->gtid) == 0);
}

/* What is behind comes in together with any other table: the log leads to neither alone. */
static bool is_part_of(const struct job_need *n, const struct job_need *first)
{
    return goes_with(n, first) || (is_kind(n, JOB_BEHIND) && is_kind(first, JOB_NEED));
}

static struct err *add_table(const struct job_need *n, struct scope *to)
{
    char *text = job_need_text(n);
    const char *const none[] = {NULL};
    const char *const tables[] = {text, NULL};
    const struct scope_texts texts = {none, tables, none, none};
    struct err *e = scope_parse(&texts, to);

    free(text);
    return e;
}

/* Where the latest of them will do, all will. */
static struct err *ask_for_latest(const struct asking *a, const struct job_need *first, struct request *out)
{
    struct gtid_pos latest = GTID_POS_INIT;
    struct err *e = NULL;

    out->epoch = 0;
    for (size_t i = 0; i < a->needs.count && !e; i++)
        if (is_part_of(&a->needs.items[i], first))
            e = job_need_latest(&a->needs.items[i], &out->epoch, &latest);
    if (!e) {
        free(out->position);
        out->position = gtid_pos_text(&latest);
    }
    gtid_pos_free(&latest);
    return e;
}

static struct err *ask_for_tables(const struct asking *a, const struct job_need *first, struct request *out)
{
    struct scope scope = {.fold_case = a->job->scope.fold_case};
    struct err *e = NULL;

    for (size_t i = 0; i < a->needs.count && !e; i++)
        if (is_part_of(&a->needs.items[i], first))
            e = add_table(&a->needs.items[i], &scope);
    if (!e)
        e = ask_for_latest(a, first, out);
    replace_text(&out->kind, REQUEST_TABLES);
    replace_json(&out->scope, scope_to_json(&scope));
    scope_free(&scope);
    return e;
}

static bool is_first(const struct asking *a, const struct job_need *n)
{
    for (const struct job_need *before = a->needs.items; before < n; before++)
        if (goes_with(n, before))
            return false;
    return true;
}

static struct err *ask_for_partition(const struct asking *a, const struct job_need *n, struct request *out)
{
    struct scope scope = {.fold_case = a->job->scope.fold_case};
    struct partitions partitions = {0};
    char *text = job_need_text(n);
    struct err *e = job_need_partitions(n, &partitions);

    if (!e) {
        scope_list_add_literal(&scope.tables, partitions.items[0].db, partitions.items[0].table);
        replace_text(&out->kind, REQUEST_PARTITIONS);
        replace_json(&out->scope, scope_to_json(&scope));
        json_array_append_new(out->partitions, json_string(text));
    }
    free(text);
    scope_free(&scope);
    partitions_free(&partitions);
    return e;
}

static struct err *ask_for(const struct asking *a, const struct job_need *n, struct request *out)
{
    request_init(out);
    replace_text(&out->job, a->job->name);
    replace_text(&out->stream, a->job->stream);
    replace_text(&out->stream_id, a->job->stream_id);
    replace_text(&out->position, n->pos);
    replace_text(&out->reason, n->reason);
    replace_text(&out->who, a->who);
    out->generation = a->generation;
    out->epoch = n->epoch;
    out->requested_us = clock_now_us();
    if (is_kind(n, JOB_PARTITION))
        return ask_for_partition(a, n, out);
    if (!is_kind(n, JOB_FULL))
        return ask_for_tables(a, n, out);
    replace_text(&out->kind, REQUEST_FULL);
    replace_json(&out->scope, scope_to_json(&a->job->scope));
    return NULL;
}

/* A full copy brings in all else. */
static struct err *ask_for_all(struct asking *a)
{
    const struct job_need *full = job_needs_full(&a->needs);

    a->wanted = mem_zalloc(a->needs.count + 1, sizeof(*a->wanted));
    if (full)
        return ask_for(a, full, &a->wanted[a->wanted_count++]);
    for (size_t i = 0; i < a->needs.count; i++)
        if (is_first(a, &a->needs.items[i]))
            TRY(ask_for(a, &a->needs.items[i], &a->wanted[a->wanted_count++]));
    return NULL;
}

static bool is_stored(const struct asking *a, const char *id)
{
    int64_t now_us = clock_now_us();

    for (size_t i = 0; i < a->stored.count; i++)
        if (strcmp(a->stored.items[i].id, id) == 0)
            return !request_is_expired(&a->stored.items[i], now_us);
    return false;
}

static bool is_wanted(const struct asking *a, char *const *ids, const char *id)
{
    for (size_t i = 0; i < a->wanted_count; i++)
        if (strcmp(ids[i], id) == 0)
            return true;
    return false;
}

static struct err *even_out(struct asking *a, char *const *ids)
{
    struct store *store = a->params->store;
    bool created;

    for (size_t i = 0; i < a->wanted_count; i++)
        if (!is_stored(a, ids[i]))
            TRY(request_put(store, &a->wanted[i], &created));
    for (size_t i = 0; i < a->stored.count; i++)
        if (!is_wanted(a, ids, a->stored.items[i].id))
            TRY(request_remove(store, a->params->job, a->stored.items[i].id));
    return NULL;
}

static struct err *compare(struct asking *a)
{
    char **ids = mem_zalloc(a->wanted_count + 1, sizeof(*ids));
    struct err *e = request_list(a->params->store, a->params->job, &a->stored);

    for (size_t i = 0; i < a->wanted_count; i++)
        ids[i] = request_id(&a->wanted[i]);
    if (!e)
        e = even_out(a, ids);
    for (size_t i = 0; i < a->wanted_count; i++)
        free(ids[i]);
    free(ids);
    return e;
}

static struct err *sync_all(struct asking *a)
{
    const struct job_requests *p = a->params;

    TRY(job_load(p->conn, p->job, &a->job));
    if (!a->job)
        return NULL;
    TRY(job_generation_read(p->conn, p->job, &a->generation));
    TRY(job_who(p->conn, p->program, &a->who));
    TRY(job_needs_read(p->conn, p->job, &a->needs));
    TRY(ask_for_all(a));
    return compare(a);
}

struct err *job_requests_sync(const struct job_requests *p)
{
    struct asking a = {.params = p};
    struct err *e = sync_all(&a);

    for (size_t i = 0; i < a.wanted_count; i++)
        request_free(&a.wanted[i]);
    free(a.wanted);
    requests_free(&a.stored);
    job_needs_free(&a.needs);
    free(a.who);
    job_free(a.job);
    return e;
}

void job_requests_publish(const struct job_requests *p)
{
    struct err *e = job_requests_sync(p);

    if (e)
        log_warn(p->log,
                 "what job %s needs could not be asked for in the store, the next run tries again: %s",
                 p->job, err_message(e));
    err_free(e);
}
