/*
 * net - the merged road: the net change per key of a batch.
 *
 * Takes the changes of a batch one by one, and remembers of every row that they touch only what it was before
 * the first of them and what it is behind the last. What comes out is one delete, update or insert per row
 * (or nothing), sorted by key: the same end, with far less work for the server. Row images stay the bytes
 * that the source wrote. No I/O.
 *
 * That is exact for tables whose rows have an identity (net_identity), whose row images are full, and where
 * nothing else than the rows themselves depends on the way: roads.h says which tables these are. What makes
 * it so:
 *
 * - Per table all deletes come first, then updates, then inserts. An update that changes any column of any
 *   unique key is a delete and an insert: so a unique value is always free before it is taken again.
 * - Keys are compared as bytes. Values that are equal only by a collation ('a', 'A') are two keys, of which
 * one is deleted before the other one is inserted.
 * - Foreign keys and CHECK constraints are not checked again: the source has checked the way, and the end is
 *   the source's own state.
 * - The AUTO_INCREMENT counter follows the highest value that was ever inserted. Where the row that had it is
 *   gone at the end, it is inserted and deleted again behind the table's deletes. The rows that were not
 *   deleted by then held their unique values all the time, beside that row (others are deleted for the
 * moment, and inserted again): so it cannot collide.
 *
 * The log must be a possible history: a row that is inserted twice, deleted without being there, or whose
 * before image is not its last after image is an error (ERR_INTEGRITY).
 *
 * The tables of the changes must live, and keep their catalog, until net_clear. Used by one thread at a time.
 * A table's changes are in one net that is not sealed at any time.
 */
#ifndef CCR_REPLAY_NET_H
#define CCR_REPLAY_NET_H

#include "replay/bundle.h"

struct net;

struct net *net_new(void);
void net_free(struct net *n); /* NULL is allowed */

/* Takes one row event with full images; its bytes are copied. */
struct err *net_add(struct net *n, const struct change *c) CHECKED;
bool net_is_empty(const struct net *n);
/* Memory that the changes held take. */
size_t net_bytes(const struct net *n);
/*
 * Gives the net changes to `emit`, as row events of some KiB; they are valid during the call. They carry the
 * time, server id and GTID of the last change taken. `n` stays as it is.
 */
struct err *net_emit(struct net *n, struct err *(*emit)(void *arg, const struct change *c),
                     void *arg) CHECKED;
/* No more changes are added: the tables' next ones may go to another net. For handing it to another thread.
 */
void net_seal(struct net *n);
/* Forgets all changes, keeping memory for the next ones. */
void net_clear(struct net *n);

/*
 * The key by which rows are told apart: the primary key, else a unique key without NULLs. NULL where the
 * table has none; a key by hash or with a virtual column is none, since the server finds no row by it.
 */
const struct catalog_key *net_identity(const struct catalog_table *t);

#endif
