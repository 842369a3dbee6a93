/*
 * lanes - all lanes of a run (--lanes): connections among which the tables of a batch are divided.
 *
 * Tables joined by foreign keys (in any number of steps) go by the same lane, so lanes never wait for each
 * other's rows. Each lane has a transaction of its own with the row of its own in ccr.lanes; the first one
 * also has the position row. At the end of a batch they meet: when all have written everything, all commit.
 * So a crash, or a failing COMMIT, leaves them at most one batch apart, and what a lane has done of that
 * batch stands in its row: the next run brings the others there first (evening.h). What only one connection
 * does (DDL, intents, a batch whose changes are all the first lane's) is committed by the first lane for all
 * of them.
 *
 * Between the first COMMIT of a batch and the last, a reader of several tables can see one with the batch and
 * another one without it.
 *
 * Used by one thread besides the lanes' own.
 */
#ifndef CCR_REPLAY_LANES_H
#define CCR_REPLAY_LANES_H

#include "replay/lane.h"

enum { LANES_MOST = 64 };

struct lanes;

struct lanes_params {
    struct conn *const *conns; /* borrowed, `count` of them */
    unsigned count;
    const char *job;
    uint64_t max_packet;
    enum drift_mode drift;
    const struct conn_params *conn_params; /* borrowed */
    const struct job_position *position;
};

struct err *lanes_new(const struct lanes_params *params, struct lanes **out) CHECKED;
void lanes_free(struct lanes *ls); /* NULL is allowed */

unsigned lanes_count(const struct lanes *ls);
struct lane *lanes_at(struct lanes *ls, unsigned index);
/* Waits for all, and returns the first error. */
struct err *lanes_wait(struct lanes *ls) CHECKED;
/* Hands over what lane `index` has gathered; more is to follow. */
struct err *lanes_send(struct lanes *ls, unsigned index) CHECKED;
/* Everything handed over and gathered is applied and counted; nothing is under way. */
struct err *lanes_settle(struct lanes *ls) CHECKED;
/* Hands over what is gathered, to be committed with `to`. tables[i] is what lane i has changed (job.h). */
struct err *lanes_commit(struct lanes *ls, const struct job_position *to, char *const *tables) CHECKED;
void lanes_rollback(struct lanes *ls);
bool lanes_have_failed(struct lanes *ls); /* one of them, since the last rollback */
/* Then: the one whose error was returned. */
struct lane *lanes_failed(struct lanes *ls);
/* A connection is gone, or a COMMIT has failed of which others may have succeeded: nothing can be done again.
 * For idle lanes. */
bool lanes_are_lost(struct lanes *ls);

/* The lanes' side: waits until all have called it; true when every one came `ready`. */
bool lanes_meet(struct lanes_meeting *m, bool ready);

#endif
