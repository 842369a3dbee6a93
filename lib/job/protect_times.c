#include "job/protect_times.h"

#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/clock.h"

struct err *protect_clock_read(struct conn *c, struct protect_clock *out)
{
    uint64_t us = 0;
    /* SYSDATE: the session's `timestamp` may be the source's */
    struct err *e = conn_number(c, &us, "SELECT CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS UNSIGNED)");

    out->target_us = (int64_t)us;
    out->monotonic_us = clock_monotonic_us();
    return e;
}

int64_t protect_clock_since(const struct protect_clock *then, const struct protect_clock *now)
{
    int64_t us = then->target_us + now->monotonic_us - then->monotonic_us;

    return (us > now->target_us ? us : now->target_us) / CLOCK_US_PER_S;
}

static bool begins_database(const struct written *w, size_t i)
{
    return i == 0 || strcmp(w->tables[i].db, w->tables[i - 1].db) != 0;
}

/* Names alone open nothing. */
static struct err *is_cheap(struct conn *c, const struct written *w, bool *is)
{
    uint64_t most = 0;
    uint64_t count = 0;
    struct err *e = conn_number(c, &most, "SELECT @@GLOBAL.table_open_cache DIV 2");

    for (size_t i = 0; i < w->count && !e; i++) {
        uint64_t tables = 0;
        char *db = begins_database(w, i) ? sql_string_dup(w->tables[i].db) : NULL;
        if (db)
            e = conn_number(c, &tables,
                            "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s", db);
        count += tables;
        free(db);
    }
    *is = !e && count <= most;
    return e;
}

/* A table that is locked is not waited for long. */
static struct err *read_database(struct conn *c, struct written *w, const char *db)
{
    struct result *r = NULL;
    char **row;
    char *quoted = sql_string_dup(db);
    struct err *e =
        conn_query(c, &r,
                   "SET STATEMENT lock_wait_timeout = 1, max_statement_time = 10 FOR SELECT TABLE_NAME, "
                   "UNIX_TIMESTAMP(CREATE_TIME), UNIX_TIMESTAMP(UPDATE_TIME) FROM information_schema.TABLES "
                   "WHERE TABLE_SCHEMA = %s AND ENGINE = 'InnoDB' AND UPDATE_TIME IS NOT NULL",
                   quoted);

    if (e && (conn_errno(c) == ER_STATEMENT_TIMEOUT || conn_errno(c) == ER_LOCK_WAIT_TIMEOUT)) {
        err_free(e);
        e = NULL;
    }
    while (!e && r && (row = result_next(r, NULL)) != NULL) {
        struct written_table *t = written_find(w, db, row[0]);
        if (t && row[1] && row[2]) {
            t->created = strtoll(row[1], NULL, 10);
            t->updated = strtoll(row[2], NULL, 10);
        }
    }
    result_free(r);
    free(quoted);
    return e;
}

struct err *protect_times_read(struct conn *c, struct written *w, bool *looked)
{
    TRY(is_cheap(c, w, looked));
    for (size_t i = 0; i < w->count && *looked; i++)
        if (begins_database(w, i))
            TRY(read_database(c, w, w->tables[i].db));
    return NULL;
}

int64_t protect_times_latest(const struct written *w)
{
    int64_t latest = 0;

    for (size_t i = 0; i < w->count; i++)
        latest = w->tables[i].updated > latest ? w->tables[i].updated : latest;
    return latest;
}

void protect_times_judge(struct written *w, int64_t quiet_at)
{
    for (size_t i = 0; i < w->count; i++) {
        struct written_table *t = &w->tables[i];
        if (t->transactions || t->updated <= quiet_at || t->created > quiet_at)
            continue;
        t->unlogged = true;
        t->first_time = t->last_time = t->updated;
    }
}
