/*
 * sequence - rows of a sequence that were logged without all of its columns.
 *
 * With binlog_row_image=MINIMAL a NEXTVAL logs only where the sequence stands and how often it has gone
 * round; a server refuses such a row (error 4085). What is missing is the sequence's definition, which only
 * DDL changes: it is the target's own.
 */
#ifndef CCR_REPLAY_SEQUENCE_H
#define CCR_REPLAY_SEQUENCE_H

#include "replay/transaction.h"

/* Is this to be completed? */
bool sequence_is_partial(const struct table *table, const struct rows_event *rows);

/*
 * *out is the event with all columns, for the time of the call only: `image` holds its rows. The batch must
 * be flushed: the connection is used.
 */
struct err *sequence_complete(struct apply *a, const struct table *table, const struct rows_event *rows,
                              struct buf *image, struct rows_event *out) CHECKED;

#endif
