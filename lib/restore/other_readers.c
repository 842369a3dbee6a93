#include "restore/other_readers.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "mysql/server.h"
#include "mysql/server_file.h"
#include "restore/open_transactions.h"

/* The server renews what innodb_trx shows only when nobody has looked for 100 ms. */
#define LOOK_EVERY_US (250 * 1000LL)

struct waiting {
    const struct other_readers_params *params;
    const char *name;
    struct conn *conn;
    struct open_transactions *open;
    int64_t deadline_us;
};

static struct err *connect(struct waiting *w)
{
    uint64_t n;

    TRY(server_file_open(w->name, w->params->target_params, 0, &w->conn));
    return conn_number(w->conn, &n, "SELECT COUNT(*) FROM information_schema.INNODB_TRX");
}

static struct err *seconds_left(const struct waiting *w, double *seconds)
{
    *seconds = (double)(w->deadline_us - clock_monotonic_us()) / CLOCK_US_PER_S;
    return *seconds > 0
               ? NULL
               : err_new(ERR_TARGET, "the wait for older readers took more than %llu s (--swap-wait)",
                         (unsigned long long)w->params->wait_s);
}

/* A node waits for what was certified before; a replica for the target's position. */
static struct err *wait_for_rows(struct waiting *w)
{
    char *position = NULL;
    char *reached = NULL;
    bool node = false;
    double seconds;

    TRY(seconds_left(w, &seconds));
    TRY(server_is_galera(w->conn, &node));
    if (node)
        return conn_exec(w->conn, "SET STATEMENT wsrep_sync_wait = 1 FOR "
                                  "SELECT COUNT(*) FROM mysql.innodb_table_stats");
    TRY(conn_value(w->params->target, &position, "SELECT @@gtid_binlog_pos"));
    char *text = sql_string_dup(position ? position : "");
    struct err *e = conn_value(w->conn, &reached, "SELECT MASTER_GTID_WAIT(%s, %.1f)", text, seconds);
    if (!e && (!reached || reached[0] != '0'))
        e = err_hint(err_new(ERR_TARGET, "it did not get to the target's position %s", position),
                     "is it a replica of the target, does it replicate, and does it lag?");
    free(reached);
    free(text);
    free(position);
    return e;
}

static struct err *wait_for_readers(struct waiting *w)
{
    size_t left = 1;
    bool said = false;
    double seconds;

    clock_sleep_us(LOOK_EVERY_US);
    TRY(open_transactions_read(w->conn, &w->open));
    for (;;) {
        TRY(interrupt_check());
        TRY(open_transactions_left(w->conn, w->open, &left));
        if (left == 0)
            return NULL;
        TRY(seconds_left(w, &seconds));
        if (!said)
            log_info(w->params->log,
                     "waiting for %zu transactions on %s that are older than the loaded tables", left,
                     w->name);
        said = true;
        clock_sleep_us(LOOK_EVERY_US);
    }
}

/* Who is still reading, in front of the message, if that can be found out. */
static struct err *name_readers(struct waiting *w, struct err *e)
{
    struct buf who = BUF_INIT;

    if (w->open && !conn_is_lost(w->conn)) {
        err_free(open_transactions_describe(w->conn, w->open, &who));
        if (who.len)
            e = err_context(e, "open: %s", buf_str(&who));
    }
    buf_free(&who);
    return err_hint(err_context(e, "readers on %s", w->name),
                    "the old tables are as they were; end those sessions or give --swap-wait more time, and "
                    "run again: the load is kept");
}

static struct err *each_server(const struct other_readers_params *params, bool wait)
{
    int64_t deadline_us = clock_monotonic_us() + (int64_t)params->wait_s * CLOCK_US_PER_S;
    struct err *e = NULL;

    for (size_t i = 0; params->servers[i] && !e; i++) {
        struct waiting w = {.params = params, .name = params->servers[i], .deadline_us = deadline_us};
        e = connect(&w);
        if (!e && wait)
            e = wait_for_rows(&w);
        if (!e && wait)
            e = wait_for_readers(&w);
        if (e)
            e = name_readers(&w, e);
        open_transactions_free(w.open);
        conn_close(w.conn);
    }
    return e;
}

struct err *other_readers_check(const struct other_readers_params *params)
{
    return each_server(params, false);
}

struct err *other_readers_wait(const struct other_readers_params *params)
{
    return each_server(params, true);
}
