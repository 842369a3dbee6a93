#include "backup/opening.h"

#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "backup/source_session.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "mysql/blockers.h"

/* Opening without locks is tried so often; each try takes about a millisecond. */
enum { AGREE_TRIES = 10 };

#define XA_POLL_US (100 * 1000LL)

static const char start_snapshot[] = "START TRANSACTION WITH CONSISTENT SNAPSHOT";

static struct err *warn_of_replica(const struct opening *o)
{
    bool lacks = false;

    TRY(server_lacks_replicated(o->control, &lacks));
    if (lacks)
        log_warn(o->params.log,
                 "the source is or was a replica, and log_slave_updates is off: what it gets from its master "
                 "is in this snapshot, and missing in the log behind it; set log_slave_updates=ON");
    return NULL;
}

static struct err *check_server(const struct opening *o)
{
    if (!o->server.log_bin)
        return err_hint(err_new(ERR_SOURCE, "the source writes no binlog, so a snapshot has no position"),
                        "set log_bin and binlog_format=ROW in the server's configuration and restart it");
    if (o->server.is_galera && !o->server.log_slave_updates)
        return err_hint(err_new(ERR_SOURCE, "the source is a Galera node that does not log what other nodes "
                                            "write: a snapshot would hold more than its position says"),
                        "set log_slave_updates=ON in the node's configuration and restart it");
    if (strcmp(o->server.binlog_format, "ROW") != 0)
        log_warn(o->params.log, "the source logs in %s format: set binlog_format=ROW, or ccr-apply may stop",
                 o->server.binlog_format);
    return warn_of_replica(o);
}

static struct err *open_workers(struct opening *o)
{
    o->workers = mem_zalloc(o->params.threads, sizeof(struct conn *));
    while (o->count < o->params.threads) {
        TRY(source_session_open(o->params.conn, o->params.lock_wait_s, &o->workers[o->count]));
        o->count++;
    }
    return NULL;
}

struct err *opening_new(const struct opening_params *params, struct opening *out)
{
    *out = (struct opening){.params = *params};
    struct err *e = source_session_open(params->conn, params->lock_wait_s, &out->control);
    if (!e)
        e = server_info_read(out->control, &out->server);
    if (!e)
        e = check_server(out);
    if (!e)
        e = open_workers(out);
    if (e)
        opening_free(out);
    return e;
}

void opening_free(struct opening *o)
{
    for (size_t i = 0; i < o->count; i++)
        conn_close(o->workers[i]);
    free(o->workers);
    conn_close(o->locker);
    conn_close(o->control);
    server_info_free(&o->server);
    free(o->file);
    gtid_pos_free(&o->position);
    *o = (struct opening){0};
}

/* Adds to a lock wait that timed out who may hold the lock; `waiter` is the connection that waited. */
static struct err *name_blockers(struct opening *o, struct conn *waiter, struct err *e)
{
    if (conn_errno(waiter) != ER_LOCK_WAIT_TIMEOUT)
        return e;
    size_t count = 0;
    uint64_t *own = mem_zalloc(o->count + 2, sizeof(*own));
    for (size_t i = 0; i < o->count; i++)
        own[count++] = conn_id(o->workers[i]);
    if (o->locker)
        own[count++] = conn_id(o->locker);
    own[count++] = conn_id(o->control);
    char *text = blockers_describe(o->control, own, count);
    e = err_hint(e, "the lock may be held by: %s; end that, run again later, or raise --lock-wait",
                 text ? text : "a session that is gone by now");
    free(text);
    free(own);
    return err_context(e, "waited %u s (--lock-wait)", o->params.lock_wait_s);
}

/* "LOCK TABLES a READ, b READ", or nothing where no table needs it. */
static void lock_statement(const struct source_schema *schema, struct buf *sql)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct source_object *object = &schema->objects[i];
        if (!source_object_needs_lock(object))
            continue;
        buf_append_str(sql, sql->len ? ", " : "LOCK TABLES ");
        sql_table(sql, object->entry.db, object->entry.name);
        buf_append_str(sql, " READ");
    }
}

struct err *opening_lock_tables(struct opening *o, const struct source_schema *schema)
{
    struct buf sql = BUF_INIT;
    struct err *e = NULL;

    lock_statement(schema, &sql);
    if (sql.len) {
        if (!o->locker)
            e = source_session_open(o->params.conn, o->params.lock_wait_s, &o->locker);
        if (!e)
            e = conn_exec_bytes(o->locker, sql.data, sql.len);
        if (e && o->locker)
            e = name_blockers(o, o->locker, err_context(e, "locking the tables that know no transactions"));
    }
    buf_free(&sql);
    return e;
}

struct err *opening_unlock_tables(struct opening *o)
{
    if (!o->locker)
        return NULL;
    struct err *e = conn_exec(o->locker, "UNLOCK TABLES");
    conn_close(o->locker);
    o->locker = NULL;
    return e;
}

/* All at once, so that as little time as possible lies between them. */
static struct err *start_all(struct opening *o)
{
    static const char what[] = "opening a consistent snapshot";

    for (size_t i = 0; i < o->count; i++)
        TRY(conn_send(o->workers[i], start_snapshot, sizeof(start_snapshot) - 1, what));
    for (size_t i = 0; i < o->count; i++)
        TRY(conn_answer(o->workers[i], what));
    return NULL;
}

static struct err *read_place(struct conn *c, char **file, uint64_t *offset)
{
    struct result *r = NULL;
    char **row;

    *file = NULL;
    *offset = 0;
    TRY(conn_query(c, &r, "SHOW STATUS LIKE 'binlog\\_snapshot\\_%%'"));
    while ((row = result_next(r, NULL)) != NULL) {
        if (strcasecmp(row[0], "binlog_snapshot_file") == 0) {
            free(*file);
            *file = mem_strdup(row[1]);
        } else if (strcasecmp(row[0], "binlog_snapshot_position") == 0) {
            *offset = strtoull(row[1], NULL, 10);
        }
    }
    result_free(r);
    if (*file && (*file)[0] && *offset)
        return NULL;
    return err_hint(err_new(ERR_SOURCE, "the source does not tell the snapshot's place in its binlog"),
                    "is log_bin set, and is the server a MariaDB?");
}

/* Whether all workers stand at the same place, which is noted. */
static struct err *compare_places(struct opening *o, bool *agreed)
{
    free(o->file);
    o->file = NULL;
    TRY(read_place(o->workers[0], &o->file, &o->offset));
    *agreed = true;
    for (size_t i = 1; i < o->count && *agreed; i++) {
        char *file = NULL;
        uint64_t offset = 0;
        struct err *e = read_place(o->workers[i], &file, &offset);
        *agreed = !e && strcmp(file, o->file) == 0 && offset == o->offset;
        free(file);
        if (e)
            return e;
    }
    return NULL;
}

static struct err *open_without_locks(struct opening *o, bool *agreed)
{
    for (int i = 0; i < AGREE_TRIES && !*agreed; i++) {
        TRY(interrupt_check());
        TRY(start_all(o));
        TRY(compare_places(o, agreed));
    }
    return NULL;
}

/* Where the network is cut now, the server ends the session, and lets commits go, after this time of silence.
 */
static struct err *hold_commits(struct opening *o)
{
    TRY(conn_exec(o->control, "SET SESSION wait_timeout = 10"));
    TRY(conn_exec(o->control, "BACKUP STAGE START"));
    return conn_exec(o->control, "BACKUP STAGE BLOCK_COMMIT");
}

/* Fails where the stage was never entered; closing the connection would release it as well. */
static struct err *release_commits(struct opening *o)
{
    TRY(conn_exec(o->control, "BACKUP STAGE END"));
    return conn_exec(o->control, "SET SESSION wait_timeout = " SOURCE_SESSION_IDLE_S);
}

/* Commits wait while the workers open; BACKUP STAGE END comes whatever happens. */
static struct err *open_with_commits_held(struct opening *o)
{
    bool agreed = false;

    log_debug(o->params.log, "the source is busy: holding its commits for the moment of opening");
    if (o->server.is_galera)
        log_warn(o->params.log, "holding commits pauses and desyncs this Galera node for a moment");
    struct err *e = hold_commits(o);
    if (e) {
        e = name_blockers(o, o->control, err_context(e, "holding commits to open the snapshot"));
    } else {
        e = start_all(o);
        if (!e)
            e = compare_places(o, &agreed);
        if (!e && !agreed)
            e = err_new(ERR_SOURCE, "the source's log moved on although its commits are held");
    }
    struct err *end = release_commits(o);
    return err_first(e, end);
}

struct xa_state {
    uint64_t prepared; /* transactions that are prepared now */
    uint64_t counter;  /* XA PREPARE statements since the server's start */
    char *first;
};

/* The counter first: a transaction prepared from then on shows in the next reading. */
static struct err *read_xa(struct conn *c, struct xa_state *xa)
{
    struct result *r = NULL;
    char **row;

    TRY(conn_number(c, &xa->counter,
                    "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS "
                    "WHERE VARIABLE_NAME = 'COM_XA_PREPARE'"));
    TRY(conn_query(c, &r, "XA RECOVER FORMAT='SQL'"));
    xa->prepared = result_count(r);
    row = result_next(r, NULL);
    free(xa->first);
    xa->first = row && row[3] ? mem_strdup(row[3]) : NULL;
    result_free(r);
    return NULL;
}

static struct err *xa_timeout(const struct opening *o, const struct xa_state *xa)
{
    if (!xa->prepared)
        return err_hint(err_new(ERR_SOURCE,
                                "transactions were prepared by XA all the time for %u s (--xa-wait)",
                                o->params.xa_wait_s),
                        "run again when there are fewer of them, or raise --xa-wait");
    return err_hint(err_new(ERR_SOURCE,
                            "%llu prepared XA transactions did not end within %u s (--xa-wait), "
                            "the first is %s",
                            (unsigned long long)xa->prepared, o->params.xa_wait_s, xa->first),
                    "end them with XA COMMIT or XA ROLLBACK: the log behind the snapshot would hold only "
                    "their commit, not their changes");
}

static struct err *open_once(struct opening *o)
{
    bool agreed = false;

    TRY(open_without_locks(o, &agreed));
    if (!agreed)
        TRY(open_with_commits_held(o));
    return NULL;
}

/*
 * A transaction that was prepared before the snapshot and commits after it would be lost. So none may be
 * prepared before the opening, none after it, and no XA PREPARE may have run between.
 */
static struct err *open_outside_xa(struct opening *o, struct xa_state *before, struct xa_state *after)
{
    int64_t until = clock_monotonic_us() + (int64_t)o->params.xa_wait_s * CLOCK_US_PER_S;

    for (;;) {
        TRY(interrupt_check());
        TRY(read_xa(o->control, before));
        if (before->prepared == 0) {
            TRY(open_once(o));
            TRY(read_xa(o->control, after));
            if (after->prepared == 0 && after->counter == before->counter)
                return NULL;
        }
        if (clock_monotonic_us() >= until)
            return xa_timeout(o, before->prepared ? before : after);
        clock_sleep_us(XA_POLL_US);
    }
}

/* The end of the log now; closed to writers for the moment of reading. */
static struct err *is_at_log_end(struct opening *o, bool *is)
{
    struct result *r = NULL;

    *is = false;
    TRY(conn_query(o->control, &r, "SHOW BINLOG STATUS"));
    char **row = result_next(r, NULL);
    if (row && row[0] && row[1])
        *is = strcmp(row[0], o->file) == 0 && strtoull(row[1], NULL, 10) == o->offset;
    result_free(r);
    return NULL;
}

/*
 * On a source that is at rest the position is known without a search: as long as the log ends at the
 * snapshot's place, its end is the snapshot's position.
 */
static struct err *position_at_rest(struct opening *o)
{
    char *text = NULL;
    bool before = false;
    bool after = false;

    TRY(is_at_log_end(o, &before));
    struct err *e = conn_value(o->control, &text, "SELECT @@gtid_binlog_pos");
    if (!e)
        e = is_at_log_end(o, &after);
    o->position_known = before && after && text;
    if (!e && o->position_known)
        e = gtid_pos_parse(text, ERR_SOURCE, &o->position);
    free(text);
    return e;
}

struct err *opening_position(struct opening *o)
{
    char *text = NULL;

    if (o->position_known)
        return NULL;
    char *file = sql_string_dup(o->file);
    struct err *e = conn_value(o->control, &text, "SELECT BINLOG_GTID_POS(%s, %llu)", file,
                               (unsigned long long)o->offset);
    free(file);
    if (!e && !text)
        e = err_new(ERR_SOURCE, "the source has no GTID position for its binlog %s at %llu", o->file,
                    (unsigned long long)o->offset);
    if (!e)
        e = gtid_pos_parse(text, ERR_SOURCE, &o->position);
    o->position_known = !e;
    free(text);
    return e;
}

struct err *opening_snapshot(struct opening *o)
{
    struct xa_state before = {0};
    struct xa_state after = {0};
    struct err *e = open_outside_xa(o, &before, &after);

    free(before.first);
    free(after.first);
    if (!e)
        e = position_at_rest(o);
    for (size_t i = 0; i < o->count && !e; i++)
        e = conn_exec(o->workers[i], "SAVEPOINT ccr");
    return e;
}
