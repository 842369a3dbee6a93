/*
 * apply - one run of ccr-apply: the segments behind the target's position, applied.
 */
#ifndef CCR_REPLAY_APPLY_H
#define CCR_REPLAY_APPLY_H

#include "base/run.h"
#include "mysql/conn.h"
#include "store/store.h"

/* Adds its members to run->result, and says its result to people. */
struct err *apply_run(struct run *run) CHECKED;

/*
 * To the log's end, for one who holds the job's lock on `conn` and is no run of ccr-apply: the job's state is
 * neither asked for nor noted. `conn` allows LOAD DATA LOCAL; its session is replay's afterwards.
 */
struct err *apply_drain(struct run *run, struct conn *conn, struct store *store) CHECKED;

#endif
