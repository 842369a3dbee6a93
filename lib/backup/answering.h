/*
 * answering - one run of ccr-backup --requested at a time for a stream, on each server.
 *
 * By an advisory lock of the source: it lasts as long as the connection, so a dead run holds up nobody. Runs
 * on different nodes of a cluster do not see each other's, and may both copy: then the second finds before it
 * writes its manifest that there is nothing left to answer (answering_last_look).
 */
#ifndef CCR_BACKUP_ANSWERING_H
#define CCR_BACKUP_ANSWERING_H

#include "backup/answer.h"

/* *out holds the lock until it is closed. ERR_LOCKED where another run has it. */
struct err *answering_lock(const struct backup_params *p, struct conn **out) CHECKED;

struct answering {
    const struct backup_params *params;
    struct answer *answer;
};
/* For backup_params; `arg` is a struct answering. ERR_LOCKED where all that was chosen has an answer by now.
 */
struct err *answering_last_look(void *arg) CHECKED;

#endif
