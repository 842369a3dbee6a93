/*
 * unwatched - runs that take snapshots of a stream without a person: whether they may, and how they went
 * (format/copies.h).
 *
 * No snapshot depends on the record: where it cannot be read or written, that is a warning.
 */
#ifndef CCR_BACKUP_UNWATCHED_H
#define CCR_BACKUP_UNWATCHED_H

#include "base/log.h"
#include "format/copies.h"

struct unwatched {
    struct store *store;
    const char *stream;
    const char *program; /* who works and records: "ccr-backup" */
    struct log *log;
    enum copies_kind kind;
};

/* The last failure, where that needs a person by now. */
struct err *unwatched_admit(const struct unwatched *u) CHECKED;
/* Notes how a run of `program` ended, with `e` or (NULL) well; says so where that stops the kind. */
void unwatched_ended(const struct unwatched *u, const char *program, const struct err *e);
/* A person, or a run by hand, says that it is to go on. *changed is false where it did. */
struct err *unwatched_resume(const struct unwatched *u, const char *reason, bool *changed) CHECKED;

#endif
