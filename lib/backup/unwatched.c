#include "backup/unwatched.h"

#include <stdlib.h>

#include "base/cause.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/who.h"

static const char *what(const struct unwatched *u)
{
    return u->kind == COPIES_REQUESTED ? "what targets ask for" : "snapshots that are due";
}

static char *who(const struct unwatched *u)
{
    char *user = who_user();
    char *text = mem_printf("%s (%s)", u->program, user);

    free(user);
    return text;
}

static struct err *last_failure(const struct unwatched *u, const struct copies_record *r)
{
    static const struct json_doc doc = {"copies.json", ERR_INTEGRITY};
    const json_t *last = copies_last(r);
    char since[CLOCK_TEXT_SIZE];
    char *message = NULL;
    uint64_t code = ERR_INTERNAL;

    if (last) {
        TRY(json_u64_of(&doc, last, "code", &code));
        TRY(json_bytes_of(&doc, last, "message", &message, NULL));
    }
    struct err *e =
        err_new(code < ERR_LOCKED ? (enum err_code)code : ERR_INTERNAL,
                "stream %s: %s need a person since %s, and are left alone until then: %s", u->stream, what(u),
                clock_format(r->since_us, since), message ? message : r->reason);
    free(message);
    return err_hint(
        e,
        "ccr-status --store shows the failures; it goes on after ccr-backup --resume --reason TEXT, or "
        "when a run by hand (ccr-backup%s, without --cron) has succeeded",
        u->kind == COPIES_REQUESTED ? " --requested" : "");
}

static void warn(const struct unwatched *u, const char *doing, struct err *e)
{
    if (e)
        log_warn(u->log, "%s how snapshots of stream %s went: %s", doing, u->stream, err_message(e));
    err_free(e);
}

struct err *unwatched_admit(const struct unwatched *u)
{
    struct copies c;
    struct err *stopped = NULL;
    struct err *e = copies_load(u->store, u->stream, &c);

    if (!e && c.kinds[u->kind].stopped)
        stopped = last_failure(u, &c.kinds[u->kind]);
    copies_free(&c);
    warn(u, "reading", e);
    return stopped;
}

static struct err *note(const struct unwatched *u, const char *program, const struct err *failure)
{
    struct copies c;
    struct err *e = copies_load(u->store, u->stream, &c);

    if (e) { /* damaged: a new one takes its place */
        copies_free(&c);
        if (err_code(e) != ERR_INTEGRITY)
            return e;
        err_free(e);
        e = NULL;
    }
    struct copies_record *r = &c.kinds[u->kind];
    char *by = who(u);
    bool stops = failure && copies_failed(r, program, by, failure, clock_now_us());
    if (failure || copies_go_on(r, by, "a run succeeded", clock_now_us()))
        e = copies_save(u->store, u->stream, &c);
    if (stops)
        log_warn(u->log, "stream %s: %s need a person: %s", u->stream, what(u), r->reason);
    free(by);
    copies_free(&c);
    return e;
}

void unwatched_ended(const struct unwatched *u, const char *program, const struct err *e)
{
    if (!e || cause_counts(e))
        warn(u, "noting", note(u, program, e));
}

struct err *unwatched_resume(const struct unwatched *u, const char *reason, bool *changed)
{
    struct copies c;
    struct err *e = copies_load(u->store, u->stream, &c);

    if (!e) {
        char *by = who(u);
        *changed = copies_go_on(&c.kinds[u->kind], by, reason, clock_now_us());
        if (*changed)
            e = copies_save(u->store, u->stream, &c);
        free(by);
    }
    copies_free(&c);
    return e;
}
