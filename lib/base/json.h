/*
 * json - reading documents with jansson, and saying clearly what is wrong with them.
 *
 * `struct json_doc` names a document for messages and fixes the error code that a defect gets (ERR_INTEGRITY
 * for what lies in the store, ERR_TARGET for a column of the target's own tables). Strings that are handed
 * out belong to the json_t and live as long as it does. A missing or wrongly typed member is an error that
 * names the member; json_opt_* leave their output alone where the member is missing.
 */
#ifndef CCR_BASE_JSON_H
#define CCR_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"

struct json_doc {
    const char *name; /* "manifest streams/s/snapshots/x/manifest.json" */
    enum err_code code;
};

/* Parses bytes (one object, no duplicate names). The caller owns *out (json_decref). */
struct err *json_parse(const struct json_doc *doc, const void *bytes, size_t len, json_t **out) CHECKED;

struct err *json_string_of(const struct json_doc *doc, const json_t *object, const char *name,
                           const char **out) CHECKED;
struct err *json_u64_of(const struct json_doc *doc, const json_t *object, const char *name,
                        uint64_t *out) CHECKED;
struct err *json_i64_of(const struct json_doc *doc, const json_t *object, const char *name,
                        int64_t *out) CHECKED;
struct err *json_bool_of(const struct json_doc *doc, const json_t *object, const char *name,
                         bool *out) CHECKED;
/* Borrowed references. */
struct err *json_array_of(const struct json_doc *doc, const json_t *object, const char *name,
                          json_t **out) CHECKED;
struct err *json_object_of(const struct json_doc *doc, const json_t *object, const char *name,
                           json_t **out) CHECKED;

/* NULL (missing or null) is allowed and gives NULL. */
struct err *json_opt_string_of(const struct json_doc *doc, const json_t *object, const char *name,
                               const char **out) CHECKED;

/* For showing what one has made oneself: "" where there is none. */
const char *json_text_at(const json_t *object, const char *name);

/*
 * A string that need not be UTF-8 (SQL text, names): written as a JSON string where it is valid UTF-8 without
 * NUL, otherwise as {"base64": "..."}. The reader takes both; *out is malloc'ed and NUL-terminated, *len may
 * be NULL.
 */
json_t *json_from_bytes(const void *bytes, size_t len);
struct err *json_bytes_of(const struct json_doc *doc, const json_t *object, const char *name, char **out,
                          size_t *len) CHECKED;

/* The document as text with a newline at its end: two-space indent, members in the order in which they were
 * set. */
char *json_text(const json_t *object);

#endif
