/*
 * target_check - what a target must offer before a load is worth beginning.
 */
#ifndef CCR_RESTORE_TARGET_CHECK_H
#define CCR_RESTORE_TARGET_CHECK_H

#include "base/log.h"
#include "restore/restore_plan.h"

/* How rows are to be loaded. */
enum load_way {
    LOAD_OFFERED, /* by bulk INSERT where the server offers it, otherwise by LOAD DATA LOCAL */
    LOAD_BULK,
    LOAD_TEXT,
};

/* The server itself: version, the way of loading (*bulk) and what it needs, PROCESS. ERR_TARGET with a hint.
 */
struct err *target_check_server(struct conn *c, enum load_way way, bool *bulk) CHECKED;
/* Names, engines, packet size, and the right to create functions, for this plan. */
struct err *target_check_plan(struct conn *c, const struct restore_plan *p, char *const *definitions,
                              struct log *log) CHECKED;

/* Single questions, each ERR_TARGET with a hint where the answer is no. */

/* The engine of a table. */
struct err *target_check_engine(struct conn *c, const char *engine, const char *db,
                                const char *table) CHECKED;
/* A server knows zones by name only where they have been loaded. */
struct err *target_check_time_zone(struct conn *c, const char *name) CHECKED;
/* With a binlog, and without log_bin_trust_function_creators, a server wants SUPER for functions. */
struct err *target_check_functions(struct conn *c) CHECKED;
/* Rows of a versioned table come with the times that they had on the source (its version; NULL: not known),
 * which not every server lets anyone set. */
struct err *target_check_history(struct conn *c, const char *source, const char *db,
                                 const char *table) CHECKED;

#endif
