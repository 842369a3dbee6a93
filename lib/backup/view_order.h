/*
 * view_order - views sorted so that each comes after the views it reads.
 *
 * The server has no table of what a view uses; its canonical text (information_schema.VIEWS) names every view
 * as `db`.`name`, and that is what is looked for. A pair of names that only looks like a view makes one order
 * out of several possible ones the only one tried; where names go round in a circle, which true dependencies
 * never do, the circle is cut.
 */
#ifndef CCR_BACKUP_VIEW_ORDER_H
#define CCR_BACKUP_VIEW_ORDER_H

#include "backup/source_schema.h"

/* Sorts `count` views in place, otherwise keeping their order. */
struct err *view_order(struct conn *c, struct source_object *views, size_t count) CHECKED;

/*
 * Calls fn for each pair of identifiers that stand as `a`.`b` in a canonical statement, whose strings are
 * skipped. The names are NUL-terminated and valid during the call.
 */
void view_names_each(const char *sql, void (*fn)(const char *a, const char *b, void *arg), void *arg);

#endif
