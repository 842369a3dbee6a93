/*
 * load_bulk - rows by one INSERT that is run over bundles of them (mysql/bulk).
 *
 * The rows are cut out of the volumes' text and sent as parameters: the server stores a field's bytes as LOAD
 * DATA with CHARACTER SET binary does, without looking at each of them first, which is a third of its work.
 * INSERT IGNORE, so that a value is taken or warned of exactly as LOAD DATA LOCAL would, and warnings are
 * errors, but two.
 *
 * A bundle is text of about a MiB, well below max_allowed_packet. A row that is larger has one to itself; one
 * that does not fit max_allowed_packet is refused. Memory: a bundle, or the largest row, some three times.
 */
#ifndef CCR_RESTORE_LOAD_BULK_H
#define CCR_RESTORE_LOAD_BULK_H

#include "restore/load_part.h"

struct load_bulk;

/* For a connection whose server offers it, and that outlives the load_bulk. */
struct err *load_bulk_new(struct conn *c, struct load_bulk **out) CHECKED;
void load_bulk_free(struct load_bulk *b); /* NULL is allowed */

/* Whether the table's LOAD DATA clause is one that can be said as an INSERT. */
bool load_bulk_takes(struct load_bulk *b, const struct restore_table *t);

/* The part of a chunk of table t, whole; *rows is what the server took. */
struct err *load_bulk_part(struct load_bulk *b, const struct restore_table *t, struct load_part *part,
                           uint64_t *rows) CHECKED;

#endif
