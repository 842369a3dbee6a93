/* footer_json - a segment's footer as JSON, and the fingerprints that manifests hold too. Private to format/.
 */
#ifndef CCR_FORMAT_FOOTER_JSON_H
#define CCR_FORMAT_FOOTER_JSON_H

#include <jansson.h>

#include "base/json.h"
#include "format/segment.h"

/* What a footer says of the compressed bytes in front of it. */
struct footer_body {
    uint64_t bytes;
    char sha256[HASH_HEX_SIZE];
};

/* Compact JSON text, malloc'ed. */
char *footer_json_encode(const struct segment_footer *f, const struct footer_body *body);
/* `name` is the object's, for messages. Members are checked one by one, not yet against each other. */
struct err *footer_json_decode(const char *name, const char *text, size_t len, struct segment_footer *f,
                               struct footer_body *body) CHECKED;

json_t *fingerprints_encode(const struct fingerprint *items, size_t count);
struct err *fingerprints_decode(const struct json_doc *doc, const json_t *object, const char *member,
                                struct fingerprint **items, size_t *count) CHECKED;

#endif
