/*
 * schema_definer - who defines the view or program that a statement of the log makes, looked for on the
 * target.
 *
 * A server makes the object for a definer that it does not have: of a missing role it makes a user of that
 * name (role@%), so that source and target differ; of a missing user it keeps the name, and the object fails
 * when it is used. The first stops the run before anything is sent, the second is a warning. Triggers are not
 * made on a followed target: theirs are looked for at promotion.
 */
#ifndef CCR_REPLAY_SCHEMA_DEFINER_H
#define CCR_REPLAY_SCHEMA_DEFINER_H

#include "replay/schema_change.h"

/* ERR_UNSAFE with the role named. Needs SELECT on the database `mysql`. */
struct err *schema_definer_check(const struct schema_change *s) CHECKED;

#endif
