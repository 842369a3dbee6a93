/*
 * origin - whose a small document is: the ids of the store and of the stream that it was written for, as its
 * members `store_id` and `stream_id` (formats/store.md).
 *
 * Documents lie under names that other stores and streams use as well. With the ids one that was copied here
 * from elsewhere is noticed, also where nothing else in it gives it away. Documents of earlier versions have
 * none, and whoever reads need not know both: what is not known on either side is not compared.
 */
#ifndef CCR_FORMAT_ORIGIN_H
#define CCR_FORMAT_ORIGIN_H

#include <jansson.h>

#include "base/json.h"
#include "store/store.h"

/* NULL or "": not known, or there is none. */
struct origin {
    char *store_id;
    char *stream_id;
};

/* What ccr.json and stream.json say; `stream` NULL: of a document that belongs to the store as a whole. */
struct err *origin_read(struct store *s, const char *stream, struct origin *out) CHECKED;
void origin_free(struct origin *o); /* its members */

void origin_set(json_t *root, const struct origin *o);
/* Members that are missing give NULL. *out is the caller's, also after an error. */
struct err *origin_get(const struct json_doc *doc, const json_t *root, struct origin *out) CHECKED;

/* ERR_INTEGRITY where a document says that it is another's. */
struct err *origin_check(const char *key, const struct origin *found, const struct origin *expected) CHECKED;
/* The same, for who does not know the ids of the store at hand; they are read only where there is something
 * to compare. */
struct err *origin_check_in(struct store *s, const char *stream, const char *key,
                            const struct origin *found) CHECKED;

#endif
