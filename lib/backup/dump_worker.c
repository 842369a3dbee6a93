#include "backup/dump_worker.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "backup/dump_chunk.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/mem.h"

/* Tables up to this size share a check, and are held for about this long. */
#define SMALL_TABLE_BYTES (1 << 20)
#define HELD_AT_MOST_US   CLOCK_US_PER_S

void dump_fail(struct dump *d, struct err *e)
{
    pthread_mutex_lock(&d->mutex);
    d->error = err_first(d->error, e);
    atomic_store(&d->stop, true);
    pthread_cond_broadcast(&d->ended);
    pthread_cond_broadcast(&d->moved);
    pthread_mutex_unlock(&d->mutex);
}

void dump_cut(struct dump_worker *w, struct dump_table *t, const struct chunk *chunk,
              struct chunk_border *key)
{
    struct dump *d = w->dump;

    pthread_mutex_lock(&t->mutex);
    chunk_plan_cut(t->plan, chunk, key);
    pthread_mutex_unlock(&t->mutex);
    pthread_mutex_lock(&d->mutex);
    d->cuts++;
    pthread_cond_broadcast(&d->moved);
    pthread_mutex_unlock(&d->mutex);
}

void dump_worker_disconnect(struct dump_worker *w)
{
    shutdown(w->socket, SHUT_RDWR);
}

static struct err *unlock_if_last(struct dump *d)
{
    struct err *e = NULL;

    pthread_mutex_lock(&d->mutex);
    if (--d->locked_left == 0)
        e = opening_unlock_tables(d->params->opening);
    pthread_mutex_unlock(&d->mutex);
    return e;
}

/* Were the complete tables those of the snapshot? Their definitions are still locked, so the answer stays
 * true. */
static struct err *check_complete(struct dump_worker *w)
{
    const struct source_object *objects[HELD_TABLES];
    const struct source_object *changed = NULL;

    for (size_t i = 0; i < w->complete_count; i++)
        objects[i] = w->complete[i]->object;
    TRY(source_objects_check(w->conn, objects, w->complete_count, &changed));
    if (changed)
        return err_hint(err_new(ERR_SOURCE, "source: %s.%s was changed or replaced while it was copied",
                                changed->entry.db, changed->entry.name),
                        "run the backup again when no DDL is under way");
    for (size_t i = 0; i < w->complete_count; i++)
        if (w->complete[i]->locked)
            TRY(unlock_if_last(w->dump));
    w->complete_count = 0;
    return NULL;
}

/* The savepoint lies before the first table: going back to it gives up the locks on definitions. */
static struct err *give_up_locks(struct dump_worker *w)
{
    if (!w->held_since_us)
        return NULL;
    if (w->complete_count)
        TRY(check_complete(w));
    w->held_since_us = 0;
    w->current = NULL;
    return conn_exec(w->conn, "ROLLBACK TO SAVEPOINT ccr");
}

static bool is_large(const struct dump_table *t)
{
    return t->object->table->bytes_estimate > SMALL_TABLE_BYTES;
}

/* Goes on to another table; what has been held long enough, or would be for long, is given up before. */
static struct err *enter_table(struct dump_worker *w, struct dump_table *t)
{
    if (w->current == t)
        return NULL;
    if (is_large(t) || w->complete_count == HELD_TABLES ||
        clock_monotonic_us() - w->held_since_us > HELD_AT_MOST_US)
        TRY(give_up_locks(w));
    w->current = t;
    if (!w->held_since_us)
        w->held_since_us = clock_monotonic_us();
    return NULL;
}

/* With the table's mutex held. */
static struct err *take_chunk(struct dump_worker *w, struct dump_table *t, struct chunk *chunk)
{
    TRY(enter_table(w, t));
    struct err *e = chunk_plan_next(t->plan, w->conn, chunk);
    if (e)
        return err_context(dump_explain(w, e), "dividing %s.%s into chunks", t->object->entry.db,
                           t->object->entry.name);
    t->active++;
    return NULL;
}

/* With the table's mutex held. */
static bool is_finished(const struct dump_table *t)
{
    return t->active == 0 && (!t->plan || chunk_plan_is_empty(t->plan));
}

static size_t first_table(struct dump *d)
{
    size_t first = atomic_load(&d->first);

    for (bool finished = true; finished && first < d->count; first += finished) {
        struct dump_table *t = &d->tables[first];
        pthread_mutex_lock(&t->mutex);
        finished = is_finished(t);
        pthread_mutex_unlock(&t->mutex);
    }
    atomic_store(&d->first, first);
    return first;
}

/* A chunk of the first table that has one left; *table is NULL when there is none. */
static struct err *find_chunk(struct dump_worker *w, struct dump_table **table, struct chunk *chunk)
{
    struct dump *d = w->dump;
    struct err *e = NULL;

    *table = NULL;
    for (size_t i = first_table(d); i < d->count && !*table && !e; i++) {
        struct dump_table *t = &d->tables[i];
        pthread_mutex_lock(&t->mutex);
        if (t->plan && !chunk_plan_is_empty(t->plan)) {
            *table = t;
            e = take_chunk(w, t, chunk);
        }
        pthread_mutex_unlock(&t->mutex);
    }
    return e;
}

static uint64_t begin_copying(struct dump *d)
{
    pthread_mutex_lock(&d->mutex);
    d->copying++;
    uint64_t cuts = d->cuts;
    pthread_mutex_unlock(&d->mutex);
    return cuts;
}

static void end_copying(struct dump *d)
{
    pthread_mutex_lock(&d->mutex);
    d->copying--;
    pthread_cond_broadcast(&d->moved);
    pthread_mutex_unlock(&d->mutex);
}

/* False: nobody is copying any more, so nothing is going to be cut. */
static bool wait_for_cut(struct dump *d, uint64_t cuts)
{
    pthread_mutex_lock(&d->mutex);
    while (d->cuts == cuts && d->copying > 0 && !atomic_load(&d->stop))
        pthread_cond_wait(&d->moved, &d->mutex);
    bool again = d->cuts != cuts && !atomic_load(&d->stop);
    pthread_mutex_unlock(&d->mutex);
    return again;
}

/* The next chunk, if need be what others leave of theirs; *table is NULL when all is copied. */
static struct err *next_chunk(struct dump_worker *w, struct dump_table **table, struct chunk *chunk)
{
    struct dump *d = w->dump;
    uint64_t cuts;

    do {
        cuts = begin_copying(d);
        struct err *e = find_chunk(w, table, chunk);
        if (e || *table)
            return e;
        end_copying(d);
        TRY(give_up_locks(w));
    } while (wait_for_cut(d, cuts));
    return NULL;
}

static struct err *copy_chunk(struct dump_worker *w, struct dump_table *t, const struct chunk *chunk)
{
    struct err *e = dump_chunk(w, t, chunk);

    pthread_mutex_lock(&t->mutex);
    t->active--;
    bool finished = is_finished(t);
    pthread_mutex_unlock(&t->mutex);
    end_copying(w->dump);
    if (!e && finished) {
        w->complete[w->complete_count++] = t;
        if (t->locked || is_large(t) || w->complete_count == HELD_TABLES)
            e = give_up_locks(w);
    }
    return e ? err_context(e, "copying %s.%s", t->object->entry.db, t->object->entry.name) : NULL;
}

static struct err *work(struct dump_worker *w)
{
    struct dump_table *t = NULL;
    struct err *e = NULL;

    while (!e && !atomic_load(&w->dump->stop)) {
        struct chunk chunk = {.from = BUF_INIT};
        e = next_chunk(w, &t, &chunk);
        if (!e && t)
            e = copy_chunk(w, t, &chunk);
        chunk_free(&chunk);
        if (!t)
            break;
    }
    if (!e && !atomic_load(&w->dump->stop))
        e = give_up_locks(w);
    if (!e && !atomic_load(&w->dump->stop))
        e = volume_filler_finish(w->filler);
    return e;
}

void *dump_worker_main(void *worker)
{
    struct dump_worker *w = worker;
    struct err *e = work(w);

    if (e)
        dump_fail(w->dump, e);
    pthread_mutex_lock(&w->dump->mutex);
    w->dump->running--;
    pthread_cond_broadcast(&w->dump->ended);
    pthread_mutex_unlock(&w->dump->mutex);
    conn_thread_end();
    return NULL;
}
