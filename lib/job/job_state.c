#include "job/job_state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cause.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/who.h"
#include "format/document.h"
#include "job/job.h"
#include "job/job_needed.h"

struct err *job_state_setup(struct conn *c)
{
    return conn_exec(
        c, "CREATE TABLE IF NOT EXISTS ccr.states (job VARCHAR(64) NOT NULL PRIMARY KEY, "
           "state VARCHAR(16) NOT NULL DEFAULT '" JOB_FOLLOWING "', "
           "since TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, reason TEXT NOT NULL DEFAULT '', "
           "who TEXT NOT NULL DEFAULT '', failures INT UNSIGNED NOT NULL DEFAULT 0, "
           "cause VARCHAR(64) NOT NULL DEFAULT '', error LONGTEXT NULL, ok_at TIMESTAMP NULL) ENGINE=InnoDB "
           "DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
}

static struct err *state_from_row(char **row, struct job_state *out)
{
    static const struct json_doc doc = {"`error` of the job in ccr.states", ERR_TARGET};

    out->state = mem_strdup(row[0]);
    out->since = strtoll(row[1], NULL, 10);
    out->reason = mem_strdup(row[2]);
    out->who = mem_strdup(row[3]);
    out->failures = strtoull(row[4], NULL, 10);
    snprintf(out->cause, sizeof(out->cause), "%s", row[5]);
    out->ok_at = row[7] ? strtoll(row[7], NULL, 10) : 0;
    return row[6] ? json_parse(&doc, row[6], strlen(row[6]), &out->error) : NULL;
}

/* `*there` tells whether the table exists. */
static struct err *state_select(struct conn *c, const char *job, bool for_update, struct job_state *out,
                                bool *there)
{
    struct result *r = NULL;
    char *quoted = sql_string_dup(job);
    struct err *e = conn_query_if_there(
        c, &r,
        "SELECT state, UNIX_TIMESTAMP(since), reason, who, failures, cause, error, UNIX_TIMESTAMP(ok_at) "
        "FROM ccr.states WHERE job = %s%s",
        quoted, for_update ? " FOR UPDATE" : "");

    *out = (struct job_state){0};
    *there = r != NULL;
    free(quoted);
    char **row = r ? result_next(r, NULL) : NULL;
    if (row) {
        e = state_from_row(row, out);
    } else if (!e) {
        out->state = mem_strdup(JOB_FOLLOWING);
        out->reason = mem_strdup("");
        out->who = mem_strdup("");
    }
    result_free(r);
    if (e)
        job_state_free(out);
    return e;
}

struct err *job_state_read(struct conn *c, const char *job, struct job_state *out)
{
    bool there;

    return state_select(c, job, false, out, &there);
}

void job_state_free(struct job_state *s)
{
    free(s->state);
    free(s->reason);
    free(s->who);
    json_decref(s->error);
    *s = (struct job_state){0};
}

struct err *job_who(struct conn *c, const char *program, char **out)
{
    char *account = NULL;

    TRY(conn_value(c, &account, "SELECT CURRENT_USER()"));
    char *user = who_user();
    *out = mem_printf("%s (%s as %s)", program, user, account);
    free(user);
    free(account);
    return NULL;
}

/* Within a transaction. */
static struct err *set_state(struct conn *c, const struct job_change *change)
{
    char *who = NULL;

    TRY(job_who(c, change->program, &who));
    char *what = mem_printf("%s by %s", change->state, who);
    char *job = sql_string_dup(change->job);
    char *by = sql_string_dup(who);
    char *reason = sql_string_dup(change->reason);
    struct err *e =
        conn_exec(c,
                  "INSERT INTO ccr.states (job, state, since, reason, who) VALUES (%s, '%s', NOW(), %s, %s) "
                  "ON DUPLICATE KEY UPDATE state = VALUES(state), since = VALUES(since), "
                  "reason = VALUES(reason), who = VALUES(who)",
                  job, change->state, reason, by);
    if (!e)
        e = job_history_add(c, change->job, what, change->reason);
    if (!e && strcmp(change->state, JOB_FOLLOWING) == 0)
        e = job_needed_forget(c, change->job);
    free(who);
    free(what);
    free(job);
    free(by);
    free(reason);
    return e;
}

struct changing {
    struct conn *conn;
    const struct job_change *change;
};

static struct err *change_state(void *arg)
{
    const struct changing *ch = arg;
    char *job = sql_string_dup(ch->change->job);
    struct err *e = conn_exec(ch->conn, "UPDATE ccr.states SET failures = 0 WHERE job = %s", job);

    free(job);
    return e ? e : set_state(ch->conn, ch->change);
}

struct err *job_state_change(struct conn *c, const struct job_change *change)
{
    struct changing ch = {c, change};

    TRY(job_state_setup(c));
    return conn_transaction(c, change_state, &ch);
}

/* The failure as ccr.states has it. */
static char *error_text(const struct job_outcome *o)
{
    const struct err *e = o->error;
    char at[CLOCK_TEXT_SIZE];
    json_t *object = json_pack("{s:s, s:i, s:s}", "program", o->program, "code", (int)err_code(e),
                               "code_name", err_code_name(err_code(e)));

    document_set_bytes(object, "message", err_message(e));
    document_set_bytes(object, "hint", err_hint_text(e));
    document_set_bytes(object, "at", clock_format(clock_now_us(), at));
    char *text = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(object);
    return text;
}

struct recording {
    struct conn *conn;
    const struct job_outcome *outcome;
    bool waits;        /* for a copy, or for room: no further failure */
    const char *state; /* out */
};

static const char *known_state(const char *state)
{
    static const char *const known[] = {JOB_PAUSED, JOB_STOPPED, JOB_PROMOTING, JOB_PROMOTED};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(state, known[i]) == 0)
            return known[i];
    return JOB_FOLLOWING;
}

static struct err *write_failure(const struct recording *r, uint64_t failures, const char *cause)
{
    char *text = error_text(r->outcome);
    char *error = sql_string_dup(text);
    char *job = sql_string_dup(r->outcome->job);
    struct err *e = conn_exec(r->conn,
                              "INSERT INTO ccr.states (job, failures, cause, error) VALUES "
                              "(%s, %" PRIu64 ", '%s', %s) ON DUPLICATE KEY UPDATE "
                              "failures = VALUES(failures), cause = VALUES(cause), error = VALUES(error)",
                              job, failures, cause, error);

    free(text);
    free(error);
    free(job);
    return e;
}

static struct err *record_failure(void *arg)
{
    struct recording *r = arg;
    const struct job_outcome *o = r->outcome;
    struct job_state before;
    char cause[HASH_HEX_SIZE];
    bool there;

    TRY(state_select(r->conn, o->job, true, &before, &there));
    cause_hash(o->program, o->error, cause);
    bool again = !o->progress && strcmp(cause, before.cause) == 0;
    uint64_t failures = again ? before.failures + !r->waits : 1;
    if (!failures)
        failures = 1;
    r->state = known_state(before.state);
    job_state_free(&before);
    TRY(write_failure(r, failures, cause));
    if ((failures < JOB_FAILURES_TO_STOP && !o->too_often) || strcmp(r->state, JOB_FOLLOWING) != 0)
        return NULL;
    char *reason = o->too_often ? mem_strdup(o->too_often)
                                : mem_printf("%" PRIu64 " failures in a row of the same cause: %s", failures,
                                             err_message(o->error));
    const struct job_change change = {o->job, o->program, JOB_STOPPED, reason};
    struct err *e = set_state(r->conn, &change);
    free(reason);
    r->state = JOB_STOPPED;
    return e;
}

/* The first success of a job, one after it was stopped, or one within the same second. */
static struct err *record_first_success(void *arg)
{
    struct recording *r = arg;
    struct job_state before;
    bool there;

    TRY(state_select(r->conn, r->outcome->job, true, &before, &there));
    r->state = known_state(before.state);
    job_state_free(&before);
    bool keep = r->outcome->asked_for && strcmp(r->state, JOB_STOPPED) != 0;
    if (strcmp(r->state, JOB_STOPPED) == 0) {
        const struct job_change change = {r->outcome->job, r->outcome->program, JOB_FOLLOWING,
                                          "a run succeeded"};
        TRY(set_state(r->conn, &change));
        r->state = JOB_FOLLOWING;
    }
    char *job = sql_string_dup(r->outcome->job);
    struct err *e = conn_exec(r->conn,
                              "INSERT INTO ccr.states (job, ok_at) VALUES (%s, NOW()) ON DUPLICATE KEY "
                              "UPDATE ok_at = VALUES(ok_at), failures = %s",
                              job, keep ? "failures" : "0");
    free(job);
    return e;
}

/* Of a job that goes well, one statement. */
static struct err *record_success(struct recording *r, bool *done)
{
    char *job = sql_string_dup(r->outcome->job);
    struct err *e = conn_exec(r->conn,
                              "UPDATE ccr.states SET ok_at = NOW(), failures = %s WHERE job = %s AND "
                              "state = '" JOB_FOLLOWING "'",
                              r->outcome->asked_for ? "failures" : "0", job);

    free(job);
    *done = !e && conn_affected(r->conn) == 1;
    if (!e || !conn_is_absent(r->conn))
        return e;
    err_free(e);
    return NULL;
}

/*
 * Does it end when somebody makes room? Where a table is full it is the disk only if InnoDB keeps it: other
 * engines' tables have limits that nobody's making room changes.
 */
static struct err *waits_for_room(struct conn *c, const struct err *failure, bool *waits)
{
    const char *table;
    char *answer = NULL;

    *waits = err_is_no_room(failure, &table);
    if (!*waits || !table)
        return NULL;
    char *quoted = sql_string_dup(table);
    struct err *e = conn_value(c, &answer,
                               "SELECT MIN(COALESCE(engine, '') = 'InnoDB') FROM information_schema.tables "
                               "WHERE table_name = %s AND table_type <> 'VIEW'",
                               quoted);
    *waits = answer && strcmp(answer, "1") == 0;
    free(quoted);
    free(answer);
    return e;
}

static struct err *job_is_known(struct conn *c, const char *name, bool *known)
{
    struct result *r = NULL;
    char *quoted = sql_string_dup(name);
    struct err *e = conn_query_if_there(c, &r, "SELECT 1 FROM ccr.jobs WHERE name = %s", quoted);

    *known = r && result_count(r);
    free(quoted);
    result_free(r);
    return e;
}

struct err *job_state_record(struct conn *c, const struct job_outcome *outcome, const char **state)
{
    struct recording r = {.conn = c, .outcome = outcome, .state = JOB_FOLLOWING};
    bool done = false;

    *state = r.state;
    if (outcome->error && !cause_counts(outcome->error))
        return NULL;
    if (!outcome->error)
        TRY(record_success(&r, &done));
    if (done)
        return NULL;
    TRY(job_is_known(c, outcome->job, &done));
    if (!done)
        return NULL;
    TRY(job_state_setup(c));
    TRY(waits_for_room(c, outcome->error, &r.waits));
    r.waits |= outcome->waits;
    struct err *e = conn_transaction(c, outcome->error ? record_failure : record_first_success, &r);
    *state = r.state;
    return e;
}
