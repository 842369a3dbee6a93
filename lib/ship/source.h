/*
 * source - a server as the source of a stream's log: what it must be, and what is worth a warning.
 */
#ifndef CCR_SHIP_SOURCE_H
#define CCR_SHIP_SOURCE_H

#include "base/log.h"
#include "mysql/server.h"

/*
 * ERR_SOURCE for a server without binlog, ERR_UNSUPPORTED for a flavour that is none of ours. Settings that
 * make a log hard or impossible to replay are warned of, once per call.
 */
struct err *source_check_settings(struct conn *c, struct log *log) CHECKED;
/* The errors alone, of a server that is known. */
struct err *source_require_log(const struct server_info *info) CHECKED;

#endif
