#include "restore/restore_load.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/progress.h"
#include "job/job_copy.h"
#include "restore/load.h"
#include "restore/target_galera.h"

unsigned restore_threads(const struct restore_params *p)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    return p->threads ? p->threads : cores > 0 ? (unsigned)cores : 1;
}

static void sum_rows(const struct restore_plan *p, uint64_t *rows, uint64_t *bytes)
{
    *rows = *bytes = 0;
    for (size_t i = 0; i < p->table_count; i++)
        if (p->tables[i].rows) {
            *rows += p->tables[i].rows->rows;
            *bytes += p->tables[i].rows->bytes;
        }
}

static struct err *set_sequences(struct conn *c, const struct restore_plan *p)
{
    for (size_t i = 0; i < p->table_count; i++) {
        const struct restore_table *t = &p->tables[i];
        if (t->rows || !t->object->setval)
            continue;
        char *sequence = sql_table_dup(t->db->stage, t->name);
        struct err *e =
            conn_exec(c, "SELECT SETVAL(%s, %lld, 0)", sequence, strtoll(t->object->setval, NULL, 10));
        free(sequence);
        TRY(e);
    }
    return NULL;
}

static struct err *note_begin(const struct restore_load_params *p, const struct restore_result *result)
{
    const struct job_copy copy = {
        .partial = p->plan->partial,
        .snapshot = p->plan->manifest->id,
        .reason = result->reason,
        .rows = result->rows,
        .before = p->staged->resumed_rows,
    };

    return job_copy_begin(p->conn, p->restore->job, &copy);
}

struct err *restore_load(const struct restore_load_params *p, struct restore_result *result)
{
    const struct restore_params *restore = p->restore;
    struct load_params params = {
        .conn = *restore->target,
        .store = restore->store,
        .plan = p->plan,
        .definitions = p->definitions,
        .threads = restore_threads(restore),
        .bulk = p->bulk,
    };

    TRY(target_load_bounds(p->conn, &params.bounds));
    result->resumed_chunks = p->staged->resumed_chunks;
    sum_rows(p->plan, &result->rows, &result->bytes);
    TRY(note_begin(p, result));
    params.conn.local_infile = true;
    params.progress = progress_start(restore->log, "restore", result->rows - p->staged->resumed_rows,
                                     result->bytes - p->staged->resumed_bytes);
    progress_set_every(params.progress, restore->bounds.progress_every_s);
    struct brake brake;
    struct err *e = brake_start(&restore->bounds, restore->target, params.threads, restore->log, &brake);
    params.pace = brake.pace;
    if (!e)
        e = load_rows(&params, &result->stored_bytes);
    brake_stop(&brake);
    result->load_seconds = progress_seconds(params.progress);
    progress_end(params.progress);
    return e ? e : set_sequences(p->conn, p->plan);
}
