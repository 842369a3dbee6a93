/*
 * evening - what a crash between the lanes' commits left to do: some lanes lack the last batch.
 *
 * The first lane commits first, so the position row has it. The log of that batch is replayed by the first
 * lane alone, in one transaction, leaving out statements, which are the first lane's, and the tables that a
 * lane lists which has the batch. Its commit makes every lane's row that of the position row.
 */
#ifndef CCR_REPLAY_EVENING_H
#define CCR_REPLAY_EVENING_H

#include "replay/tables.h"

struct evening;

/* *out is NULL where all lanes are where the position row is. ERR_TARGET for rows that no run can have left.
 */
struct err *evening_read(struct conn *c, const struct job *job, const struct job_position *row,
                         struct evening **out) CHECKED;
void evening_free(struct evening *v); /* NULL is allowed */

const struct job_position *evening_from(const struct evening *v);
const struct job_position *evening_until(const struct evening *v);
/* The lane with the batch has changed it. */
bool evening_has_done(const struct evening *v, const struct table *table);

#endif
