/*
 * dump_worker - one thread of a dump; private to dump.c.
 */
#ifndef CCR_BACKUP_DUMP_WORKER_H
#define CCR_BACKUP_DUMP_WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "backup/chunk_plan.h"
#include "backup/column_text.h"
#include "backup/dump.h"
#include "base/buf.h"

/* A table on its way into the snapshot. The members below `mutex` are guarded by it. */
struct dump_table {
    const struct source_object *object;
    struct manifest_table *out;
    char *select;            /* the column list; behind it what the key has besides */
    unsigned columns;        /* that make up the text */
    bool *plain;             /* which of them need no escaping */
    struct text_rule *rules; /* what their texts must be like */
    size_t *key_places;      /* where the key's columns stand in the list */
    bool has_period;         /* rows of history travel with their times, */
    size_t period[2];        /* which stand here */
    char *folder;            /* "DB/TABLE", escaped */
    bool locked;             /* by LOCK TABLES */
    pthread_mutex_t mutex;
    struct chunk_plan *plan; /* NULL: no rows */
    size_t active;           /* chunks being copied */
    size_t chunk_cap;
    uint64_t last_id;
    uint64_t moments; /* rows of history left out: they lasted no time */
};

/* What the workers share. */
struct dump {
    const struct dump_params *params;
    struct dump_table *tables; /* in the order in which they are copied */
    size_t count;
    atomic_size_t first; /* all tables before it are copied */
    atomic_bool stop;
    pthread_mutex_t control; /* one at a time on the opening's control connection */
    pthread_mutex_t mutex;   /* guards what is below */
    pthread_cond_t ended;
    pthread_cond_t moved; /* `cuts` or `copying` */
    uint64_t cuts;        /* chunks that were cut while they were copied */
    size_t copying;       /* workers that have a chunk, or look for one */
    size_t running;       /* workers */
    size_t locked_left;
    struct err *error; /* the first */
};

/*
 * Metadata locks that a worker's transaction holds. They are given up together, after the tables that are
 * complete have been checked: soon, but not after every small table (a check reads the ids of all tables of
 * the server).
 */
enum { HELD_TABLES = 512 };

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

/* The chunk is read only to before the row with this key; the rest may be taken by anyone. Takes the key
 * over. */
void dump_cut(struct dump_worker *w, struct dump_table *t, const struct chunk *chunk,
              struct chunk_border *key);

/* Keeps the first error and makes everyone stop. */
void dump_fail(struct dump *d, struct err *e);

/* Ends the worker's connection at once, from any thread: what waits on it returns with an error. */
void dump_worker_disconnect(struct dump_worker *w);

/* A thread's main function; the argument is its struct dump_worker. */
void *dump_worker_main(void *worker);

#endif
