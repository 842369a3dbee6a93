/*
 * missing_definer - views and programs whose definer the target does not have (--missing-definer).
 *
 * A server creates them all the same, and they fail when they are used. So the operator decides: they are
 * refused before anything is loaded (the default), kept as they are on the source, or given another definer.
 */
#ifndef CCR_RESTORE_MISSING_DEFINER_H
#define CCR_RESTORE_MISSING_DEFINER_H

#include "base/log.h"
#include "binlog/account.h"
#include "format/manifest.h"
#include "mysql/accounts.h"

struct restore_plan;

enum missing_definer_rule { DEFINER_REFUSE, DEFINER_KEEP, DEFINER_REPLACE };

struct missing_definer {
    enum missing_definer_rule rule;
    struct account account; /* DEFINER_REPLACE: who defines them instead */
};

/* "refuse", "keep", USER@HOST; NULL is "refuse". ERR_USAGE for anything else. */
struct err *missing_definer_parse(const char *text, struct missing_definer *out) CHECKED;
/* The same as text again; malloc'ed. */
char *missing_definer_text(const struct missing_definer *m);
void missing_definer_free(struct missing_definer *m); /* its members */

/*
 * Before anything is loaded: ERR_UNSAFE with the definers' names, or a warning with them, by the plan's rule.
 * `coming` are accounts that this restore makes.
 */
struct err *missing_definer_check(struct conn *c, const struct restore_plan *p, char *const *definitions,
                                  const struct account_list *coming, struct log *log) CHECKED;

/*
 * Appends a definition with the definer that it is to have on the target; `there` are the target's accounts
 * of now.
 */
struct err *missing_definer_place(struct conn *c, const struct missing_definer *m,
                                  const struct account_list *there, const struct manifest_object *o,
                                  const char *sql, struct buf *out) CHECKED;

#endif
