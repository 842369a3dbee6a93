/*
 * replication - how far a server that is itself a replica is behind its primaries, as it says so.
 *
 * MariaDB's Seconds_Behind_Master is NULL where either thread is stopped or the primary cannot be reached. It
 * counts from what has arrived: a primary that has vanished without a word is missed after slave_net_timeout,
 * and one that is itself behind shows on its own server only.
 */
#ifndef CCR_MYSQL_REPLICATION_H
#define CCR_MYSQL_REPLICATION_H

#include "mysql/conn.h"

/* One connection to a primary. Strings are valid until result_free; none is NULL. */
struct replication {
    const char *connection; /* its name: "" unless there are several */
    const char *state;      /* "running", "connecting" (again and again: see error), "stopped" */
    const char *error;      /* "": none; a person has stopped it, say */
    bool known;             /* it is running: */
    uint64_t seconds;
};

/* Needs REPLICA MONITOR. No rows: a server that is nobody's replica. */
struct err *replication_query(struct conn *c, struct result **out) CHECKED;
/* The next of its rows; false at the end. */
bool replication_next(struct result *r, struct replication *out);

#endif
