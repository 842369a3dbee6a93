/*
 * backup_log - where the stream's log stands when a snapshot begins, and whether the source still is the one
 * that wrote it; private to backup.c and answer.c.
 */
#ifndef CCR_BACKUP_BACKUP_LOG_H
#define CCR_BACKUP_BACKUP_LOG_H

#include "backup/backup.h"

struct log_end {
    uint64_t epoch;       /* the epoch that the snapshot will belong to */
    uint64_t last_object; /* the last object of it that holds whole transactions; 0 for none */
    struct gtid_pos end;  /* of the log in that epoch; empty where it has no object yet */
};

/*
 * Finds the end of the log. Where it ends in a terminator, the snapshot opens the next epoch; otherwise the
 * last shipped transactions are read again from the source: ERR_RESYNC if its history is another one. Where
 * nothing has been shipped in the epoch yet, the same is asked of its newest snapshot, and another history
 * opens another epoch.
 */
struct err *log_end_read(const struct backup_params *p, struct conn *c, struct log_end *out) CHECKED;

/* ERR_SOURCE for a snapshot that is older than what the log holds already (a lagging server). */
struct err *log_end_check_position(const struct log_end *l, const struct gtid_pos *position) CHECKED;

void log_end_free(struct log_end *l); /* its members */

#endif
