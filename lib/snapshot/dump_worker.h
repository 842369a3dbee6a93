/*
 * dump_worker - one thread of a dump; private to dump.c.
 */
#ifndef CCR_SNAPSHOT_DUMP_WORKER_H
#define CCR_SNAPSHOT_DUMP_WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/buf.h"
#include "snapshot/chunk_plan.h"
#include "snapshot/column_text.h"
#include "snapshot/dump.h"

/* A table on its way into the snapshot. The members below `mutex` are guarded by it. */
struct dump_table {
    const struct source_object *object;
    struct manifest_table *out;
    char *select;            /* the column list */
    bool *plain;             /* which of its columns need no escaping */
    struct text_rule *rules; /* what its columns' texts must be like */
    char *folder;            /* "DB/TABLE", escaped */
    bool locked;             /* by LOCK TABLES */
    pthread_mutex_t mutex;
    struct chunk_plan *plan;
    bool handed_out; /* all chunks */
    size_t active;   /* chunks being copied */
    size_t chunk_cap;
    uint64_t last_id;
};

/* What the workers share. */
struct dump {
    const struct dump_params *params;
    struct dump_table *tables; /* in the order in which they are copied */
    size_t count;
    atomic_bool stop;
    pthread_mutex_t mutex; /* guards what is below */
    pthread_cond_t ended;
    size_t running; /* workers */
    size_t locked_left;
    struct err *error; /* the first */
};

/*
 * Metadata locks that a worker's transaction holds. They are given up together, after the tables that are
 * complete have been checked: soon, but not after every small table.
 */
enum { HELD_TABLES = 64 };

struct dump_worker {
    struct dump *dump;
    struct conn *conn;
    int socket; /* of conn; kept apart, because the library's own record may change under another thread */
    struct volume_filler *filler;
    struct dump_table *current;
    struct dump_table *complete[HELD_TABLES]; /* to be checked before their locks are given up */
    size_t complete_count;
    int64_t held_since_us; /* 0: nothing is held */
    struct buf slice;
    pthread_t thread;
};

/* Keeps the first error and makes everyone stop. */
void dump_fail(struct dump *d, struct err *e);

/* Ends the worker's connection at once, from any thread: what waits on it returns with an error. */
void dump_worker_disconnect(struct dump_worker *w);

/* A thread's main function; the argument is its struct dump_worker. */
void *dump_worker_main(void *worker);

#endif
