/*
 * streams - what the store tells of the source side: when it was last seen, and how far the log goes.
 *
 * A store that cannot be read is no failure here: what could not be learnt, and why, is part of the answer.
 * Only ERR_INTERRUPTED is passed on.
 */
#ifndef CCR_STATUS_STREAMS_H
#define CCR_STATUS_STREAMS_H

#include <jansson.h>

#include "backup/queue.h"
#include "format/reported.h"

struct stream_seen {
    char *name;
    bool has_alive; /* ccr-ship has run, and its alive.json can be read */
    struct alive alive;
    bool alive_older; /* than the newest object of the log */
    bool silent;      /* it is too old to tell anything of now, or from a clock that is ahead: */
    bool ahead;
    json_t *source_lag; /* behind a primary of its own (status/source_lag.h); NULL: nothing is known of one */
    bool has_log;
    uint64_t epoch; /* the newest object of the log */
    uint64_t number;
    struct gtid_pos end;
    bool has_queue;
    struct queue queue; /* what targets ask of it */
    json_t *copies;     /* how the source's own runs went (format/copies.h); NULL: not known */
    bool needs_person;  /* one kind of them is stopped */
    char *error;        /* why something could not be read; NULL */
};

struct streams {
    struct store *store;
    int64_t now_us;
    int64_t silent_after_us;
    bool has_requests; /* those of all jobs, read once: */
    struct requests requests;
    struct stream_seen *items;
    size_t count;
    size_t cap;
};

/* Looks at a stream at the first call with its name. *out is valid until the next call. */
struct err *streams_look(struct streams *s, const char *name, const struct stream_seen **out) CHECKED;
/* All that lie in the store. */
struct err *streams_look_at_all(struct streams *s) CHECKED;
json_t *streams_to_json(const struct streams *s);
void streams_free(struct streams *s); /* its items and requests */

#endif
