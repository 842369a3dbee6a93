/*
 * names - names for a message: the first few, and how many more there are.
 */
#ifndef CCR_SNAPSHOT_NAMES_H
#define CCR_SNAPSHOT_NAMES_H

#include "base/buf.h"

struct names {
    struct buf text;
    size_t count;
};

/* "db.name" with `more` (may be NULL) behind it. */
void names_add(struct names *n, const char *db, const char *name, const char *more);
/* Ends it; valid until names_free. */
const char *names_text(struct names *n);
void names_free(struct names *n); /* its members */

#endif
