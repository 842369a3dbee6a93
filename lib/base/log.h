/*
 * log - one line per message on stderr.
 *
 * A message is one line whatever it holds: control bytes inside are written as spaces. In text form it is
 * `ccr-ship: warning: ...` (with a time in front where stderr is no terminal); in JSON form one object per
 * line with time, level, program and message. Warnings and errors are always written; informative lines are
 * left out when quiet, debug lines unless verbose. Thread-safe: a line is one write.
 */
#ifndef CCR_BASE_LOG_H
#define CCR_BASE_LOG_H

#include <stdbool.h>

#include "base/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

struct log;

struct log_params {
    const char *program; /* kept, not copied */
    bool json;
    enum log_level least; /* lowest level that is written */
};

struct log *log_open(const struct log_params *params);
void log_close(struct log *log);

void log_debug(struct log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_info(struct log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_warn(struct log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The message of e, then its hint. e stays the caller's. */
void log_err(struct log *log, const struct err *e);

/* The live line of a terminal (see progress.h): replaced by the next one, or by any message. Nothing
 * elsewhere. */
void log_live(struct log *log, const char *line);
bool log_is_terminal(const struct log *log);

#endif
