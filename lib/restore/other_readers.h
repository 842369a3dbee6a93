/*
 * other_readers - readers of the target's tables on other servers: Galera nodes, replicas.
 *
 * A REPEATABLE READ reader that is older than the loaded rows sees a swapped-in table empty, without an
 * error, on whatever server it reads. The swap itself waits for those of its own server (swap.h); this waits
 * for the others: until the server has the rows, and then until every transaction that is open there is over.
 */
#ifndef CCR_RESTORE_OTHER_READERS_H
#define CCR_RESTORE_OTHER_READERS_H

#include "base/log.h"
#include "mysql/conn.h"

struct other_readers_params {
    struct conn *target;
    const struct conn_params *target_params;
    const char *const *servers; /* "FILE" or "FILE:GROUP", option files; ends with NULL */
    uint64_t wait_s;            /* all in all */
    struct log *log;
};

/* Whether all of them can be asked. */
struct err *other_readers_check(const struct other_readers_params *params) CHECKED;
/* When the load is over. ERR_TARGET after wait_s, with those who were still reading. */
struct err *other_readers_wait(const struct other_readers_params *params) CHECKED;

#endif
