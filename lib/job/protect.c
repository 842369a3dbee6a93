#include "job/protect.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/document.h"
#include "job/job.h"
#include "job/protect_parts.h"
#include "job/protect_times.h"
#include "mysql/server.h"

/* The server as it is now, and the position row. */
struct target_now {
    bool log_bin;
    struct gtid_pos pos;
    bool announced;
    uint64_t updates;
    char *of; /* equal as long as ccr has written nothing for the job, and this is the same server */
};

static struct err *read_now(struct conn *c, const char *job, struct target_now *out)
{
    struct result *r = NULL;
    char *name = job_position_table(job);
    char *table = sql_table_dup(JOB_DATABASE, name);
    struct err *e =
        conn_query(c, &r,
                   "SELECT @@GLOBAL.log_bin, @@GLOBAL.gtid_binlog_pos, intent IS NOT NULL, updates, "
                   "CONCAT_WS(':', nonce, updates, @@server_id, @@port, @@hostname) FROM %s",
                   table);
    char **row = r ? result_next(r, NULL) : NULL;

    *out = (struct target_now){.pos = GTID_POS_INIT};
    if (row) {
        out->log_bin = row[0][0] != '0';
        e = gtid_pos_parse(row[1] ? row[1] : "", ERR_TARGET, &out->pos);
        out->announced = row[2][0] == '1';
        out->updates = strtoull(row[3], NULL, 10);
        out->of = mem_strdup(row[4]);
    }
    free(name);
    free(table);
    result_free(r);
    return e;
}

static void now_free(struct target_now *now)
{
    gtid_pos_free(&now->pos);
    free(now->of);
}

/* Why the binlog cannot tell, malloc'ed, or NULL. */
static struct err *why_unknown(struct protect *p, const struct target_now *now, const struct protection *row,
                               char **out)
{
    struct server_info info;

    *out = NULL;
    if (!now->log_bin) {
        *out = mem_strdup("the target has no binlog (only what is written between two runs is seen)");
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
    const struct protection *row;
    const struct target_now *now;
    int64_t quiet_at;
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
        job, db, name, t->unlogged ? 1 : t->transactions, t->unlogged ? "" : gtid_format(t->last, last),
        t->first_time, t->last_time);

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
    char *of = sql_string_dup(n->now->of ? n->now->of : "");
    struct err *e = conn_exec(
        n->p->conn,
        "INSERT INTO ccr.protection (job, mode, set_read_only, pos, unknown, announced, quiet_at, quiet_of) "
        "VALUES (%s, '%s', %d, '%s', %s, %d, %" PRId64 ", %s) ON DUPLICATE KEY UPDATE mode = VALUES(mode), "
        "set_read_only = VALUES(set_read_only), pos = VALUES(pos), unknown = VALUES(unknown), announced = "
        "VALUES(announced), quiet_at = VALUES(quiet_at), quiet_of = VALUES(quiet_of), checked = "
        "CURRENT_TIMESTAMP",
        job, protect_mode_name(n->row->mode), n->row->set_read_only, pos, unknown, n->written->announced,
        n->quiet_at, of);

    for (size_t i = 0; i < n->written->count && !e; i++)
        if (n->written->tables[i].transactions || n->written->tables[i].unlogged)
            e = note_table(n, &n->written->tables[i]);
    free(pos);
    free(job);
    free(unknown);
    free(of);
    return e;
}

static void warn_of(const struct protect *p, const struct written_table *t)
{
    char gtid[GTID_TEXT_SIZE];
    char time[CLOCK_TEXT_SIZE];

    clock_format(t->last_time * CLOCK_US_PER_S, time);
    if (t->unlogged)
        log_warn(
            p->log,
            "others have written to %s.%s on the target, last at %s, and its binlog does not show it; its "
            "rows may differ from the source's",
            t->db, t->name, time);
    else if (t->transactions)
        log_warn(p->log,
                 "others have written to %s.%s on the target: %" PRIu64
                 " transactions since the last look, the last one %s at %s; its rows may differ from the "
                 "source's",
                 t->db, t->name, t->transactions, gtid_format(t->last, gtid), time);
}

/* When the tables were changed, before the binlog is read: so what they show is in what is read of it. */
static struct err *read_times(struct protect *p, struct written *w)
{
    struct protect_clock clock = {0};

    TRY(protect_clock_read(p->conn, &clock));
    TRY(protect_times_read(p->conn, w, &p->timed));
    p->target_us = clock.target_us;
    p->monotonic_us = clock.monotonic_us;
    p->latest = protect_times_latest(w);
    return NULL;
}

/* A second behind all that ccr and others have written up to `clock`, whichever way the target's clock was
 * set; 0 where the times were not read. */
static int64_t quiet_since(const struct protect *p, const struct protect_clock *clock)
{
    const struct protect_clock then = {p->target_us, p->monotonic_us};
    int64_t at = protect_clock_since(&then, clock);

    if (!p->timed)
        return 0;
    return at > p->latest ? at : p->latest;
}

static struct err *note_all(struct protect *p, const struct target_now *now, const struct protection *row,
                            struct written *written, const char *unknown)
{
    const struct protect_clock clock = {p->target_us, p->monotonic_us};
    struct noting noting = {p, written, row, now, quiet_since(p, &clock), unknown};

    TRY(conn_transaction(p->conn, note, &noting));
    if (unknown)
        log_debug(p->log, "whether others write to the target's tables is not known: %s", unknown);
    for (size_t i = 0; i < written->count; i++)
        warn_of(p, &written->tables[i]);
    gtid_pos_copy(&p->seen, &written->end);
    p->updates = now->updates;
    p->looked = !unknown && gtid_pos_equal(&written->end, &now->pos);
    return NULL;
}

static struct err *look(struct protect *p, struct written *written, const struct target_now *now,
                        struct protection *row)
{
    char *unknown = NULL;
    struct err *e = why_unknown(p, now, row, &unknown);
    const struct protect_scan_params params = {p->conn, p->params, p->job, &row->pos, row->announced};

    written->announced = now->announced;
    if (!e && !unknown && row->found && !gtid_pos_equal(&row->pos, &now->pos))
        e = take_failure(protect_scan(&params, written), written->refusal, &unknown);
    if (!e && written->end.count == 0) /* the first look, nothing new, or nothing that could be read */
        gtid_pos_copy(&written->end, &now->pos);
    if (!e && p->timed && row->quiet_at && row->quiet_of && now->of && strcmp(row->quiet_of, now->of) == 0)
        protect_times_judge(written, row->quiet_at);
    if (!e)
        e = note_all(p, now, row, written, unknown);
    free(unknown);
    return e;
}

struct err *protect_look(struct protect *p)
{
    struct target_now now = {.pos = GTID_POS_INIT};
    struct written written = {.end = GTID_POS_INIT};
    struct protection row;

    if (!p->job) /* none */
        return NULL;
    struct err *e = protect_read_only(p->conn, p->job, &p->choice, p->log, &row);
    bool on = row.mode != PROTECT_OFF;
    if (!e && on)
        e = written_read(p->conn, p->job, &written);
    if (!e && on)
        e = read_times(p, &written);
    if (!e && on)
        e = read_now(p->conn, p->job, &now);
    if (!e && on)
        e = look(p, &written, &now, &row);
    written_free(&written);
    protection_free(&row);
    now_free(&now);
    return e ? err_context(e, "looking whether others write to the target") : NULL;
}

/* The look itself is one transaction. */
static struct err *pass_own(struct protect *p, const struct target_now *now)
{
    if (!p->looked)
        return NULL;
    p->looked = false;
    if (now->updates == p->updates ||
        gtid_pos_distance(&p->seen, &now->pos) != 1 + (now->updates - p->updates))
        return NULL;
    char *pos = gtid_pos_text(&now->pos);
    char *job = sql_string_dup(p->job);
    struct err *e = conn_exec(p->conn, "UPDATE ccr.protection SET pos = '%s', announced = %d WHERE job = %s",
                              pos, now->announced, job);
    free(pos);
    free(job);
    return e;
}

struct err *protect_pass_own(struct protect *p)
{
    struct target_now now = {.pos = GTID_POS_INIT};

    if (!p->looked)
        return NULL;
    struct err *e = read_now(p->conn, p->job, &now);
    if (!e)
        e = pass_own(p, &now);
    now_free(&now);
    return e;
}

static struct err *leave(struct protect *p, const struct target_now *now)
{
    struct protect_clock clock;

    TRY(pass_own(p, now));
    TRY(protect_clock_read(p->conn, &clock));
    char *of = sql_string_dup(now->of ? now->of : "");
    char *job = sql_string_dup(p->job);
    struct err *e =
        conn_exec(p->conn, "UPDATE ccr.protection SET quiet_at = %" PRId64 ", quiet_of = %s WHERE job = %s",
                  quiet_since(p, &clock), of, job);
    free(of);
    free(job);
    return e;
}

/* Where nothing was written, the look itself has noted all. */
struct err *protect_leave(struct protect *p)
{
    struct target_now now = {.pos = GTID_POS_INIT};

    if (!p->timed)
        return protect_pass_own(p);
    struct err *e = read_now(p->conn, p->job, &now);
    if (!e && now.updates != p->updates)
        e = leave(p, &now);
    now_free(&now);
    return e;
}

void protect_free(struct protect *p)
{
    gtid_pos_free(&p->seen);
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
        document_set_bytes(table, "gtid", row[3][0] ? row[3] : NULL);
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
            "unknown = '', announced = 0, quiet_at = 0, checked = CURRENT_TIMESTAMP",
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
