/*
 * schema_change - statements in the log: replayed exactly once, kept for promotion, skipped, or a reason to
 * stop.
 *
 * Scope decides first: what names only objects outside the job's scope is skipped, what names both sides
 * is replayed in part, or stops the run (schema_scope.h). Triggers are recorded in ccr.kept instead of being
 * made, events are made disabled. Accounts and maintenance are skipped. DDL runs in the session that the
 * source ran it in, with databases renamed. Whatever else there is, and whatever cannot be told, stops the
 * run with transaction and statement named.
 *
 * Exactly once: an intent with the state of every object that the statement changes is committed first. After
 * a crash the state is compared with the catalog again (schema_state.h). Definition hashes of the tables
 * changed, and of those whose foreign keys name them, are recorded with the position.
 */
#ifndef CCR_REPLAY_SCHEMA_CHANGE_H
#define CCR_REPLAY_SCHEMA_CHANGE_H

#include "binlog/query.h"
#include "binlog/statement.h"
#include "replay/schema_state.h"
#include "replay/transaction.h"

/* What of a statement is run (schema_border.h). */
enum schema_border {
    BORDER_NONE,   /* the whole statement */
    BORDER_REDUCE, /* for those of its tables that are in scope */
    BORDER_LEAVE,  /* its tables leave the scope: they are dropped */
    BORDER_CLEAR,  /* DROP DATABASE: what is followed of it */
    BORDER_MAKE,   /* CREATE DATABASE, unless it is there */
};

struct schema_change {
    struct apply *a;
    struct transaction *t;
    const struct binlog_query *query;
    uint32_t time;
    bool of_session; /* BINLOG_FLAG_THREAD_SPECIFIC */
    struct query_session session;
    struct statement statement;
    char *default_db;              /* of the source's session; "" for none */
    struct schema_objects objects; /* what it changes, by target names */
    enum schema_border border;     /* schema_scope.h */
    bool reads_behind;             /* a view, schema_behind.h */
    struct buf sql;                /* as it runs on the target */
    struct buf behind;             /* another statement behind it; empty for none */
    char *charset;                 /* schema_text.c's: the client's, once it was asked for */
    struct buf utf8;
    struct binlog_query in_utf8;
    bool as_sent; /* the text is not converted */
};

/* A query event that is neither BEGIN, COMMIT nor ROLLBACK. What ran is committed, with the position, at the
 * end of the transaction. */
struct err *schema_change_statement(struct apply *a, struct transaction *t, const struct binlog_event *e,
                                    const struct binlog_query *query) CHECKED;
/* An EXECUTE_LOAD_QUERY event. */
struct err *schema_change_load(struct apply *a, struct transaction *t, const struct binlog_event *e,
                               const struct binlog_query *query) CHECKED;

/* The source's database that a name of the statement lies in. */
const char *schema_change_db(const struct schema_change *s, const struct statement_name *name);
/* The target's session as the source's was, and back. */
struct err *schema_change_enter(struct schema_change *s) CHECKED;
struct err *schema_change_leave(struct schema_change *s) CHECKED;
/* An error that shows the statement. */
struct err *schema_change_stop(const struct schema_change *s, enum err_code code, const char *why) CHECKED;

/* schema_debris.c: before a CREATE is run again, drops what a killed server left of it. */
struct err *schema_debris_clear(const struct schema_change *s, const json_t *now) CHECKED;

/* schema_record.c: what ccr knows of the tables, before the statement (ERR_UNSAFE for a table that is not as
 * ccr left it) and behind it (written with the transaction that is open). */
struct err *schema_record_check(const struct schema_change *s, const json_t *state) CHECKED;
struct err *schema_record_write(const struct schema_change *s) CHECKED;

/* schema_rows.c: ERR_RESYNC where the statement would leave other values in the target's rows than in the
 * source's. */
struct err *schema_rows_check(struct schema_change *s) CHECKED;

#endif
