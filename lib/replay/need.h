/*
 * need - what the log alone cannot bring to the target: tables that only a snapshot can bring in.
 *
 * Found while a statement is looked at, kept in struct apply, and written to ccr.needs (formats/target.md)
 * when the run has ended and its batch is rolled back. A restore clears what is recorded.
 */
#ifndef CCR_REPLAY_NEED_H
#define CCR_REPLAY_NEED_H

#include "binlog/event.h"
#include "job/job.h"
#include "mysql/conn.h"

/* One table (source names), with the name "" a whole database, with both empty the whole job. */
struct need_table {
    char *db;
    char *name;
};

/* One statement needs them all. `count` is 0 where there is nothing. */
struct need {
    struct need_table *tables;
    size_t count;
    char *reason;
    struct gtid gtid; /* of the transaction that cannot be passed; seq 0: none */
    uint64_t epoch;   /* the snapshot is to be of this epoch or a later one; 0: of the job's */
    /* by need_record */
    bool known;      /* all of it was there already, and a copy is on its way */
    char *too_often; /* why a person is to look at it (job/job_needed.h); NULL */
};

/* Unless it is there already. */
void need_add(struct need *n, const char *db, const char *name);
char *need_text(const struct need *n); /* "db.a,db.b", as --tables takes it; malloc'ed */
void need_free(struct need *n);        /* its members */
/*
 * In a commit of its own; what foreign keys with CASCADE and the like join with the tables is added, for
 * these can only be copied together. `at` is how far the job is: the snapshot is to be behind that and the
 * transaction. A table that is needed for the `a_day`-th time within a day is too often (0: any number).
 */
struct err *need_record(struct conn *c, const struct job *job, struct need *n, const struct job_position *at,
                        uint64_t a_day) CHECKED;
/*
 * What is recorded becomes what the job is behind with (JOB_BEHIND): from here on its changes are passed
 * over, until a copy of the tables is there; that is noted in the history. An intent that these tables settle
 * is cleared with it, in the row and in `at`, which is as the row stands. Under the job's lock. *why
 * (malloc'ed) is NULL where that was done; else it is why it would not be safe: a transaction is half done,
 * or what a foreign key of a table does to rows of others is not in the log.
 */
struct err *need_pass(struct conn *c, const struct job *job, const struct need *n, struct job_position *at,
                      char **why) CHECKED;

#endif
