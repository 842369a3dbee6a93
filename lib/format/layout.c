#include "format/layout.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "format/document.h"
#include "format/object.h"

enum { NAME_LIMIT = 64, OBJECTS_PER_FOLDER = 1000, ID_DIGITS = 32 };

struct err *layout_check_name(const char *what, const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t len = strlen(name);

    if (len >= 1 && len <= NAME_LIMIT && name[0] != '.' && name[0] != '-' && strspn(name, allowed) == len)
        return NULL;
    return err_hint(err_new(ERR_USAGE, "'%s' cannot be the name of a %s", name, what),
                    "use 1 to %d letters, digits, dots, underscores and dashes, beginning with a letter, a "
                    "digit or an underscore",
                    NAME_LIMIT);
}

char *layout_stream_key(const char *stream)
{
    return mem_printf("streams/%s/stream.json", stream);
}

char *layout_alive_key(const char *stream)
{
    return mem_printf("streams/%s/alive.json", stream);
}

char *layout_copies_key(const char *stream)
{
    return mem_printf("streams/%s/copies.json", stream);
}

char *layout_log_prefix(const char *stream)
{
    return mem_printf("streams/%s/log/", stream);
}

char *layout_segment_name(const char *stream, uint64_t epoch, uint64_t number)
{
    return mem_printf("streams/%s/log/%04" PRIu64 "/%09" PRIu64 "/%012" PRIu64, stream, epoch,
                      number / OBJECTS_PER_FOLDER, number);
}

char *layout_segment_key(const char *stream, uint64_t epoch, uint64_t number)
{
    char *name = layout_segment_name(stream, epoch, number);
    char *key = mem_printf("%s.binlog.zst", name);

    free(name);
    return key;
}

char *layout_snapshots_prefix(const char *stream)
{
    return mem_printf("streams/%s/snapshots/", stream);
}

char *layout_manifest_key(const char *stream, const char *snapshot)
{
    return mem_printf("streams/%s/snapshots/%s/manifest.json", stream, snapshot);
}

char *layout_volume_key(const char *stream, const char *snapshot, uint64_t volume)
{
    return mem_printf("streams/%s/snapshots/%s/%06" PRIu64 ".tar.zst", stream, snapshot, volume);
}

char *layout_job_key(const char *job)
{
    return mem_printf("jobs/%s/job.json", job);
}

char *layout_job_status_key(const char *job)
{
    return mem_printf("jobs/%s/status.json", job);
}

char *layout_requests_prefix(const char *job)
{
    return job ? mem_printf("jobs/%s/requests/", job) : mem_strdup("jobs/");
}

char *layout_request_key(const char *job, const char *id)
{
    return mem_printf("jobs/%s/requests/%s.json", job, id);
}

bool layout_is_request_id(const char *text)
{
    return strlen(text) == ID_DIGITS && strspn(text, "0123456789abcdef") == ID_DIGITS;
}

char *layout_pin_key(const char *stream, const char *snapshot)
{
    return mem_printf("streams/%s/pins/%s.json", stream, snapshot);
}

char *layout_pruned_prefix(const char *stream)
{
    return mem_printf("streams/%s/pruned/", stream);
}

char *layout_pruned_key(const char *stream, uint64_t number)
{
    return mem_printf("streams/%s/pruned/%012" PRIu64 ".json", stream, number);
}

/* Takes the next element of a path, if it can be the name of a stream, a job or a snapshot. */
static bool take_name(const char **p, char end, char out[NAME_LIMIT + 1])
{
    size_t len = strcspn(*p, "/");
    bool ended = (*p)[len] == end;

    if (!ended || len == 0 || len > NAME_LIMIT)
        return false;
    memcpy(out, *p, len);
    out[len] = 0;
    *p += len + (end ? 1 : 0);
    return true;
}

static bool take_word(const char **p, const char *word)
{
    size_t len = strlen(word);

    if (strncmp(*p, word, len) != 0)
        return false;
    *p += len;
    return true;
}

/* Fills in what the key seems to be; layout_parse compares. */
static void guess_in_stream(const char *p, struct layout_place *out)
{
    char *end;

    if (strcmp(p, "stream.json") == 0) {
        out->kind = LAYOUT_STREAM;
    } else if (strcmp(p, "alive.json") == 0) {
        out->kind = LAYOUT_ALIVE;
    } else if (strcmp(p, "copies.json") == 0) {
        out->kind = LAYOUT_COPIES;
    } else if (take_word(&p, "log/")) {
        out->kind = LAYOUT_LOG;
        out->epoch = strtoull(p, &end, 10);
        p = strrchr(end, '/');
        out->number = p ? strtoull(p + 1, NULL, 10) : 0;
    } else if (take_word(&p, "pruned/")) {
        out->kind = LAYOUT_PRUNED;
        out->number = strtoull(p, NULL, 10);
    } else if (take_word(&p, "pins/")) {
        size_t len = strlen(p);
        if (len > 5 && len - 5 <= NAME_LIMIT) {
            out->kind = LAYOUT_PIN;
            memcpy(out->snapshot, p, len - 5);
        }
    } else if (take_word(&p, "snapshots/") && take_name(&p, '/', out->snapshot)) {
        out->kind = strcmp(p, "manifest.json") == 0 ? LAYOUT_MANIFEST : LAYOUT_VOLUME;
        out->number = out->kind == LAYOUT_VOLUME ? strtoull(p, NULL, 10) : 0;
    }
}

static void guess_in_job(const char *p, struct layout_place *out)
{
    out->kind = strcmp(p, "job.json") == 0 ? LAYOUT_JOB : LAYOUT_STATUS;
    if (take_word(&p, "requests/") && strspn(p, "0123456789abcdef") == ID_DIGITS) {
        out->kind = LAYOUT_REQUEST;
        memcpy(out->request, p, ID_DIGITS);
    }
}

static char *place_key(const struct layout_place *place)
{
    switch (place->kind) {
    case LAYOUT_STORE:
        return mem_strdup("ccr.json");
    case LAYOUT_PRUNE:
        return mem_strdup(LAYOUT_PRUNE_KEY);
    case LAYOUT_STREAM:
        return layout_stream_key(place->name);
    case LAYOUT_ALIVE:
        return layout_alive_key(place->name);
    case LAYOUT_COPIES:
        return layout_copies_key(place->name);
    case LAYOUT_LOG:
        return layout_segment_key(place->name, place->epoch, place->number);
    case LAYOUT_VOLUME:
        return layout_volume_key(place->name, place->snapshot, place->number);
    case LAYOUT_MANIFEST:
        return layout_manifest_key(place->name, place->snapshot);
    case LAYOUT_PIN:
        return layout_pin_key(place->name, place->snapshot);
    case LAYOUT_PRUNED:
        return layout_pruned_key(place->name, place->number);
    case LAYOUT_JOB:
        return layout_job_key(place->name);
    case LAYOUT_STATUS:
        return layout_job_status_key(place->name);
    case LAYOUT_REQUEST:
        return layout_request_key(place->name, place->request);
    case LAYOUT_FOREIGN:
        break;
    }
    return mem_strdup("");
}

static bool is_name(const char *name)
{
    struct err *e = *name ? layout_check_name("stream", name) : NULL;

    err_free(e);
    return !e;
}

static bool counts_from_one(const struct layout_place *place)
{
    bool is_log = place->kind == LAYOUT_LOG;

    return (!is_log || place->epoch > 0) &&
           (place->number > 0 || !(is_log || place->kind == LAYOUT_VOLUME || place->kind == LAYOUT_PRUNED));
}

void layout_parse(const char *key, struct layout_place *out)
{
    const char *p = key;

    *out = (struct layout_place){.kind = LAYOUT_FOREIGN};
    if (strcmp(key, "ccr.json") == 0)
        out->kind = LAYOUT_STORE;
    else if (strcmp(key, LAYOUT_PRUNE_KEY) == 0)
        out->kind = LAYOUT_PRUNE;
    else if (take_word(&p, "streams/") && take_name(&p, '/', out->name))
        guess_in_stream(p, out);
    else if (take_word(&p, "jobs/") && take_name(&p, '/', out->name))
        guess_in_job(p, out);
    char *spelt = place_key(out);
    if (strcmp(spelt, key) != 0 || !is_name(out->name) || !is_name(out->snapshot) || !counts_from_one(out))
        out->kind = LAYOUT_FOREIGN;
    free(spelt);
}

static bool must_escape(const char *name, size_t at)
{
    unsigned char c = (unsigned char)name[at];

    return c < 0x20 || c == 0x7f || c == '/' || c == '%' || c == '\\' || (c == '.' && at == 0);
}

char *layout_escape(const char *name)
{
    struct buf out = BUF_INIT;

    for (size_t i = 0; name[i]; i++) {
        if (must_escape(name, i))
            buf_printf(&out, "%%%02X", (unsigned)(unsigned char)name[i]);
        else
            buf_append_byte(&out, (uint8_t)name[i]);
    }
    return buf_steal(&out);
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

char *layout_table_folder(const char *db, const char *table)
{
    static const char suffix[] = ".sql";
    char *db_escaped = layout_escape(db);
    char *escaped = layout_escape(table);
    size_t len = strlen(escaped);
    size_t end = strlen(suffix);
    bool clashes = len > end && strcmp(escaped + len - end, suffix) == 0;
    char *folder = clashes ? mem_printf("%s/%.*s%%2E%s", db_escaped, (int)(len - end), escaped, suffix + 1)
                           : mem_printf("%s/%s", db_escaped, escaped);

    free(db_escaped);
    free(escaped);
    return folder;
}

bool layout_unescape(const char *text, char **name)
{
    struct buf out = BUF_INIT;
    const char *p = text;

    while (*p) {
        int high = *p == '%' ? hex_digit(p[1]) : -1;
        int low = high >= 0 ? hex_digit(p[2]) : -1;
        buf_append_byte(&out, low >= 0 ? (uint8_t)(high * 16 + low) : (uint8_t)*p);
        p += low >= 0 ? 3 : 1;
    }
    char *plain = buf_steal(&out);
    /* the inverse of layout_escape is defined by layout_escape: one name, one spelling */
    char *again = layout_escape(plain);
    bool ok = *text && strcmp(again, text) == 0;
    free(again);
    if (ok)
        *name = plain;
    else
        free(plain);
    return ok;
}

/* One of the two small documents that give a store and a stream their identity. */
struct identity {
    const char *key;
    const char *format;
    const char *id_name;
    const char *flavour;
    const char *hint;   /* where it is missing */
    const char *stream; /* NULL: of a store */
};

enum { IDENTITY_VERSION = 1 };

static struct err *identity_create(struct store *s, const struct identity *what)
{
    char id[ID_DIGITS + 1], now[CLOCK_TEXT_SIZE];
    bool created;

    hash_random_hex(id, ID_DIGITS);
    json_t *root = document_new(what->format, IDENTITY_VERSION);
    json_object_set_new(root, what->id_name, json_string(id));
    if (what->flavour)
        json_object_set_new(root, "flavour", json_string(what->flavour));
    json_object_set_new(root, "created", json_string(clock_format(clock_now_us(), now)));
    char *text = json_text(root);
    json_decref(root);
    struct err *e = object_create(s, what->key, text, strlen(text), &created);
    free(text);
    return e;
}

static struct err *identity_decode(const struct identity *what, const struct buf *bytes, char **id)
{
    struct json_doc doc = {what->key, ERR_INTEGRITY};
    const char *text;
    json_t *root;
    struct err *e;

    TRY(json_parse(&doc, bytes->data, bytes->len, &root));
    TRY_GOTO(e, out, document_check(&doc, root, what->format, IDENTITY_VERSION, NULL));
    TRY_GOTO(e, out, json_string_of(&doc, root, what->id_name, &text));
    if (strlen(text) != ID_DIGITS || strspn(text, "0123456789abcdef") != ID_DIGITS) {
        e = err_new(ERR_INTEGRITY, "%s: member '%s' is not %d hexadecimal digits", what->key, what->id_name,
                    ID_DIGITS);
        goto out;
    }
    *id = mem_strdup(text);
    if (what->flavour) {
        TRY_GOTO(e, out_id, json_string_of(&doc, root, "flavour", &text));
        if (strcmp(text, what->flavour) != 0) {
            e = err_new(ERR_UNSUPPORTED, "%s: the flavour '%s' is not known to this ccr", what->key, text);
            goto out_id;
        }
    }
    goto out;
out_id:
    free(*id);
    *id = NULL;
out:
    json_decref(root);
    return e;
}

static struct err *note_folder(const char *name, void *arg)
{
    bool *there = arg;

    (void)name;
    *there = true;
    return NULL;
}

struct holding {
    struct store *store;
    bool holds;
};

/* A stream that holds some of a log, or of a snapshot. */
static struct err *look_into_stream(const char *stream, void *arg)
{
    struct holding *h = arg;
    char *log = layout_log_prefix(stream);
    char *snapshots = layout_snapshots_prefix(stream);
    struct err *e = store_each_folder(h->store, log, note_folder, &h->holds);

    if (!e)
        e = store_each_folder(h->store, snapshots, note_folder, &h->holds);
    free(log);
    free(snapshots);
    return e;
}

/* Where something is there without its identity, that was lost, or is not copied yet: a new one would make
 * all of it another store's. */
static struct err *identity_look_again(struct store *s, const struct identity *what, struct buf *bytes,
                                       bool *found, bool *holds)
{
    struct holding h = {.store = s};

    TRY(what->stream ? look_into_stream(what->stream, &h)
                     : store_each_folder(s, "streams/", look_into_stream, &h));
    *holds = h.holds;
    return h.holds ? object_get(s, what->key, bytes, found)
                   : NULL; /* another run may have made it meanwhile */
}

static struct err *identity_missing(struct store *s, const struct identity *what, bool holds)
{
    if (!holds)
        return err_hint(err_new(ERR_STORE, "the store %s has no %s", store_url(s), what->key), "%s",
                        what->hint);
    return err_hint(
        err_new(ERR_INTEGRITY, "the store %s has no %s, but a log or snapshots that belong to it",
                store_url(s), what->key),
        "is the store still being copied to this place? Otherwise put that object back from a copy of "
        "the store; without it a new store must begin elsewhere");
}

static struct err *identity_open(struct store *s, const struct identity *what, bool create, char **id)
{
    struct buf bytes = BUF_INIT;
    bool found, holds = false;
    struct err *e;

    TRY_GOTO(e, out, object_get(s, what->key, &bytes, &found));
    if (!found)
        TRY_GOTO(e, out, identity_look_again(s, what, &bytes, &found, &holds));
    if (!found && !holds && create) {
        /* whoever creates it first gives the id; everybody reads it back */
        TRY_GOTO(e, out, identity_create(s, what));
        TRY_GOTO(e, out, object_get(s, what->key, &bytes, &found));
    }
    if (!found)
        e = identity_missing(s, what, holds);
    else
        e = document_hint(identity_decode(what, &bytes, id));
out:
    buf_free(&bytes);
    return e;
}

struct err *layout_open_store(struct store *s, bool create, char **store_id)
{
    struct identity what = {.key = "ccr.json",
                            .format = "ccr store",
                            .id_name = "store_id",
                            .hint = "check the store's URL; the first run of ccr-backup makes a store"};

    return identity_open(s, &what, create, store_id);
}

struct err *layout_open_stream(struct store *s, const char *stream, bool create, char **stream_id)
{
    TRY(layout_check_name("stream", stream));
    char *key = layout_stream_key(stream);
    struct identity what = {.key = key,
                            .format = "ccr stream",
                            .id_name = "stream_id",
                            .flavour = "mariadb",
                            .stream = stream,
                            .hint = "check --stream; the first run of ccr-backup makes a stream"};
    struct err *e = identity_open(s, &what, create, stream_id);

    free(key);
    return e;
}
