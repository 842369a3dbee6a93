#include "restore/load.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/failpoint.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "restore/load_bulk.h"
#include "restore/load_group.h"
#include "restore/load_part.h"
#include "restore/load_queue.h"
#include "restore/load_stream.h"
#include "restore/load_text.h"
#include "restore/lock_wait.h"
#include "restore/stage_keys.h"
#include "restore/target_session.h"

/* Memory is a volume per worker, and a volume may be 64 MiB. */
#define VOLUMES_MEMORY ((uint64_t)128 << 20)
enum { RETRIES = 5 };

struct worker;

struct loader {
    const struct load_params *params;
    struct load_work work;
    struct restore_table **tables; /* whose keys waited, the largest first */
    size_t table_count;
    size_t next_table;
    struct load_queue *queue;
    /* What workers do now: one piece of work, or *done. */
    struct err *(*step)(struct worker *w, bool *done);
    pthread_mutex_t mutex; /* guards queue, next_table and error */
    struct err *error;     /* the first one */
    atomic_bool stop;
};

struct worker {
    struct loader *loader;
    struct conn *conn;
    struct load_stream *stream;
    struct load_part part;   /* of the chunk that is being loaded */
    struct load_group group; /* what the open transaction has loaded */
    bool lasting;            /* some of it no rollback takes back: the table has no transactions */
    struct load_bulk *bulk;  /* NULL: everything by LOAD DATA */
    pthread_t thread;
};

static struct err *insert_rows(struct worker *w, const struct restore_table *t, uint64_t chunk)
{
    uint64_t rows = 0;

    if (t->rows->history)
        TRY(conn_exec(w->conn, "SET SESSION system_versioning_insert_history = 1"));
    if (w->bulk && load_bulk_takes(w->bulk, t))
        TRY(load_bulk_part(w->bulk, t, &w->part, &rows));
    else
        TRY(load_text_part(w->conn, t, chunk, &w->part, &rows));
    if (rows != w->part.rows)
        return err_new(ERR_INTEGRITY, "%llu of %llu rows were loaded", (unsigned long long)rows,
                       (unsigned long long)w->part.rows);
    return NULL;
}

/* One part of the chunk. *rows: of it that are there, before and after. */
static struct err *load_one_part(struct worker *w, const struct load_piece *piece, uint64_t *rows)
{
    const struct manifest_chunk *chunk = &piece->table->rows->chunks[piece->chunk];

    load_part_next(&w->part);
    if (w->group.count == 0)
        TRY(conn_exec(w->conn, "START TRANSACTION"));
    w->lasting = w->lasting || !piece->table->rows->transactional;
    TRY(insert_rows(w, piece->table, chunk->id));
    if (w->part.rows == 0 || *rows + w->part.rows > chunk->rows)
        return err_new(ERR_INTEGRITY, "%llu rows were loaded, the manifest says %llu",
                       (unsigned long long)(*rows + w->part.rows), (unsigned long long)chunk->rows);
    *rows += w->part.rows;
    load_group_add(&w->group, piece, &w->part, *rows);
    return NULL;
}

/* Two workers may wait for each other, and one was chosen to give way. */
static bool gave_way(const struct worker *w, const struct err *e)
{
    unsigned number = conn_errno(w->conn);

    return err_code(e) == ERR_TARGET && (number == ER_LOCK_DEADLOCK || number == ER_LOCK_WAIT_TIMEOUT);
}

static struct err *record_group(struct worker *w)
{
    TRY(load_group_record(&w->group, w->conn, w->loader->params->plan->job->name));
    failpoint("rows-before");
    return conn_exec(w->conn, "COMMIT");
}

/* Where the rows are there whatever happens, what can be done again is their record. */
static struct err *record_retrying(struct worker *w)
{
    for (int attempt = 1;; attempt++) {
        struct err *e = record_group(w);
        if (!e || !w->lasting || !gave_way(w, e) || attempt == RETRIES)
            return e;
        err_free(e);
        TRY(conn_exec(w->conn, "ROLLBACK"));
        TRY(conn_exec(w->conn, "START TRANSACTION"));
    }
}

static struct err *commit_group(struct worker *w)
{
    if (w->group.count == 0)
        return NULL;
    TRY(record_retrying(w));
    w->lasting = false;
    progress_add(w->loader->params->progress, w->group.rows, w->group.bytes);
    load_group_mark(&w->group);
    return NULL;
}

static struct err *load_parts(struct worker *w, const struct load_piece *piece, bool shares)
{
    const struct restore_table *t = piece->table;
    uint64_t rows = t->loaded[piece->chunk];

    TRY(load_part_chunk(&w->part, rows));
    while (rows < t->rows->chunks[piece->chunk].rows) {
        TRY(load_one_part(w, piece, &rows));
        if (!shares)
            TRY(commit_group(w));
    }
    return NULL;
}

static struct err *load_chunk(struct worker *w, const struct load_piece *piece)
{
    const struct restore_table *t = piece->table;
    bool shares = load_group_takes(piece, &w->part.bounds);

    if (!shares || load_group_is_full(&w->group, piece, &w->part.bounds))
        TRY(commit_group(w));
    struct err *e = load_parts(w, piece, shares);
    return e ? err_context(e, "loading chunk %llu of %s.%s",
                           (unsigned long long)t->rows->chunks[piece->chunk].id, t->db->name, t->name)
             : NULL;
}

static struct err *load_unit(struct worker *w, const struct load_unit *unit)
{
    load_stream_open(w->stream, unit);
    for (;;) {
        const struct load_piece *piece;
        TRY(interrupt_check());
        if (atomic_load(&w->loader->stop))
            return NULL;
        TRY(load_stream_next(w->stream, &piece));
        if (!piece)
            return commit_group(w);
        TRY(load_chunk(w, piece));
    }
}

/* The one that gives way begins its unit again, unless some of its rows would then be there twice. */
static struct err *load_unit_retrying(struct worker *w, const struct load_unit *unit)
{
    for (int attempt = 1;; attempt++) {
        struct err *e = load_unit(w, unit);
        bool again = e && gave_way(w, e);
        if (again && w->lasting)
            return err_hint(e, "run it again: a table without transactions is then loaded anew");
        if (!again || attempt == RETRIES)
            return e;
        err_free(e);
        load_group_clear(&w->group);
        TRY(conn_exec(w->conn, "ROLLBACK"));
    }
}

static struct err *step_rows(struct worker *w, bool *done)
{
    struct loader *l = w->loader;

    pthread_mutex_lock(&l->mutex);
    const struct load_unit *unit = l->error ? NULL : load_queue_take(l->queue);
    pthread_mutex_unlock(&l->mutex);
    *done = !unit;
    if (!unit)
        return NULL;
    TRY(load_unit_retrying(w, unit));
    pthread_mutex_lock(&l->mutex);
    load_queue_leave(l->queue, unit);
    pthread_mutex_unlock(&l->mutex);
    return NULL;
}

static struct err *step_keys(struct worker *w, bool *done)
{
    struct loader *l = w->loader;
    const struct restore_table *t = NULL;

    pthread_mutex_lock(&l->mutex);
    if (!l->error && l->next_table < l->table_count)
        t = l->tables[l->next_table++];
    pthread_mutex_unlock(&l->mutex);
    *done = !t;
    if (!t)
        return NULL;
    TRY(interrupt_check());
    return stage_keys_add(w->conn, t, l->params->definitions[t->object - l->params->plan->manifest->objects]);
}

static void report(struct loader *l, struct err *e)
{
    pthread_mutex_lock(&l->mutex);
    l->error = err_first(l->error, e);
    pthread_mutex_unlock(&l->mutex);
    atomic_store(&l->stop, true);
}

static struct err *worker_open(struct worker *w)
{
    const struct load_params *params = w->loader->params;

    TRY(conn_open(&params->conn, &w->conn));
    TRY(target_session_set(w->conn));
    TRY(target_session_for_rows(w->conn));
    TRY(job_lock_stage_join(w->conn, params->plan->job->name));
    w->stream = load_stream_new(params->store, params->plan, &w->loader->work);
    w->part = (struct load_part){
        .stream = w->stream, .bounds = params->bounds, .pace = params->pace, .stop = &w->loader->stop};
    return params->bulk ? load_bulk_new(w->conn, &w->bulk) : NULL;
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    struct err *e = worker_open(w);
    bool done = false;

    while (!e && !done)
        e = w->loader->step(w, &done);
    if (e)
        report(w->loader, lock_wait_explain(w->conn, NULL, e));
    load_bulk_free(w->bulk);
    /* closing the connection rolls back what a failed chunk had loaded */
    conn_close(w->conn);
    load_group_free(&w->group);
    load_part_free(&w->part);
    load_stream_free(w->stream);
    conn_thread_end();
    return NULL;
}

static unsigned worker_count(const struct loader *l, size_t work)
{
    const struct manifest *m = l->params->plan->manifest;
    uint64_t largest = 1;
    uint64_t count = l->params->threads;

    for (size_t i = 0; i < m->volume_count; i++)
        if (m->volumes[i].size > largest)
            largest = m->volumes[i].size;
    if (count > VOLUMES_MEMORY / largest)
        count = VOLUMES_MEMORY / largest;
    if (count > work)
        count = work;
    return count ? (unsigned)count : 1;
}

static void run_workers(struct loader *l, struct err *(*step)(struct worker *, bool *), size_t work)
{
    unsigned count = worker_count(l, work);
    struct worker *workers = mem_zalloc(count, sizeof(*workers));
    unsigned started = 0;

    l->step = step;
    for (; work && started < count; started++) {
        workers[started].loader = l;
        int failed = pthread_create(&workers[started].thread, NULL, worker_main, &workers[started]);
        if (failed) {
            report(l, err_errno(ERR_INTERNAL, failed, "starting a worker thread"));
            break;
        }
    }
    for (unsigned i = 0; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    free(workers);
}

static struct err *check_complete(const struct restore_plan *p)
{
    for (size_t i = 0; i < p->table_count; i++) {
        const struct restore_table *t = &p->tables[i];
        for (size_t c = 0; t->rows && c < t->rows->chunk_count; c++)
            if (t->loaded[c] < t->rows->chunks[c].rows)
                return err_new(ERR_INTEGRITY, "snapshot %s: chunk %llu of %s.%s is not in its volumes",
                               p->manifest->id, (unsigned long long)t->rows->chunks[c].id, t->db->name,
                               t->name);
    }
    return NULL;
}

static int compare_tables(const void *a, const void *b)
{
    const struct restore_table *x = *(struct restore_table *const *)a;
    const struct restore_table *y = *(struct restore_table *const *)b;

    return x->rows->bytes > y->rows->bytes ? -1 : x->rows->bytes < y->rows->bytes;
}

static void find_waiting_tables(struct loader *l)
{
    const struct restore_plan *p = l->params->plan;

    l->tables = mem_zalloc(p->table_count + 1, sizeof(struct restore_table *));
    for (size_t i = 0; i < p->table_count; i++)
        if (!p->keys_in_place && stage_keys_wait(&p->tables[i]))
            l->tables[l->table_count++] = &p->tables[i];
    qsort(l->tables, l->table_count, sizeof(struct restore_table *), compare_tables);
}

static uint64_t volume_bytes(const struct loader *l)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < l->work.unit_count; i++)
        for (size_t v = 0; v < l->work.units[i].volume_count; v++) {
            const struct manifest_volume *volume =
                manifest_find_volume(l->params->plan->manifest, l->work.units[i].volumes[v]);
            bytes += volume ? volume->size : 0;
        }
    return bytes;
}

struct err *load_rows(const struct load_params *params, uint64_t *stored_bytes)
{
    struct loader l = {.params = params};

    TRY(load_work_new(params->plan, &l.work));
    *stored_bytes = volume_bytes(&l);
    find_waiting_tables(&l);
    l.queue = load_queue_new(&l.work, params->plan);
    pthread_mutex_init(&l.mutex, NULL);
    run_workers(&l, step_rows, l.work.unit_count);
    if (!l.error)
        l.error = check_complete(params->plan);
    if (!l.error)
        run_workers(&l, step_keys, l.table_count);
    pthread_mutex_destroy(&l.mutex);
    load_queue_free(l.queue);
    load_work_free(&l.work);
    free(l.tables);
    return l.error;
}
