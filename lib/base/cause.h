/*
 * cause - when two failures are the same one again: by who failed, the code, and the message without its
 * digits (numbers of rows, times, connections change from one run to the next).
 */
#ifndef CCR_BASE_CAUSE_H
#define CCR_BASE_CAUSE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/hash.h"

/* `who` is whatever else must be the same: the binary, and what it was run for. */
void cause_hash(const char *who, const struct err *e, char hex[HASH_HEX_SIZE]);
/* Is it one of the work itself? A wrong command line or config, a store that cannot be reached, a signal and
 * another run that is at work are not. */
bool cause_counts(const struct err *e);

#endif
