#include "replay/culprit.h"

#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/mem.h"
#include "replay/key_text.h"

bool culprit_is_repairable(enum rows_kind kind, bool full)
{
    return full || kind != ROWS_UPDATE;
}

/* Adds to the refusal what was refused. */
static struct err *culprit_describe(unsigned number, const struct bundle_run *run, const struct rows_event *r,
                                    const struct rows_row *row, struct err *e)
{
    static const char *const verbs[] = {"insert", "update", "delete"};
    bool drift = number == ER_KEY_NOT_FOUND || number == ER_DUP_ENTRY;
    const char *what = number == ER_KEY_NOT_FOUND ? "the row is missing on the target"
                       : number == ER_DUP_ENTRY   ? "the target has such a row already"
                                                  : "the target refuses it";
    struct buf key = BUF_INIT;

    key_text(&key, run->table, r, row);
    e = err_context(e, "%s of %s.%s (%s): %s", verbs[r->kind], run->table->db, run->table->name,
                    buf_str(&key), what);
    buf_free(&key);
    if (!drift)
        return e;
    e = err_about(err_recode(e, ERR_UNSAFE), run->table->source_db, run->table->source_name);
    return err_hint(e, "the target was changed by others than ccr: put the row right%s; or " COPY_HINT,
                    culprit_is_repairable(r->kind, rows_event_is_full(r)) ? ", or let --on-drift repair do it"
                                                                          : "",
                    run->table->source_db, run->table->source_name);
}

static void culprit_keep(struct culprit *out, const struct bundle_run *run, const struct rows_event *r,
                         const struct rows_row *row)
{
    out->found = true;
    out->gtid = run->gtid;
    out->kind = r->kind;
    out->full = rows_event_is_full(r);
    out->source_db = mem_strdup(run->table->source_db);
    out->source_name = mem_strdup(run->table->source_name);
    buf_append(&out->before, row->before, row->before_len);
    buf_append(&out->after, row->after, row->after_len);
}

void culprit_free(struct culprit *u)
{
    free(u->source_db);
    free(u->source_name);
    buf_free(&u->before);
    buf_free(&u->after);
    *u = (struct culprit){0};
}

/* Sends the run's rows one by one; *refused is the first refusal, NULL where the target takes them all. */
static struct err *culprit_in_run(struct conn *c, struct ordered *road, const struct bundle *b,
                                  const struct bundle_run *run, struct err **refused, struct culprit *out)
{
    struct rows_event event;
    struct rows_row row;
    bool done = false;

    *refused = NULL;
    TRY(bundle_run_event(b, run, &event));
    event.flags = b->flags;
    event.rows = b->rows.data + run->start;
    event.rows_len = run->end - run->start;
    for (size_t at = 0; !*refused;) {
        struct rows_event single = event;
        const struct change change = {run->table, &single, run->time, run->server_id, run->gtid};
        single.rows = event.rows + at;
        size_t start = at;
        TRY(rows_next(&run->table->map, &event, &at, &row, &done));
        if (done)
            return NULL;
        single.rows_len = at - start;
        *refused = sender_apply(ordered_sender(road), &change, NULL);
        if (!*refused)
            continue;
        out->number = err_code(*refused) == conn_code(c) ? conn_errno(c) : 0;
        *refused = culprit_describe(out->number, run, &event, &row, *refused);
        culprit_keep(out, run, &event, &row);
    }
    return NULL;
}

void culprit_find(struct conn *c, struct ordered *road, struct err **e, struct culprit *out)
{
    const struct bundle *b = ordered_failed(road);
    struct err *refused = NULL;
    struct err *own = NULL;

    *out = (struct culprit){0};
    for (size_t i = 0; b && i < b->run_count && !own && !refused; i++)
        own = culprit_in_run(c, road, b, &b->runs[i], &refused, out);
    err_free(own); /* the first error says more */
    if (!refused)
        return;
    err_free(*e);
    *e = refused;
}
