/*
 * in_place - a first restore that makes its tables where they belong, so that nothing has to be swapped.
 *
 * With --in-place the staging database of a table is its own one. As such a database is half filled in
 * everybody's sight, it is marked as long as that lasts: the table ccr_unfinished, whose comment names the
 * job, is made in it first, and moves away in the statement that brings in the position row. What has this
 * mark and a run does not go on with is dropped, as staging is. So no mark may come from elsewhere: tables of
 * that name are in no snapshot, and not followed (scope.h).
 */
#ifndef CCR_RESTORE_IN_PLACE_H
#define CCR_RESTORE_IN_PLACE_H

#include "mysql/catalog.h"
#include "restore/restore_plan.h"

#define IN_PLACE_MARK CATALOG_RESTORE_MARK

/* Names of the databases that an unfinished restore of the job has marked; catalog_free_names. */
struct err *in_place_unfinished(struct conn *c, const char *job, char ***names, size_t *count) CHECKED;
bool in_place_is_unfinished(char *const *names, size_t count, const char *db);

/* ERR_UNSAFE: for a job that has been copied. */
struct err *in_place_refuse(const char *job) CHECKED;
/* ERR_UNSAFE where a database of the plan has anything in it and is not marked. */
struct err *in_place_check(struct conn *c, const struct restore_plan *p) CHECKED;
/* Makes nothing but the mark; the database exists. */
struct err *in_place_mark(struct conn *c, const struct restore_plan *p, const struct restore_db *db) CHECKED;
/*
 * The databases of the plan have their marks and as many tables as it made. Anybody may have dropped some:
 * what is loaded is worth nothing then.
 */
struct err *in_place_is_whole(struct conn *c, const struct restore_plan *p, bool *whole) CHECKED;
/* Drops all databases with the job's mark. */
struct err *in_place_drop(struct conn *c, const char *job) CHECKED;

#endif
