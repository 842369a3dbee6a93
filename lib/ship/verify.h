/*
 * verify - may the server's log be added to the stream's?
 *
 * source_check, and one question more: a server that is behind the store may be one whose log was started
 * anew (RESET MASTER, restored from a backup). Where the store's log still holds the transaction that such a
 * server ends at, it is compared.
 */
#ifndef CCR_SHIP_VERIFY_H
#define CCR_SHIP_VERIFY_H

#include "mysql/source_check.h"
#include "ship/place.h"

struct verify_params {
    struct store *store;
    const char *stream;
    struct conn *conn;
    const struct conn_params *source;
    const struct place *place;
};

/* The caller ends *out with source_check_free. */
struct err *verify_source(const struct verify_params *p, struct source_check *out) CHECKED;

#endif
