/*
 * load_units - the rows of a snapshot as units of work.
 *
 * A unit is a run of volumes: one, or several that are linked because a chunk crosses from one to the next.
 * Units share no chunk, so workers take them independently (load_queue says which is next).
 */
#ifndef CCR_RESTORE_LOAD_UNITS_H
#define CCR_RESTORE_LOAD_UNITS_H

#include "restore/restore_plan.h"

/* A member of a volume that holds a slice of a chunk still to be loaded. */
struct load_piece {
    uint64_t volume;
    const char *member;
    struct restore_table *table;
    size_t chunk; /* index in the table's chunks */
    size_t piece; /* index in the chunk's pieces */
};

struct load_unit {
    uint64_t *volumes; /* in the order in which they are read */
    size_t volume_count;
    uint64_t bytes; /* of rows still to be loaded */
};

struct load_work {
    struct load_piece *pieces; /* sorted by volume and member */
    size_t piece_count;
    struct load_unit *units; /* the largest first */
    size_t unit_count;
};

/* ERR_INTEGRITY where volumes are linked in a way that no writer makes. */
struct err *load_work_new(const struct restore_plan *p, struct load_work *out) CHECKED;
void load_work_free(struct load_work *w); /* its members */
/* NULL for a member that needs no loading. */
const struct load_piece *load_work_find(const struct load_work *w, uint64_t volume, const char *member);

#endif
