/*
 * loops - jobs that would pass a change round and round: A's tables to B, and B's copy of them back to A,
 * straight or through others.
 *
 * The store shows it: every ccr-ship says which jobs bring its server tables from other streams (alive.json,
 * `jobs`), and whether a target writes one of those streams is told by the stream's last transaction, which
 * is looked up in the target's own binlog. Then the target's tables are followed along the jobs, by name.
 * What cannot be known here: servers that follow through another store, or whose ccr-ship has not run since
 * their job was made. Two that follow each other's other tables are no loop.
 */
#ifndef CCR_JOB_LOOPS_H
#define CCR_JOB_LOOPS_H

#include "job/job.h"
#include "store/store.h"

/*
 * The jobs that bring this server tables, as job_to_json() has them: an array for alive.json. Empty where
 * there are none, or that cannot be asked: not all that ships is a target.
 */
json_t *loops_incoming(struct conn *c);

/* Everything is borrowed. */
struct loops_params {
    struct store *store;
    struct conn *conn; /* to the target; free for use again afterwards */
    const struct conn_params *conn_params;
    const struct job *job;           /* with its ids; it need not exist yet */
    const struct scope_name *tables; /* that it will bring, names on the target; or NULL */
    size_t table_count;
    bool of_itself; /* also where the source follows nobody: may the target be the source? */
};

/* What would go round, and by which jobs, for a message; malloc'ed, NULL: nothing. */
struct err *loops_find(const struct loops_params *p, char **found) CHECKED;
/* The same as ERR_UNSAFE. */
struct err *loops_refuse(const struct loops_params *p) CHECKED;
const char *loops_hint(void);

#endif
