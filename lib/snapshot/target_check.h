/*
 * target_check - what a target must offer before a load is worth beginning.
 */
#ifndef CCR_SNAPSHOT_TARGET_CHECK_H
#define CCR_SNAPSHOT_TARGET_CHECK_H

#include "base/log.h"
#include "snapshot/restore_plan.h"

/* The server itself: version, local_infile, PROCESS. ERR_TARGET with a hint. */
struct err *target_check_server(struct conn *c) CHECKED;
/* Names, engines, packet size, and the right to create functions, for this plan. */
struct err *target_check_plan(struct conn *c, const struct restore_plan *p, char *const *definitions,
                              struct log *log) CHECKED;

#endif
