#include "replay/status.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "format/document.h"
#include "format/layout.h"
#include "format/object.h"

enum { STATUS_VERSION = 1, ALIVE_VERSION = 1 };

struct err *status_publish(struct store *s, const struct job *job, const struct job_position *p)
{
    json_t *root = document_new("ccr status", STATUS_VERSION);
    char time[CLOCK_TEXT_SIZE];

    document_set_bytes(root, "job", job->name);
    document_set_bytes(root, "stream", job->stream);
    document_set_bytes(root, "written", clock_format(clock_now_us(), time));
    document_set_u64(root, "epoch", p->epoch);
    document_set_u64(root, "number", p->number);
    document_set_pos(root, "position", &p->pos);
    json_object_set_new(root, "source_time", json_integer(p->source_time));
    document_set_bytes(root, "nonce", p->nonce);
    char *text = json_text(root);
    char *key = layout_job_status_key(job->name);
    failpoint("status-before");
    struct err *e = object_put(s, key, text, strlen(text));
    failpoint("status-after");
    free(key);
    free(text);
    json_decref(root);
    return e;
}

/* A document that need not exist: *out is NULL then. */
static struct err *read_document(struct store *s, const char *key, const char *format, uint64_t version,
                                 json_t **out)
{
    const struct json_doc doc = {.name = key, .code = ERR_INTEGRITY};
    struct buf bytes = BUF_INIT;
    bool found = false;

    *out = NULL;
    struct err *e = object_get(s, key, &bytes, &found);
    if (!e && found)
        e = json_parse(&doc, bytes.data, bytes.len, out);
    if (!e && *out)
        e = document_check(&doc, *out, format, version, NULL);
    buf_free(&bytes);
    if (e) {
        json_decref(*out);
        *out = NULL;
    }
    return e;
}

struct err *status_check(struct store *s, const struct job *job, const struct job_position *p)
{
    char *key = layout_job_status_key(job->name);
    const struct json_doc doc = {.name = key, .code = ERR_INTEGRITY};
    const char *nonce = NULL;
    json_t *root = NULL;

    struct err *e = read_document(s, key, "ccr status", STATUS_VERSION, &root);
    if (!e && root)
        e = json_string_of(&doc, root, "nonce", &nonce);
    if (!e && nonce && strcmp(nonce, p->nonce) != 0 && strcmp(nonce, p->previous_nonce) != 0)
        e = err_hint(
            err_new(ERR_UNSAFE,
                    "the last run of job %s was on another target than this one, or on a later state of "
                    "it: this one was cloned, or restored from a backup",
                    job->name),
            "if this target is the right one, and the other is gone, delete %s from the store", key);
    json_decref(root);
    free(key);
    return e;
}

struct err *status_source_seen(struct store *s, const struct job *job, const struct job_position *p,
                               int64_t *seen)
{
    char *key = layout_alive_key(job->stream);
    const struct json_doc doc = {.name = key, .code = ERR_INTEGRITY};
    struct gtid_pos end = GTID_POS_INIT;
    json_t *root = NULL;
    int64_t time_us = 0;

    *seen = 0;
    struct err *e = read_document(s, key, "ccr alive", ALIVE_VERSION, &root);
    if (!e && root) {
        e = document_pos(&doc, root, "position", &end);
        if (!e)
            e = json_i64_of(&doc, root, "time_us", &time_us);
        if (!e && gtid_pos_reaches(&p->pos, &end))
            *seen = time_us / CLOCK_US_PER_S;
    }
    gtid_pos_free(&end);
    json_decref(root);
    free(key);
    return e;
}
