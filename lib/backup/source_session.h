/*
 * source_session - a connection for reading a source: what it shows is what is stored.
 */
#ifndef CCR_BACKUP_SOURCE_SESSION_H
#define CCR_BACKUP_SOURCE_SESSION_H

#include "mysql/conn.h"

/* A session that is idle for this long is ended by the server. */
#define SOURCE_SESSION_IDLE_S "604800"

/*
 * Opens a connection whose session gives stored bytes without conversion, times in UTC, and definitions in
 * one spelling; waits for locks up to lock_wait_s, and for a slow store as long as it takes.
 */
struct err *source_session_open(const struct conn_params *params, unsigned lock_wait_s,
                                struct conn **out) CHECKED;

#endif
