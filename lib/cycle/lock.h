/*
 * lock - one turn of a section at a time on this machine: an advisory lock (flock) on a file.
 *
 * The file stays; it holds the number of the process that has, or had, the lock, for whoever meets it. The
 * lock belongs to the open descriptor, which the binaries inherit: should ccr-cycle be killed, it lasts until
 * the one at work has ended. Locks of different machines do not meet: what may not be done twice at once the
 * binaries guard themselves, in the store and on the target.
 */
#ifndef CCR_CYCLE_LOCK_H
#define CCR_CYCLE_LOCK_H

#include "base/err.h"

/* ERR_LOCKED where another process has it; ERR_CONFIG where the file cannot be opened. *fd ends with close().
 */
struct err *lock_take(const char *path, int *fd) CHECKED;
/* The default: a file of its own for each config file and section in the state folder; malloc'ed. ERR_CONFIG
 * where there is no such folder. */
struct err *lock_default_path(const char *config, const char *kind, const char *section, char **path) CHECKED;

#endif
