#include "keep/snapshots.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct err *snapshot_brief_make(const struct manifest *m, struct snapshot_brief *out)
{
    *out = (struct snapshot_brief){
        .id = mem_strdup(m->id),
        .epoch = m->epoch,
        .last_object = m->last_object,
        .started_us = m->started_us,
        .finished_us = m->finished_us,
    };
    gtid_pos_copy(&out->position, &m->position);
    partitions_of_manifest(m, &out->partitions);
    struct err *e = scope_from_manifest(m, &out->scope);
    if (e)
        snapshot_brief_free(out);
    return e;
}

void snapshot_brief_free(struct snapshot_brief *b)
{
    free(b->id);
    gtid_pos_free(&b->position);
    scope_free(&b->scope);
    partitions_free(&b->partitions);
    *b = (struct snapshot_brief){0};
}

int snapshot_brief_compare(const struct snapshot_brief *a, const struct snapshot_brief *b)
{
    if (a->epoch != b->epoch)
        return a->epoch < b->epoch ? -1 : 1;
    if (a->started_us != b->started_us)
        return a->started_us < b->started_us ? -1 : 1;
    return strcmp(a->id, b->id);
}

bool snapshot_brief_covers(const struct snapshot_brief *a, const struct snapshot_brief *b)
{
    if (a->partitions.count && (!b->partitions.count || !partitions_cover(&a->partitions, &b->partitions)))
        return false;
    return scope_covers(&a->scope, &b->scope);
}
