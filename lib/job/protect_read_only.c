/* The server's read_only: set, kept, given back. */
#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/mem.h"
#include "job/job.h"
#include "job/job_state.h"
#include "job/protect_parts.h"

static const char *const mode_names[] = {"off", "detect", "read-only"};

const char *protect_mode_name(enum protect_mode mode)
{
    return mode_names[mode];
}

static bool mode_find(const char *text, enum protect_mode *out)
{
    for (size_t i = 0; i < sizeof(mode_names) / sizeof(mode_names[0]); i++)
        if (strcmp(text, mode_names[i]) == 0) {
            *out = (enum protect_mode)i;
            return true;
        }
    return false;
}

struct err *protect_choice_from_opts(const struct opts *o, struct protect_choice *out)
{
    const char *text = opts_string(o, OPT_PROTECT);

    *out = (struct protect_choice){.given = opts_given(o, OPT_PROTECT), .mode = PROTECT_DETECT};
    if (!out->given || mode_find(text, &out->mode))
        return NULL;
    return err_new(ERR_USAGE, "--protect is 'read-only', 'detect' or 'off', not '%s'", text);
}

struct err *protect_setup(struct conn *c)
{
    TRY(conn_exec(c, "CREATE TABLE IF NOT EXISTS ccr.protection (job VARCHAR(64) NOT NULL PRIMARY KEY, "
                     "mode VARCHAR(16) NOT NULL, set_read_only TINYINT NOT NULL, pos LONGTEXT NOT NULL, "
                     "unknown TEXT NOT NULL, checked TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, "
                     "announced TINYINT NOT NULL DEFAULT 0, quiet_at BIGINT NOT NULL DEFAULT 0, "
                     "quiet_of VARCHAR(255) NOT NULL DEFAULT '') "
                     "ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"));
    TRY(job_add_column(c, "protection", "announced", "TINYINT NOT NULL DEFAULT 0"));
    TRY(job_add_column(c, "protection", "quiet_at", "BIGINT NOT NULL DEFAULT 0"));
    TRY(job_add_column(c, "protection", "quiet_of", "VARCHAR(255) NOT NULL DEFAULT ''"));
    return conn_exec(c, "CREATE TABLE IF NOT EXISTS ccr.written_by_others (job VARCHAR(64) NOT NULL, "
                        "db VARCHAR(64) NOT NULL, name VARCHAR(64) NOT NULL, "
                        "transactions BIGINT UNSIGNED NOT NULL, gtid VARCHAR(64) NOT NULL, "
                        "first_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, "
                        "last_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (job, db, name)) "
                        "ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
}

static struct err *query_row(struct conn *c, const char *job, struct result **r)
{
    char *quoted = sql_string_dup(job);
    struct err *e = conn_query_if_there(c, r,
                                        "SELECT mode, set_read_only, pos, announced, quiet_at, quiet_of FROM "
                                        "ccr.protection WHERE job = %s",
                                        quoted);

    free(quoted);
    return e;
}

struct err *protection_read(struct conn *c, const char *job, struct protection *out)
{
    struct result *r = NULL;
    struct err *e = query_row(c, job, &r);

    *out = (struct protection){.pos = GTID_POS_INIT, .mode = PROTECT_DETECT};
    if (e ? conn_errno(c) == ER_BAD_FIELD_ERROR : !r) { /* of an earlier version, or missing */
        err_free(e);
        TRY(protect_setup(c));
        e = query_row(c, job, &r);
    }
    char **row = r ? result_next(r, NULL) : NULL;
    if (row) {
        out->found = true;
        mode_find(row[0], &out->mode);
        out->set_read_only = row[1][0] == '1';
        e = gtid_pos_parse(row[2], ERR_TARGET, &out->pos);
        out->announced = row[3][0] == '1';
        out->quiet_at = strtoll(row[4], NULL, 10);
        out->quiet_of = mem_strdup(row[5]);
    }
    result_free(r);
    return e;
}

void protection_free(struct protection *row)
{
    gtid_pos_free(&row->pos);
    free(row->quiet_of);
    *row = (struct protection){.pos = GTID_POS_INIT};
}

static struct err *record(struct conn *c, const char *job, const struct protection *row)
{
    char *quoted = sql_string_dup(job);
    struct err *e =
        conn_exec(c,
                  "INSERT INTO ccr.protection (job, mode, set_read_only, pos, unknown) VALUES (%s, '%s', %d, "
                  "@@GLOBAL.gtid_binlog_pos, '') ON DUPLICATE KEY UPDATE mode = VALUES(mode), "
                  "set_read_only = VALUES(set_read_only)",
                  quoted, protect_mode_name(row->mode), row->set_read_only);

    free(quoted);
    return e;
}

static struct err *other_that_needs_it(struct conn *c, const char *job, char **other)
{
    char *quoted = sql_string_dup(job);
    struct err *e = conn_value(
        c, other,
        "SELECT p.job FROM ccr.protection p LEFT JOIN ccr.states s ON s.job = p.job WHERE "
        "p.job <> %s AND p.mode = 'read-only' AND COALESCE(s.state, '') <> '" JOB_PROMOTED "' LIMIT 1",
        quoted);

    free(quoted);
    return e;
}

static struct err *hand_over(struct conn *c, const char *other, struct log *log)
{
    char *quoted = sql_string_dup(other);
    struct err *e = conn_exec(c, "UPDATE ccr.protection SET set_read_only = 1 WHERE job = %s", quoted);

    log_warn(log, "the target stays read_only: job %s, which is not promoted, wants it so", other);
    free(quoted);
    return e;
}

/* SET GLOBAL, and not the server's own options. */
static struct err *is_set_by_statement(struct conn *c, bool *is)
{
    char *origin = NULL;
    struct err *e = conn_value(c, &origin,
                               "SELECT GLOBAL_VALUE_ORIGIN FROM information_schema.SYSTEM_VARIABLES WHERE "
                               "VARIABLE_NAME = 'READ_ONLY'");

    *is = origin && strcmp(origin, "SQL") == 0;
    free(origin);
    return e;
}

/* What ccr has set is taken back. What somebody else has set, in his way, stays. */
static struct err *give_back(struct conn *c, const char *job, const struct protection *row, struct log *log)
{
    uint64_t read_only = 0;
    char *other = NULL;
    bool by_statement = false;

    TRY(conn_number(c, &read_only, "SELECT @@GLOBAL.read_only"));
    if (!read_only)
        return NULL;
    TRY(is_set_by_statement(c, &by_statement));
    if (!row->set_read_only || !by_statement) {
        log_warn(log, "read_only is on, and ccr has not set it: SET GLOBAL read_only = 0 makes the target "
                      "writable");
        return NULL;
    }
    struct err *e = other_that_needs_it(c, job, &other);
    if (!e)
        e = other ? hand_over(c, other, log) : conn_exec(c, "SET GLOBAL read_only = 0");
    if (!e && !other)
        log_info(log, "the target's read_only, which ccr has set, is off again");
    free(other);
    return e;
}

/* That ccr sets it is on record before it is set. */
static struct err *set_read_only(struct conn *c, const char *job, struct protection *row, bool known,
                                 struct log *log)
{
    uint64_t read_only = 0;

    TRY(conn_number(c, &read_only, "SELECT @@GLOBAL.read_only"));
    if (!read_only && row->set_read_only)
        log_warn(log, "read_only was off on the target (restarted without it, or somebody has taken it "
                      "away): set again; others may have written meanwhile");
    if (!known || (!read_only && !row->set_read_only)) {
        row->set_read_only |= !read_only;
        TRY(record(c, job, row));
    }
    if (read_only)
        return NULL;
    struct err *e = conn_exec(c, "SET GLOBAL read_only = 1");
    return e ? err_hint(e, "ccr's user needs READ_ONLY ADMIN to set it, and to write all the same") : NULL;
}

static struct err *forget_row(struct conn *c, const char *job)
{
    static const char *const table[] = {"protection"};

    return job_forget(c, job, table, 1);
}

struct err *protect_read_only(struct conn *c, const char *job, const struct protect_choice *choice,
                              struct log *log, struct protection *row)
{
    TRY(protection_read(c, job, row));
    enum protect_mode before = row->mode;
    if (choice->given)
        row->mode = choice->mode;
    if (row->mode == PROTECT_READ_ONLY)
        return set_read_only(c, job, row, row->found && before == PROTECT_READ_ONLY, log);
    if (row->found && row->set_read_only) {
        TRY(give_back(c, job, row, log));
        row->set_read_only = false;
        TRY(record(c, job, row));
    }
    return row->mode == PROTECT_OFF ? forget_row(c, job) : NULL;
}

struct err *protect_restore(struct conn *c, const char *job, const struct protect_choice *choice,
                            struct log *log)
{
    struct protection row;
    struct err *e = protect_read_only(c, job, choice, log, &row);

    protection_free(&row);
    return e ? err_context(e, "protecting the target") : NULL;
}

struct err *protect_end(struct conn *c, const char *job, struct log *log)
{
    struct protection row;
    struct err *e = protection_read(c, job, &row);

    if (!e)
        e = give_back(c, job, &row, log);
    if (!e)
        e = forget_row(c, job);
    protection_free(&row);
    return e;
}
