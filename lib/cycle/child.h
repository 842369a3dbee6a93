/*
 * child - one run of another binary, to its end.
 *
 * It is in a process group of its own, so that a terminal's Ctrl-C reaches only us: the first signal is
 * passed on to it as SIGTERM, once (a second one would end it at once). It keeps our stderr, and whatever
 * descriptors are not closed on exec: a lock is held until both have ended. Its stdin is empty.
 */
#ifndef CCR_CYCLE_CHILD_H
#define CCR_CYCLE_CHILD_H

#include "base/buf.h"
#include "base/err.h"

/* argv[0] is the path. Appends its standard output. *status is as waitpid's. ERR_INTERNAL where it cannot be
 * started. */
struct err *child_run(char *const *argv, struct buf *output, int *status) CHECKED;

#endif
