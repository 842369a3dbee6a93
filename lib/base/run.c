#include "base/run.h"

#include <fcntl.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cause.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/state_folder.h"

#define REPORT_AGAIN_AFTER_S 86400

static struct log *run_open_log(enum program program, const struct opts *opts)
{
    const char *format = opts_string(opts, OPT_LOG_FORMAT);
    struct log_params params = {
        .program = opts_program_name(program),
        .json = format && strcmp(format, "json") == 0,
        .least = LOG_INFO,
    };

    if (opts_flag(opts, OPT_QUIET) || opts_flag(opts, OPT_CRON))
        params.least = LOG_WARNING;
    else if (opts_flag(opts, OPT_VERBOSE))
        params.least = LOG_DEBUG;
    return log_open(&params);
}

bool run_start(enum program program, int argc, char **argv, struct run **out, int *status)
{
    struct run *run = mem_zalloc(1, sizeof(*run));

    /* libarchive converts names by the locale; C.UTF-8 is part of every Debian 12 */
    setlocale(LC_CTYPE, "C.UTF-8");
    struct err *e = opts_parse(program, argc, argv, &run->opts);
    run->program = program;
    run->log = run_open_log(program, run->opts);
    run->result = json_object();
    if (e) {
        *status = run_finish(run, e);
        return false;
    }
    if (opts_flag(run->opts, OPT_HELP) || opts_flag(run->opts, OPT_VERSION)) {
        if (opts_flag(run->opts, OPT_HELP))
            opts_print_help(program);
        else
            printf("%s %s\n", opts_program_name(program), CCR_VERSION);
        opts_free(run->opts);
        log_close(run->log);
        json_decref(run->result);
        free(run);
        *status = fflush(stdout) == 0 ? 0 : ERR_INTERNAL;
        return false;
    }
    interrupt_install();
    *out = run;
    return true;
}

void run_say(struct run *run, const char *fmt, ...)
{
    va_list ap;

    if (opts_flag(run->opts, OPT_JSON) || opts_flag(run->opts, OPT_QUIET) || opts_flag(run->opts, OPT_CRON))
        return;
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
}

/* The same failure is that of the same binary, for the same config and job. */
static void run_cause(const struct run *run, const struct err *e, char hex[HASH_HEX_SIZE])
{
    static const enum opt_id ids[] = {OPT_CONFIG, OPT_SOURCE, OPT_TARGET, OPT_STREAM, OPT_JOB};
    struct buf who = BUF_INIT;

    buf_append_str(&who, opts_program_name(run->program));
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        const char *value = opts_string(run->opts, ids[i]);
        buf_printf(&who, "|%s", value ? value : "");
    }
    cause_hash(buf_str(&who), e, hex);
    buf_free(&who);
}

static char *run_stamp_path(const struct run *run, const struct err *e)
{
    char hex[HASH_HEX_SIZE];
    char *folder = state_folder();

    if (!folder)
        return NULL;
    run_cause(run, e, hex);
    char *path = mem_printf("%s/reported-%.32s", folder, hex);
    free(folder);
    return path;
}

/* Whether this failure was shown within the last day; if not, notes that it is being shown now. */
static bool run_reported_lately(const struct run *run, const struct err *e)
{
    struct stat st;
    bool lately = false;
    char *path = run_stamp_path(run, e);

    if (!path)
        return false;
    if (stat(path, &st) == 0 && clock_now_us() / CLOCK_US_PER_S - st.st_mtime < REPORT_AGAIN_AFTER_S) {
        lately = true;
    } else {
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd >= 0) {
            if (futimens(fd, NULL) != 0)
                lately = false;
            close(fd);
        }
    }
    free(path);
    return lately;
}

void run_warn(struct run *run, struct err *e)
{
    const char *hint = e ? err_hint_text(e) : NULL;

    if (e && !(opts_flag(run->opts, OPT_CRON) && run_reported_lately(run, e)))
        log_warn(run->log, "%s%s%s", err_message(e), hint ? "; " : "", hint ? hint : "");
    err_free(e);
}

static void run_print_json(struct run *run, const struct err *e)
{
    json_t *object = json_pack("{s:s, s:s, s:b, s:i, s:s, s:b}", "program", opts_program_name(run->program),
                               "version", CCR_VERSION, "ok", e == NULL, "code", (int)err_code(e), "code_name",
                               err_code_name(err_code(e)), "changed", (int)run->changed);

    if (e) {
        json_t *error = json_object();
        json_object_set_new(error, "message", json_from_bytes(err_message(e), strlen(err_message(e))));
        if (err_hint_text(e))
            json_object_set_new(error, "hint", json_from_bytes(err_hint_text(e), strlen(err_hint_text(e))));
        json_object_set_new(object, "error", error);
    }
    json_object_update(object, run->result);
    char *text = json_text(object);
    fputs(text, stdout);
    free(text);
    json_decref(object);
}

int run_finish(struct run *run, struct err *e)
{
    int status = (int)err_code(e);
    bool cron = opts_flag(run->opts, OPT_CRON);
    bool silent = cron && e && (status == ERR_LOCKED || run_reported_lately(run, e));

    if (status == ERR_USAGE && !err_hint_text(e))
        e = err_hint(e, "%s --help lists the options", opts_program_name(run->program));
    if (e && !silent) {
        fflush(stdout); /* what was said before comes first, in a file as well */
        log_err(run->log, e);
    }
    if (opts_flag(run->opts, OPT_JSON))
        run_print_json(run, e);
    if (fflush(stdout) != 0 && status == 0) {
        log_warn(run->log, "the result could not be written to standard output");
        status = ERR_INTERNAL;
    }
    err_free(e);
    opts_free(run->opts);
    log_close(run->log);
    json_decref(run->result);
    free(run);
    return status;
}
