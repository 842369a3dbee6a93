/*
 * definitions - what a snapshot's volumes hold besides rows: the CREATE statements of its objects.
 *
 * Every volume is checked against the size and SHA-256 in the manifest before anything of it is used.
 */
#ifndef CCR_SNAPSHOT_DEFINITIONS_H
#define CCR_SNAPSHOT_DEFINITIONS_H

#include "base/buf.h"
#include "format/manifest.h"
#include "store/store.h"

/* Reads one volume, whole and checked, into out (which is cleared first). ERR_INTEGRITY where it differs. */
struct err *volume_fetch(struct store *s, const struct manifest *m, uint64_t number, struct buf *out) CHECKED;

/* The statements of those objects for which wanted[i] is set; one malloc'ed string per object, else NULL. */
struct err *definitions_read(struct store *s, const struct manifest *m, const bool *wanted,
                             char ***out) CHECKED;
void definitions_free(char **definitions, const struct manifest *m); /* NULL is allowed */

/* Appends the text of some pieces, joined. */
struct err *pieces_read(struct store *s, const struct manifest *m, const struct manifest_piece *pieces,
                        size_t count, struct buf *out) CHECKED;

#endif
