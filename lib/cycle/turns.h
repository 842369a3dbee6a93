/*
 * turns - what a section has done for it in a cycle.
 *
 * Source: ccr-ship. Where the log cannot go on without a snapshot (an epoch has ended, or has no beginning
 * yet): ccr-backup of all that the section asks for, and ccr-ship once more. Otherwise ccr-backup where the
 * schedule wants one (due.h).
 *
 * Target, for each job: what it needs and the store has (ccr-restore --requested), then ccr-apply. Where that
 * cannot go on without a snapshot, ccr-restore --requested again, and ccr-apply behind what it has brought
 * in.
 *
 * Both return errors that end the cycle; whatever ends a turn is noted with cycle_note.
 */
#ifndef CCR_CYCLE_TURNS_H
#define CCR_CYCLE_TURNS_H

#include "cycle/cycle.h"

struct err *turn_source(struct cycle *c, const struct opts *section) CHECKED;
/* The section's job, or all jobs that the target has. */
struct err *turn_target(struct cycle *c, const struct opts *section) CHECKED;

#endif
