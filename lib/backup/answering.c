#include "backup/answering.h"

#include <stdlib.h>

#include "base/mem.h"
#include "mysql/advisory.h"

enum { LOCK_WAIT_S = 2 }; /* for the server to notice that a run is dead */

/* On a Galera node the last look has to do. */
static struct err *lock(const struct backup_params *p, struct conn *c)
{
    bool got = false;
    char *name = mem_printf("ccr answer %.50s", p->stream);
    struct err *e = conn_exec(c, "SET SESSION wait_timeout = 31536000"); /* it is idle during a long copy */

    if (!e)
        e = advisory_lock(c, name, LOCK_WAIT_S, &got);
    if (!e && !got)
        e = err_new(ERR_LOCKED, "another ccr-backup --requested of stream %s is at work", p->stream);
    free(name);
    return e;
}

struct err *answering_lock(const struct backup_params *p, struct conn **out)
{
    *out = NULL;
    struct err *e = conn_open(p->conn, out);

    if (!e)
        e = lock(p, *out);
    if (e) {
        conn_close(*out);
        *out = NULL;
    }
    return e;
}

struct err *answering_last_look(void *arg)
{
    const struct answering *a = arg;
    struct queue *q = &a->answer->queue;
    const char *by = NULL;

    TRY(queue_see_all(q, a->params->store, a->params->stream));
    for (size_t i = 0; i < q->count; i++) {
        if (a->answer->chosen[i] && q->items[i].state == QUEUE_OPEN)
            return NULL;
        if (a->answer->chosen[i])
            by = q->items[i].snapshot;
    }
    return err_new(ERR_LOCKED, "what this snapshot was for has been answered by %s meanwhile",
                   by ? by : "another one");
}
