#include "keep/asked.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/document.h"

/* When something of the job was last written. */
static int64_t job_seen_us(const struct inventory *inv, const char *job)
{
    int64_t seen_us = 0;

    for (size_t i = 0; i < inv->job_count; i++)
        if (strcmp(inv->jobs[i].name, job) == 0 && inv->jobs[i].status.modified_us > seen_us)
            seen_us = inv->jobs[i].status.modified_us;
    for (size_t i = 0; i < inv->request_count; i++)
        if (strcmp(inv->requests[i].job, job) == 0 && inv->requests[i].at.modified_us > seen_us)
            seen_us = inv->requests[i].at.modified_us;
    return seen_us;
}

char *asked_goes(const struct asked_params *p, const struct listed_request *l, const struct queue_item *item)
{
    const int64_t since_us = p->now_us - p->max_hold_us;
    char time[CLOCK_TEXT_SIZE];

    if (item && (item->state == QUEUE_EXPIRED || item->state == QUEUE_OUTDATED))
        return mem_strdup(item->because);
    if (item && item->state == QUEUE_ANSWERED && item->answered_us < since_us)
        return mem_printf("it was answered %s, and not fetched for longer than --max-hold",
                          clock_format(item->answered_us, time));
    if (job_seen_us(p->inv, l->job) < since_us)
        return mem_printf("job %s was not seen for longer than --max-hold", l->job);
    if (!item && l->at.modified_us < since_us)
        return mem_strdup("it cannot be read, and is older than --max-hold");
    return NULL;
}

const struct listed_request *asked_listed(const struct inventory *inv, const struct queue_item *item)
{
    for (size_t i = 0; i < inv->request_count; i++)
        if (strcmp(inv->requests[i].id, item->request->id) == 0 &&
            strcmp(inv->requests[i].job, item->request->job) == 0)
            return &inv->requests[i];
    return NULL;
}

char *asked_holds(const struct asked_params *p, const struct queue *queue, const char *snapshot)
{
    for (size_t i = 0; i < queue->count; i++) {
        const struct queue_item *item = &queue->items[i];
        const struct listed_request *l = asked_listed(p->inv, item);
        if (item->state != QUEUE_ANSWERED || strcmp(item->snapshot, snapshot) != 0 || !l)
            continue;
        char *goes = asked_goes(p, l, item);
        free(goes);
        if (!goes)
            return mem_printf("job %s has asked for it", l->job);
    }
    return NULL;
}

json_t *asked_to_json(const struct listed_request *l, const struct queue_item *item, const char *goes)
{
    json_t *o = json_object();

    document_set_bytes(o, "job", l->job);
    document_set_bytes(o, "id", l->id);
    document_set_bytes(o, "stream", item ? item->request->stream : NULL);
    document_set_bytes(o, "state", item ? queue_state_name(item->state) : "unreadable");
    json_object_set_new(o, "keep", json_boolean(!goes));
    document_set_bytes(o, "why", goes ? goes : item && item->because ? item->because : "it waits");
    document_set_u64(o, "bytes", l->at.size);
    return o;
}
