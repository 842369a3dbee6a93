/* ccr-ship: the source's binlog into the store. */
#include <inttypes.h>

#include "base/run.h"
#include "format/document.h"
#include "ship/ship.h"

static void ship_report(struct run *run, const struct ship_result *r)
{
    json_t *to = run->result;

    run->changed = r->totals.objects > 0;
    document_set_u64(to, "objects", r->totals.objects);
    document_set_u64(to, "transactions", r->totals.transactions);
    document_set_u64(to, "events", r->totals.events);
    document_set_u64(to, "bytes", r->totals.bytes);
    document_set_u64(to, "stored_bytes", r->totals.stored_bytes);
    json_object_set_new(to, "seconds", json_real(r->seconds));
    if (!r->position)
        return;
    document_set_bytes(to, "position", r->position);
    document_set_u64(to, "epoch", r->epoch);
    document_set_u64(to, "number", r->number);
    json_object_set_new(to, "behind", json_boolean(r->behind));
    document_set_bytes(to, "note", r->note);
}

static void ship_say(struct run *run, const struct ship_result *r)
{
    if (r->totals.objects > 0)
        run_say(run,
                "shipped %" PRIu64 " transactions in %" PRIu64
                " objects: %.1f MB, %.1f MB stored, %.1f s; the "
                "store's log ends at %s (epoch %" PRIu64 ", object %" PRIu64 ")",
                r->totals.transactions, r->totals.objects, (double)r->totals.bytes / 1e6,
                (double)r->totals.stored_bytes / 1e6, r->seconds, r->position, r->epoch, r->number);
    else if (r->behind)
        run_say(run, "nothing to do: the source is behind the store, which ends at %s", r->position);
    else
        run_say(run, "nothing new: the store's log ends at %s (epoch %" PRIu64 ", object %" PRIu64 ")",
                r->position, r->epoch, r->number);
}

static struct err *ship_from_opts(struct run *run, struct store *store, struct ship_result *result)
{
    struct conn_params source;
    struct ship_params params = {
        .store = store,
        .stream = opts_string(run->opts, OPT_STREAM),
        .source = &source,
        .log = run->log,
        .segment_size = opts_number(run->opts, OPT_SEGMENT_SIZE),
        .follow = opts_flag(run->opts, OPT_FOLLOW),
        .segment_age_s = (unsigned)opts_number(run->opts, OPT_SEGMENT_AGE),
        .server_id = opts_number(run->opts, OPT_SERVER_ID),
    };

    conn_params_from_opts(run->opts, CONN_SOURCE, &source);
    return ship(&params, result);
}

static struct err *ship_run(struct run *run)
{
    struct ship_result result = {0};
    struct store *store = NULL;

    TRY(store_open_opts(run->opts, run->log, &store));
    struct err *e = ship_from_opts(run, store, &result);
    ship_report(run, &result);
    if (!e)
        ship_say(run, &result);
    ship_result_free(&result);
    store_close(store);
    return e;
}

int main(int argc, char **argv)
{
    struct run *run;
    int status;

    if (!run_start(PROGRAM_SHIP, argc, argv, &run, &status))
        return status;
    return run_finish(run, ship_run(run));
}
