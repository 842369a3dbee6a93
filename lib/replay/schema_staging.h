/*
 * schema_staging - statements in the replay of what a partial restore has staged (partial/partial.h).
 *
 * Staging has tables only, without the foreign keys that lead to others. So changes of views and triggers
 * are passed over: of tables that the job has followed the target has them as they are to be. Of tables that
 * it has not (a->staging_whole) views, triggers and foreign keys will be the snapshot's, and what takes them
 * along or away stops the run: a newer snapshot is needed.
 */
#ifndef CCR_REPLAY_SCHEMA_STAGING_H
#define CCR_REPLAY_SCHEMA_STAGING_H

#include "replay/schema_change.h"

/* *skip is set where the statement is not to be replayed, and stays as it is otherwise; also where the replay
 * is not of staging. */
struct err *schema_staging(const struct schema_change *s, bool *skip) CHECKED;

#endif
