/*
 * stage_keys - secondary keys of large tables are added after their rows.
 *
 * Sorting a key once costs about half of what inserting into it row by row does. Only plain keys of InnoDB
 * tables are put off, and only from the last one back to the first that something else needs (a foreign key,
 * an AUTO_INCREMENT column; the server knows), so that all keys end up in their order. What is missing is
 * told from the server's catalog, so a killed run leaves nothing to remember.
 */
#ifndef CCR_RESTORE_STAGE_KEYS_H
#define CCR_RESTORE_STAGE_KEYS_H

#include "restore/restore_plan.h"

/* Whether the rows of a table are worth it. */
bool stage_keys_wait(const struct restore_table *t);
/* Once all tables are there: takes off the keys of one that is empty. */
struct err *stage_keys_drop(struct conn *c, const struct restore_table *t, const char *definition) CHECKED;
/* Adds those keys of the definition that the table lacks. */
struct err *stage_keys_add(struct conn *c, const struct restore_table *t, const char *definition) CHECKED;

#endif
