/* ccr-verify: is the store what was written, and what can be restored from it? */
#include <inttypes.h>
#include <unistd.h>

#include "base/json.h"
#include "base/run.h"
#include "format/document.h"
#include "keep/audit.h"

enum { MOST_THREADS = 256 };

static void say_range(struct run *run, const char *stream, const json_t *range)
{
    json_int_t first = json_integer_value(json_object_get(range, "first_object"));
    json_int_t last = json_integer_value(json_object_get(range, "last_object"));
    const char *ends = json_text_at(range, "ends_because");

    if (last < first)
        run_say(run, "%s: %s can be restored as of %s (snapshot %s, no log behind it%s%s)", stream,
                json_text_at(range, "scope"), json_text_at(range, "from_position"),
                json_text_at(range, "snapshot"), *ends ? ": " : "", ends);
    else
        run_say(run,
                "%s: %s can be restored from %s (%s) to %s (%s): snapshot %s, objects %" PRId64 " to %" PRId64
                " of epoch %" PRId64 "%s%s",
                stream, json_text_at(range, "scope"), json_text_at(range, "from_time"),
                json_text_at(range, "from_position"), json_text_at(range, "to_time"),
                json_text_at(range, "to_position"), json_text_at(range, "snapshot"), (int64_t)first,
                (int64_t)last, (int64_t)json_integer_value(json_object_get(range, "epoch")),
                *ends ? "; ends there: " : "", ends);
}

static void say_stream(struct run *run, const json_t *stream)
{
    const json_t *ranges = json_object_get(stream, "ranges");

    if (json_array_size(ranges) == 0)
        run_say(run, "%s: nothing can be restored", json_text_at(stream, "stream"));
    for (size_t i = 0; i < json_array_size(ranges); i++)
        say_range(run, json_text_at(stream, "stream"), json_array_get(ranges, i));
}

static void verify_say(struct run *run, const struct audit_result *r)
{
    const json_t *streams = json_object_get(run->result, "streams");

    for (size_t i = 0; i < json_array_size(streams); i++)
        say_stream(run, json_array_get(streams, i));
    if (r->whole)
        run_say(run, "%s %" PRIu64 " objects, %.1f MB, in %.1f s: %zu error%s",
                opts_flag(run->opts, OPT_QUICK) ? "looked at" : "read", r->objects, (double)r->bytes / 1e6,
                r->seconds, r->errors, r->errors == 1 ? "" : "s");
}

static struct err *threads_from_opts(const struct opts *o, unsigned *out)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t n = opts_given(o, OPT_THREADS) ? opts_number(o, OPT_THREADS) : cores > 0 ? (uint64_t)cores : 1;

    if (n < 1 || n > MOST_THREADS)
        return err_new(ERR_USAGE, "--threads must be between 1 and %d", MOST_THREADS);
    *out = (unsigned)n;
    return NULL;
}

static struct err *verify_run(struct run *run)
{
    struct audit_params params = {
        .streams = opts_list(run->opts, OPT_STREAMS, NULL),
        .log = run->log,
        .quick = opts_flag(run->opts, OPT_QUICK),
        .after = opts_string(run->opts, OPT_AFTER),
        .progress_every_s = (unsigned)opts_number(run->opts, OPT_PROGRESS_EVERY),
    };
    struct audit_result result = {0};

    TRY(threads_from_opts(run->opts, &params.threads));
    TRY(store_open_opts(run->opts, run->log, &params.store));
    struct err *e = audit_run(&params, run->result, &result);
    document_set_u64(run->result, "objects", result.objects);
    document_set_u64(run->result, "stored_bytes", result.bytes);
    json_object_set_new(run->result, "seconds", json_real(result.seconds));
    document_set_bytes(run->result, "resume_after", result.resume);
    verify_say(run, &result);
    audit_result_free(&result);
    store_close(params.store);
    return e;
}

int main(int argc, char **argv)
{
    struct run *run;
    int status;

    if (!run_start(PROGRAM_VERIFY, argc, argv, &run, &status))
        return status;
    return run_finish(run, verify_run(run));
}
