/*
 * backup_manifest - filling in a snapshot's manifest; private to backup.c.
 */
#ifndef CCR_BACKUP_BACKUP_MANIFEST_H
#define CCR_BACKUP_BACKUP_MANIFEST_H

#include "backup/backup_log.h"
#include "backup/opening.h"
#include "backup/source_users.h"
#include "backup/volume_filler.h"

/* Position, fingerprints, place in the log, scope, and what matters of the source. */
struct err *backup_manifest_describe(struct manifest *m, const struct backup_params *p, struct opening *o,
                                     const struct log_end *log_end) CHECKED;

/* Writes the definitions, and the users where there are any, into volumes and lists them. */
struct err *backup_manifest_objects(struct manifest *m, const struct source_schema *schema,
                                    const struct source_users *users, struct volume_shelf *shelf) CHECKED;

/* Lists the volumes that are in the store. */
void backup_manifest_volumes(struct manifest *m, const struct volume_shelf *shelf);

#endif
