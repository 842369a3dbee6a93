/*
 * load_text - rows by LOAD DATA LOCAL, streamed from the volumes as they are.
 *
 * For servers that know no bulk execution (load_bulk is faster), and for clauses that load_insert does not
 * understand. Needs local_infile on both sides.
 */
#ifndef CCR_RESTORE_LOAD_TEXT_H
#define CCR_RESTORE_LOAD_TEXT_H

#include "restore/load_part.h"

/* The part of a chunk of table t, whole; *rows is what the server took. The chunk's id is for the process
 * list. */
struct err *load_text_part(struct conn *c, const struct restore_table *t, uint64_t chunk,
                           struct load_part *part, uint64_t *rows) CHECKED;

#endif
