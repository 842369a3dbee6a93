/* manifest_json - the two halves of a manifest's JSON document, private to format/. */
#ifndef CCR_FORMAT_MANIFEST_JSON_H
#define CCR_FORMAT_MANIFEST_JSON_H

#include "base/json.h"
#include "format/manifest.h"

/* The first version has no member `scope`; it is still written where there is none. */
enum { MANIFEST_LISTS_ONLY = 1, MANIFEST_VERSION = 2 };

#define MANIFEST_FORMAT "ccr snapshot"

/* features_required: rows with the times of their history, which a plain LOAD DATA would take for rows of
 * today. */
#define MANIFEST_HISTORY "history"
/* Some of the rows, which must not be taken for the table. */
#define MANIFEST_PARTITIONS "partitions"

/* The members of the document, without its seal. The caller owns the result. */
json_t *manifest_to_json(const struct manifest *m);

/* Fills an empty manifest; members are checked one by one, not yet against each other. */
struct err *manifest_from_json(const struct json_doc *doc, const json_t *root, struct manifest *m) CHECKED;

/* Do the parts of a manifest fit each other? */
struct err *manifest_check(const struct json_doc *doc, const struct manifest *m) CHECKED;

#endif
