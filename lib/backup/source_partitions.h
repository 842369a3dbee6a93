/*
 * source_partitions - the partitions that a snapshot is to hold, looked up on the source.
 */
#ifndef CCR_BACKUP_SOURCE_PARTITIONS_H
#define CCR_BACKUP_SOURCE_PARTITIONS_H

#include "backup/source_schema.h"

/*
 * Their names become those that the server has. ERR_SOURCE, naming it, for what is not there, and for tables
 * of which no partition could be brought in by itself.
 */
struct err *source_partitions_check(struct conn *c, const struct source_schema *schema,
                                    struct partitions *partitions) CHECKED;

#endif
