/*
 * protect - a followed target, and who else writes to it (--protect, formats/target.md).
 *
 * `read-only`: the server's read_only is set, by a restore and by every look, and set again where somebody
 * has taken it away; given back with another mode, and at the end of the job. `detect`, and read-only as
 * well: every run looks whether others than ccr have written to the job's tables since the last look, in the
 * target's own binlog, and by the times at which the server says that they were changed (protect_times.h).
 * What they wrote stays on record until the table is copied again. Where the binlog cannot tell (there is
 * none, it was purged or reset, a privilege is missing), that is unknown, with the reason.
 *
 * What is ccr's own in the binlog: protect_scan.h. Others' ALTER TABLE is not looked for: ccr-apply compares
 * definitions itself.
 */
#ifndef CCR_JOB_PROTECT_H
#define CCR_JOB_PROTECT_H

#include <jansson.h>

#include "base/log.h"
#include "base/opt.h"
#include "format/position.h"
#include "mysql/conn.h"

enum protect_mode { PROTECT_OFF, PROTECT_DETECT, PROTECT_READ_ONLY };

/* --protect. Not given: as the run before was told, PROTECT_DETECT at first. */
struct protect_choice {
    bool given;
    enum protect_mode mode;
};
struct err *protect_choice_from_opts(const struct opts *o, struct protect_choice *out) CHECKED;

/* All but what is `own` is the caller's; all zero: nothing is done. */
struct protect {
    struct protect_choice choice;
    struct conn *conn;                /* holds the job's lock; no transaction is open */
    const struct conn_params *params; /* the same server, to read its binlog */
    const char *job;
    struct log *log;
    struct gtid_pos seen; /* own: the binlog is known up to here, */
    uint64_t updates;     /* own: when the position row had been written so often */
    bool looked;          /* own: both are set */
    bool timed;           /* own: the tables' times were read, at */
    int64_t target_us;    /* own: the target's clock, */
    int64_t monotonic_us; /* own: and ours, */
    int64_t latest;       /* own: and this was the latest; seconds since 1970 */
};

/* One look; warns of what it finds. The job has a position. */
struct err *protect_look(struct protect *p) CHECKED;
/* Behind a replay: where all that is new in the binlog is the position's own writes, the next look begins
 * there. */
struct err *protect_pass_own(struct protect *p) CHECKED;
/* The end of a run that has succeeded: the next one knows what ccr itself has written. */
struct err *protect_leave(struct protect *p) CHECKED;
void protect_free(struct protect *p); /* what is own */

/* A restore is about to begin: read_only as it is wanted. ccr's database exists. */
struct err *protect_restore(struct conn *c, const char *job, const struct protect_choice *choice,
                            struct log *log) CHECKED;
/* The end of a job: read_only goes, if ccr has set it, and no other job needs it. May be repeated. */
struct err *protect_end(struct conn *c, const char *job, struct log *log) CHECKED;

/* "protection" in an object, where there was a look: mode, read_only, checked, unknown, written. */
struct err *protect_describe(struct conn *c, const char *job, json_t *to) CHECKED;

/* Creates ccr's tables where they are missing. */
struct err *protect_setup(struct conn *c) CHECKED;
/* All of the job was copied: the first look is at what is written from now on. Part of the caller's
 * transaction. */
struct err *protect_begin(struct conn *c, const char *job) CHECKED;
/* Others' writes to a table that was just copied are over. Part of the caller's transaction. */
struct err *protect_forget(struct conn *c, const char *job, const char *db, const char *table) CHECKED;

#endif
