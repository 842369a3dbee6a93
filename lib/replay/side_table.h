/*
 * side_table - tables in ccr's database on the target that take row images of followed tables.
 *
 * An image in a row event is bytes that only the server can turn into values. A side table has the columns of
 * a followed table (c1, c2, ...; hidden ones too, so that the same table map fits; all nullable, no keys, no
 * generated columns, no checks) and behind them `id`, by which ccr knows an image again, and on request
 * `hash` (row_match.h). Images get into it as the server applies them, by WRITE_ROWS events that name it; SQL
 * then compares them with the table itself.
 *
 * They are InnoDB tables called ccr.side_JOB_N, created when first needed on a connection of their own,
 * because CREATE TABLE would commit the batch. They are empty whenever a batch is committed, serve any table
 * with the same columns, and are dropped at the end of the run; side_tables_clean() drops what a killed run
 * left. A set of them belongs to one thread at a time.
 */
#ifndef CCR_REPLAY_SIDE_TABLE_H
#define CCR_REPLAY_SIDE_TABLE_H

#include "replay/sender.h"

struct side_tables;

struct side_table {
    char *quoted;       /* `ccr`.`side_j_1` */
    char *columns;      /* as CREATE TABLE has them */
    struct table table; /* what its events name; the map is borrowed from the followed table */
    struct catalog_table catalog;
};

/* Drops the side tables of a run of this job that was killed. */
struct err *side_tables_clean(struct conn *c, const char *job) CHECKED;

/* `params` is borrowed. Sets of one job need different numbers, below SIDE_SETS_MOST. */
enum { SIDE_SETS_MOST = 1000 };
struct side_tables *side_tables_new(const struct conn_params *params, const char *job, unsigned number);
/* Drops the tables. NULL is allowed. */
void side_tables_free(struct side_tables *s);

/* The side table for rows of `t`, empty as far as this transaction is concerned. */
struct err *side_tables_get(struct side_tables *s, const struct table *t, bool with_hash,
                            struct side_table **out) CHECKED;

/* Images of one table on their way into its side table. */
struct side_load {
    struct sender *sender;
    struct side_table *side;
    const struct table *table;
    const uint8_t *columns; /* bitmap of the columns in the images; borrowed */
    struct buf images;
    uint64_t count;    /* of images */
    uint64_t first_id; /* of the first one; the others follow without a gap */
};

/* Nothing may be under way on the sender's connection. */
void side_load_begin(struct side_load *l, struct sender *s, struct side_table *side, const struct table *t,
                     const uint8_t *columns);
/* Takes a copy. */
struct err *side_load_add(struct side_load *l, const uint8_t *image, size_t len) CHECKED;
/* All are in the table, as c's transaction sees it. */
struct err *side_load_end(struct side_load *l, struct conn *c) CHECKED;
void side_load_free(struct side_load *l);

#endif
