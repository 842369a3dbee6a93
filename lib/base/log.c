#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/mem.h"

struct log {
    const char *program;
    bool json;
    bool terminal;
    bool live; /* a live line stands on the terminal */
    enum log_level least;
    pthread_mutex_t mutex;
};

static const char *const level_names[] = {"debug", "info", "warning", "error"};

struct log *log_open(const struct log_params *params)
{
    struct log *log = mem_zalloc(1, sizeof(*log));

    log->program = params->program;
    log->json = params->json;
    log->least = params->least;
    log->terminal = !params->json && isatty(STDERR_FILENO);
    pthread_mutex_init(&log->mutex, NULL);
    return log;
}

static void log_write(const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDERR_FILENO, bytes, len);
        if (n <= 0)
            return; /* nobody is left to tell */
        bytes += n;
        len -= (size_t)n;
    }
}

static void log_end_live(struct log *log)
{
    if (log->live)
        log_write("\r\033[K", 4);
    log->live = false;
}

void log_close(struct log *log)
{
    if (!log)
        return;
    log_end_live(log);
    pthread_mutex_destroy(&log->mutex);
    free(log);
}

static char *log_line_json(const struct log *log, const char *word, const char *now, const char *message)
{
    json_t *line = json_pack("{s:s, s:s, s:s}", "time", now, "level", word, "program", log->program);
    /* the text of a server error may not be UTF-8 */
    json_t *text = json_string(message);
    if (!text)
        text = json_string("(message is not valid UTF-8)");
    json_object_set_new(line, "message", text);
    char *dump = json_dumps(line, JSON_COMPACT);
    json_decref(line);
    char *result = mem_printf("%s\n", dump ? dump : "{}");
    free(dump);
    return result;
}

static char *log_line_text(const struct log *log, const char *word, const char *now, const char *message)
{
    const char *sep = word[0] ? ": " : "";

    if (log->terminal)
        return mem_printf("%s: %s%s%s\n", log->program, word, sep, message);
    return mem_printf("%s %s: %s%s%s\n", now, log->program, word, sep, message);
}

/* `message` is cleaned of control bytes in place. */
static void log_emit(struct log *log, const char *word, char *message)
{
    char now[CLOCK_TEXT_SIZE];

    for (char *p = message; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
    clock_format(clock_now_us(), now);
    char *line = log->json ? log_line_json(log, word, now, message) : log_line_text(log, word, now, message);
    pthread_mutex_lock(&log->mutex);
    log_end_live(log);
    log_write(line, strlen(line));
    pthread_mutex_unlock(&log->mutex);
    free(line);
}

static void log_at(struct log *log, enum log_level level, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

static void log_at(struct log *log, enum log_level level, const char *fmt, va_list ap)
{
    if (level < log->least)
        return;
    char *message = mem_vprintf(fmt, ap);
    log_emit(log, level == LOG_INFO && !log->json ? "" : level_names[level], message);
    free(message);
}

void log_debug(struct log *log, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    log_at(log, LOG_DEBUG, fmt, ap);
    va_end(ap);
}

void log_info(struct log *log, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    log_at(log, LOG_INFO, fmt, ap);
    va_end(ap);
}

void log_warn(struct log *log, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    log_at(log, LOG_WARNING, fmt, ap);
    va_end(ap);
}

void log_err(struct log *log, const struct err *e)
{
    char *message = mem_strdup(err_message(e));

    log_emit(log, level_names[LOG_ERROR], message);
    free(message);
    if (err_hint_text(e)) {
        char *hint = mem_strdup(err_hint_text(e));
        log_emit(log, "hint", hint);
        free(hint);
    }
}

bool log_is_terminal(const struct log *log)
{
    return log->terminal;
}

void log_live(struct log *log, const char *line)
{
    if (!log->terminal)
        return;
    char *text = mem_printf("\r\033[K%s", line);
    pthread_mutex_lock(&log->mutex);
    log_write(text, strlen(text));
    log->live = true;
    pthread_mutex_unlock(&log->mutex);
    free(text);
}
