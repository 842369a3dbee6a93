#include "snapshot/choice.h"

#include <stdlib.h>
#include <string.h>

#include "format/layout.h"

struct search {
    const struct scope *wanted; /* NULL: whatever it holds */
    const struct partitions *partitions;
    bool may_exclude;
    bool wider; /* strictly */
};

/* Whole tables, or at least the partitions that are wanted. */
static bool holds_partitions(const struct manifest *m, const struct partitions *wanted)
{
    struct partitions held = {0};

    if (!manifest_is_of_partitions(m))
        return true;
    partitions_of_manifest(m, &held);
    bool holds = wanted && wanted->count && partitions_cover(&held, wanted);
    partitions_free(&held);
    return holds;
}

/* Does a snapshot hold all of it? */
static struct err *holds(const struct manifest *m, const struct search *s, bool *yes)
{
    struct scope held = {0};

    *yes = holds_partitions(m, s->partitions);
    if (!*yes || !s->wanted)
        return NULL;
    struct err *e = scope_from_manifest(m, &held);
    struct scope included = {.databases = held.databases, .tables = held.tables, .fold_case = held.fold_case};

    *yes = !e && scope_covers(s->may_exclude ? &included : &held, s->wanted);
    scope_free(&held);
    return e;
}

struct err *choice_holds(const struct manifest *m, const struct scope *wanted,
                         const struct partitions *partitions, bool *yes)
{
    const struct search s = {.wanted = wanted, .partitions = partitions};

    return holds(m, &s, yes);
}

static struct err *fits(const struct manifest *m, void *arg, bool *yes)
{
    const struct search *s = arg;
    struct scope held = {0};

    TRY(holds(m, s, yes));
    if (!*yes || !s->wider)
        return NULL;
    struct err *e = scope_from_manifest(m, &held);
    *yes = !e && !scope_covers(s->wanted, &held);
    scope_free(&held);
    return e;
}

/* *m gives way to the newest snapshot of which it is a part, if there is one. */
static struct err *widen(struct store *s, const char *stream, struct manifest **m, bool *widened)
{
    struct scope held = {0};
    struct search search = {.wanted = &held, .wider = true};
    struct manifest *wider = NULL;

    struct err *e = scope_from_manifest(*m, &held);
    if (!e)
        e = manifest_newest_of(s, stream, fits, &search, &wider);
    scope_free(&held);
    *widened = wider != NULL;
    if (wider) {
        manifest_free(*m);
        *m = wider;
    }
    return e;
}

/* The newest that is not a part of another one. */
static struct err *find_fullest(struct store *s, const char *stream, struct manifest **out)
{
    struct search whole = {0};
    bool widened;
    struct err *e = NULL;

    TRY(manifest_newest_of(s, stream, fits, &whole, out));
    do {
        widened = false;
        if (*out)
            e = widen(s, stream, out, &widened);
    } while (!e && widened);
    if (e) {
        manifest_free(*out);
        *out = NULL;
    }
    return e;
}

static void describe_wanted(const struct scope *wanted, const struct partitions *partitions, struct buf *out)
{
    if (partitions && partitions->count)
        partitions_describe(partitions, out);
    else if (wanted)
        scope_describe(wanted, out);
    else
        buf_append_str(out, "whole tables");
}

/* What a snapshot holds, for a message. */
static void describe(const struct manifest *m, struct buf *out)
{
    struct scope held = {0};
    struct partitions partitions = {0};

    partitions_of_manifest(m, &partitions);

    err_free(scope_from_manifest(m, &held));
    describe_wanted(&held, &partitions, out);
    scope_free(&held);
    partitions_free(&partitions);
}

static struct err *does_not_cover(const struct choice_params *p, const struct manifest *m)
{
    struct buf wanted = BUF_INIT;
    struct buf held = BUF_INIT;
    enum err_code code = p->may_exclude ? ERR_USAGE : p->snapshot ? ERR_UNSAFE : ERR_STORE;
    struct err *e;

    describe_wanted(p->wanted, p->partitions, &wanted);
    describe(m, &held);
    if (p->snapshot)
        e = err_new(code, "snapshot %s holds only a part of what is wanted: %s, not %s", m->id,
                    buf_str(&held), buf_str(&wanted));
    else
        e = err_new(code,
                    "no snapshot of stream %s holds all of what is wanted (%s); the newest, %s, holds %s",
                    p->stream, buf_str(&wanted), m->id, buf_str(&held));
    buf_free(&wanted);
    buf_free(&held);
    return err_hint(e, "take one that does with ccr-backup, or say what is to be followed from now on "
                       "(--databases, --tables, --exclude-tables)");
}

static struct err *take_named(const struct choice_params *p, struct manifest **out)
{
    const struct search search = {p->wanted, p->partitions, p->may_exclude, false};
    bool covers;

    TRY(manifest_load(p->store, p->stream, p->snapshot, out));
    TRY(holds(*out, &search, &covers));
    return covers ? NULL : does_not_cover(p, *out);
}

/* The log goes on in another epoch, for which this one is of no use. */
static struct err *check_epoch(const struct choice_params *p, const struct manifest *chosen,
                               const struct manifest *newest)
{
    if (chosen->epoch == newest->epoch)
        return NULL;
    return err_hint(
        err_new(ERR_RESYNC,
                "epoch %llu of stream %s has no snapshot of all that is wanted: %s is newer than %s, "
                "but holds only a part of it",
                (unsigned long long)newest->epoch, p->stream, newest->id, chosen->id),
        "take a new snapshot with ccr-backup");
}

static struct err *find(const struct choice_params *p, struct manifest **out)
{
    struct search search = {p->wanted, p->partitions, false, false};

    if (!p->wanted)
        return find_fullest(p->store, p->stream, out);
    TRY(manifest_newest_of(p->store, p->stream, fits, &search, out));
    search.may_exclude = true;
    return *out || !p->may_exclude ? NULL : manifest_newest_of(p->store, p->stream, fits, &search, out);
}

static void say_passed_over(const struct choice_params *p, const struct manifest *newest)
{
    struct buf held = BUF_INIT;

    describe(newest, &held);
    log_info(p->log, "passing over snapshot %s, which is newer, but holds only a part: %s", newest->id,
             buf_str(&held));
    buf_free(&held);
}

static struct err *take_newest(const struct choice_params *p, struct manifest **out)
{
    struct manifest *newest = NULL;

    TRY(manifest_newest(p->store, p->stream, &newest));
    if (!newest)
        return err_hint(
            err_new(ERR_STORE, "stream %s in %s has no complete snapshot", p->stream, store_url(p->store)),
            "take one with ccr-backup");
    struct err *e = find(p, out);
    if (!e)
        e = *out ? check_epoch(p, *out, newest) : does_not_cover(p, newest);
    if (!e && strcmp((*out)->id, newest->id) != 0)
        say_passed_over(p, newest);
    manifest_free(newest);
    return e;
}

static struct err *take(const struct choice_params *p, struct manifest **out)
{
    return p->snapshot ? take_named(p, out) : take_newest(p, out);
}

/* The store that answers under this URL, the stream in it, and the snapshot belong together. */
struct err *choice_make(const struct choice_params *params, struct manifest **out)
{
    char *store_id = NULL;
    char *stream_id = NULL;

    *out = NULL;
    struct err *e = layout_open_store(params->store, false, &store_id);
    if (!e)
        e = layout_open_stream(params->store, params->stream, false, &stream_id);
    if (!e)
        e = take(params, out);
    if (!e && (strcmp(store_id, (*out)->store_id) != 0 || strcmp(stream_id, (*out)->stream_id) != 0))
        e = err_hint(
            err_new(ERR_INTEGRITY, "snapshot %s was written into another store or stream", (*out)->id),
            "do not mix the folders of two stores");
    free(store_id);
    free(stream_id);
    if (e) {
        manifest_free(*out);
        *out = NULL;
    }
    return e;
}

/* What a need is looking for. */
struct finding {
    const struct choice_params *params;
    const char *stream_id;
    const char *id; /* this one only; NULL: any */
};

static struct err *is_found(const struct manifest *m, void *arg, bool *yes)
{
    const struct finding *f = arg;
    const struct choice_params *p = f->params;
    const struct search search = {.wanted = p->wanted, .partitions = p->partitions};

    *yes = strcmp(m->stream_id, f->stream_id) == 0 && (!f->id || strcmp(m->id, f->id) == 0) &&
           m->epoch >= p->since_epoch && (m->epoch == p->since_epoch || !p->one_epoch) &&
           (m->epoch > p->since_epoch || gtid_pos_reaches(&m->position, p->since));
    return *yes ? holds(m, &search, yes) : NULL;
}

struct err *choice_find(const struct choice_params *params, const char *stream_id, struct manifest **out)
{
    struct finding f = {params, stream_id, params->prefer};

    *out = NULL;
    if (f.id)
        TRY(manifest_newest_of(params->store, params->stream, is_found, &f, out));
    f.id = NULL;
    return *out ? NULL : manifest_newest_of(params->store, params->stream, is_found, &f, out);
}
