#include "format/copies.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cause.h"
#include "base/clock.h"
#include "base/mem.h"
#include "format/document.h"
#include "format/layout.h"
#include "format/object.h"

enum { VERSION = 1, HISTORY_MOST = 50 };

static const char format[] = "ccr copies";
static const int64_t day_us = 86400 * (int64_t)CLOCK_US_PER_S;

const char *copies_kind_name(enum copies_kind kind)
{
    return kind == COPIES_REQUESTED ? "requested" : "due";
}

/* --- the document --- */

static json_t *record_to_json(const struct copies_record *r)
{
    json_t *o = json_object();
    char time[CLOCK_TEXT_SIZE];

    document_set_bytes(o, "state", r->stopped ? "stopped" : "working");
    if (r->since_us) {
        document_set_bytes(o, "since", clock_format(r->since_us, time));
        json_object_set_new(o, "since_us", json_integer(r->since_us));
    }
    document_set_bytes(o, "reason", r->reason);
    document_set_bytes(o, "who", r->who);
    document_set_u64(o, "failures", r->failures);
    document_set_bytes(o, "cause", r->cause);
    json_object_set_new(o, "history", r->history ? json_deep_copy(r->history) : json_array());
    return o;
}

static struct err *check_history(const struct json_doc *doc, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *line = json_array_get(list, i);
        char *message = NULL;
        uint64_t code;
        int64_t at;
        TRY(json_i64_of(doc, line, "at_us", &at));
        TRY(json_u64_of(doc, line, "code", &code));
        TRY(json_bytes_of(doc, line, "message", &message, NULL));
        free(message);
    }
    return NULL;
}

static struct err *record_from_json(const struct json_doc *doc, const json_t *o, struct copies_record *out)
{
    const char *state;
    json_t *history;

    TRY(json_string_of(doc, o, "state", &state));
    out->stopped = strcmp(state, "stopped") == 0;
    if (json_object_get(o, "since_us"))
        TRY(json_i64_of(doc, o, "since_us", &out->since_us));
    TRY(document_opt_bytes(doc, o, "reason", &out->reason));
    TRY(document_opt_bytes(doc, o, "who", &out->who));
    TRY(json_u64_of(doc, o, "failures", &out->failures));
    TRY(document_sha256(doc, o, "cause", true, out->cause));
    TRY(json_array_of(doc, o, "history", &history));
    TRY(check_history(doc, history));
    out->history = json_deep_copy(history);
    return NULL;
}

static struct err *read_kinds(const struct json_doc *doc, const json_t *root, struct copies *out)
{
    TRY(document_check(doc, root, format, VERSION, NULL));
    TRY(origin_get(doc, root, &out->origin));
    for (int i = 0; i < COPIES_KINDS_; i++) {
        json_t *o;
        if (!json_object_get(root, copies_kind_name(i)))
            continue;
        TRY(json_object_of(doc, root, copies_kind_name(i), &o));
        TRY(record_from_json(doc, o, &out->kinds[i]));
    }
    return NULL;
}

struct err *copies_decode(const char *key, const void *bytes, size_t len, struct copies *out)
{
    const struct json_doc doc = {key, ERR_INTEGRITY};
    json_t *root = NULL;

    *out = (struct copies){0};
    struct err *e = json_parse(&doc, bytes, len, &root);
    if (!e)
        e = read_kinds(&doc, root, out);
    json_decref(root);
    return e;
}

struct err *copies_load(struct store *s, const char *stream, struct copies *out)
{
    char *key = layout_copies_key(stream);
    struct buf bytes = BUF_INIT;
    bool found = false;
    struct err *e = object_get(s, key, &bytes, &found);

    *out = (struct copies){0};
    if (!e && found)
        e = copies_decode(key, bytes.data, bytes.len, out);
    if (!e)
        e = origin_check_in(s, stream, key, &out->origin);
    if (err_code(e) == ERR_INTEGRITY)
        e = err_hint(e, "delete it: it only tells how snapshots went that nobody watches");
    buf_free(&bytes);
    free(key);
    return e;
}

struct err *copies_save(struct store *s, const char *stream, const struct copies *c)
{
    struct origin origin;

    TRY(origin_read(s, stream, &origin));
    char *key = layout_copies_key(stream);
    json_t *root = document_new(format, VERSION);
    origin_set(root, &origin);
    for (int i = 0; i < COPIES_KINDS_; i++)
        json_object_set_new(root, copies_kind_name(i), record_to_json(&c->kinds[i]));
    char *text = json_text(root);
    struct err *e = object_put(s, key, text, strlen(text));
    free(text);
    json_decref(root);
    free(key);
    origin_free(&origin);
    return e;
}

void copies_free(struct copies *c)
{
    for (int i = 0; i < COPIES_KINDS_; i++) {
        free(c->kinds[i].reason);
        free(c->kinds[i].who);
        json_decref(c->kinds[i].history);
    }
    origin_free(&c->origin);
    *c = (struct copies){0};
}

/* --- the rules --- */

static void change(struct copies_record *r, bool stopped, const char *who, char *reason, int64_t now_us)
{
    free(r->reason);
    free(r->who);
    r->stopped = stopped;
    r->reason = reason;
    r->who = mem_strdup(who);
    r->since_us = now_us;
}

static void add_line(struct copies_record *r, const char *program, const struct err *e, int64_t now_us)
{
    json_t *line = json_object();
    char time[CLOCK_TEXT_SIZE];

    document_set_bytes(line, "at", clock_format(now_us, time));
    json_object_set_new(line, "at_us", json_integer(now_us));
    document_set_bytes(line, "program", program);
    document_set_u64(line, "code", (uint64_t)err_code(e));
    document_set_bytes(line, "code_name", err_code_name(err_code(e)));
    document_set_bytes(line, "message", err_message(e));
    document_set_bytes(line, "hint", err_hint_text(e));
    if (!r->history)
        r->history = json_array();
    json_array_append_new(r->history, line);
    while (json_array_size(r->history) > HISTORY_MOST)
        json_array_remove(r->history, 0);
}

/* Since the last change, and within a day. */
static uint64_t lately(const struct copies_record *r, int64_t now_us)
{
    uint64_t count = 0;

    for (size_t i = 0; i < json_array_size(r->history); i++) {
        int64_t at_us = json_integer_value(json_object_get(json_array_get(r->history, i), "at_us"));
        count += at_us > r->since_us && at_us > now_us - day_us;
    }
    return count;
}

bool copies_failed(struct copies_record *r, const char *program, const char *who, const struct err *e,
                   int64_t now_us)
{
    char cause[HASH_HEX_SIZE];
    char *reason = NULL;

    cause_hash(program, e, cause);
    r->failures = strcmp(cause, r->cause) == 0 ? r->failures + 1 : 1;
    memcpy(r->cause, cause, sizeof(cause));
    add_line(r, program, e, now_us);
    if (r->stopped)
        return false;
    if (r->failures >= COPIES_IN_A_ROW)
        reason = mem_printf("%llu failures in a row of the same cause: %s", (unsigned long long)r->failures,
                            err_message(e));
    else if (lately(r, now_us) >= COPIES_A_DAY)
        reason = mem_printf("%llu failures within a day, the last one: %s",
                            (unsigned long long)lately(r, now_us), err_message(e));
    if (reason)
        change(r, true, who, reason, now_us);
    return reason != NULL;
}

bool copies_go_on(struct copies_record *r, const char *who, const char *reason, int64_t now_us)
{
    if (!r->stopped && !r->failures)
        return false;
    if (r->stopped)
        change(r, false, who, mem_strdup(reason), now_us);
    r->failures = 0;
    r->cause[0] = 0;
    return true;
}

const json_t *copies_last(const struct copies_record *r)
{
    size_t count = json_array_size(r->history);

    return count ? json_array_get(r->history, count - 1) : NULL;
}

json_t *copies_to_json(const struct copies *c)
{
    json_t *list = json_array();

    for (int i = 0; i < COPIES_KINDS_; i++) {
        const struct copies_record *r = &c->kinds[i];
        if (!copies_last(r))
            continue;
        json_t *o = record_to_json(r);
        document_set_bytes(o, "kind", copies_kind_name(i));
        json_object_del(o, "cause");
        json_object_del(o, "since_us");
        json_object_set_new(o, "error", json_deep_copy(copies_last(r)));
        json_array_append_new(list, o);
    }
    return list;
}
