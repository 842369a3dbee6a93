/*
 * walk - reading the log's transactions from the committed position on, and taking each one's changes.
 *
 * A walk goes forward only. Where something is learnt too late (a transaction turns out to need its own
 * commit, a row is refused), the batch is rolled back and another walk starts from the committed position,
 * with a note (struct redo) of what to do at which transaction: that is also what a new run would do.
 */
#ifndef CCR_REPLAY_WALK_H
#define CCR_REPLAY_WALK_H

#include "base/log.h"
#include "format/reported.h"
#include "job/job_skips.h"
#include "job/loops.h"
#include "job/protect.h"
#include "replay/batch.h"
#include "replay/evening.h"
#include "replay/feed.h"
#include "replay/need.h"
#include "replay/prelude.h"

enum redo_kind {
    REDO_NOTHING,
    REDO_STOP,   /* commit what lies before the transaction, then end with `error` */
    REDO_ALONE,  /* the transaction changes a table that cannot roll back: commit it by itself */
    REDO_SINGLE, /* the transaction holds a statement: one lane applies all of it, and commits it by itself */
    REDO_SAVEPOINTS, /* the transaction rolls back to a savepoint: set them */
    REDO_DROP,       /* the source rolled the transaction back, or never finished it: leave out its rows */
};

struct repair;

enum own_zone { OWN_ZONE_UNKNOWN, OWN_ZONE_SAME, OWN_ZONE_DIFFERS };

struct redo {
    enum redo_kind kind;
    struct gtid gtid;
    struct err *error; /* STOP */
    char *what;        /* ALONE: the table, for messages */
};

struct apply_limits {
    uint64_t batch_transactions;
    uint64_t batch_bytes;
    bool in_order;         /* nothing is merged */
    bool pass_needs;       /* a table that only a copy can bring in is left behind, where that is safe */
    uint64_t copies_a_day; /* of one table, before a person is to look; 0: any number */
    enum drift_mode drift;
    bool copy_drifted; /* a table that drifted is one that only a copy can bring in */
    int64_t batch_us;  /* a batch is ended after this time */
    uint64_t memory;
    bool has_until_gtid;
    struct gtid_pos until_gtid;
    int64_t until_time; /* seconds; 0: none */
    bool follow;        /* the log's end is waited at, */
    int64_t poll_us;    /* and looked for again this often */
};

struct apply {
    struct log *log;
    struct store *store;
    struct conn_params conn_params;
    struct conn *conn;
    struct conn **more_conns; /* of the lanes behind the first */
    unsigned lanes;
    struct job *job;
    struct alive alive; /* of the source, at the beginning; empty: not known */
    struct tables *tables;
    struct batch batch;
    struct prelude *prelude; /* of the statement to come */
    enum own_zone own_zone;  /* SYSTEM on source and target, once it was asked for (own_zone.h) */
    bool utf8_asked;         /* once the next one was (own_utf8.h) */
    const char *utf8_mode;   /* for statements that name utf8; NULL: the target's own */
    struct apply_limits limits;
    uint64_t objects; /* read */
    uint64_t redone;  /* batches done again after a deadlock or a lock wait */
    struct redo redo;
    struct repair *repairs; /* rows to be put right (repair.h) */
    size_t repair_count;
    size_t repair_cap;
    struct buf behind;              /* tables whose changes are passed over, for messages (job.h) */
    struct need need;               /* why the run ended, where a table must be brought in (schema_scope.h) */
    struct gtid stopped_at;         /* the transaction that could not be replayed; seq 0: none */
    uint64_t next_epoch;            /* that the log's terminator names; 0: it was not reached */
    uint64_t unmerged;              /* batches that the target refused merged: done again in order */
    struct gtid_pos in_order_until; /* while the batch is in order: where that ends */
    struct evening *evening;        /* what comes before all else; NULL where the lanes are even */
    bool dry_run;
    bool staging; /* what is replayed is staging: views and triggers are not there, and if they changed */
    /* its tables have some rows only: nothing but changes of rows can be replayed */
    bool staging_rows;
    bool staging_whole;      /* and are to be what they are in the snapshot, the run stops */
    bool unpublished;        /* a job of ccr's own: the store hears nothing of it */
    int64_t status_us;       /* when the status document was last written (clock_monotonic_us) */
    int64_t wait_us;         /* with --follow: how long the log was last waited for */
    int64_t success_us;      /* when it was last noted that all is well */
    struct protect protect;  /* against others' writes; all zero: none */
    struct loops_seen loops; /* of one that follows, when it last looked for jobs in a circle */
    bool heeds_pause;        /* a job that is paused ends the run (paused.h) */
    struct conn *beside;     /* on which that is asked; NULL before it was */
    int64_t asked_us;        /* when it last was */
    bool paused;             /* the job, or the run makes way for a copy: it is over */
    struct job_skips skips;  /* transactions to be passed over */
    uint64_t passed_over;    /* of them, by this run */
    bool waiting;            /* for the first snapshot: there is no position */
    bool has_position;       /* of the target: the batch is there */
    bool refused;            /* another target may have taken over (status.h) */
    bool until_reached;      /* --until-gtid or --until-time was met */
};

enum walk_outcome {
    WALK_END, /* of the log so far; everything is committed */
    /* --until-gtid or --until-time was met, or the job was paused; everything before it is committed */
    WALK_UNTIL,
    WALK_TERMINATOR, /* of the epoch; everything is committed */
    WALK_REDO,       /* a->redo says why; nothing of the batch is committed */
};

struct walk;

struct err *walk_new(struct apply *a, struct walk **out) CHECKED;
/* Goes on to the end of the log so far. After WALK_END it may be called again. */
struct err *walk_run(struct walk *w, enum walk_outcome *outcome) CHECKED;
const struct segment_footer *walk_terminator(const struct walk *w);
void walk_free(struct walk *w); /* NULL is allowed */

#endif
