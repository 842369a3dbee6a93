/*
 * prelude - what the log has said for the statement to come: INTVAR, RAND and USER_VAR events, and the blocks
 * of a LOAD DATA file.
 *
 * Kept until the statement takes it, or another transaction begins. Blocks go to a file without a name, so
 * that a file of any size passes through.
 */
#ifndef CCR_REPLAY_PRELUDE_H
#define CCR_REPLAY_PRELUDE_H

#include "binlog/context.h"
#include "mysql/conn.h"

struct prelude;

struct prelude *prelude_new(void);
void prelude_free(struct prelude *p); /* NULL is allowed */
void prelude_clear(struct prelude *p);
/* Takes one of those events. */
struct err *prelude_take(struct prelude *p, const struct binlog_event *e) CHECKED;
/* Sets the session's variables, whose character set must be utf8mb4. Nothing that takes a value may run
 * between this and the statement. */
struct err *prelude_set(const struct prelude *p, struct conn *c) CHECKED;

/* The file that was read last: ERR_INTEGRITY where it is not this one. Then its bytes from the start, *len =
 * 0 at the end. */
struct err *prelude_file_open(struct prelude *p, uint32_t file_id) CHECKED;
struct err *prelude_file_read(struct prelude *p, void *out, size_t cap, size_t *len) CHECKED;

#endif
