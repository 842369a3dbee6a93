#include "keep/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"

struct pool {
    pool_fn *fn;
    void *arg;
    size_t count;
    atomic_size_t next;
};

static void *pool_work(void *arg)
{
    struct pool *p = arg;

    for (size_t i = atomic_fetch_add(&p->next, 1); i < p->count; i = atomic_fetch_add(&p->next, 1))
        p->fn(p->arg, i);
    return NULL;
}

struct err *pool_run(unsigned threads, size_t count, pool_fn *fn, void *arg)
{
    struct pool p = {.fn = fn, .arg = arg, .count = count};
    pthread_t *started = mem_zalloc(threads, sizeof(*started));
    unsigned n = 0;
    int status = 0;

    atomic_init(&p.next, 0);
    while (n < threads && n < count && status == 0) {
        status = pthread_create(&started[n], NULL, pool_work, &p);
        n += status == 0;
    }
    for (unsigned i = 0; i < n; i++)
        pthread_join(started[i], NULL);
    free(started);
    return n == 0 && count > 0 ? err_errno(ERR_INTERNAL, status, "starting a thread") : NULL;
}
