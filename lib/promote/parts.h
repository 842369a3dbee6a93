/* parts - the steps of a promotion, private to this layer (promote.h). */
#ifndef CCR_PROMOTE_PARTS_H
#define CCR_PROMOTE_PARTS_H

#include "base/run.h"
#include "job/job.h"
#include "job/job_state.h"
#include "mysql/conn.h"
#include "store/store.h"

struct promote {
    struct run *run;
    struct conn_params target;
    struct conn *log_conn; /* holds the locks, and takes the log */
    struct conn *conn;     /* does all the rest */
    struct store *store;   /* NULL: --without-store */
    const char *name;
    struct job *job;
    struct job_state state;
    struct job_position position;
    bool begun;      /* by a run that was killed: what it has said of a loss stands */
    struct buf loss; /* a sentence: what is here, and what is not */
};

/* --accept-loss has this word. ERR_UNSAFE where it has one that is none. */
bool promote_accepts(const struct promote *p, const char *word);
struct err *promote_check_words(const struct promote *p) CHECKED;

/*
 * Refuses what would lose more than the end of the log: ERR_UNSAFE with the word that accepts it. `drained`:
 * the log is applied, and what it can settle is settled.
 */
struct err *promote_check(struct promote *p, bool drained) CHECKED;

/*
 * What the source may have committed that is not here: "loss" in the result, a sentence in p->loss. With
 * --source that server is asked; ERR_UNSAFE where it has more than the target, and that is not accepted.
 */
struct err *promote_loss(struct promote *p) CHECKED;

/* Warns of definers that the target lacks, of what is kept, of views and of routines; ERR_UNSAFE where a role
 * is to define what is kept. */
struct err *promote_definers(struct promote *p) CHECKED;
/* "kept" in the result: what waits for promotion. */
struct err *promote_list_kept(struct promote *p) CHECKED;
/* The source's triggers, in their order of action. */
struct err *promote_triggers(struct promote *p) CHECKED;
/* Events get the state that they have on the source. */
struct err *promote_events(struct promote *p) CHECKED;

/* AUTO_INCREMENT counters and sequences that are not above what the tables hold: "counters" in the result. */
struct err *promote_counters(struct promote *p) CHECKED;

#endif
