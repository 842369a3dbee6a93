/* ccr-prune: what nothing needs any more goes. */
#include <inttypes.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/run.h"
#include "format/document.h"
#include "keep/prune.h"

static int64_t number_of(const json_t *object, const char *name)
{
    return (int64_t)json_integer_value(json_object_get(object, name));
}

static void say_removal(struct run *run, const json_t *o, const char *what)
{
    run_say(run, "  remove %s %s: %" PRId64 " objects, %.1f MB (%s)", what, json_text_at(o, "id"),
            number_of(o, "objects"), (double)number_of(o, "bytes") / 1e6, json_text_at(o, "why"));
}

static void say_stream(struct run *run, const json_t *stream)
{
    const json_t *log = json_object_get(stream, "log");
    const json_t *snapshots = json_object_get(stream, "snapshots");
    const json_t *dead = json_object_get(stream, "without_manifest");

    run_say(run, "stream %s:", json_text_at(stream, "stream"));
    for (size_t i = 0; i < json_array_size(snapshots); i++) {
        const json_t *o = json_array_get(snapshots, i);
        if (json_is_true(json_object_get(o, "keep")))
            run_say(run, "  keep snapshot %s (%s)", json_text_at(o, "id"), json_text_at(o, "why"));
        else
            say_removal(run, o, "snapshot");
    }
    for (size_t i = 0; i < json_array_size(dead); i++)
        say_removal(run, json_array_get(dead, i), "what is left of backup");
    if (number_of(log, "remove_objects") > 0)
        run_say(run,
                "  remove the log before object %" PRId64 " of epoch %" PRId64 ": %" PRId64
                " objects, %.1f MB",
                number_of(log, "kept_from_number"), number_of(log, "kept_from_epoch"),
                number_of(log, "remove_objects"), (double)number_of(log, "remove_bytes") / 1e6);
    run_say(run, "  keep the log from object %" PRId64 " of epoch %" PRId64 " on, for %s",
            number_of(log, "kept_from_number"), number_of(log, "kept_from_epoch"),
            json_text_at(log, "held_by"));
}

static void say_request(struct run *run, const json_t *o)
{
    run_say(run, "%s request %s of job %s (%s)", json_is_true(json_object_get(o, "keep")) ? "keep" : "remove",
            json_text_at(o, "id"), json_text_at(o, "job"), json_text_at(o, "why"));
}

static void prune_say(struct run *run, const struct prune_result *r, bool yes)
{
    const json_t *streams = json_object_get(run->result, "streams");
    const json_t *requests = json_object_get(run->result, "requests");

    for (size_t i = 0; i < json_array_size(streams); i++)
        say_stream(run, json_array_get(streams, i));
    for (size_t i = 0; i < json_array_size(requests); i++)
        say_request(run, json_array_get(requests, i));
    if (r->objects == 0)
        run_say(run, "nothing to remove");
    else if (yes)
        run_say(run, "removed %" PRIu64 " objects, %.1f MB", r->removed, (double)r->bytes / 1e6);
    else
        run_say(run, "%" PRIu64 " objects, %.1f MB would go; --yes removes them", r->objects,
                (double)r->bytes / 1e6);
}

static struct err *prune_store(struct run *run, struct store *store)
{
    const struct opts *o = run->opts;
    struct prune_params params = {
        .store = store,
        .streams = opts_list(o, OPT_STREAMS, NULL),
        .rules = {.last = opts_number(o, OPT_KEEP_LAST),
                  .days = opts_number(o, OPT_KEEP_DAYS),
                  .daily = opts_number(o, OPT_KEEP_DAILY),
                  .weekly = opts_number(o, OPT_KEEP_WEEKLY),
                  .monthly = opts_number(o, OPT_KEEP_MONTHLY),
                  .pitr_days = opts_number(o, OPT_PITR)},
        .max_hold_us = (int64_t)opts_number(o, OPT_MAX_HOLD) * CLOCK_US_PER_S,
        .grace_us = (int64_t)opts_number(o, OPT_GRACE) * CLOCK_US_PER_S,
        .yes = opts_flag(o, OPT_YES),
        .log = run->log,
    };
    struct prune_result result;
    struct err *e = prune_run(&params, run->result, &result);

    run->changed = result.removed > 0;
    document_set_u64(run->result, "objects", result.objects);
    document_set_u64(run->result, "bytes", result.bytes);
    document_set_u64(run->result, "removed", result.removed);
    if (!e)
        prune_say(run, &result, params.yes);
    return e;
}

static struct err *pin_or_unpin(struct run *run, struct store *store)
{
    const char *pin = opts_string(run->opts, OPT_PIN), *unpin = opts_string(run->opts, OPT_UNPIN);
    const char *const *streams = opts_list(run->opts, OPT_STREAMS, NULL);
    const char *reason = opts_string(run->opts, OPT_REASON);

    if (pin && unpin)
        return err_new(ERR_USAGE, "--pin and --unpin exclude each other");
    if (pin)
        TRY(prune_pin(store, streams, pin, reason ? reason : "", &run->changed));
    else
        TRY(prune_unpin(store, streams, unpin, &run->changed));
    document_set_bytes(run->result, "snapshot", pin ? pin : unpin);
    run_say(run, "snapshot %s %s", pin ? pin : unpin,
            pin ? (run->changed ? "is pinned" : "was pinned already")
                : (run->changed ? "is no longer pinned" : "was not pinned"));
    return NULL;
}

/* Numbers far above any use would overflow as microseconds. */
static struct err *check_numbers(const struct opts *o)
{
    static const enum opt_id ids[] = {OPT_KEEP_DAYS, OPT_PITR, OPT_MAX_HOLD, OPT_GRACE};

    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        if (opts_number(o, ids[i]) >
            (ids[i] == OPT_KEEP_DAYS || ids[i] == OPT_PITR ? 36500u : 36500u * 86400u))
            return err_new(ERR_USAGE, "a hundred years are the most that ccr-prune can think of");
    return NULL;
}

static struct err *prune_main(struct run *run)
{
    struct store *store = NULL;

    TRY(check_numbers(run->opts));
    if (opts_string(run->opts, OPT_REASON) && !opts_string(run->opts, OPT_PIN))
        return err_new(ERR_USAGE, "--reason is for --pin");
    TRY(store_open_opts(run->opts, run->log, &store));
    bool pins = opts_string(run->opts, OPT_PIN) || opts_string(run->opts, OPT_UNPIN);
    struct err *e = pins ? pin_or_unpin(run, store) : prune_store(run, store);
    store_close(store);
    return e;
}

int main(int argc, char **argv)
{
    struct run *run;
    int status;

    if (!run_start(PROGRAM_PRUNE, argc, argv, &run, &status))
        return status;
    return run_finish(run, prune_main(run));
}
