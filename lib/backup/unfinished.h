/*
 * unfinished - what backups left that did not come to their manifest.
 *
 * A snapshot without a manifest does not exist: nothing reads its volumes. Whether its run is dead or still
 * at work nobody can tell from the store, so they are only named, with their age.
 */
#ifndef CCR_BACKUP_UNFINISHED_H
#define CCR_BACKUP_UNFINISHED_H

#include "store/store.h"

struct unfinished {
    char *snapshot;
    char *prefix; /* of its objects' keys, with a slash at its end */
    uint64_t objects;
    uint64_t bytes;
    int64_t age_s; /* of its newest object */
};

/* *out is malloc'ed: *count of them, the oldest id first. */
struct err *unfinished_find(struct store *s, const char *stream, struct unfinished **out,
                            size_t *count) CHECKED;
void unfinished_free(struct unfinished *list, size_t count);

#endif
