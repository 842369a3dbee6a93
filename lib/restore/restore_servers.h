/*
 * restore_servers - a restore's target where it is not alone: Galera nodes, replicas.
 */
#ifndef CCR_RESTORE_RESTORE_SERVERS_H
#define CCR_RESTORE_RESTORE_SERVERS_H

#include "restore/restore.h"
#include "restore/restore_plan.h"

/* Before anything is loaded. Sets the plan's keys_in_place. */
struct err *restore_check_servers(const struct restore_params *params, struct conn *c,
                                  struct restore_plan *plan) CHECKED;
/* When the load is over, before the swap. */
struct err *restore_wait_for_readers(const struct restore_params *params, struct conn *c) CHECKED;

#endif
