/*
 * findings - what an audit has found wrong: all of it, not only the first.
 *
 * The one place in ccr where an error does not end the work. Each is shown when it is found, kept for --json,
 * and the worst decides how the run ends: damage first, then what could not be read, then what this version
 * does not know. Warnings end nothing. Thread-safe.
 */
#ifndef CCR_KEEP_FINDINGS_H
#define CCR_KEEP_FINDINGS_H

#include <stdarg.h>

#include <jansson.h>

#include "base/log.h"

struct findings;

struct findings *findings_new(struct log *log);
void findings_free(struct findings *f); /* NULL is allowed */

/* Takes e. `key` is the object that it is about; `breaks` says what can no longer be done, or is NULL. */
void findings_add(struct findings *f, const char *key, struct err *e, const char *breaks);
void findings_warn(struct findings *f, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Members for the result: `errors` and `warnings`. */
void findings_to_json(const struct findings *f, json_t *result);
size_t findings_errors(const struct findings *f);
/* The error that the run ends with; NULL where none was found. */
struct err *findings_worst(const struct findings *f) CHECKED;

#endif
