/* scratch_store - a file:// store in a temporary folder of its own, for unit tests. */
#ifndef CCR_TESTS_SCRATCH_STORE_H
#define CCR_TESTS_SCRATCH_STORE_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/store.h"

static char scratch_dir[256];

static inline struct store *scratch_open(void)
{
    const char *tmp = getenv("TMPDIR");
    struct store *s = NULL;

    snprintf(scratch_dir, sizeof(scratch_dir), "%s/ccr-unit.XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(scratch_dir))
        abort();
    char *url = mem_printf("file://%s/store", scratch_dir);
    struct err *e = store_open(url, &s);
    free(url);
    if (e)
        abort();
    return s;
}

static inline int scratch_remove(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static inline void scratch_close(struct store *s)
{
    store_close(s);
    nftw(scratch_dir, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
