/*
 * request_tool [ccr options] <DOCUMENT: publishes a request, as a target does, and prints its id. The
 * document holds the members that matter: job, and what is not to be kind full of everything, epoch 1, any
 * position, generation 1, now; scope as in ccr.jobs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "format/layout.h"
#include "format/request.h"

static const char everything[] = "{\"version\": 2, \"fold_case\": false, \"include\": {\"databases\": [], "
                                 "\"tables\": []}, \"exclude\": {\"databases\": [], \"tables\": []}}";

static void set_text(const json_t *root, const char *name, const char *fallback, char **out)
{
    const char *text = json_string_value(json_object_get(root, name));

    free(*out);
    *out = mem_strdup(text ? text : fallback);
}

static void set_json(const json_t *root, const char *name, json_t **out)
{
    json_t *value = json_object_get(root, name);

    if (!value)
        return;
    json_decref(*out);
    *out = json_incref(value);
}

static int64_t number(const json_t *root, const char *name, int64_t fallback)
{
    const json_t *value = json_object_get(root, name);

    return value ? json_integer_value(value) : fallback;
}

static void fill(const json_t *root, struct request *r)
{
    json_decref(r->scope);
    r->scope = json_loads(everything, 0, NULL);
    set_text(root, "job", "j", &r->job);
    set_text(root, "kind", REQUEST_FULL, &r->kind);
    set_text(root, "position", "", &r->position);
    set_text(root, "reason", "a test", &r->reason);
    set_text(root, "who", "request_tool", &r->who);
    set_json(root, "scope", &r->scope);
    set_json(root, "partitions", &r->partitions);
    r->generation = (uint64_t)number(root, "generation", 1);
    r->epoch = (uint64_t)number(root, "epoch", 1);
    r->requested_us = number(root, "requested_us", clock_now_us());
}

static struct err *publish(struct store *s, const char *stream, struct request *r)
{
    bool created;

    free(r->stream);
    r->stream = mem_strdup(stream);
    free(r->stream_id);
    r->stream_id = NULL;
    TRY(layout_open_stream(s, stream, false, &r->stream_id));
    TRY(request_put(s, r, &created));
    printf("%s\n", r->id);
    return NULL;
}

int main(int argc, char **argv)
{
    json_t *root = json_loadf(stdin, 0, NULL);
    struct opts *opts = NULL;
    struct store *s = NULL;
    struct log *log = log_open(&(struct log_params){"request_tool", false, LOG_INFO});
    struct request r;

    request_init(&r);
    fill(root, &r);
    struct err *e = opts_parse(PROGRAM_SHIP, argc, argv, &opts);
    if (!e)
        e = store_open_opts(opts, log, &s);
    if (!e)
        e = publish(s, opts_string(opts, OPT_STREAM), &r);
    int status = (int)err_code(e);
    if (e)
        log_err(log, e);
    err_free(e);
    request_free(&r);
    store_close(s);
    opts_free(opts);
    log_close(log);
    json_decref(root);
    return status;
}
