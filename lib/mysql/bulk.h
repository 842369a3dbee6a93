/*
 * bulk - one INSERT run over many rows of parameters in one packet (MariaDB's COM_STMT_BULK_EXECUTE).
 *
 * A prepared statement, and its rows laid out as the client library wants them: arrays of values, lengths and
 * NULLs for each parameter. Values are bytes without a character set (BLOBs, in the protocol's words): the
 * server stores them as it would store a binary string, whatever character set the session has.
 *
 * A value is borrowed until bulk_execute has returned. A bulk belongs to its connection's thread.
 */
#ifndef CCR_MYSQL_BULK_H
#define CCR_MYSQL_BULK_H

#include "mysql/conn.h"

struct bulk;

/* Whether server and library speak it. Without it the library would send row by row. */
bool bulk_is_offered(struct conn *c);

/* Prepares a statement with this many question marks, at least one. */
struct err *bulk_prepare(struct conn *c, const struct buf *sql, unsigned parameters,
                         struct bulk **out) CHECKED;
/* How many rows it takes at a time: so many that their arrays stay near half a MiB, but at least one. */
unsigned bulk_capacity(const struct bulk *b);
/* Begins to set rows anew. */
void bulk_clear(struct bulk *b);
/* NULL is an SQL NULL. Every parameter of a row is set once. */
void bulk_set(struct bulk *b, unsigned row, unsigned parameter, char *value, unsigned long len);
/* What the rows set so far take of max_allowed_packet. */
uint64_t bulk_packet_size(const struct bulk *b);
/* Runs it over the first `rows` rows; *affected is how many were inserted. */
struct err *bulk_execute(struct bulk *b, unsigned rows, uint64_t *affected) CHECKED;
void bulk_free(struct bulk *b); /* before its connection is closed; NULL is allowed */

#endif
