#include "replay/culprit.h"

#include <string.h>

#include <mysqld_error.h>

#include "base/mem.h"
#include "replay/key_text.h"

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
    return err_hint(err_recode(e, ERR_UNSAFE),
                    "the target was changed by others than ccr: put the row right, or "
                    "restore a new snapshot (ccr-backup, ccr-restore)");
}

/* Sends one row; *refused is the server's error, NULL where it took the row. */
static struct err *culprit_try(struct ordered *road, struct bundle *single, const struct bundle_run *run,
                               const struct rows_event *r, const uint8_t *bytes, size_t len,
                               struct err **refused)
{
    struct rows_event piece = *r;
    const struct change change = {run->table, &piece, run->time, run->server_id, run->gtid};

    piece.rows = bytes;
    piece.rows_len = len;
    bundle_begin(single, single->serial + 1);
    run->table->bundle = 0; /* the serials of these bundles are not the road's */
    TRY(bundle_add(single, &change));
    run->table->bundle = 0;
    struct err *e = sender_send(ordered_sender(road), single);
    if (!e)
        e = sender_wait(ordered_sender(road));
    *refused = e;
    return NULL;
}

static struct err *culprit_in_run(struct conn *c, struct ordered *road, const struct bundle *b,
                                  const struct bundle_run *run, struct err **refused)
{
    struct bundle single = {0};
    struct rows_event event;
    struct rows_row row;
    bool done = false;

    *refused = NULL;
    TRY(bundle_run_event(b, run, &event));
    event.flags = b->flags;
    event.rows = b->rows.data + run->start;
    event.rows_len = run->end - run->start;
    struct err *e = NULL;
    for (size_t at = 0; !e && !done && !*refused;) {
        size_t start = at;
        e = rows_next(&run->table->map, &event, &at, &row, &done);
        if (e || done)
            break;
        e = culprit_try(road, &single, run, &event, event.rows + start, at - start, refused);
        if (!e && *refused)
            *refused = culprit_describe(err_code(*refused) == conn_code(c) ? conn_errno(c) : 0, run, &event,
                                        &row, *refused);
    }
    bundle_free(&single);
    return e;
}

void culprit_find(struct conn *c, struct ordered *road, struct err **e, struct gtid *gtid, bool *found)
{
    const struct bundle *b = ordered_failed(road);
    struct err *refused = NULL;
    struct err *own = NULL;

    *found = false;
    for (size_t i = 0; b && i < b->run_count && !own && !refused; i++) {
        own = culprit_in_run(c, road, b, &b->runs[i], &refused);
        *gtid = b->runs[i].gtid;
    }
    err_free(own); /* the first error says more */
    if (!refused)
        return;
    err_free(*e);
    *e = refused;
    *found = true;
}
