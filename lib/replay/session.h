/*
 * session - the target's session: what it must be set to, and what the server must be set to.
 */
#ifndef CCR_REPLAY_SESSION_H
#define CCR_REPLAY_SESSION_H

#include "binlog/query.h"
#include "mysql/conn.h"
#include "replay/bundle.h"

/* ERR_UNSAFE, saying what to set, where the server would apply row events otherwise than ccr counts on. */
struct err *session_check_server(struct conn *c) CHECKED;

/* Everything that replay relies on. Not inside a transaction. */
struct err *session_prepare(struct conn *c) CHECKED;

/* The session in which the source ran a statement. */
struct statement_session {
    const struct query_session *vars;
    const char *db; /* on the target; "" for none */
    bool needs_db;  /* the statement names something without its database */
    uint32_t time;
    const char *old_mode; /* NULL: the target's own */
    uint32_t thread_id;   /* of the source's session: temporary tables and CONNECTION_ID() are its own */
};

struct err *session_enter(struct conn *c, const struct statement_session *s) CHECKED;
/* Back; a transaction may be open. */
struct err *session_leave(struct conn *c) CHECKED;

/* The rows that this session has written, updated and deleted so far, cascades and all. */
struct err *session_counts(struct conn *c, struct row_counts *out) CHECKED;

#endif
