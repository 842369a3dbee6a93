/*
 * own_utf8 - what a statement means by the character set `utf8`: utf8mb3, or utf8mb4 (old_mode without
 * UTF8_IS_UTF8MB3).
 *
 * The log does not say. The source's global setting is what the newest snapshot of the stream tells; that is
 * asked for once a run, at the first statement that names `utf8`. What a session had set for itself is not
 * known.
 */
#ifndef CCR_REPLAY_OWN_UTF8_H
#define CCR_REPLAY_OWN_UTF8_H

#include "replay/schema_change.h"

/* *mode: the old_mode under which the statement means what it meant; NULL: the target's own. */
struct err *own_utf8_mode(const struct schema_change *s, const char **mode) CHECKED;

#endif
