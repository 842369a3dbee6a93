/*
 * protect_scan - what others have written to a job's tables, from the target's binlog (see protect.h).
 *
 * A transaction is ccr's own if it writes to ccr's databases or names them. Between a write of the job's
 * position row that holds an intent (replay/intent.h) and the one that clears it, so is a statement, and what
 * tables without transactions were written. Rows of sequences, which the server writes down apart from the
 * transaction that goes with them, too, are ccr's where the position row was written in the same stretch.
 *
 * So a run's own writes and those of others beside it are told apart, however they mix. Others' that are
 * missed: what is not logged (protect_times.h sees a part of it); statements, logged as such, which write
 * through a view or a stored function; those behind an intent that a killed run has left, up to the run that
 * clears it; and whatever is in one transaction with a write to ccr's databases.
 */
#ifndef CCR_JOB_PROTECT_SCAN_H
#define CCR_JOB_PROTECT_SCAN_H

#include <stdint.h>

#include "format/position.h"
#include "mysql/binlog_dump.h"

struct written_table {
    const char *db; /* target names */
    const char *name;
    uint64_t transactions; /* of others; 0: none */
    uint64_t apart;        /* of these, what tables without transactions and sequences were written */
    uint64_t in_group;     /* the last one that named it, while scanning */
    struct gtid last;
    int64_t first_time; /* seconds since 1970 */
    int64_t last_time;
    /* by protect_times.h */
    int64_t created;
    int64_t updated;
    bool unlogged; /* the binlog does not show it, but it was changed, at last_time */
};

struct written {
    struct written_table *tables; /* all of the job's, sorted */
    size_t count;
    struct result *names; /* what they point into */
    struct gtid_pos end;  /* how far the binlog was read */
    bool announced;       /* there the position row holds an intent */
    enum dump_refusal refusal;
};

struct protect_scan_params {
    struct conn *conn;
    const struct conn_params *params;
    const char *job;
    const struct gtid_pos *from;
    bool announced; /* at `from` */
};

/* The job's tables, nothing written. written_free in any case, as always here. */
struct err *written_read(struct conn *c, const char *job, struct written *out) CHECKED;
/* NULL for a table that is not the job's. */
struct written_table *written_find(const struct written *w, const char *db, const char *name);
/* After an error out->refusal tells whether the binlog reaches back to `from`. */
struct err *protect_scan(const struct protect_scan_params *p, struct written *out) CHECKED;
void written_free(struct written *w); /* its members */

#endif
