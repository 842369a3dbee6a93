#include "snapshot/dump_worker.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "base/interrupt.h"
#include "base/mem.h"
#include "snapshot/dump_chunk.h"

void dump_fail(struct dump *d, struct err *e)
{
    pthread_mutex_lock(&d->mutex);
    d->error = err_first(d->error, e);
    atomic_store(&d->stop, true);
    pthread_cond_broadcast(&d->ended);
    pthread_mutex_unlock(&d->mutex);
}

void dump_worker_disconnect(struct dump_worker *w)
{
    shutdown(w->socket, SHUT_RDWR);
}

/* With the table's mutex held. */
static struct err *hand_out(struct dump_worker *w, struct dump_table *t, struct buf *from)
{
    bool last = false;

    TRY(chunk_plan_next(t->plan, w->conn, from, &last));
    t->handed_out = last;
    t->active++;
    return NULL;
}

/* The savepoint lies before the first table: going back to it gives up the locks on definitions. */
static struct err *enter_table(struct dump_worker *w, struct dump_table *t)
{
    if (w->current == t)
        return NULL;
    w->current = t;
    return conn_exec(w->conn, "ROLLBACK TO SAVEPOINT ccr");
}

/* The next chunk of the first table that has one left; *table is NULL when there is none. */
static struct err *next_chunk(struct dump_worker *w, struct dump_table **table, struct buf *from)
{
    struct dump *d = w->dump;
    struct err *e = NULL;

    *table = NULL;
    for (size_t i = 0; i < d->count && !*table && !e; i++) {
        struct dump_table *t = &d->tables[i];
        pthread_mutex_lock(&t->mutex);
        if (!t->handed_out) {
            *table = t;
            e = enter_table(w, t);
            if (!e)
                e = hand_out(w, t, from);
            if (e)
                e = err_context(e, "dividing %s.%s into chunks", t->object->entry.db, t->object->entry.name);
        }
        pthread_mutex_unlock(&t->mutex);
    }
    return e;
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

/* All chunks of the table are copied, and this connection still holds the lock on its definition. */
static struct err *finish_table(struct dump_worker *w, struct dump_table *t)
{
    bool same = false;

    TRY(source_object_is_same(w->conn, t->object, &same));
    if (!same)
        return err_hint(err_new(ERR_SOURCE, "source: the table was changed or replaced while it was copied"),
                        "run the backup again when no DDL is under way");
    return t->locked ? unlock_if_last(w->dump) : NULL;
}

static struct err *copy_chunk(struct dump_worker *w, struct dump_table *t, const char *from)
{
    struct err *e = dump_chunk(w, t, from);

    pthread_mutex_lock(&t->mutex);
    bool finished = --t->active == 0 && t->handed_out;
    pthread_mutex_unlock(&t->mutex);
    if (!e && finished && !atomic_load(&w->dump->stop))
        e = finish_table(w, t);
    return e ? err_context(e, "copying %s.%s", t->object->entry.db, t->object->entry.name) : NULL;
}

static struct err *work(struct dump_worker *w)
{
    struct buf from = BUF_INIT;
    struct dump_table *t = NULL;
    struct err *e = NULL;

    while (!e && !atomic_load(&w->dump->stop)) {
        buf_clear(&from);
        e = next_chunk(w, &t, &from);
        if (e || !t)
            break;
        e = copy_chunk(w, t, buf_str(&from));
    }
    buf_free(&from);
    if (!e && !atomic_load(&w->dump->stop))
        e = conn_exec(w->conn, "ROLLBACK"); /* the others may be busy for long: hold nothing back */
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
