/*
 * conn - a connection to a server, and queries on it.
 *
 * Wraps libmysqlclient. Passwords come from option files that the library reads itself (defaults-file,
 * defaults-group), never from flags. Text in both directions is utf8mb4 unless a session sets otherwise.
 * A statement may take hours, so there is no limit to how long its answer is waited for, but a server that
 * says nothing is asked whether it is at work (silence.h).
 *
 * Errors are ERR_SOURCE or ERR_TARGET, by the side the connection was opened for, and carry the server's
 * number and text and the statement's beginning; conn_errno tells the number of the last failure for those
 * who must tell them apart.
 *
 * A conn belongs to one thread at a time. Each thread that uses one calls conn_thread_end() before it ends.
 */
#ifndef CCR_MYSQL_CONN_H
#define CCR_MYSQL_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mysql.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/opt.h"
#include "base/sql_ident.h"

struct conn;

enum conn_side { CONN_SOURCE, CONN_TARGET };

/* Strings are borrowed for the time of the call. NULL or 0 leaves a thing to the option file and the library.
 */
struct conn_params {
    enum conn_side side;
    const char *host;
    const char *socket;
    const char *user;
    const char *defaults_file;
    const char *defaults_group;
    unsigned port;
    unsigned connect_timeout_s;
    bool local_infile;         /* LOAD DATA LOCAL is allowed on this connection */
    bool skip_binlog;          /* sql_log_bin = 0: nothing done on it is in the server's binlog */
    unsigned lock_wait_s;      /* its lock_wait_timeout; 0: the server's, which is a day */
    unsigned server_timeout_s; /* after so long a silence the server is asked; 0: wait forever */
    unsigned read_timeout_s;   /* instead: an answer that takes longer is none; 0: no such limit */
};

/* Fills params from --host, --port, ... ; strings stay owned by opts. */
void conn_params_from_opts(const struct opts *opts, enum conn_side side, struct conn_params *params);

/* ERR_UNSUPPORTED where the server is not MariaDB (flavour.h). */
struct err *conn_open(const struct conn_params *params, struct conn **out) CHECKED;
/* The same; *number tells the number of the failure. */
struct err *conn_try(const struct conn_params *params, struct conn **out, unsigned *number) CHECKED;
void conn_close(struct conn *c); /* NULL is allowed */
void conn_thread_end(void);

MYSQL *conn_handle(struct conn *c);            /* for the few who speak the library directly */
enum err_code conn_code(const struct conn *c); /* ERR_SOURCE or ERR_TARGET */
unsigned conn_errno(const struct conn *c);     /* of the last statement; 0 for none */
uint64_t conn_affected(const struct conn *c);
uint64_t conn_id(const struct conn *c); /* the server's id of this connection */
/* Any error of the connection itself: gone away, lost, killed. The connection cannot be used any more. */
bool conn_is_lost(const struct conn *c);
/* The last failure: the table that was named, or its database, does not exist. */
bool conn_is_absent(const struct conn *c);

/* The error for the connection's last failure, in the same words as those below. `what` may be NULL. */
struct err *conn_error(const struct conn *c, const char *what) CHECKED;

/* Runs a statement without a result; one that has a result loses it. */
struct err *conn_exec(struct conn *c, const char *fmt, ...) CHECKED __attribute__((format(printf, 2, 3)));
struct err *conn_exec_bytes(struct conn *c, const void *sql, size_t len) CHECKED;
/* Runs fn within a transaction: committed when it succeeds, rolled back when it fails. */
struct err *conn_transaction(struct conn *c, struct err *(*fn)(void *arg), void *arg) CHECKED;
/* A statement that holds a secret: messages show this instead. */
struct err *conn_exec_shown(struct conn *c, const char *sql, const char *shown) CHECKED;

/*
 * The two halves of a statement, for who has something to do meanwhile, or reads its rows from conn_handle():
 * sends it, and waits until the server begins to answer. `what` is what errors say, or NULL.
 */
struct err *conn_send(struct conn *c, const void *sql, size_t len, const char *what) CHECKED;
struct err *conn_answer(struct conn *c, const char *what) CHECKED;

/* A stored result: rows of strings, NULL for SQL NULL. */
struct result;

struct err *conn_query(struct conn *c, struct result **out, const char *fmt, ...) CHECKED
    __attribute__((format(printf, 3, 4)));
/* The same of what may not be there yet: where the table or its database does not exist, *out is NULL. */
struct err *conn_query_if_there(struct conn *c, struct result **out, const char *fmt, ...) CHECKED
    __attribute__((format(printf, 3, 4)));
/*
 * Several statements that have results, joined by semicolons, in one round trip: each() gets the results in
 * turn, borrowed. Ends at the first statement that fails; *absent, without an error, where that one names a
 * table that is not there.
 */
typedef void conn_each_fn(struct result *r, void *arg);
struct err *conn_query_each(struct conn *c, const char *sql, conn_each_fn *each, void *arg,
                            bool *absent) CHECKED;
/* The next row, or NULL at the end. Valid until result_free. lengths may be NULL. */
char **result_next(struct result *r, unsigned long **lengths);
size_t result_count(const struct result *r);
unsigned result_columns(const struct result *r);
const char *result_column_name(const struct result *r, unsigned column);
/* By the column's name, where versions of the server differ in what they show; NULL also where it has none.
 */
const char *result_value(const struct result *r, char **row, const char *column);
void result_free(struct result *r); /* NULL is allowed */

/* First column of the first row, malloc'ed; *out is NULL for SQL NULL or no row. */
struct err *conn_value(struct conn *c, char **out, const char *fmt, ...) CHECKED
    __attribute__((format(printf, 3, 4)));
struct err *conn_number(struct conn *c, uint64_t *out, const char *fmt, ...) CHECKED
    __attribute__((format(printf, 3, 4)));

/* Appends db.name, both quoted. */
void sql_table(struct buf *out, const char *db, const char *name);
/* Appends a string literal that means the same under every sql_mode: '...' with doubled quotes where no
 * backslash or control byte is inside, otherwise a hexadecimal literal of the connection's character set. */
void sql_string(struct buf *out, const char *s);
/* As above, in freshly allocated memory, for use in conn_exec's arguments. */
char *sql_ident_dup(const char *name);
char *sql_table_dup(const char *db, const char *name);
char *sql_string_dup(const char *s);

#endif
