/* What stands against a promotion, and which word accepts it. */
#include <stdlib.h>
#include <string.h>

#include "promote/parts.h"

static const char *const words[] = {"xa", "tables", "half-done", "unshipped", NULL};

bool promote_accepts(const struct promote *p, const char *word)
{
    for (const char *const *w = opts_list(p->run->opts, OPT_ACCEPT_LOSS, NULL); *w; w++)
        if (strcmp(*w, word) == 0)
            return true;
    return false;
}

struct err *promote_check_words(const struct promote *p)
{
    for (const char *const *w = opts_list(p->run->opts, OPT_ACCEPT_LOSS, NULL); *w; w++) {
        size_t i = 0;
        while (words[i] && strcmp(words[i], *w) != 0)
            i++;
        if (!words[i])
            return err_hint(err_new(ERR_USAGE, "--accept-loss: '%s' is not known", *w),
                            "it takes xa, tables, half-done and unshipped");
    }
    return NULL;
}

/* Accepted: a warning. */
static struct err *refuse(const struct promote *p, const char *word, struct err *e)
{
    if (!promote_accepts(p, word))
        return err_hint(e, "--accept-loss %s promotes all the same", word);
    log_warn(p->run->log, "%s", err_message(e));
    err_free(e);
    return NULL;
}

static struct err *check_half_done(struct promote *p)
{
    struct job_lane *lanes = NULL;
    size_t count = 0;
    bool uneven = false;

    TRY(job_lanes_read(p->conn, p->name, p->position.nonce, &lanes, &count));
    for (size_t i = 0; i < count; i++)
        uneven |= !gtid_pos_equal(&lanes[i].at.pos, &p->position.pos);
    job_lanes_free(lanes, count);
    if (!p->position.intent && !uneven)
        return NULL;
    return refuse(p, "half-done",
                  err_new(ERR_UNSAFE, "a run of job %s was killed, and only the log tells how to finish %s",
                          p->name,
                          p->position.intent ? "its last statement"
                                             : "its last batch: some tables have it, others not"));
}

static struct err *check_held(struct promote *p)
{
    if (!p->position.held)
        return NULL;
    return refuse(
        p, "xa",
        err_new(ERR_UNSAFE,
                "XA transactions are prepared on the source, and neither committed nor rolled back: their "
                "changes would be missing: %s",
                p->position.held));
}

static struct err *check_needs(struct promote *p)
{
    struct job_needs needs;
    struct buf names = BUF_INIT;
    struct err *e = NULL;

    TRY(job_needs_read(p->conn, p->name, &needs));
    for (size_t i = 0; i < needs.count; i++)
        buf_printf(&names, "%s%s%s%s", names.len ? ", " : "", *needs.items[i].db ? needs.items[i].db : "all",
                   *needs.items[i].name ? "." : "", needs.items[i].name);
    if (needs.count)
        e = refuse(p, "tables",
                   err_new(ERR_UNSAFE,
                           "tables of job %s need another copy, and are not what they are on the source: %s",
                           p->name, buf_str(&names)));
    job_needs_free(&needs);
    buf_free(&names);
    return e;
}

static struct err *check_trigger(struct promote *p, const struct job_kept *k)
{
    uint64_t there = 0;
    char *db = sql_string_dup(k->db);
    char *name = sql_string_dup(k->name);
    struct err *e =
        conn_number(p->conn, &there,
                    "SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = %s AND "
                    "TRIGGER_NAME = %s",
                    db, name);

    free(db);
    free(name);
    if (e || !there)
        return e;
    return err_hint(
        err_new(ERR_UNSAFE,
                "trigger %s.%s exists on the target, and ccr has not made it: it is in the way of "
                "the source's",
                k->db, k->name),
        "drop it");
}

/* A trigger of that name that ccr has not made would be dropped. */
static struct err *check_triggers(struct promote *p)
{
    struct job_kept_list kept;
    struct err *e = job_kept_read(p->conn, p->name, "trigger", &kept);

    for (size_t i = 0; i < kept.count && !e; i++)
        e = check_trigger(p, &kept.items[i]);
    job_kept_free(&kept);
    return e;
}

struct err *promote_check(struct promote *p, bool drained)
{
    if (drained && p->position.pending)
        return err_hint(err_new(ERR_UNSAFE, "the last restore of job %s has work left to do", p->name),
                        "ccr-promote without --now and --without-store does it first, as ccr-apply does");
    if (drained) {
        TRY(check_half_done(p));
        TRY(check_held(p));
        TRY(check_needs(p));
    }
    return check_triggers(p);
}
