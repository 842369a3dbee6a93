/*
 * partitions - single partitions of tables: what --partitions asks for, and what a snapshot holds that was
 * made so.
 *
 * As an option: DB.TABLE:PARTITION; what has no colon is a further partition of the table before it, so that
 * `shop.orders:p1,p2` is two. Names stand for themselves, and are quoted as in a scope (scope.h). A partition
 * stands for all its subpartitions. Partitions are told apart as the server does it, without regard to the
 * case of (ASCII) letters. Pure; a list owns its members.
 */
#ifndef CCR_SNAPSHOT_PARTITIONS_H
#define CCR_SNAPSHOT_PARTITIONS_H

#include "base/buf.h"
#include "base/err.h"
#include "format/manifest.h"

struct partitions_of {
    char *db;
    char *table;
    char **names;
    size_t count;
};

struct partitions {
    struct partitions_of *items; /* one for each table */
    size_t count;
};

/* Texts as given (ending with NULL); appends to *out. ERR_USAGE. */
struct err *partitions_parse(const char *const *texts, struct partitions *out) CHECKED;
/* Those that a snapshot's rows are of; none where it holds whole tables. */
void partitions_of_manifest(const struct manifest *m, struct partitions *out);
void partitions_free(struct partitions *p); /* its members */

/* NULL where none of the table's are listed. */
const struct partitions_of *partitions_find(const struct partitions *p, const char *db, const char *table);
bool partitions_has(const struct partitions_of *t, const char *name);
bool partitions_cover(const struct partitions *outer, const struct partitions *inner);
/* Appends "shop.orders:p1,p2". */
void partitions_describe(const struct partitions *p, struct buf *out);
/* The same of one table, under another name. */
void partitions_describe_as(const struct partitions_of *t, const char *db, const char *table,
                            struct buf *out);

#endif
