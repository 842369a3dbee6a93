/*
 * components - tables joined by foreign keys, in any number of steps: the connected components of the
 * target's graph.
 *
 * Read from the target's catalog in one query; valid until the next DDL.
 */
#ifndef CCR_REPLAY_COMPONENTS_H
#define CCR_REPLAY_COMPONENTS_H

#include "mysql/conn.h"

struct components;

struct err *components_read(struct conn *c, struct components **out) CHECKED;
void components_free(struct components *cs); /* NULL is allowed */

size_t components_count(const struct components *cs);
/* 0 to count - 1, the same for every table of a component; count for a table without foreign keys. */
size_t components_find(const struct components *cs, const char *db, const char *name);
/* The tables of a component one by one: begin with *at = 0; false at the end. */
bool components_member(const struct components *cs, size_t component, size_t *at, const char **db,
                       const char **name);

#endif
