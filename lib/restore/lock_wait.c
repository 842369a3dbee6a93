#include "restore/lock_wait.h"

#include <stdlib.h>

#include <mysqld_error.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "restore/open_transactions.h"

static struct err *give_up(const struct lock_wait *w, struct err *e)
{
    char *dbs = restore_plan_target_list(w->plan);
    struct buf who = BUF_INIT;
    struct err *failed = lock_holders_describe(w->conn, dbs, &who);

    free(dbs);
    e = err_context(e, "the %s gave up after %llu s, waiting for table locks", w->what,
                    (unsigned long long)w->all_s);
    if (!failed && who.len)
        e = err_context(e, "locks are %s", buf_str(&who));
    err_free(failed);
    buf_free(&who);
    return err_hint(e, "%s", w->hint);
}

struct err *lock_wait_explain(struct conn *c, const char *db, struct err *e)
{
    struct buf who = BUF_INIT;

    if (!e || !c || conn_errno(c) != ER_LOCK_WAIT_TIMEOUT)
        return e;
    char *name = db ? sql_string_dup(db) : NULL;
    struct err *failed = lock_holders_describe(c, name, &who);
    free(name);
    if (!failed && who.len)
        e = err_context(e, "locks are %s", buf_str(&who));
    err_free(failed);
    buf_free(&who);
    return err_hint(e, "wait until those sessions are at their end, or end them (KILL ID), and run it again");
}

/* "swap", "before": the failpoint swap-before. */
static void pass(const struct lock_wait *w, const char *when)
{
    char *name = mem_printf("%s-%s", w->what, when);

    failpoint(name);
    free(name);
}

struct err *lock_wait_exec(const struct lock_wait *w, const struct buf *sql, double *seconds)
{
    TRY(conn_exec(w->conn, "SET SESSION lock_wait_timeout = %llu", (unsigned long long)w->attempt_s));
    for (;;) {
        TRY(interrupt_check());
        int64_t start_us = clock_monotonic_us();
        pass(w, "before");
        struct err *e = conn_exec_bytes(w->conn, sql->data, sql->len);
        pass(w, "after");
        if (seconds)
            *seconds = (double)(clock_monotonic_us() - start_us) / CLOCK_US_PER_S;
        if (!e || (conn_errno(w->conn) != ER_LOCK_WAIT_TIMEOUT && conn_errno(w->conn) != ER_LOCK_DEADLOCK))
            return e;
        if (clock_monotonic_us() >= w->deadline_us)
            return give_up(w, e);
        err_free(e);
        log_info(w->log, "the %s waits for a table lock; trying again", w->what);
        clock_sleep_us(CLOCK_US_PER_S);
    }
}
