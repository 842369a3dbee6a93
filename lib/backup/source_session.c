#include "backup/source_session.h"

/*
 * REPEATABLE READ, because any other level makes WITH CONSISTENT SNAPSHOT a plain START TRANSACTION. The
 * timeouts are those by which a server ends sessions that are idle, or whose reader is slow.
 */
static const char settings[] =
    "SET SESSION time_zone = '+00:00', sql_mode = '', character_set_results = binary, "
    "sql_quote_show_create = 1, tx_isolation = 'REPEATABLE-READ', autocommit = 1, sql_log_bin = 0, "
    "lock_wait_timeout = %u, "
    "net_write_timeout = 86400, wait_timeout = " SOURCE_SESSION_IDLE_S ", idle_transaction_timeout = 0, "
    "idle_readonly_transaction_timeout = 0, max_statement_time = 0";

struct err *source_session_open(const struct conn_params *params, unsigned lock_wait_s, struct conn **out)
{
    struct conn *c = NULL;

    TRY(conn_open(params, &c));
    struct err *e = conn_exec(c, settings, lock_wait_s);
    if (e) {
        conn_close(c);
        return err_context(e, "preparing the session");
    }
    *out = c;
    return NULL;
}
