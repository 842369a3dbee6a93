#include "cycle/cycle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/mem.h"
#include "cycle/child.h"
#include "cycle/lock.h"
#include "cycle/turns.h"
#include "format/document.h"

enum { MAX_WORDS = 20 };

/* From the worst on. */
static const enum err_code order[] = {
    ERR_INTERNAL, ERR_INTEGRITY, ERR_UNSAFE, ERR_UNSUPPORTED, ERR_CONFIG,      ERR_USAGE,
    ERR_TARGET,   ERR_SOURCE,    ERR_STORE,  ERR_RESYNC,      ERR_INTERRUPTED, ERR_LOCKED,
};

/* 0 for the worst. A code that no binary has is an internal error. */
static size_t rank(enum err_code code)
{
    size_t count = sizeof(order) / sizeof(order[0]);

    if (code == ERR_OK)
        return count;
    for (size_t i = 0; i < count; i++)
        if (order[i] == code)
            return i;
    return 0;
}

/* "[target db2], job shop" */
static char *turn_name(const struct cycle *c)
{
    return c->job ? mem_printf("[%s %s], job %s", c->kind, c->section, c->job)
                  : mem_printf("[%s %s]", c->kind, c->section);
}

void cycle_note(struct cycle *c, const char *program, enum err_code code)
{
    if (code == ERR_OK)
        return;
    char *turn = turn_name(c);
    buf_printf(&c->failed, "%s%s: %s: %s", c->failed.len ? "; " : "", turn, program, err_code_name(code));
    free(turn);
    if (rank(code) < rank(c->worst))
        c->worst = code;
}

/* Words of a run, in order; what is not static is owned by the cycle or the caller. */
static void make_words(const struct cycle *c, const struct cycle_step *step, char *path,
                       const char *words[MAX_WORDS])
{
    static const struct {
        enum opt_id id;
        const char *flag;
    } passed[] = {{OPT_CRON, "--cron"}, {OPT_QUIET, "--quiet"}, {OPT_VERBOSE, "--verbose"}};
    const struct opts *o = c->run->opts;
    size_t n = 0;

    words[n++] = path;
    words[n++] = "--config";
    words[n++] = opts_string(o, OPT_CONFIG);
    words[n++] = c->source ? "--source" : "--target";
    words[n++] = c->section;
    if (c->job) {
        words[n++] = "--job";
        words[n++] = c->job;
    }
    if (step->flag)
        words[n++] = step->flag;
    if (step->program == PROGRAM_BACKUP && !step->flag && step->reason) {
        words[n++] = "--reason";
        words[n++] = step->reason;
    }
    if (step->program != PROGRAM_SHIP)
        words[n++] = "--unattended";
    words[n++] = "--json";
    words[n++] = "--log-format";
    words[n++] = opts_string(o, OPT_LOG_FORMAT);
    for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
        if (opts_flag(o, passed[i].id))
            words[n++] = passed[i].flag;
    words[n] = NULL;
}

/* How it ended. A run that was killed goes on with the next one; one that crashed is a bug. */
static enum err_code code_of(int status)
{
    if (WIFEXITED(status))
        return (enum err_code)WEXITSTATUS(status);
    int by = WTERMSIG(status);
    return by == SIGKILL || by == SIGTERM || by == SIGINT ? ERR_INTERRUPTED : ERR_INTERNAL;
}

static void say_step(const struct cycle *c, const struct cycle_step *step, const json_t *result,
                     double seconds)
{
    const char *position = json_string_value(json_object_get(result, "position"));
    char *turn = turn_name(c);

    run_say(c->run, "%s: %s%s%s: %s%s%s%s, %.1f s", turn, opts_program_name(step->program),
            step->flag ? " " : "", step->flag ? step->flag : "", err_code_name(step->code),
            step->code == ERR_OK && !step->changed ? ", nothing to do" : "", position ? ", at " : "",
            position ? position : "", seconds);
    free(turn);
}

static void keep_step(struct cycle *c, struct cycle_step *step, json_t *result, double seconds)
{
    json_t *to = json_object();

    step->result = result;

    document_set_bytes(to, "section", c->section);
    document_set_bytes(to, "job", c->job);
    document_set_bytes(to, "program", opts_program_name(step->program));
    document_set_bytes(to, "flag", step->flag);
    document_set_bytes(to, "reason", step->reason);
    json_object_set_new(to, "code", json_integer(step->code));
    document_set_bytes(to, "code_name", err_code_name(step->code));
    json_object_set_new(to, "seconds", json_real(seconds));
    json_object_set_new(to, "result", result ? result : json_null());
    json_array_append_new(c->steps, to);
}

/* What it has printed; NULL where that is no object, as of one that was killed. */
static json_t *parse_result(const struct buf *output)
{
    const struct json_doc doc = {"the result of a run", ERR_INTERNAL};
    json_t *result = NULL;

    err_free(json_parse(&doc, output->data, output->len, &result));
    return result;
}

struct err *cycle_step_error(const struct cycle_step *step)
{
    static const struct json_doc doc = {"the result of a run", ERR_INTERNAL};
    const json_t *said = json_object_get(step->result, "error");
    char *message = NULL, *hint = NULL;

    if (step->code == ERR_OK)
        return NULL;
    err_free(json_bytes_of(&doc, said, "message", &message, NULL));
    err_free(document_opt_bytes(&doc, said, "hint", &hint));
    struct err *e = err_new(step->code, "%s", message ? message : "it did not say why it ended");
    if (hint)
        e = err_hint(e, "%s", hint);
    free(message);
    free(hint);
    return e;
}

static void say_reason(const struct cycle *c, const struct cycle_step *step)
{
    char *turn = turn_name(c);

    log_info(c->run->log, "%s: %s: %s", turn, opts_program_name(step->program), step->reason);
    free(turn);
}

struct err *cycle_step(struct cycle *c, struct cycle_step *step)
{
    char *path = mem_printf("%s/%s", c->folder, opts_program_name(step->program));
    const char *words[MAX_WORDS];
    char *argv[MAX_WORDS];
    struct buf output = BUF_INIT;
    int status = 0;
    int64_t started_us = clock_monotonic_us();

    make_words(c, step, path, words);
    if (step->reason)
        say_reason(c, step);
    memcpy(argv, words, sizeof(argv)); /* exec changes none of them */
    struct err *e = child_run(argv, &output, &status);
    double seconds = (double)(clock_monotonic_us() - started_us) / CLOCK_US_PER_S;
    if (!e) {
        json_t *result = parse_result(&output);
        step->code = code_of(status);
        step->changed = json_is_true(json_object_get(result, "changed"));
        c->run->changed |= step->changed;
        say_step(c, step, result, seconds);
        keep_step(c, step, result, seconds);
    }
    buf_free(&output);
    free(path);
    return e ? e : interrupt_check();
}

/* Waits for nobody: a turn that another cycle has is its own matter. */
static struct err *with_lock(struct cycle *c, const struct opts *section)
{
    const char *given = opts_string(section, OPT_LOCK_FILE);
    char *path = given ? mem_strdup(given) : NULL;
    struct err *e = NULL;
    int fd = -1;

    if (!path)
        e = lock_default_path(opts_string(section, OPT_CONFIG), c->kind, c->section, &path);
    if (!e)
        e = lock_take(path, &fd);
    free(path);
    if (e) {
        e = err_context(e, "[%s %s]", c->kind, c->section);
        if (err_code(e) == ERR_LOCKED)
            log_info(c->run->log, "%s", err_message(e));
        else
            log_err(c->run->log, e);
        cycle_note(c, "lock", err_code(e));
        err_free(e);
        return NULL;
    }
    e = c->source ? turn_source(c, section) : turn_target(c, section);
    close(fd);
    return e;
}

/* The options of a section are those of the command line with its name behind them. */
static struct err *take_turn(struct cycle *c, const char *name)
{
    char **argv = mem_zalloc((size_t)c->argc + 3, sizeof(*argv));
    char *flag = mem_printf("--%s", c->kind);
    char *word = mem_strdup(name);
    struct opts *section = NULL;

    memcpy(argv, c->argv, (size_t)c->argc * sizeof(*argv));
    argv[c->argc] = flag;
    argv[c->argc + 1] = word;
    struct err *e = opts_parse(PROGRAM_CYCLE, c->argc + 2, argv, &section);
    c->section = name;
    c->job = NULL;
    if (!e)
        e = with_lock(c, section);
    opts_free(section);
    free(word);
    free(flag);
    free(argv);
    return e;
}

static struct err *take_turns(struct cycle *c)
{
    const struct opts *o = c->run->opts;
    const char *only = opts_string(o, c->source ? OPT_SOURCE : OPT_TARGET);
    char **names = NULL;
    size_t count = 0;
    struct err *e = NULL;

    if (only)
        return take_turn(c, only);
    e = opts_sections(o, c->kind, &names, &count);
    if (!e && count > 1 && opts_given(o, OPT_JOB))
        e = err_hint(err_new(ERR_USAGE, "there are several [target] sections"),
                     "say with --target NAME which has the job");
    for (size_t i = 0; i < count; i++) {
        if (!e)
            e = take_turn(c, names[i]);
        free(names[i]);
    }
    free(names);
    return e;
}

static struct err *outcome(struct cycle *c)
{
    if (c->worst == ERR_OK)
        return NULL;
    struct err *e = err_new(c->worst, "%s", buf_str(&c->failed));
    return c->worst == ERR_LOCKED ? e : err_hint(e, "what each had to say is above, and in --json");
}

static struct err *check(const struct opts *o, bool source)
{
    TRY(opts_require(o, OPT_CONFIG));
    if (source && (opts_given(o, OPT_TARGET) || opts_given(o, OPT_JOB)))
        return err_new(ERR_USAGE, "ccr-cycle source takes no --target and no --job");
    if (!source && (opts_given(o, OPT_SOURCE) || opts_given(o, OPT_SNAPSHOT_EVERY)))
        return err_new(ERR_USAGE, "ccr-cycle target takes no --source and no --snapshot-every");
    return NULL;
}

/* The binaries stand beside this one, wherever that was installed. */
static struct err *find_folder(char **out)
{
    char *self = realpath("/proc/self/exe", NULL);

    if (!self)
        return err_errno(ERR_INTERNAL, errno, "looking for the folder of ccr-cycle");
    *strrchr(self, '/') = 0;
    *out = self;
    return NULL;
}

struct err *cycle_run(struct run *run, int argc, char **argv)
{
    const char *side = opts_verb(run->opts);
    struct cycle c = {.run = run, .argc = argc, .argv = argv, .kind = side, .failed = BUF_INIT};

    c.source = strcmp(side, "source") == 0;
    TRY(check(run->opts, c.source));
    TRY(find_folder(&c.folder));
    c.steps = json_array();
    struct err *e = take_turns(&c);
    document_set_bytes(run->result, "side", side);
    json_object_set_new(run->result, "steps", c.steps);
    if (!e)
        e = outcome(&c);
    buf_free(&c.failed);
    free(c.folder);
    return e;
}
