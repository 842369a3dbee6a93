/*
 * loops - jobs that would pass a change round and round: A's tables to B, and B's copy of them back to A,
 * straight or through others.
 *
 * The store shows it: every ccr-ship says which jobs bring its server tables from other streams (alive.json,
 * `jobs`), and whether a target writes one of those streams is told by the stream's last transaction, which
 * is looked up in the target's own binlog. Then the target's tables are followed along the jobs, by name.
 * What cannot be known here: servers that follow through another store, or whose ccr-ship has not run since
 * their job was made. Two that follow each other's other tables are no loop.
 *
 * Where the target may have logged the stream's last transaction, but cannot show it (purged, no privilege),
 * it is taken for the server that the stream's newest snapshot is from if server_id and hostname are. It may
 * be another one all the same that has both, and the history: a clone. Behind RESET MASTER nothing is found
 * before there is a snapshot of the new history.
 */
#ifndef CCR_JOB_LOOPS_H
#define CCR_JOB_LOOPS_H

#include "format/reported.h"
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
    const struct alive *alive;       /* of its stream (empty: not known); NULL: is read */
    const struct scope_name *tables; /* that it will bring, names on the target; or NULL */
    size_t table_count;
    bool of_itself; /* also where the source follows nobody: may the target be the source? */
};

/* What would go round, and by which jobs, for a message; malloc'ed, NULL: nothing. */
struct err *loops_find(const struct loops_params *p, char **found) CHECKED;
/* The same as ERR_UNSAFE. */
struct err *loops_refuse(const struct loops_params *p) CHECKED;

/*
 * The same for one who follows, and asks again and again: others may make a job, or change one, meanwhile.
 * What ccr-ship says of the jobs is read every 10 seconds, and all is looked at where that is news, or has
 * not been for 10 minutes. `seen` is all zero at first.
 */
struct loops_seen {
    char *said;
    int64_t read_us; /* monotonic */
    int64_t looked_us;
};
struct err *loops_refuse_again(const struct loops_params *p, struct loops_seen *seen) CHECKED;
void loops_seen_free(struct loops_seen *seen); /* its members */
const char *loops_hint(void);

#endif
