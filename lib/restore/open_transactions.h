/*
 * open_transactions - who is in the way of a swap.
 */
#ifndef CCR_RESTORE_OPEN_TRANSACTIONS_H
#define CCR_RESTORE_OPEN_TRANSACTIONS_H

#include "mysql/conn.h"

/* The transactions that were open at one moment, without this connection's own. */
struct open_transactions;

/*
 * A REPEATABLE READ reader that is older than a table's rows sees the table empty, so the swap waits for all
 * of them. Prepared XA branches that no session holds read nothing and are not counted.
 */
struct err *open_transactions_read(struct conn *c, struct open_transactions **out) CHECKED;
/* How many of them are still open. */
struct err *open_transactions_left(struct conn *c, const struct open_transactions *t, size_t *left) CHECKED;
void open_transactions_free(struct open_transactions *t); /* NULL is allowed */

/* Appends those that are still open: "connection 12 (app@host, 75 s, idle)", ... */
struct err *open_transactions_describe(struct conn *c, const struct open_transactions *t,
                                       struct buf *out) CHECKED;
/*
 * Appends who may hold a lock on tables of these databases ("'a', 'b'"): exactly, where the server has the
 * plugin metadata_lock_info, else (and for NULL) the candidates: open transactions, running statements, then
 * idle sessions.
 */
struct err *lock_holders_describe(struct conn *c, const char *databases, struct buf *out) CHECKED;

#endif
