#include "format/chain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/layout.h"
#include "format/object.h"
#include "format/pruned.h"

static const char object_suffix[] = ".binlog.zst";

struct err *chain_read_footer(struct store *s, const char *stream, uint64_t epoch, uint64_t number,
                              struct segment_footer **footer)
{
    char *name = layout_segment_name(stream, epoch, number);
    char *key = layout_segment_key(stream, epoch, number);
    struct buf tail = BUF_INIT;
    bool found = false;

    *footer = NULL;
    struct err *e = object_get_tail(s, key, SEGMENT_TAIL, &tail, &found);
    if (!e && found)
        e = segment_decode_footer(name, tail.data, tail.len, footer);
    buf_free(&tail);
    free(key);
    free(name);
    return e;
}

static struct err *decode(const char *stream, uint64_t epoch, uint64_t number, const struct buf *object,
                          struct segment_footer **footer, struct buf *content)
{
    char *name = layout_segment_name(stream, epoch, number);
    struct err *e = segment_decode(name, object->data, object->len, footer, content);

    free(name);
    return e;
}

struct err *chain_read(struct store *s, const char *stream, uint64_t epoch, uint64_t number,
                       struct segment_footer **footer, struct buf *content)
{
    char *key = layout_segment_key(stream, epoch, number);
    struct buf object = BUF_INIT;
    bool found = false;

    *footer = NULL;
    struct err *e = object_get(s, key, &object, &found);
    if (!e && found)
        e = decode(stream, epoch, number, &object, footer, content);
    buf_free(&object);
    free(key);
    return e;
}

/* The last entry of a listing, by its key. */
struct last_entry {
    char *key;
    bool is_prefix;
};

static struct err *keep_last(const struct store_entry *entry, void *arg)
{
    struct last_entry *last = arg;

    free(last->key);
    last->key = mem_strdup(entry->key);
    last->is_prefix = entry->is_prefix;
    return NULL;
}

/* The number in a key: exactly `digits` digits between prefix and suffix. */
static bool parse_name(const char *key, const char *prefix, const char *suffix, size_t digits, uint64_t *out)
{
    size_t prefix_len = strlen(prefix);

    if (strncmp(key, prefix, prefix_len) != 0)
        return false;
    const char *number = key + prefix_len;
    if (strspn(number, "0123456789") != digits || strcmp(number + digits, suffix) != 0)
        return false;
    *out = strtoull(number, NULL, 10);
    return true;
}

static struct err *foreign_object(const char *key)
{
    return err_hint(err_new(ERR_INTEGRITY, "%s does not belong into the log of a stream", key),
                    "nothing but ccr writes below this prefix; move it away");
}

/* The name that sorts last below `prefix`; *found is false where there is none. */
static struct err *last_below(struct store *s, const char *prefix, const char *suffix, size_t digits,
                              uint64_t *number, bool *found)
{
    struct store_list what = {.prefix = prefix, .folders = true};
    struct last_entry last = {NULL, false};
    struct err *e = store_list(s, &what, keep_last, &last);

    *found = !e && last.key != NULL;
    if (*found && !parse_name(last.key, prefix, suffix, digits, number))
        e = foreign_object(last.key);
    free(last.key);
    return e;
}

struct err *chain_newest(struct store *s, const char *stream, struct segment_footer **footer)
{
    char *log = layout_log_prefix(stream), *epoch_prefix = NULL, *folder_prefix = NULL;
    uint64_t epoch, folder, number;
    bool found;
    struct err *e;

    *footer = NULL;
    TRY_GOTO(e, out, last_below(s, log, "/", 4, &epoch, &found));
    if (!found)
        goto out;
    epoch_prefix = mem_printf("%s%04" PRIu64 "/", log, epoch);
    TRY_GOTO(e, out, last_below(s, epoch_prefix, "/", 9, &folder, &found));
    if (!found)
        goto out;
    folder_prefix = mem_printf("%s%09" PRIu64 "/", epoch_prefix, folder);
    TRY_GOTO(e, out, last_below(s, folder_prefix, object_suffix, 12, &number, &found));
    if (!found)
        goto out;
    TRY_GOTO(e, out, chain_read_footer(s, stream, epoch, number, footer));
    if (!*footer)
        e = err_new(ERR_STORE,
                    "object %" PRIu64 " of epoch %" PRIu64 " of stream %s vanished while being read", number,
                    epoch, stream);
out:
    free(log);
    free(epoch_prefix);
    free(folder_prefix);
    return e;
}

/* Another footer lies where `mine` was to go: whose is it? */
static struct err *judge_rival(const struct segment_footer *mine, const struct segment_footer *theirs,
                               enum chain_created *outcome)
{
    if (strcmp(mine->sha256, theirs->sha256) == 0) {
        *outcome = CHAIN_ALREADY_MINE;
        return NULL;
    }
    if (strcmp(mine->store_id, theirs->store_id) == 0 && strcmp(mine->stream_id, theirs->stream_id) == 0 &&
        strcmp(mine->previous_sha256, theirs->previous_sha256) == 0) {
        *outcome = CHAIN_TAKEN;
        return NULL;
    }
    return err_hint(err_new(ERR_INTEGRITY, "object %s exists and does not continue the log", mine->name),
                    "another stream or an old copy of the store was written over this one");
}

struct err *chain_create(struct store *s, const char *stream, const struct segment_footer *footer,
                         const struct buf *object, enum chain_created *outcome)
{
    char *key = layout_segment_key(stream, footer->epoch, footer->number);
    struct segment_footer *theirs = NULL;
    bool created = false;
    struct err *e;

    TRY_GOTO(e, out, object_create(s, key, object->data, object->len, &created));
    if (created) {
        *outcome = CHAIN_CREATED;
        goto out;
    }
    TRY_GOTO(e, out, chain_read_footer(s, stream, footer->epoch, footer->number, &theirs));
    if (theirs)
        e = judge_rival(footer, theirs, outcome);
    else
        e = err_new(ERR_STORE, "object %s was there and vanished", key);
    segment_footer_free(theirs);
out:
    free(key);
    return e;
}

struct chain_reader {
    struct store *store;
    char *stream;
    chain_get_fn *get; /* NULL: the store's */
    void *get_arg;
    char *store_id; /* NULL until the first call of chain_reader_next */
    char *stream_id;
    uint64_t epoch; /* the object to read next */
    uint64_t number;
    bool has_previous;
    char previous[HASH_HEX_SIZE];
};

struct chain_reader *chain_reader_new(struct store *s, const char *stream, uint64_t epoch, uint64_t number,
                                      const char *previous_sha256)
{
    struct chain_reader *r = mem_zalloc(1, sizeof(*r));

    r->store = s;
    r->stream = mem_strdup(stream);
    r->epoch = epoch;
    r->number = number;
    if (previous_sha256) {
        r->has_previous = true;
        strncpy(r->previous, previous_sha256, sizeof(r->previous) - 1);
    }
    return r;
}

void chain_reader_free(struct chain_reader *r)
{
    if (!r)
        return;
    free(r->stream);
    free(r->store_id);
    free(r->stream_id);
    free(r);
}

void chain_reader_read_by(struct chain_reader *r, chain_get_fn *get, void *arg)
{
    r->get = get;
    r->get_arg = arg;
}

static struct err *read_next(struct chain_reader *r, struct segment_footer **footer, struct buf *content)
{
    struct buf object = BUF_INIT;
    bool found = false;

    if (!r->get)
        return chain_read(r->store, r->stream, r->epoch, r->number, footer, content);
    *footer = NULL;
    struct err *e = r->get(r->get_arg, r->epoch, r->number, &object, &found);
    if (!e && found)
        e = decode(r->stream, r->epoch, r->number, &object, footer, content);
    buf_free(&object);
    return e;
}

static struct err *stop_at_first(const struct store_entry *entry, void *arg)
{
    char **key = arg;

    *key = mem_strdup(entry->key);
    return err_new(ERR_INTERNAL, "found");
}

struct err *chain_first(struct store *s, const char *stream, uint64_t epoch, uint64_t *number)
{
    char *log = layout_log_prefix(stream);
    char *prefix = mem_printf("%s%04" PRIu64 "/", log, epoch);
    struct store_list what = {.prefix = prefix};
    struct layout_place place;
    char *first = NULL;
    struct err *e = store_list(s, &what, stop_at_first, &first);

    *number = 0;
    if (first) { /* then e only ended the listing */
        err_free(e);
        layout_parse(first, &place);
        *number = place.number;
        e = place.kind == LAYOUT_LOG ? NULL : foreign_object(first);
    }
    free(first);
    free(prefix);
    free(log);
    return e;
}

/* *later is the first object of the log behind this one, or NULL; malloc'ed. */
static struct err *find_later(struct store *s, const char *stream, uint64_t epoch, uint64_t number,
                              char **later)
{
    char *prefix = layout_log_prefix(stream);
    char *key = layout_segment_key(stream, epoch, number);
    struct store_list what = {.prefix = prefix, .start_after = key};

    *later = NULL;
    struct err *e = store_list(s, &what, stop_at_first, later);
    if (*later) { /* then e only ended the listing */
        err_free(e);
        e = NULL;
    }
    free(key);
    free(prefix);
    return e;
}

static struct err *hole(struct store *s, const char *stream, uint64_t epoch, uint64_t number,
                        const char *later)
{
    TRY(pruned_check(s, stream, epoch, number));
    return err_hint(err_new(ERR_INTEGRITY,
                            "object %" PRIu64 " of epoch %" PRIu64 " of stream %s is missing, but %s exists",
                            number, epoch, stream, later),
                    "put the object back from a copy of the store, or take a new snapshot and restore it");
}

struct err *chain_check_absent(struct store *s, const char *stream, uint64_t epoch, uint64_t number,
                               bool *came)
{
    char *later, *key = layout_segment_key(stream, epoch, number);
    struct store_stat stat;

    *came = false;
    struct err *e = find_later(s, stream, epoch, number, &later);
    if (!e && later)
        e = store_head(s, key, &stat, came);
    if (!e && later && !*came)
        e = hole(s, stream, epoch, number, later);
    free(later);
    free(key);
    return e;
}

static void set_previous(struct chain_reader *r, const struct segment_footer *f)
{
    r->has_previous = true;
    memcpy(r->previous, f->sha256, sizeof(r->previous));
}

/* A reader that begins behind a terminator goes on where that points to. */
static struct err *step_over_terminator(struct chain_reader *r, bool *stepped)
{
    struct segment_footer *last = NULL;

    *stepped = false;
    if (r->number <= 1)
        return NULL;
    TRY(chain_read_footer(r->store, r->stream, r->epoch, r->number - 1, &last));
    if (last && last->kind == SEGMENT_TERMINATOR) {
        *stepped = true;
        r->epoch = last->next_epoch;
        r->number = 1;
        set_previous(r, last);
    }
    segment_footer_free(last);
    return NULL;
}

/*
 * The awaited object is not there: the end of the log, or a hole? *again: look once more. Objects come in
 * order, so a later one that was seen (*suspect) and one more look settle it.
 */
static struct err *judge_missing(struct chain_reader *r, bool *suspect, bool *again)
{
    char *later;

    *again = false;
    TRY(find_later(r->store, r->stream, r->epoch, r->number, &later));
    if (!later)
        return NULL;
    struct err *e = step_over_terminator(r, again);
    if (!e && *again) {
        *suspect = false;
    } else if (!e && !*suspect) {
        *suspect = *again = true;
    } else if (!e) {
        e = hole(r->store, r->stream, r->epoch, r->number, later);
    }
    free(later);
    return e;
}

/* Whose log is read, and what its first object must follow: the one before it, where that still exists. */
static struct err *begin(struct chain_reader *r)
{
    struct segment_footer *before = NULL;

    if (r->stream_id)
        return NULL;
    free(r->store_id);
    r->store_id = NULL;
    TRY(layout_open_store(r->store, false, &r->store_id));
    if (!r->has_previous && r->number > 1)
        TRY(chain_read_footer(r->store, r->stream, r->epoch, r->number - 1, &before));
    if (before)
        set_previous(r, before);
    segment_footer_free(before);
    return layout_open_stream(r->store, r->stream, false, &r->stream_id);
}

static struct err *check_link(const struct chain_reader *r, const struct segment_footer *f)
{
    if (strcmp(r->store_id, f->store_id) != 0 || strcmp(r->stream_id, f->stream_id) != 0)
        return err_hint(err_new(ERR_INTEGRITY, "object %s was written for another store or stream", f->name),
                        "do not mix the folders of two stores; put the right object back");
    if (!r->has_previous || strcmp(r->previous, f->previous_sha256) == 0)
        return NULL;
    return err_hint(
        err_new(ERR_INTEGRITY, "object %s does not follow the one before it (another SHA-256)", f->name),
        "objects of the store were exchanged; put the right one back, or take a new snapshot");
}

static void advance(struct chain_reader *r, const struct segment_footer *f)
{
    bool ends = f->kind == SEGMENT_TERMINATOR;

    r->epoch = ends ? f->next_epoch : f->epoch;
    r->number = ends ? 1 : f->number + 1;
    set_previous(r, f);
}

struct err *chain_reader_next(struct chain_reader *r, struct segment_footer **footer, struct buf *content)
{
    size_t start = content->len;
    bool suspect = false, again;

    *footer = NULL;
    TRY(begin(r));
    for (;;) {
        TRY(read_next(r, footer, content));
        if (*footer)
            break;
        TRY(judge_missing(r, &suspect, &again));
        if (!again)
            return NULL;
    }
    struct err *e = check_link(r, *footer);
    if (e) {
        segment_footer_free(*footer);
        *footer = NULL;
        content->len = start;
        return e;
    }
    advance(r, *footer);
    return NULL;
}
