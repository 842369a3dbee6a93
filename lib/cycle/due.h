/*
 * due - is a full snapshot due, by the source's schedule (--snapshot-every)?
 *
 * The newest one that holds all that the section asks for counts, not those of single tables or partitions.
 * Its age is told by the store's clock alone: from when its manifest was stored to when alive.json was, which
 * the ccr-ship before has just done.
 */
#ifndef CCR_CYCLE_DUE_H
#define CCR_CYCLE_DUE_H

#include "base/log.h"
#include "base/opt.h"

/* `section` is the options of a [source] section. *reason, malloc'ed, where one is due; NULL where none is,
 * or there is no schedule. */
struct err *snapshot_due(const struct opts *section, struct log *log, char **reason) CHECKED;

#endif
