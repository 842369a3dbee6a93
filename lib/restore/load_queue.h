/*
 * load_queue - which unit of work a worker loads next.
 *
 * Workers are kept in different tables: InnoDB lets one LOAD DATA at a time into a table with an
 * AUTO_INCREMENT column (with innodb_autoinc_lock_mode below 2 the statement holds the AUTO-INC lock to its
 * end, whatever values it brings), and two writers at the end of one B-tree slow each other down. Among the
 * units that meet nobody, one of the table with the most bytes left is next, so that the largest table does
 * not remain for the end.
 *
 * Not thread-safe: the caller serialises the calls.
 */
#ifndef CCR_RESTORE_LOAD_QUEUE_H
#define CCR_RESTORE_LOAD_QUEUE_H

#include "restore/load_units.h"

struct load_queue;

/* Both must live as long as the queue. */
struct load_queue *load_queue_new(const struct load_work *w, const struct restore_plan *p);
void load_queue_free(struct load_queue *q); /* NULL is allowed */

/* NULL when every unit was taken. */
const struct load_unit *load_queue_take(struct load_queue *q);
/* The worker is done with the unit, and out of its tables. */
void load_queue_leave(struct load_queue *q, const struct load_unit *unit);

#endif
