/*
 * restore_load - the rows of a plan into staging, and the sequences to where they stand.
 */
#ifndef CCR_RESTORE_RESTORE_LOAD_H
#define CCR_RESTORE_RESTORE_LOAD_H

#include "restore/restore.h"
#include "restore/restore_plan.h"
#include "restore/stage.h"

/* Everything is borrowed. */
struct restore_load_params {
    const struct restore_params *restore;
    struct conn *conn;
    struct restore_plan *plan;
    char *const *definitions;
    const struct stage_result *staged; /* what a killed run had done already */
    bool bulk;                         /* the way of loading (target_check.h) */
};

/* How many workers: as many as were asked for, or one per core. */
unsigned restore_threads(const struct restore_params *p);

/* Fills in the result's members about rows. */
struct err *restore_load(const struct restore_load_params *params, struct restore_result *result) CHECKED;

#endif
