#include "backup/dump.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backup/column_text.h"
#include "backup/dump_worker.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "format/layout.h"

#define INTERRUPT_POLL_NS (100 * 1000 * 1000L)

/* The list of a SELECT: what travels, and such columns of the key as do not. */
static void init_select(struct dump_table *t, const struct catalog_table *table, const struct chunk_key *key)
{
    struct buf list = BUF_INIT;
    char *text = column_text_select(table);
    size_t more = 0;

    t->columns = (unsigned)column_text_count(table);
    t->plain = column_text_plain(table);
    t->rules = column_text_rules(table);
    t->has_period = column_text_period(table, t->period);
    t->key_places = mem_zalloc(key->count + 1, sizeof(*t->key_places));
    buf_append_str(&list, text);
    free(text);
    for (size_t i = 0; i < key->count; i++) {
        const struct catalog_column *column = &table->columns[key->key->columns[i]];
        t->key_places[i] = column_text_place(table, column);
        if (t->key_places[i] < t->columns)
            continue;
        t->key_places[i] = t->columns + more++;
        buf_append_str(&list, ", ");
        column_text_expression(column, &list);
    }
    t->select = buf_steal(&list);
}

static void name_partitions(struct manifest_table *out, const struct partitions_of *partitions)
{
    out->partitions = mem_zalloc(partitions->count, sizeof(*out->partitions));
    for (size_t i = 0; i < partitions->count; i++)
        out->partitions[out->partition_count++] = mem_strdup(partitions->names[i]);
}

static void table_init(struct dump_table *t, const struct source_object *object, struct manifest_table *out,
                       const struct dump_params *params)
{
    const struct catalog_table *table = object->table;
    const struct partitions_of *partitions = partitions_find(params->partitions, table->db, table->name);

    *out = (struct manifest_table){
        .db = mem_strdup(table->db),
        .name = mem_strdup(table->name),
        .engine = mem_strdup(table->engine),
        .transactional = table->transactional,
        .history = catalog_versioned_by_time(table),
        .load = column_text_load(table),
    };
    if (partitions)
        name_partitions(out, partitions);
    *t = (struct dump_table){
        .object = object,
        .out = out,
        .folder = layout_table_folder(table->db, table->name),
        .locked = source_object_needs_lock(object),
    };
    if (source_object_has_rows(object)) {
        t->plan = chunk_plan_new(table, partitions, params->chunk_bytes);
        init_select(t, table, chunk_plan_key(t->plan));
    }
    pthread_mutex_init(&t->mutex, NULL);
}

static void table_free(struct dump_table *t)
{
    free(t->select);
    free(t->plain);
    free(t->rules);
    free(t->key_places);
    free(t->folder);
    chunk_plan_free(t->plan);
    pthread_mutex_destroy(&t->mutex);
}

/* Locked tables first, so that their writers wait as short as possible; then the largest ones. */
static int compare_tables(const void *a, const void *b)
{
    const struct dump_table *x = a;
    const struct dump_table *y = b;
    uint64_t x_bytes = x->object->table->bytes_estimate;
    uint64_t y_bytes = y->object->table->bytes_estimate;

    if (x->locked != y->locked)
        return x->locked ? -1 : 1;
    return x_bytes > y_bytes ? -1 : x_bytes < y_bytes;
}

static void dump_init(struct dump *d, const struct dump_params *params, struct manifest *m)
{
    const struct source_schema *schema = params->schema;

    *d = (struct dump){.params = params};
    pthread_mutex_init(&d->control, NULL);
    pthread_mutex_init(&d->mutex, NULL);
    pthread_cond_init(&d->ended, NULL);
    pthread_cond_init(&d->moved, NULL);
    d->tables = mem_zalloc(schema->count + 1, sizeof(*d->tables));
    m->tables = mem_zalloc(schema->count + 1, sizeof(*m->tables));
    for (size_t i = 0; i < schema->count; i++) {
        if (schema->objects[i].entry.kind != OBJECT_TABLE)
            continue;
        struct dump_table *t = &d->tables[d->count++];
        table_init(t, &schema->objects[i], &m->tables[m->table_count++], params);
        d->locked_left += t->locked;
    }
    qsort(d->tables, d->count, sizeof(*d->tables), compare_tables);
}

static void dump_free(struct dump *d)
{
    for (size_t i = 0; i < d->count; i++)
        table_free(&d->tables[i]);
    free(d->tables);
    pthread_cond_destroy(&d->moved);
    pthread_cond_destroy(&d->ended);
    pthread_mutex_destroy(&d->mutex);
    pthread_mutex_destroy(&d->control);
}

static struct err *start_worker(struct dump *d, struct dump_worker *w, struct conn *c)
{
    w->dump = d;
    w->conn = c;
    w->socket = mysql_get_socket(conn_handle(c));
    w->filler = volume_filler_new(d->params->shelf);
    pthread_mutex_lock(&d->mutex); /* the others count themselves out */
    int failed = pthread_create(&w->thread, NULL, dump_worker_main, w);
    d->running += !failed;
    pthread_mutex_unlock(&d->mutex);
    if (!failed)
        return NULL;
    volume_filler_free(w->filler);
    return err_errno(ERR_INTERNAL, failed, "starting a worker");
}

/* Waits for the workers; a signal or an error disconnects them, so that nobody waits for a slow query. */
static void wait_for_workers(struct dump *d, struct dump_worker *workers, size_t count)
{
    bool disconnected = false;

    pthread_mutex_lock(&d->mutex);
    while (d->running > 0) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += INTERRUPT_POLL_NS;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&d->ended, &d->mutex, &until);
        if (interrupt_requested() && !d->error)
            d->error = interrupt_check();
        if (!d->error || disconnected)
            continue;
        atomic_store(&d->stop, true);
        pthread_cond_broadcast(&d->moved);
        for (size_t i = 0; i < count; i++)
            dump_worker_disconnect(&workers[i]);
        disconnected = true;
    }
    pthread_mutex_unlock(&d->mutex);
}

/* What no server takes. */
static void warn_of_moments(const struct dump *d)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->tables[i].moments > 0)
            log_warn(d->params->log,
                     "%s.%s has %" PRIu64 " rows of history that lasted no time (row start and row end are "
                     "equal), which no server takes from elsewhere: they are left out",
                     d->tables[i].out->db, d->tables[i].out->name, d->tables[i].moments);
}

struct err *dump_run(const struct dump_params *params, struct manifest *manifest)
{
    struct dump d;
    struct opening *o = params->opening;
    struct dump_worker *workers = mem_zalloc(o->count, sizeof(*workers));
    size_t started = 0;
    struct err *e = NULL;

    dump_init(&d, params, manifest);
    while (started < o->count && !e) {
        e = start_worker(&d, &workers[started], o->workers[started]);
        if (!e)
            started++;
    }
    if (e)
        dump_fail(&d, e);
    wait_for_workers(&d, workers, started);
    for (size_t i = 0; i < started; i++) {
        pthread_join(workers[i].thread, NULL);
        volume_filler_free(workers[i].filler);
        buf_free(&workers[i].slice);
    }
    e = d.error;
    if (!e)
        warn_of_moments(&d);
    free(workers);
    dump_free(&d);
    return e;
}
