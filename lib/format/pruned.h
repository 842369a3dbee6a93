/*
 * pruned - streams/S/pruned/N.json: where the log of a stream begins since ccr-prune removed its beginning,
 * and why (formats/store.md).
 *
 * A record is created before the first object goes, under the number behind the last one's: of two pruners
 * that have seen the same state only one can. It says all that the ones before it said and that still
 * matters, so only the newest counts. Objects before `epoch`, `number` may still be there (a run was killed),
 * but nobody may need them.
 */
#ifndef CCR_FORMAT_PRUNED_H
#define CCR_FORMAT_PRUNED_H

#include "format/origin.h"
#include "format/position.h"
#include "store/store.h"

/* A job that was not seen for so long that it no longer held the log. */
struct pruned_job {
    char *name;
    uint64_t epoch; /* the first object that it would have needed */
    uint64_t number;
    int64_t seen_us;
};

struct pruned {
    struct origin origin;
    uint64_t record; /* its number; 0: there is none, and the log begins at object 1 of epoch 1 */
    uint64_t epoch;  /* first object that must be there */
    uint64_t number;
    int64_t time_us;
    char *reason; /* what the log was kept for, for people */
    struct pruned_job *jobs;
    size_t job_count;
    char **snapshots; /* ids of those that went with this run or the ones before it, newest last */
    size_t snapshot_count;
};

/* The newest record of a stream. One that `expected` (NULL: nothing is known) tells to be of elsewhere is
 * ERR_INTEGRITY, as is one under another's number. */
struct err *pruned_load(struct store *s, const char *stream, const struct origin *expected,
                        struct pruned *out) CHECKED;
/* Creates the record p->record. False: another pruner has made one of that number. */
struct err *pruned_create(struct store *s, const char *stream, const struct pruned *p, bool *created) CHECKED;
void pruned_free(struct pruned *p); /* its members */
/* Was this object removed for good, or may it be at any time? */
bool pruned_has(const struct pruned *p, uint64_t epoch, uint64_t number);
bool pruned_has_snapshot(const struct pruned *p, const char *id);
/*
 * Something of this snapshot is missing: because ccr-prune removes it, or has removed it? Without a manifest,
 * and in one of the last two records, or nothing of it is left in a stream that is pruned.
 */
struct err *pruned_took_snapshot(struct store *s, const char *stream, const char *id, bool *took) CHECKED;

/* ERR_RESYNC for a reader of the log that needs this object, with the reason. NULL where it was not pruned.
 */
struct err *pruned_check(struct store *s, const char *stream, uint64_t epoch, uint64_t number) CHECKED;

#endif
