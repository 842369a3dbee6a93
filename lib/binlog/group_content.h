/*
 * group_content - what of a group's events goes into its digest (the records that group.h lists).
 *
 * For group.c only. Start it as zeroes.
 */
#ifndef CCR_BINLOG_GROUP_CONTENT_H
#define CCR_BINLOG_GROUP_CONTENT_H

#include "binlog/digest.h"
#include "binlog/event.h"
#include "binlog/rows.h"

struct content_table {
    uint64_t id;
    struct buf key; /* names and shape, as they stand in a run's header */
};

struct content_savepoint {
    char *name;
    struct digest digest; /* as it was */
};

struct content {
    struct digest digest;
    struct content_table *tables; /* entries behind count keep their memory for the next group */
    size_t table_count;
    size_t table_made;
    size_t table_cap;
    struct content_savepoint *savepoints;
    size_t savepoint_count;
    size_t savepoint_cap;
    struct buf context; /* of the next statement */
    struct buf record;
    struct buf scratch;
};

void content_begin(struct content *c, const struct binlog_gtid *gtid);
void content_table_map(struct content *c, const struct rows_table_map *m);
/* Any row event, compressed ones too; *flags are its flags. */
struct err *content_rows(struct content *c, const struct binlog_event *e, uint16_t *flags) CHECKED;
void content_statement(struct content *c, const struct binlog_query *q);
void content_savepoint(struct content *c, const struct binlog_query *q);
/* False where the group has no such savepoint. */
bool content_rollback_to(struct content *c, const struct binlog_query *q);
/* INTVAR, RAND, USER_VAR, and the events of LOAD DATA. */
struct err *content_context(struct content *c, const struct binlog_event *e) CHECKED;

enum content_ending { CONTENT_COMMIT = 'C', CONTENT_ROLLBACK = 'B', CONTENT_PREPARE = 'P', CONTENT_NONE = 0 };
void content_end(struct content *c, enum content_ending how);

void content_free(struct content *c);

#endif
