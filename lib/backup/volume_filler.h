/*
 * volume_filler - one worker's way into the store: members go into volumes, full volumes become objects.
 *
 * A volume is created in the store when it is finished, under the next free number of the snapshot. Not
 * thread-safe; fillers of one snapshot share a struct volume_shelf, which is.
 */
#ifndef CCR_BACKUP_VOLUME_FILLER_H
#define CCR_BACKUP_VOLUME_FILLER_H

#include <pthread.h>

#include "format/manifest.h"
#include "store/store.h"

/* What the fillers of one snapshot have in common. */
struct volume_shelf {
    struct store *store;
    const char *stream;
    const char *snapshot;
    size_t object_size; /* no volume is larger */
    int64_t mtime;      /* of every member, seconds */
    pthread_mutex_t mutex;
    uint64_t next_number;
    struct manifest_volume *volumes; /* those in the store */
    size_t count;
    size_t cap;
};

void volume_shelf_init(struct volume_shelf *s); /* the parameters are set by the caller */
void volume_shelf_free(struct volume_shelf *s);
/* Deletes what has been written; for a snapshot that is given up. Failures are ignored: without a manifest
 * the volumes are nothing but space. */
void volume_shelf_discard(struct volume_shelf *s);
/* The largest member that surely fits into an empty volume. */
size_t volume_shelf_member_limit(const struct volume_shelf *s);

struct volume_filler;

struct volume_filler *volume_filler_new(struct volume_shelf *shelf);
void volume_filler_free(struct volume_filler *f); /* drops an unfinished volume; NULL is allowed */

/* Adds a member, to a new volume where it does not fit; *volume is the number. */
struct err *volume_filler_add(struct volume_filler *f, const char *member, const void *bytes, size_t len,
                              uint64_t *volume) CHECKED;
/* A chunk has ended: finishes the volume if it is at least half full, so that few chunks cross volumes. */
struct err *volume_filler_pause(struct volume_filler *f) CHECKED;
/* Finishes the volume, if there is one. */
struct err *volume_filler_finish(struct volume_filler *f) CHECKED;

#endif
