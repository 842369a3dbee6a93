/*
 * job_copy - ccr.copies: the copy that a job's restore has last begun to load (formats/target.md).
 *
 * For whoever looks at a target: together with ccr.loads, and of a partial copy the position of what it has
 * staged, it tells how far a copy is, and how fast. Nothing depends on it.
 */
#ifndef CCR_JOB_JOB_COPY_H
#define CCR_JOB_JOB_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "format/position.h"
#include "mysql/conn.h"

struct job_copy {
    bool partial;
    char *snapshot;
    char *reason;
    uint64_t rows;   /* that it has */
    uint64_t before; /* of them were loaded by earlier runs */
};

struct err *job_copy_setup(struct conn *c) CHECKED;
struct err *job_copy_begin(struct conn *c, const char *job, const struct job_copy *copy) CHECKED;

/* What is staged is at `from`: the log is replayed there from now on. */
struct err *job_copy_replays(struct conn *c, const char *job, const struct gtid_pos *from) CHECKED;

/* How far it is. */
struct job_copy_state {
    bool found; /* something is loaded: the copy is not swapped in yet */
    struct job_copy copy;
    uint64_t loaded;         /* rows, those of earlier runs too */
    uint64_t seconds;        /* since this run began to load */
    bool staged;             /* of a partial copy: all is loaded, and has a position of its own, */
    struct gtid_pos at;      /* which is that */
    struct gtid_pos from;    /* where this run began to replay */
    uint64_t replay_seconds; /* since then; 0 where it has not */
};
struct err *job_copy_read(struct conn *c, const char *job, struct job_copy_state *out) CHECKED;
void job_copy_state_free(struct job_copy_state *s); /* its members */

#endif
