/*
 * queue - the requests of a stream (format/request.h), and which of them still wait for a snapshot.
 *
 * Which ones are open is never stored: it shows from the requests and the manifests (formats/request.md).
 * Requests of another stream are not in the queue. The order is that in which they are answered.
 */
#ifndef CCR_BACKUP_QUEUE_H
#define CCR_BACKUP_QUEUE_H

#include "backup/source_scope.h"
#include "format/manifest.h"
#include "format/request.h"

enum queue_state {
    QUEUE_OPEN,
    QUEUE_ANSWERED,
    QUEUE_EXPIRED,
    QUEUE_OUTDATED,   /* the job has asked for a later full copy */
    QUEUE_UNREADABLE, /* what it asks for makes no sense: `because` */
};

struct queue_item {
    const struct request *request;
    struct source_scope wanted;
    struct gtid_pos position; /* at or behind which */
    enum queue_state state;
    char *because;       /* for people; NULL */
    char *gone;          /* of it, tables that the source has no more; NULL: it has all, or was not asked */
    char *snapshot;      /* ANSWERED: the newest one that answers it, */
    uint64_t epoch;      /* its epoch */
    int64_t started_us;  /* and start; */
    int64_t answered_us; /* when the first one that does was finished */
};

struct queue {
    struct queue_item *items;
    size_t count;
};

/* ERR_INTEGRITY where what a request asks for makes no sense. */
struct err *queue_check(const struct request *r) CHECKED;
/*
 * `all` are the requests of all jobs, and must outlive *out. `stream_id` may be NULL: of any stream of this
 * name. Nothing is answered yet.
 */
void queue_make(const struct requests *all, const char *stream, const char *stream_id, int64_t now_us,
                struct queue *out);
/* Notes which requests a snapshot of the stream answers. */
struct err *queue_see(struct queue *q, const struct manifest *m) CHECKED;
/* All snapshots that are in the store; none is read where nothing is open. */
struct err *queue_see_all(struct queue *q, struct store *s, const char *stream) CHECKED;
void queue_free(struct queue *q); /* its items */

size_t queue_open(const struct queue *q); /* so many are */
/* Appends what is asked for: "the whole job: shop", "shop.basket", "shop.orders:p1". */
void queue_describe(const struct queue_item *item, struct buf *out);
/* A list: id, job, kind, wanted, epoch, position, reason, who, requested, state; of an open one its place (1,
 * 2, ...), of an answered one the snapshot; because, gone. */
json_t *queue_to_json(const struct queue *q);
const char *queue_state_name(enum queue_state state); /* "open", "answered", ... */

#endif
