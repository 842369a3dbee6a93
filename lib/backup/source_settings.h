/*
 * source_settings - the settings of a source that matter to whoever reads its snapshots or its log.
 *
 * A manifest has them as its member `source` (formats/snapshot.md).
 */
#ifndef CCR_BACKUP_SOURCE_SETTINGS_H
#define CCR_BACKUP_SOURCE_SETTINGS_H

#include <jansson.h>

#include "mysql/conn.h"

/*
 * An object of texts, by the names of the server's variables. Those that the server lacks are missing.
 * Besides, `system_time_zone_rules` (mysql/zone.h).
 */
struct err *source_settings_read(struct conn *c, json_t **out) CHECKED;

#endif
