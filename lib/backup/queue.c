#include "backup/queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/document.h"
#include "snapshot/choice.h"

static bool is_kind(const struct request *r, const char *kind)
{
    return strcmp(r->kind, kind) == 0;
}

/* --- what is asked for --- */

/* As --partitions says it: their tables are the scope. */
static struct err *read_partitions(const struct request *r, struct source_scope *out)
{
    size_t count = json_array_size(r->partitions);
    const char **texts = mem_zalloc(count + 1, sizeof(*texts));

    for (size_t i = 0; i < count; i++)
        texts[i] = json_string_value(json_array_get(r->partitions, i));
    struct err *e = partitions_parse(texts, &out->partitions);
    for (size_t i = 0; !e && i < out->partitions.count; i++)
        scope_list_add_literal(&out->scope.tables, out->partitions.items[i].db,
                               out->partitions.items[i].table);
    free(texts);
    return e ? err_recode(e, ERR_INTEGRITY) : NULL;
}

static struct err *read_wanted(const struct request *r, struct queue_item *item)
{
    static const struct json_doc doc = {"its scope", ERR_INTEGRITY};

    TRY(gtid_pos_parse(r->position, ERR_INTEGRITY, &item->position));
    if (is_kind(r, REQUEST_PARTITIONS))
        return read_partitions(r, &item->wanted);
    TRY(scope_from_json(&doc, r->scope, NULL, &item->wanted.scope));
    if (is_kind(r, REQUEST_TABLES) && !item->wanted.scope.databases.count && !item->wanted.scope.tables.count)
        return err_new(ERR_INTEGRITY, "it asks for tables and names none");
    return NULL;
}

static void item_free(struct queue_item *item)
{
    source_scope_free(&item->wanted);
    gtid_pos_free(&item->position);
    free(item->because);
    free(item->gone);
    free(item->snapshot);
}

struct err *queue_check(const struct request *r)
{
    struct queue_item item = {0};
    struct err *e = read_wanted(r, &item);

    item_free(&item);
    return e;
}

/* Full copies that a job has asked for: the highest number among its requests. */
static uint64_t generation_of(const struct requests *all, const char *job)
{
    uint64_t generation = 0;

    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->items[i].job, job) == 0 && all->items[i].generation > generation)
            generation = all->items[i].generation;
    return generation;
}

static void add_item(const struct requests *all, const struct request *r, int64_t now_us, struct queue *out)
{
    struct queue_item *item = &out->items[out->count++];

    *item = (struct queue_item){.request = r};
    struct err *e = read_wanted(r, item);
    if (e) {
        item->state = QUEUE_UNREADABLE;
        item->because = mem_strdup(err_message(e));
    } else if (request_is_expired(r, now_us)) {
        item->state = QUEUE_EXPIRED;
        item->because = mem_printf("it is not of the last %d days", REQUEST_DAYS);
    } else if (r->generation < generation_of(all, r->job)) {
        item->state = QUEUE_OUTDATED;
        item->because = mem_strdup("the job has asked for a later full copy");
    }
    err_free(e);
}

void queue_make(const struct requests *all, const char *stream, const char *stream_id, int64_t now_us,
                struct queue *out)
{
    *out = (struct queue){.items = mem_zalloc(all->count + 1, sizeof(*out->items))};
    for (size_t i = 0; i < all->count; i++) {
        const struct request *r = &all->items[i];
        if (strcmp(r->stream, stream) == 0 && (!stream_id || strcmp(r->stream_id, stream_id) == 0))
            add_item(all, r, now_us, out);
    }
}

void queue_free(struct queue *q)
{
    for (size_t i = 0; i < q->count; i++)
        item_free(&q->items[i]);
    free(q->items);
    *q = (struct queue){0};
}

/* --- what answers it --- */

static struct err *answers(const struct manifest *m, const struct queue_item *item, bool *yes)
{
    const struct request *r = item->request;

    *yes = false;
    if (strcmp(m->stream_id, r->stream_id) != 0)
        return NULL;
    for (size_t i = 0; i < m->answer_count && !*yes; i++)
        *yes = strcmp(m->answers[i], r->id) == 0;
    if (*yes || m->epoch < r->epoch ||
        (m->epoch == r->epoch && !gtid_pos_reaches(&m->position, &item->position)))
        return NULL;
    return choice_holds(m, &item->wanted.scope, &item->wanted.partitions, yes);
}

static void note_answer(const struct manifest *m, struct queue_item *item)
{
    bool first = item->state == QUEUE_OPEN;

    item->state = QUEUE_ANSWERED;
    if (first || m->finished_us < item->answered_us)
        item->answered_us = m->finished_us;
    if (!first && (m->epoch < item->epoch || (m->epoch == item->epoch && m->started_us < item->started_us)))
        return;
    free(item->snapshot);
    free(item->because);
    item->snapshot = mem_strdup(m->id);
    item->because = mem_printf("snapshot %s answers it", m->id);
    item->epoch = m->epoch;
    item->started_us = m->started_us;
}

struct err *queue_see(struct queue *q, const struct manifest *m)
{
    for (size_t i = 0; i < q->count; i++) {
        bool yes = false;
        if (q->items[i].state != QUEUE_OPEN && q->items[i].state != QUEUE_ANSWERED)
            continue;
        TRY(answers(m, &q->items[i], &yes));
        if (yes)
            note_answer(m, &q->items[i]);
    }
    return NULL;
}

static struct err *see_one(struct manifest *m, void *arg)
{
    struct err *e = queue_see(arg, m);

    manifest_free(m);
    return e;
}

struct err *queue_see_all(struct queue *q, struct store *s, const char *stream)
{
    return queue_open(q) ? manifest_each(s, stream, see_one, q) : NULL;
}

/* --- for people --- */

size_t queue_open(const struct queue *q)
{
    size_t open = 0;

    for (size_t i = 0; i < q->count; i++)
        open += q->items[i].state == QUEUE_OPEN;
    return open;
}

void queue_describe(const struct queue_item *item, struct buf *out)
{
    if (is_kind(item->request, REQUEST_FULL))
        buf_append_str(out, "the whole job: ");
    if (item->wanted.partitions.count)
        partitions_describe(&item->wanted.partitions, out);
    else
        scope_describe(&item->wanted.scope, out);
}

static json_t *item_to_json(const struct queue_item *item)
{
    const struct request *r = item->request;
    json_t *o = json_object();
    struct buf wanted = BUF_INIT;
    char time[CLOCK_TEXT_SIZE];

    queue_describe(item, &wanted);
    document_set_bytes(o, "id", r->id);
    document_set_bytes(o, "job", r->job);
    document_set_bytes(o, "kind", r->kind);
    document_set_bytes(o, "wanted", buf_str(&wanted));
    document_set_u64(o, "epoch", r->epoch);
    document_set_bytes(o, "position", r->position);
    document_set_bytes(o, "reason", r->reason);
    document_set_bytes(o, "who", r->who);
    document_set_bytes(o, "requested", clock_format(r->requested_us, time));
    document_set_bytes(o, "state", queue_state_name(item->state));
    document_set_bytes(o, "snapshot", item->snapshot);
    document_set_bytes(o, "because", item->because);
    document_set_bytes(o, "gone", item->gone);
    buf_free(&wanted);
    return o;
}

json_t *queue_to_json(const struct queue *q)
{
    json_t *list = json_array();
    uint64_t place = 0;

    for (size_t i = 0; i < q->count; i++) {
        json_t *o = item_to_json(&q->items[i]);
        if (q->items[i].state == QUEUE_OPEN)
            document_set_u64(o, "place", ++place);
        json_array_append_new(list, o);
    }
    return list;
}

const char *queue_state_name(enum queue_state state)
{
    static const char *const names[] = {
        [QUEUE_OPEN] = "open",         [QUEUE_ANSWERED] = "answered",     [QUEUE_EXPIRED] = "expired",
        [QUEUE_OUTDATED] = "outdated", [QUEUE_UNREADABLE] = "unreadable",
    };

    return names[state];
}
