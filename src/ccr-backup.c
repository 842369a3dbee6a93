/* ccr-backup: one snapshot of a source. */
#include <stdlib.h>
#include <unistd.h>

#include "backup/answering.h"
#include "backup/backup.h"
#include "backup/unfinished.h"
#include "backup/unwatched.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/run.h"
#include "format/document.h"
#include "format/layout.h"

static size_t default_threads(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    return cores > 0 ? (size_t)cores : 1;
}

static void report(struct run *run, const struct manifest *m, size_t threads)
{
    uint64_t rows = 0;
    uint64_t bytes = 0;
    uint64_t stored = 0;
    double seconds = (double)(m->finished_us - m->started_us) / CLOCK_US_PER_S;
    char *position = gtid_pos_text(&m->position);

    for (size_t i = 0; i < m->table_count; i++) {
        rows += m->tables[i].rows;
        bytes += m->tables[i].bytes;
    }
    for (size_t i = 0; i < m->volume_count; i++)
        stored += m->volumes[i].size;
    run_say(run,
            "snapshot %s at %s: %zu tables, %llu rows, %.1f MB (%.1f MB stored in %zu volumes) in %.1f s",
            m->id, position[0] ? position : "the beginning of the log", m->table_count,
            (unsigned long long)rows, (double)bytes / 1e6, (double)stored / 1e6, m->volume_count, seconds);
    json_t *result =
        json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:I}", "snapshot", m->id, "position",
                  position, "epoch", (json_int_t)m->epoch, "number", (json_int_t)m->last_object, "tables",
                  (json_int_t)m->table_count, "rows", (json_int_t)rows, "bytes", (json_int_t)bytes,
                  "stored_bytes", (json_int_t)stored, "volumes", (json_int_t)m->volume_count, "seconds",
                  seconds, "threads", (json_int_t)threads);
    json_object_update(run->result, result);
    document_set_bytes(run->result, "reason", m->reason);
    if (m->users.piece_count)
        json_object_set_new(run->result, "users", json_integer((json_int_t)m->users.accounts));
    json_decref(result);
    free(position);
}

/* "3 h", "12 min" */
static char *age_text(int64_t seconds)
{
    if (seconds >= 172800)
        return mem_printf("%lld days", (long long)seconds / 86400);
    if (seconds >= 7200)
        return mem_printf("%lld h", (long long)seconds / 3600);
    return mem_printf("%lld min", (long long)seconds / 60);
}

/* Says what earlier runs left in the store that did not come to their end. */
static struct err *name_unfinished(struct run *run, struct store *store)
{
    struct unfinished *list = NULL;
    size_t count = 0;

    json_t *to = json_array();
    struct err *e = unfinished_find(store, opts_string(run->opts, OPT_STREAM), &list, &count);
    for (size_t i = 0; i < count; i++) {
        const struct unfinished *u = &list[i];
        char *age = age_text(u->age_s);
        log_info(run->log,
                 "%s has no manifest: %llu objects, %.1f MB, the newest %s old, of a backup that was "
                 "interrupted or is still at work; what was interrupted may be deleted",
                 u->prefix, (unsigned long long)u->objects, (double)u->bytes / 1e6, age);
        json_array_append_new(to, json_pack("{s:s, s:I, s:I, s:I}", "snapshot", u->snapshot, "objects",
                                            (json_int_t)u->objects, "stored_bytes", (json_int_t)u->bytes,
                                            "age_seconds", (json_int_t)u->age_s));
        free(age);
    }
    unfinished_free(list, count);
    json_object_set_new(run->result, "unfinished", to);
    return e;
}

static void say_request(struct run *run, const json_t *o)
{
    const char *state = json_string_value(json_object_get(o, "state"));
    const char *because = json_string_value(json_object_get(o, "because"));
    const char *id = json_string_value(json_object_get(o, "id"));
    const char *job = json_string_value(json_object_get(o, "job"));
    const char *wanted = json_string_value(json_object_get(o, "wanted"));
    json_int_t place = json_integer_value(json_object_get(o, "place"));

    if (place)
        run_say(run, "request %s of job %s waits in place %lld: %s%s%s", id, job, (long long)place, wanted,
                because ? "; " : "", because ? because : "");
    else
        run_say(run, "request %s of job %s is %s: %s", id, job, state, wanted);
}

/* Behind the lock once more: another run may just have answered. */
static struct err *choose(const struct answer_params *ask, struct conn **lock, struct answer *out)
{
    struct err *e = answer_choose(ask, out);

    if (e || !out->chosen_count)
        return e;
    e = answering_lock(ask->backup, lock);
    if (e)
        return e;
    answer_free(out);
    return answer_choose(ask, out);
}

/* What the targets asked for next, if they did. */
static struct err *backup_requested(struct run *run, const struct backup_params *usual)
{
    struct answer_params ask = {usual, usual->scope, opts_list(run->opts, OPT_ALLOW_REQUESTS, NULL)};
    struct backup_params params = *usual;
    struct manifest *manifest = NULL;
    struct answer answer;
    struct answering answering = {usual, &answer};
    struct conn *lock = NULL;

    struct err *e = choose(&ask, &lock, &answer);
    if (!e && answer.chosen_count) {
        params.scope = &answer.scope;
        params.answers = answer.ids;
        params.answer_count = answer.chosen_count;
        params.reason = answer.reason;
        params.last_look = answering_last_look;
        params.last_look_arg = &answering;
        e = backup_run(&params, &manifest);
        if (!e)
            e = queue_see(&answer.queue, manifest);
    }
    if (!e) {
        json_t *requests = queue_to_json(&answer.queue);
        for (size_t i = 0; i < json_array_size(requests); i++)
            say_request(run, json_array_get(requests, i));
        json_object_set_new(run->result, "requests", requests);
        run->changed = manifest != NULL;
        if (manifest)
            report(run, manifest, params.threads);
        else
            run_say(run, "no request is open that could be answered: nothing to do");
    }
    manifest_free(manifest);
    answer_free(&answer);
    conn_close(lock);
    return e;
}

static struct err *backup_by_hand(struct run *run, struct backup_params *params)
{
    struct manifest *manifest = NULL;

    params->reason = opts_string(run->opts, OPT_REASON);
    TRY(backup_run(params, &manifest));
    run->changed = true;
    report(run, manifest, params->threads);
    manifest_free(manifest);
    return NULL;
}

static struct unwatched unwatched_of(const struct run *run, struct store *store, enum copies_kind kind)
{
    return (struct unwatched){store, opts_string(run->opts, OPT_STREAM), opts_program_name(run->program),
                              run->log, kind};
}

/*
 * A source that does not answer, or that another node is ahead of, is not for a person to mend. Of what is
 * due ccr-cycle notes how it went, since that shows only when the log goes on.
 */
static void note_end(struct run *run, struct store *store, bool begun, const struct err *e)
{
    const bool requested = opts_flag(run->opts, OPT_REQUESTED);
    const bool by_hand = !opts_unattended(run->opts);
    const struct unwatched u = unwatched_of(run, store, requested ? COPIES_REQUESTED : COPIES_DUE);

    json_object_set_new(run->result, "begun", json_boolean(begun));
    if (e ? requested && (begun || err_code(e) != ERR_SOURCE) : by_hand || (requested && begun))
        unwatched_ended(&u, u.program, e);
}

static struct err *backup(struct run *run, struct store *store, struct source_scope *scope)
{
    struct conn_params conn;
    bool begun = false;

    conn_params_from_opts(run->opts, CONN_SOURCE, &conn);
    struct backup_params params = {
        .store = store,
        .stream = opts_string(run->opts, OPT_STREAM),
        .conn = &conn,
        .scope = scope,
        .threads =
            opts_given(run->opts, OPT_THREADS) ? opts_number(run->opts, OPT_THREADS) : default_threads(),
        .lock_wait_s = (unsigned)opts_number(run->opts, OPT_LOCK_WAIT),
        .xa_wait_s = (unsigned)opts_number(run->opts, OPT_XA_WAIT),
        .object_size = opts_number(run->opts, OPT_OBJECT_SIZE),
        .chunk_size = opts_number(run->opts, OPT_CHUNK_SIZE),
        .with_users = opts_flag(run->opts, OPT_WITH_USERS),
        .relay = opts_flag(run->opts, OPT_RELAY),
        .log = run->log,
        .begun = &begun,
    };
    bounds_from_opts(run->opts, &params.bounds);
    struct err *e =
        opts_flag(run->opts, OPT_REQUESTED) ? backup_requested(run, &params) : backup_by_hand(run, &params);
    note_end(run, store, begun, e);
    return e;
}

static struct err *admit(struct run *run, struct store *store)
{
    const struct unwatched u = unwatched_of(run, store, COPIES_REQUESTED);

    return opts_flag(run->opts, OPT_REQUESTED) && opts_unattended(run->opts) ? unwatched_admit(&u) : NULL;
}

/* --resume */
static struct err *resume(struct run *run, struct store *store)
{
    const char *reason = opts_string(run->opts, OPT_REASON);

    for (int kind = 0; kind < COPIES_KINDS_; kind++) {
        const struct unwatched u = unwatched_of(run, store, kind);
        bool changed = false;
        TRY(unwatched_resume(&u, reason, &changed));
        run->changed |= changed;
    }
    run_say(run,
            run->changed ? "snapshots of stream %s go on: failures are counted anew"
                         : "snapshots of stream %s go on already",
            opts_string(run->opts, OPT_STREAM));
    return NULL;
}

static struct err *check_requested(const struct opts *o)
{
    if (opts_flag(o, OPT_RESUME) && opts_flag(o, OPT_REQUESTED))
        return err_new(ERR_USAGE, "--resume takes no snapshot: leave out --requested");
    if (opts_flag(o, OPT_RESUME))
        TRY(opts_require(o, OPT_REASON));
    if (!opts_flag(o, OPT_REQUESTED))
        return NULL;
    if (opts_given(o, OPT_PARTITIONS) || opts_given(o, OPT_REASON))
        return err_new(ERR_USAGE, "--requested takes partitions and reason from the requests");
    return NULL;
}

static struct err *backup_main(struct run *run)
{
    struct source_scope scope = {0};
    struct store *store = NULL;
    struct err *e = check_requested(run->opts);

    if (!e)
        e = source_scope_read(run->opts, &scope);
    if (!e)
        e = store_open_opts(run->opts, run->log, &store);
    if (!e)
        e = layout_check_name("stream", opts_string(run->opts, OPT_STREAM));
    if (!e && opts_flag(run->opts, OPT_RESUME)) {
        e = resume(run, store);
    } else {
        if (!e)
            e = admit(run, store);
        if (!e)
            e = name_unfinished(run, store);
        if (!e)
            e = backup(run, store, &scope);
    }
    store_close(store);
    source_scope_free(&scope);
    return e;
}

int main(int argc, char **argv)
{
    struct run *run;
    int status;

    if (!run_start(PROGRAM_BACKUP, argc, argv, &run, &status))
        return status;
    return run_finish(run, backup_main(run));
}
