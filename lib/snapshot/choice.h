/*
 * choice - which snapshot of a stream to take: a snapshot of single tables, made to bring those up to date,
 * is not one of all that a job follows, however new it is. One of single partitions holds no table.
 */
#ifndef CCR_SNAPSHOT_CHOICE_H
#define CCR_SNAPSHOT_CHOICE_H

#include "base/log.h"
#include "format/manifest.h"
#include "format/position.h"
#include "snapshot/partitions.h"
#include "snapshot/scope.h"
#include "store/store.h"

struct choice_params {
    struct store *store;
    const char *stream;
    const char *snapshot;       /* its id; NULL: the newest that will do */
    const struct scope *wanted; /* NULL: whatever it holds */
    /* Wanted by options, not by a job that is there: of that the snapshot may leave out what it excludes by
     * name, which narrows the scope. */
    bool may_exclude;
    const struct partitions
        *partitions; /* NULL or none: whole tables. Of these, whole ones will do as well */
    struct log *log;
    /* choice_find only */
    uint64_t since_epoch;         /* of this epoch of the log or a later one, */
    const struct gtid_pos *since; /* and of that one not before this position */
    bool one_epoch;               /* of no later one */
    const char *prefer;           /* this one, if it will do, rather than the newest; may be NULL */
};

/*
 * ERR_STORE where there is no snapshot, or none that holds what the job wants; ERR_UNSAFE where the one named
 * does not; ERR_USAGE where options want it; ERR_RESYNC where the only one that would do is from an epoch of
 * the log that has ended.
 */
struct err *choice_make(const struct choice_params *params, struct manifest **out) CHECKED;

/* Does a snapshot hold all of it? Of partitions (NULL or none: whole tables), whole tables will do. */
struct err *choice_holds(const struct manifest *m, const struct scope *wanted,
                         const struct partitions *partitions, bool *yes) CHECKED;

/* The newest that holds what is wanted and is of that epoch and position; *out is NULL where there is none
 * (yet), or no stream. */
struct err *choice_find(const struct choice_params *params, const char *stream_id,
                        struct manifest **out) CHECKED;

#endif
