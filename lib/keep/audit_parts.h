/* audit_parts - what the sources of audit share, private to them. */
#ifndef CCR_KEEP_AUDIT_PARTS_H
#define CCR_KEEP_AUDIT_PARTS_H

#include "base/progress.h"
#include "format/pruned.h"
#include "keep/audit.h"
#include "keep/findings.h"
#include "keep/inventory.h"
#include "keep/snapshots.h"

struct audit {
    const struct audit_params *p;
    struct findings *findings;
    struct progress *progress;
    struct inventory inv;
    char *store_id;                 /* NULL where ccr.json cannot be read */
    struct audited_stream *streams; /* as far as they have been looked at */
    size_t stream_count;
    char *resume; /* see struct audit_result */
    int64_t now_us;
};

/* An unbroken stretch of one epoch's log. */
struct log_run {
    uint64_t epoch;
    uint64_t first;
    uint64_t last;
    struct gtid_pos start;
    struct gtid_pos end;
    int64_t last_time; /* highest commit time, seconds since 1970; 0: no transaction */
    char *broken;      /* why it ends; NULL: the log ends here, or the epoch */
    bool terminated;
};

/* A stream as far as it is sound. */
struct audited_stream {
    const struct listed_stream *listed;
    char *stream_id;      /* NULL where stream.json cannot be read */
    struct pruned pruned; /* the newest record that was seen: ccr-prune may be at work meanwhile */
    bool pruned_unknown;  /* the store did not give it: where the log begins is not known */
    struct log_run *runs; /* in order */
    size_t run_count;
    size_t run_cap;
    struct snapshot_brief *snapshots; /* sound ones, oldest first */
    size_t snapshot_count;
    json_t *dead; /* backups without a manifest */
};

/* Are contents to be read, or only what shows without? */
bool audit_reads(const struct audit *a, const char *key);
/* All contents up to this key have been read. Later keys only. */
void audit_passed(struct audit *a, const char *key);

/* What of the log is sound so far, and is not needed any more. */
void audited_runs_free(struct audited_stream *s);
/* Is it no damage that something of this snapshot is missing: does ccr-prune remove it, or has it? */
bool audit_is_pruned(struct audit *a, const char *stream, const char *snapshot);

struct err *audit_log(struct audit *a, struct audited_stream *s) CHECKED;
struct err *audit_snapshots(struct audit *a, struct audited_stream *s) CHECKED;
/* The volumes of one snapshot against its manifest. *sound: all of it can be restored. */
struct err *audit_volumes(struct audit *a, const struct listed_snapshot *listed, const struct manifest *m,
                          bool *sound) CHECKED;
/* What can be restored: an object of the report. */
json_t *audit_ranges(const struct audited_stream *s);
/* The run that holds an object, or of which it is the next one to come, for a reader at that position. NULL
 * where there is none, or where the log begins behind the position. */
const struct log_run *audit_run_of(const struct audited_stream *s, uint64_t epoch, uint64_t number,
                                   const struct gtid_pos *position);

#endif
