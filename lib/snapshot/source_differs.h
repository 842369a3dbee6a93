/*
 * source_differs - settings of the source's server that its log relies on without naming them, and the
 * target's.
 *
 * `source` is a manifest's member `source` (backup/source_settings.h). Each answer is false where it does not
 * say.
 */
#ifndef CCR_SNAPSHOT_SOURCE_DIFFERS_H
#define CCR_SNAPSHOT_SOURCE_DIFFERS_H

#include <jansson.h>
#include <stdbool.h>

#include "mysql/conn.h"

/* A statement that ran in the time zone SYSTEM gives other values on the target. */
struct err *source_zone_differs(struct conn *target, const json_t *source, bool *out) CHECKED;
/* The character set `utf8` is utf8mb3 on one of them, and utf8mb4 on the other. */
struct err *source_utf8_differs(struct conn *target, const json_t *source, bool *out) CHECKED;
/* The old_mode that makes it what it is on the source. */
const char *source_utf8_mode(const json_t *source);

/* For messages: what it means. */
extern const char source_zone_warning[];
extern const char source_zone_hint[];
extern const char source_utf8_warning[];
extern const char source_utf8_hint[];

#endif
