/*
 * infile - LOAD DATA LOCAL INFILE whose file is a function of ours.
 *
 * The connection must allow it (conn_params.local_infile), and the server (local_infile).
 */
#ifndef CCR_MYSQL_INFILE_H
#define CCR_MYSQL_INFILE_H

#include "mysql/conn.h"

/* Up to cap bytes of the file; *len is 0 at its end. */
typedef struct err *infile_fn(void *arg, void *out, size_t cap, size_t *len);

/* Runs the statement, whatever file it names. Where reading fails, that is the error, not what the server
 * says of it. */
struct err *infile_exec(struct conn *c, const struct buf *sql, infile_fn *read, void *arg) CHECKED;

#endif
