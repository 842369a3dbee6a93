/*
 * dump_chunk - the rows of one SELECT as slices in volumes; private to dump_worker.c.
 */
#ifndef CCR_BACKUP_DUMP_CHUNK_H
#define CCR_BACKUP_DUMP_CHUNK_H

#include "backup/dump_worker.h"

/*
 * Copies the chunk, or its beginning: a chunk of more than twice the wanted size is cut, where it can be. It
 * is added to the table's entry unless it is empty.
 */
struct err *dump_chunk(struct dump_worker *w, struct dump_table *t, const struct chunk *chunk) CHECKED;

/* What DDL does to a reader on the worker's connection, told apart from other failures. */
struct err *dump_explain(const struct dump_worker *w, struct err *e) CHECKED;

#endif
