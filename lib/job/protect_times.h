/*
 * protect_times - what others have written to a job's tables, by the server's own record of when each was
 * changed (see protect.h).
 *
 * UPDATE_TIME of an InnoDB table is set by each commit that changed it, to the second in which that
 * transaction began. It needs no binlog, and sessions with sql_log_bin=0 set it too. Seen on 10.11: a
 * rollback does not, nor an UPDATE that changes nothing, ANALYZE, CHECK, OPTIMIZE or ALTER TABLE that copies;
 * an ALTER that does (ADD COLUMN at once) sets CREATE_TIME as well. It is lost at a restart, and when the
 * table leaves the dictionary's cache: then nothing is told, and never wrongly that somebody has written.
 *
 * So with a moment behind ccr's last commit, and nothing of ccr's since (the position row and the server are
 * the same), a table with a later UPDATE_TIME and an older CREATE_TIME was written by others. What they write
 * while ccr is at work, in the very second, or by a transaction that had begun by then, is not seen.
 *
 * To read it the server opens the tables: 0.1 s for 5,000 that are open already, 3 s for 5,000 with a cache
 * of 1,000, which it replaces. So it is not asked where the databases' tables are more than half of
 * table_open_cache.
 */
#ifndef CCR_JOB_PROTECT_TIMES_H
#define CCR_JOB_PROTECT_TIMES_H

#include "job/protect_scan.h"

/* The target's clock, and ours beside it: its clock may be set back. */
struct protect_clock {
    int64_t target_us;
    int64_t monotonic_us;
};
struct err *protect_clock_read(struct conn *c, struct protect_clock *out) CHECKED;
/* A second, by the target's clock now, before which all that was committed since `then` lies. */
int64_t protect_clock_since(const struct protect_clock *then, const struct protect_clock *now);

/* `created` and `updated` of the job's tables. *looked: false where that would cost too much. */
struct err *protect_times_read(struct conn *c, struct written *w, bool *looked) CHECKED;
/* The latest of them, or 0. */
int64_t protect_times_latest(const struct written *w);
/* Marks as `unlogged` what was changed behind that second, and not found in the binlog. */
void protect_times_judge(struct written *w, int64_t quiet_at);

#endif
