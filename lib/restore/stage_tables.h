/*
 * stage_tables - the tables and sequences of a plan, made in staging.
 *
 * A server spends most of a CREATE TABLE waiting for the disk (about ten fsyncs), so tables are made by the
 * run's own connection and as many others as will load the rows. What names another object, by a foreign key
 * or a sequence's default, comes after all others: one by one, in the manifest's order, as do the sequences.
 */
#ifndef CCR_RESTORE_STAGE_TABLES_H
#define CCR_RESTORE_STAGE_TABLES_H

#include "restore/restore_plan.h"

/* Everything is borrowed. */
struct stage_makers {
    struct conn *conn;                /* the run's own */
    const struct conn_params *target; /* for further ones */
    unsigned threads;                 /* how many of those at most; started where there is work for them */
};

/* definition: the table's in `definitions` of restore_plan.h's manifest. */
struct err *stage_table_create(struct conn *c, const struct restore_plan *p, const struct restore_table *t,
                               const char *definition) CHECKED;

/* All of them. Of several that fail the error is the first one's, in the order in which they are made. */
struct err *stage_tables_create(const struct stage_makers *makers, const struct restore_plan *p,
                                char *const *definitions) CHECKED;

#endif
