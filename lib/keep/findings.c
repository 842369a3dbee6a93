#include "keep/findings.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

struct findings {
    struct log *log;
    pthread_mutex_t mutex;
    json_t *errors;
    json_t *warnings;
    enum err_code worst;
};

struct findings *findings_new(struct log *log)
{
    struct findings *f = mem_zalloc(1, sizeof(*f));

    f->log = log;
    f->errors = json_array();
    f->warnings = json_array();
    pthread_mutex_init(&f->mutex, NULL);
    return f;
}

void findings_free(struct findings *f)
{
    if (!f)
        return;
    json_decref(f->errors);
    json_decref(f->warnings);
    pthread_mutex_destroy(&f->mutex);
    free(f);
}

static int badness(enum err_code code)
{
    switch ((int)code) {
    case ERR_OK:
        return 0;
    case ERR_UNSUPPORTED:
        return 1;
    case ERR_STORE:
        return 2;
    case ERR_INTEGRITY:
        return 3;
    default:
        return 4;
    }
}

static void set_text(json_t *object, const char *name, const char *text)
{
    if (text)
        json_object_set_new(object, name, json_from_bytes(text, strlen(text)));
}

static json_t *finding(const char *key, const char *message)
{
    json_t *object = json_object();

    set_text(object, "key", key);
    set_text(object, "message", message);
    return object;
}

void findings_add(struct findings *f, const char *key, struct err *e, const char *breaks)
{
    enum err_code code = err_code(e);

    if (breaks)
        e = err_context(e, "%s", breaks);
    json_t *object = finding(key, err_message(e));
    json_object_set_new(object, "code", json_integer(code));
    json_object_set_new(object, "code_name", json_string(err_code_name(code)));
    set_text(object, "breaks", breaks);
    set_text(object, "hint", err_hint_text(e));
    pthread_mutex_lock(&f->mutex);
    json_array_append_new(f->errors, object);
    if (badness(code) > badness(f->worst))
        f->worst = code;
    pthread_mutex_unlock(&f->mutex);
    log_err(f->log, e);
    err_free(e);
}

void findings_warn(struct findings *f, const char *key, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    char *message = mem_vprintf(fmt, ap);
    va_end(ap);
    pthread_mutex_lock(&f->mutex);
    json_array_append_new(f->warnings, finding(key, message));
    pthread_mutex_unlock(&f->mutex);
    log_warn(f->log, "%s", message);
    free(message);
}

void findings_to_json(const struct findings *f, json_t *result)
{
    json_object_set(result, "errors", f->errors);
    json_object_set(result, "warnings", f->warnings);
}

size_t findings_errors(const struct findings *f)
{
    return json_array_size(f->errors);
}

struct err *findings_worst(const struct findings *f)
{
    if (f->worst == ERR_OK)
        return NULL;
    size_t count = json_array_size(f->errors);
    return err_hint(err_new(f->worst, "the store has %zu error%s", count, count == 1 ? "" : "s"),
                    "each is told above, and in `errors` of --json");
}
