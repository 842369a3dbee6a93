/*
 * source_check - is this server still the source that the stream was written from?
 *
 * A server happily continues the log behind a position of another history (after RESET MASTER and as many new
 * transactions, say). So the last transaction that the store has is read again, per GTID domain, and compared
 * with its fingerprint, before anything is built on the server's log. One short dump connection per domain;
 * nothing on the server changes. formats/segment.md says what a fingerprint is.
 *
 * The `before` of a fingerprint is a position behind which the transaction is the next one of its domain. For
 * one made here that is the position with the domain's entry set back by one number.
 */
#ifndef CCR_MYSQL_SOURCE_CHECK_H
#define CCR_MYSQL_SOURCE_CHECK_H

#include <stdbool.h>

#include "format/segment.h"
#include "mysql/conn.h"

/* Ordered by weight: the verdict on a position is the heaviest one of its domains. */
enum source_verdict {
    SOURCE_EQUAL,     /* every fingerprint was read again and is the same */
    SOURCE_UNCHECKED, /* nothing speaks against going on, but not all could be compared: `detail` says why */
    SOURCE_BEHIND,    /* the server has not got that far (a lagging node, or a fork that is shorter) */
    SOURCE_GAP,       /* transactions behind the position are purged: `detail` names the range */
    SOURCE_FORK,      /* the server's history is another one */
};

struct source_check_params {
    struct conn *conn;                      /* for queries; free for use again afterwards */
    const struct conn_params *params;       /* for the dump connections: the same server */
    const struct gtid_pos *position;        /* how far the store has the log */
    const struct fingerprint *fingerprints; /* of the last transactions up to it, as far as they are known */
    size_t fingerprint_count;
};

struct source_check {
    enum source_verdict verdict;
    char *detail;           /* what was found, for messages; NULL when EQUAL */
    struct gtid_pos server; /* the end of the server's log when the check began */
};

/* Fails only where the server does; what it finds is the verdict. */
struct err *source_check(const struct source_check_params *p, struct source_check *out) CHECKED;
void source_check_free(struct source_check *c); /* its members */

/*
 * The fingerprint of one transaction, read from the server's log; `before` is `position` with the domain's
 * entry set back. *found is false where the log does not hold it (purged, or never there).
 */
struct err *source_fingerprint(const struct source_check_params *p, struct gtid gtid, struct fingerprint *out,
                               bool *found) CHECKED;

/*
 * The fingerprints of the last transaction of each domain of p->position (p->fingerprints is not used): those
 * that the server's log still holds. The array is malloc'ed; its items end with fingerprint_free.
 */
struct err *source_fingerprints(const struct source_check_params *p, struct fingerprint **out,
                                size_t *count) CHECKED;

#endif
