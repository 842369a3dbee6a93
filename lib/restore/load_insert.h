/*
 * load_insert - the INSERT that does what the LOAD DATA clause of a manifest does.
 *
 * Pure. Reads the clauses that column_text_load writes, and nothing beyond:
 *
 *     ROW_TEXT_LOAD (`id`, @v2) SET `kind` = CAST(@v2 AS UNSIGNED)
 *     (`id`, `kind`) VALUES (?, CAST(? AS UNSIGNED))
 */
#ifndef CCR_RESTORE_LOAD_INSERT_H
#define CCR_RESTORE_LOAD_INSERT_H

#include <stdbool.h>

#include "base/buf.h"

struct load_insert {
    struct buf text;     /* what stands behind INSERT INTO table */
    unsigned fields;     /* in a row of text */
    unsigned parameters; /* as many, in the same order; or none, where the only field is thrown away */
};

/* False for a clause of another form. */
bool load_insert_parse(const char *clause, struct load_insert *out);
void load_insert_free(struct load_insert *i); /* its members */

#endif
