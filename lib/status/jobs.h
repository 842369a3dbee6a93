/*
 * jobs - jobs as their target tells of them, and as the store does.
 *
 * Both append one object for each job to `list`; its members are those of man/ccr-status.man.
 */
#ifndef CCR_STATUS_JOBS_H
#define CCR_STATUS_JOBS_H

#include "mysql/conn.h"
#include "status/streams.h"

/* One job, or all of the target where `name` is NULL. Reads only ccr's database. */
struct err *jobs_on_target(struct conn *c, const char *name, struct streams *streams, uint64_t history,
                           json_t *list) CHECKED;
/* Those whose targets have reported to the store. */
struct err *jobs_in_store(const char *name, struct streams *streams, json_t *list) CHECKED;

#endif
