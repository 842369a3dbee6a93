/*
 * snapshots - what auditing and pruning need to know of a stream's snapshots: their manifests without the
 * lists.
 */
#ifndef CCR_KEEP_SNAPSHOTS_H
#define CCR_KEEP_SNAPSHOTS_H

#include "format/manifest.h"
#include "snapshot/partitions.h"
#include "snapshot/scope.h"

struct snapshot_brief {
    char *id;
    uint64_t epoch;
    uint64_t last_object;
    struct gtid_pos position;
    int64_t started_us;
    int64_t finished_us;
    struct scope scope;
    struct partitions partitions; /* none: whole tables */
};

struct err *snapshot_brief_make(const struct manifest *m, struct snapshot_brief *out) CHECKED;
void snapshot_brief_free(struct snapshot_brief *b); /* its members */

/* Negative where `a` is the older one: by epoch, then by the time of its start. */
int snapshot_brief_compare(const struct snapshot_brief *a, const struct snapshot_brief *b);
/* Does `a` hold all that `b` holds? */
bool snapshot_brief_covers(const struct snapshot_brief *a, const struct snapshot_brief *b);

#endif
