/*
 * lane - a connection to the target, and the thread that applies parcels on it.
 *
 * The thread that reads the log fills one parcel while the lane applies the one before: at most two exist,
 * which bounds what they hold. lane_send waits for the parcel under way, then hands over the one that was
 * filled; with LANE_COMMIT also the position, which the lane writes by compare-and-set in the transaction of
 * the changes. A target transaction may take any number of parcels.
 *
 * Threads. The lane's thread works from a lane_send until it is done (BUSY), and owns all of the lane
 * meanwhile but the parcel that is being filled. At all other times (IDLE) everything belongs to the caller:
 * lane_wait first, then use the connection, the road, the position. One mutex and one condition guard the
 * state that says so. After an error, which the next lane_send or lane_wait returns (once), nothing more is
 * sent until lane_rollback, and the bundle that the server refused stays readable (ordered_failed).
 */
#ifndef CCR_REPLAY_LANE_H
#define CCR_REPLAY_LANE_H

#include "job/job.h"
#include "replay/drift.h"
#include "replay/parcel.h"

struct lane;
struct lanes_meeting;

enum lane_order {
    LANE_GO_ON,  /* more is to follow; what is gathered may stay unsent */
    LANE_SETTLE, /* all is applied and counted; the transaction stays open */
    LANE_COMMIT, /* settled, and committed with the position */
};

struct lane_params {
    struct conn *conn;             /* borrowed */
    const char *job;               /* its name, borrowed */
    unsigned index;                /* the first one, 0, writes the position row */
    struct lanes_meeting *meeting; /* NULL for the only lane */
    uint64_t max_packet;
    enum drift_mode drift;
    const struct conn_params *conn_params; /* for a connection beside it; borrowed */
    const struct job_position *position;   /* as the target's row has it; copied */
};

/* What LANE_COMMIT needs to know. */
struct lane_commit {
    const struct job_position *to;
    bool together;      /* with all other lanes; otherwise for them too, which have nothing to commit */
    const char *tables; /* together: what this lane has changed (job.h) */
};

struct err *lane_new(const struct lane_params *params, struct lane **out) CHECKED;
void lane_free(struct lane *l); /* waits for the parcel under way; NULL is allowed */

/* The parcel to fill. */
struct parcel *lane_parcel(struct lane *l);
/* An error is that of an earlier parcel. `commit` is copied; NULL for other orders than LANE_COMMIT. */
struct err *lane_send(struct lane *l, enum lane_order order, const struct lane_commit *commit) CHECKED;
struct err *lane_wait(struct lane *l) CHECKED;
bool lane_is_idle(struct lane *l);
/* Since the last rollback; also where only others have. */
bool lane_has_failed(struct lane *l);

/* What follows is for an idle lane. */

/* The target is as after the last commit; forgets what was gathered, and the error. */
void lane_rollback(struct lane *l);
/* Begins a transaction where none is open. For writes beside the row events. */
struct err *lane_open(struct lane *l) CHECKED;
bool lane_is_open(const struct lane *l);
/* Its COMMIT failed when others were free to commit: only the next run can tell what became of it. */
bool lane_is_torn(const struct lane *l);
/* As the row is: the position of the last commit. To change it by other ways than lane_send is allowed. */
struct job_position *lane_position(struct lane *l);
uint64_t lane_commits(const struct lane *l);
/* Behind an error: was it a difference of a row (drift.h), and of which transaction? */
bool lane_drifted(const struct lane *l, struct gtid *gtid);
uint64_t lane_repaired(const struct lane *l); /* rows of the target, committed */
uint64_t lane_rows(const struct lane *l);     /* committed */
struct conn *lane_conn(struct lane *l);
struct ordered *lane_road(struct lane *l);
struct side_tables *lane_sides(struct lane *l);
void lane_count_repair(struct lane *l); /* a row of the open transaction */

#endif
