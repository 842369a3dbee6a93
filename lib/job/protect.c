#include "job/protect.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/document.h"
#include "job/job.h"
#include "job/job_state.h"
#include "job/protect_scan.h"
#include "mysql/server.h"

static const char *const mode_names[] = {"off", "detect", "read-only"};

struct err *protect_mode_from_opts(const struct opts *o, enum protect_mode *out)
{
    const char *text = opts_string(o, OPT_PROTECT);

    for (size_t i = 0; i < sizeof(mode_names) / sizeof(mode_names[0]); i++)
        if (strcmp(text, mode_names[i]) == 0) {
            *out = (enum protect_mode)i;
            return NULL;
        }
    return err_new(ERR_USAGE, "--protect is 'read-only', 'detect' or 'off', not '%s'", text);
}

struct err *protect_setup(struct conn *c)
{
    TRY(conn_exec(c, "CREATE TABLE IF NOT EXISTS ccr.protection (job VARCHAR(64) NOT NULL PRIMARY KEY, "
                     "mode VARCHAR(16) NOT NULL, set_read_only TINYINT NOT NULL, pos LONGTEXT NOT NULL, "
                     "unknown TEXT NOT NULL, checked TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP) "
                     "ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"));
    return conn_exec(c, "CREATE TABLE IF NOT EXISTS ccr.written_by_others (job VARCHAR(64) NOT NULL, "
                        "db VARCHAR(64) NOT NULL, name VARCHAR(64) NOT NULL, "
                        "transactions BIGINT UNSIGNED NOT NULL, gtid VARCHAR(64) NOT NULL, "
                        "first_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, "
                        "last_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (job, db, name)) "
                        "ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
}

/* The job's row. */
struct protection {
    bool found;
    bool set_read_only;
    struct gtid_pos pos;
};

static struct err *read_row(struct conn *c, const char *job, struct protection *out)
{
    struct result *r = NULL;
    char *quoted = sql_string_dup(job);
    struct err *e =
        conn_query_if_there(c, &r, "SELECT set_read_only, pos FROM ccr.protection WHERE job = %s", quoted);

    *out = (struct protection){.pos = GTID_POS_INIT};
    free(quoted);
    if (!e && !r)
        e = protect_setup(c);
    char **row = r ? result_next(r, NULL) : NULL;
    if (row) {
        out->found = true;
        out->set_read_only = row[0][0] == '1';
        e = gtid_pos_parse(row[1], ERR_TARGET, &out->pos);
    }
    result_free(r);
    return e;
}

/* The server as it is now. */
struct server_now {
    bool read_only;
    bool log_bin;
    struct gtid_pos pos;
    uint64_t updates;
};

static struct err *read_now(struct conn *c, const char *job, struct server_now *out)
{
    struct result *r = NULL;
    char *name = job_position_table(job);
    char *table = sql_table_dup(JOB_DATABASE, name);
    struct err *e = conn_query(
        c, &r, "SELECT @@GLOBAL.read_only, @@GLOBAL.log_bin, @@GLOBAL.gtid_binlog_pos, updates FROM %s",
        table);
    char **row = r ? result_next(r, NULL) : NULL;

    *out = (struct server_now){.pos = GTID_POS_INIT};
    if (row) {
        out->read_only = row[0][0] != '0';
        out->log_bin = row[1][0] != '0';
        out->updates = strtoull(row[3], NULL, 10);
        e = gtid_pos_parse(row[2] ? row[2] : "", ERR_TARGET, &out->pos);
    }
    free(name);
    free(table);
    result_free(r);
    return e;
}

static struct err *keep_read_only(struct protect *p, const struct server_now *now, struct protection *row)
{
    if (p->mode != PROTECT_READ_ONLY || now->read_only)
        return NULL;
    if (row->set_read_only)
        log_warn(p->log,
                 "read_only was off on the target (restarted without it, or somebody has taken it away): set "
                 "again; others may have written meanwhile");
    struct err *e = conn_exec(p->conn, "SET GLOBAL read_only = 1");
    if (e)
        return err_hint(e, "ccr's user needs READ_ONLY ADMIN to set it, and to write all the same");
    row->set_read_only = true;
    return NULL;
}

/* Why the binlog cannot tell, malloc'ed, or NULL. */
static struct err *why_unknown(struct protect *p, const struct server_now *now, const struct protection *row,
                               char **out)
{
    struct server_info info;

    *out = NULL;
    if (!now->log_bin) {
        *out = mem_strdup("the target has no binlog");
        return NULL;
    }
    TRY(server_info_read(p->conn, &info));
    if (info.is_galera && !info.log_slave_updates)
        *out = mem_strdup("this Galera node's binlog lacks what other nodes write (log_slave_updates)");
    else if (row->found && !gtid_pos_reaches(&now->pos, &row->pos))
        *out = mem_strdup("the target's binlog was reset since the last look");
    server_info_free(&info);
    return NULL;
}

/* What the scan failed with becomes the reason; but the run's end is passed on. */
static struct err *take_failure(struct err *e, enum dump_refusal refusal, char **unknown)
{
    if (!e || err_code(e) == ERR_INTERRUPTED)
        return e;
    *unknown = refusal == DUMP_PURGED ? mem_strdup("the target's binlogs since the last look are purged")
                                      : mem_printf("the target's binlog cannot be read: %s", err_message(e));
    err_free(e);
    return NULL;
}

struct noting {
    struct protect *p;
    const struct written *written;
    bool set_read_only;
    const char *unknown;
};

static struct err *note_table(struct noting *n, const struct written_table *t)
{
    char last[GTID_TEXT_SIZE];
    char *job = sql_string_dup(n->p->job);
    char *db = sql_string_dup(t->db);
    char *name = sql_string_dup(t->name);
    struct err *e = conn_exec(
        n->p->conn,
        "INSERT INTO ccr.written_by_others (job, db, name, transactions, gtid, first_at, last_at) VALUES "
        "(%s, %s, %s, %" PRIu64 ", '%s', FROM_UNIXTIME(%" PRId64 "), FROM_UNIXTIME(%" PRId64 ")) ON "
        "DUPLICATE KEY UPDATE transactions = transactions + VALUES(transactions), "
        "gtid = VALUES(gtid), last_at = VALUES(last_at)",
        job, db, name, t->transactions, gtid_format(t->last, last), t->first_time, t->last_time);

    free(job);
    free(db);
    free(name);
    return e;
}

/* The row, and what was found, in one transaction. */
static struct err *note(void *arg)
{
    struct noting *n = arg;
    char *pos = gtid_pos_text(&n->written->end);
    char *job = sql_string_dup(n->p->job);
    char *unknown = sql_string_dup(n->unknown ? n->unknown : "");
    struct err *e =
        conn_exec(n->p->conn,
                  "INSERT INTO ccr.protection (job, mode, set_read_only, pos, unknown) VALUES (%s, '%s', "
                  "%d, '%s', %s) ON DUPLICATE KEY UPDATE mode = VALUES(mode), "
                  "set_read_only = VALUES(set_read_only), pos = VALUES(pos), "
                  "unknown = VALUES(unknown), checked = CURRENT_TIMESTAMP",
                  job, mode_names[n->p->mode], n->set_read_only, pos, unknown);

    for (size_t i = 0; i < n->written->count && !e; i++)
        if (n->written->tables[i].transactions)
            e = note_table(n, &n->written->tables[i]);
    free(pos);
    free(job);
    free(unknown);
    return e;
}

static void warn(const struct protect *p, const struct written *w, const char *unknown)
{
    char gtid[GTID_TEXT_SIZE];
    char time[CLOCK_TEXT_SIZE];

    if (unknown)
        log_debug(p->log, "whether others write to the target's tables is not known: %s", unknown);
    for (size_t i = 0; i < w->count; i++) {
        const struct written_table *t = &w->tables[i];
        if (t->transactions)
            log_warn(p->log,
                     "others have written to %s.%s on the target: %" PRIu64
                     " transactions since the last look, the last "
                     "one %s at %s; its rows may differ from the source's",
                     t->db, t->name, t->transactions, gtid_format(t->last, gtid),
                     clock_format(t->last_time * CLOCK_US_PER_S, time));
    }
}

static struct err *look(struct protect *p, const struct server_now *now, struct protection *row)
{
    struct written written = {.end = GTID_POS_INIT};
    char *unknown = NULL;
    struct err *e = why_unknown(p, now, row, &unknown);
    const struct protect_scan_params params = {p->conn, p->params, p->job, &row->pos};

    if (!e && !unknown && row->found && !gtid_pos_equal(&row->pos, &now->pos))
        e = take_failure(protect_scan(&params, &written), written.refusal, &unknown);
    if (!e && written.end.count == 0) /* the first look, nothing new, or nothing that could be read */
        gtid_pos_copy(&written.end, &now->pos);
    struct noting noting = {p, &written, row->set_read_only, unknown};
    if (!e)
        e = conn_transaction(p->conn, note, &noting);
    if (!e) {
        warn(p, &written, unknown);
        gtid_pos_copy(&p->seen, &written.end);
        p->updates = now->updates;
        p->looked = !unknown && gtid_pos_equal(&written.end, &now->pos);
    }
    written_free(&written);
    free(unknown);
    return e;
}

static struct err *forget_row(struct protect *p)
{
    static const char *const table[] = {"protection"};

    return job_forget(p->conn, p->job, table, 1);
}

struct err *protect_look(struct protect *p)
{
    struct server_now now = {.pos = GTID_POS_INIT};
    struct protection row;

    if (!p->job) /* none */
        return NULL;
    if (p->mode == PROTECT_OFF)
        return forget_row(p);
    struct err *e = read_row(p->conn, p->job, &row);
    if (!e)
        e = read_now(p->conn, p->job, &now);
    if (!e)
        e = keep_read_only(p, &now, &row);
    if (!e)
        e = look(p, &now, &row);
    gtid_pos_free(&row.pos);
    gtid_pos_free(&now.pos);
    return e ? err_context(e, "looking whether others write to the target") : NULL;
}

/* The look itself is one transaction. */
struct err *protect_pass_own(struct protect *p)
{
    struct server_now now = {.pos = GTID_POS_INIT};

    if (!p->looked)
        return NULL;
    p->looked = false;
    struct err *e = read_now(p->conn, p->job, &now);
    if (!e && now.updates != p->updates &&
        gtid_pos_distance(&p->seen, &now.pos) == 1 + (now.updates - p->updates)) {
        char *pos = gtid_pos_text(&now.pos);
        char *job = sql_string_dup(p->job);
        e = conn_exec(p->conn, "UPDATE ccr.protection SET pos = '%s' WHERE job = %s", pos, job);
        free(pos);
        free(job);
    }
    gtid_pos_free(&now.pos);
    return e;
}

void protect_free(struct protect *p)
{
    gtid_pos_free(&p->seen);
}

static struct err *others_need_it(struct conn *c, const char *job, char **other)
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

struct err *protect_end(struct conn *c, const char *job, struct log *log)
{
    struct protection row;
    uint64_t read_only = 0;
    char *other = NULL;
    char *quoted = sql_string_dup(job);
    struct err *e = read_row(c, job, &row);

    if (!e)
        e = conn_number(c, &read_only, "SELECT @@GLOBAL.read_only");
    if (!e && read_only && row.set_read_only)
        e = others_need_it(c, job, &other);
    if (!e && other)
        log_warn(log, "the target stays read_only: job %s, which is not promoted, wants it so", other);
    else if (!e && read_only && !row.set_read_only)
        log_warn(
            log,
            "read_only is on, and ccr has not set it: SET GLOBAL read_only = 0 makes the target writable");
    else if (!e && read_only)
        e = conn_exec(c, "SET GLOBAL read_only = 0");
    if (!e)
        e = conn_exec(c, "DELETE FROM ccr.protection WHERE job = %s", quoted);
    gtid_pos_free(&row.pos);
    free(other);
    free(quoted);
    return e;
}

static struct err *add_written(struct conn *c, const char *quoted, json_t *list)
{
    struct result *r = NULL;
    char **row;
    char time[CLOCK_TEXT_SIZE];
    struct err *e =
        conn_query_if_there(c, &r,
                            "SELECT db, name, transactions, gtid, UNIX_TIMESTAMP(first_at), "
                            "UNIX_TIMESTAMP(last_at) FROM ccr.written_by_others WHERE job = %s ORDER BY db, "
                            "name",
                            quoted);

    while (!e && r && (row = result_next(r, NULL)) != NULL) {
        json_t *table = json_object();
        document_set_bytes(table, "db", row[0]);
        document_set_bytes(table, "name", row[1]);
        document_set_u64(table, "transactions", strtoull(row[2], NULL, 10));
        document_set_bytes(table, "gtid", row[3]);
        document_set_bytes(table, "first", clock_format(strtoll(row[4], NULL, 10) * CLOCK_US_PER_S, time));
        document_set_bytes(table, "last", clock_format(strtoll(row[5], NULL, 10) * CLOCK_US_PER_S, time));
        json_array_append_new(list, table);
    }
    result_free(r);
    return e;
}

struct err *protect_describe(struct conn *c, const char *job, json_t *to)
{
    struct result *r = NULL;
    char time[CLOCK_TEXT_SIZE];
    char *quoted = sql_string_dup(job);
    struct err *e =
        conn_query_if_there(c, &r,
                            "SELECT mode, unknown, UNIX_TIMESTAMP(checked), @@GLOBAL.read_only FROM "
                            "ccr.protection WHERE job = %s",
                            quoted);
    char **row = r ? result_next(r, NULL) : NULL;

    if (row) {
        json_t *protection = json_object();
        json_t *written = json_array();
        json_object_set_new(to, "protection", protection);
        document_set_bytes(protection, "mode", row[0]);
        json_object_set_new(protection, "read_only", json_boolean(row[3][0] != '0'));
        json_object_set_new(protection, "known", json_boolean(row[1][0] == 0));
        document_set_bytes(protection, "unknown", row[1][0] ? row[1] : NULL);
        document_set_bytes(protection, "checked",
                           clock_format(strtoll(row[2], NULL, 10) * CLOCK_US_PER_S, time));
        json_object_set_new(protection, "written", written);
        e = add_written(c, quoted, written);
    }
    result_free(r);
    free(quoted);
    return e;
}

struct err *protect_begin(struct conn *c, const char *job)
{
    char *quoted = sql_string_dup(job);
    struct err *e = conn_exec(c, "DELETE FROM ccr.written_by_others WHERE job = %s", quoted);

    if (!e)
        e = conn_exec(
            c,
            "INSERT INTO ccr.protection (job, mode, set_read_only, pos, unknown) VALUES (%s, 'detect', 0, "
            "@@GLOBAL.gtid_binlog_pos, '') ON DUPLICATE KEY UPDATE pos = VALUES(pos), "
            "unknown = '', checked = CURRENT_TIMESTAMP",
            quoted);
    free(quoted);
    return e;
}

struct err *protect_forget(struct conn *c, const char *job, const char *db, const char *table)
{
    char *quoted = sql_string_dup(job);
    char *schema = sql_string_dup(db);
    char *name = sql_string_dup(table);
    struct err *e = conn_exec(c, "DELETE FROM ccr.written_by_others WHERE job = %s AND db = %s AND name = %s",
                              quoted, schema, name);

    free(quoted);
    free(schema);
    free(name);
    return e;
}
