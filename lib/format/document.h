/*
 * document - the head that every JSON document in the store begins with (formats/store.md):
 * "format" (what it is), "version", and "features_required".
 *
 * A reader refuses what it was not written for: another format is ERR_INTEGRITY, a newer version or a
 * required feature that it does not know is ERR_UNSUPPORTED. Members it does not know, it ignores: whatever
 * must not be ignored is a required feature.
 */
#ifndef CCR_FORMAT_DOCUMENT_H
#define CCR_FORMAT_DOCUMENT_H

#include <stdint.h>

#include <jansson.h>

#include "base/json.h"
#include "format/position.h"

/* Gives damage and unknown formats the hint that fits; NULL and other codes pass unchanged. */
struct err *document_hint(struct err *e) CHECKED;

/* A new object with the head set; the caller owns it. */
json_t *document_new(const char *format, uint64_t version);

/*
 * `version` is the highest one that the caller understands, `features` (ending in NULL; NULL for none) are
 * those that it knows.
 */
struct err *document_check(const struct json_doc *doc, const json_t *object, const char *format,
                           uint64_t version, const char *const *features) CHECKED;

/* Members that appear in several documents. */
void document_set_bytes(json_t *object, const char *name, const char *text); /* nothing for NULL */
void document_set_u64(json_t *object, const char *name, uint64_t value);
void document_set_pos(json_t *object, const char *name, const struct gtid_pos *pos);
struct err *document_pos(const struct json_doc *doc, const json_t *object, const char *name,
                         struct gtid_pos *out) CHECKED;
/* malloc'ed; a missing or null member gives NULL. */
struct err *document_opt_bytes(const struct json_doc *doc, const json_t *object, const char *name,
                               char **out) CHECKED;
/* A SHA-256 in hexadecimal; `may_be_empty` allows "". */
struct err *document_sha256(const struct json_doc *doc, const json_t *object, const char *name,
                            bool may_be_empty, char *out) CHECKED;

#endif
