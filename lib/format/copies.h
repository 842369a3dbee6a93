/*
 * copies - how the runs went that take snapshots of a stream without a person: streams/S/copies.json
 * (formats/store.md), and when that needs one.
 *
 * There are two kinds of such runs, each with a record of its own: COPIES_REQUESTED answers what targets ask
 * for, COPIES_DUE is what ccr-cycle takes where the log or the schedule needs it. The third failure in a row
 * of one cause stops a kind, and so does the COPIES_A_DAY-th failure within a day, whatever the causes: from
 * then on it is left alone until a person says otherwise, or a run by hand succeeds. Nothing else depends on
 * the document: where there is none, all is well.
 *
 * Two sources' sides that write it at once may lose one failure. Times are microseconds since 1970.
 */
#ifndef CCR_FORMAT_COPIES_H
#define CCR_FORMAT_COPIES_H

#include <jansson.h>

#include "base/err.h"
#include "base/hash.h"
#include "format/origin.h"
#include "store/store.h"

enum { COPIES_IN_A_ROW = 3, COPIES_A_DAY = 20 };

enum copies_kind { COPIES_REQUESTED, COPIES_DUE, COPIES_KINDS_ };

struct copies_record {
    bool stopped;     /* needs a person */
    int64_t since_us; /* of that, or of the end of it; 0: never */
    char *reason;     /* of the last change; NULL: there was none */
    char *who;
    uint64_t failures; /* in a row, of one cause */
    char cause[HASH_HEX_SIZE];
    json_t
        *history; /* the last failures, the newest last: at, at_us, program, code, code_name, message, hint */
};

struct copies {
    struct origin origin;
    struct copies_record kinds[COPIES_KINDS_];
};

const char *copies_kind_name(enum copies_kind kind); /* "requested", "due" */

/* Empty where there is none. One of another store or stream is ERR_INTEGRITY. The caller ends *out, also
 * after an error. */
struct err *copies_load(struct store *s, const char *stream, struct copies *out) CHECKED;
struct err *copies_save(struct store *s, const char *stream, const struct copies *c) CHECKED;
struct err *copies_decode(const char *key, const void *bytes, size_t len, struct copies *out) CHECKED;
void copies_free(struct copies *c); /* its members */

/* A failure, of which `who` (borrowed: program and user) tells. True where it stops the kind now. */
bool copies_failed(struct copies_record *r, const char *program, const char *who, const struct err *e,
                   int64_t now_us);
/* Goes on, failures counted anew. False where there was nothing to change. */
bool copies_go_on(struct copies_record *r, const char *who, const char *reason, int64_t now_us);
/* The last failure; NULL where there is none. */
const json_t *copies_last(const struct copies_record *r);
/* For ccr-status: kind, state, since, reason, who, failures, error, history; only records that have something
 * to say. */
json_t *copies_to_json(const struct copies *c);

#endif
