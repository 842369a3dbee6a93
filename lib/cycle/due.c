#include "cycle/due.h"

#include <stdlib.h>
#include <string.h>

#include "backup/source_scope.h"
#include "base/clock.h"
#include "base/mem.h"
#include "format/layout.h"
#include "format/manifest.h"
#include "snapshot/choice.h"
#include "store/store.h"

struct candidate {
    char *id;
    int64_t stored_us;
};

struct search {
    struct store *store;
    const char *stream;
    struct candidate *items;
    size_t count;
    size_t cap;
};

static struct err *consider(const char *id, void *arg)
{
    struct search *s = arg;
    struct store_stat stat;
    bool complete = false;
    char *key = layout_manifest_key(s->stream, id);
    struct err *e = store_head(s->store, key, &stat, &complete);

    free(key);
    if (e || !complete)
        return e;
    s->items = mem_grow(s->items, s->count, &s->cap, sizeof(*s->items));
    s->items[s->count++] = (struct candidate){mem_strdup(id), stat.modified_us};
    return NULL;
}

static int newest_first(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    return x->stored_us < y->stored_us ? 1 : x->stored_us > y->stored_us ? -1 : 0;
}

static struct err *list(struct search *s)
{
    char *prefix = layout_snapshots_prefix(s->stream);
    struct err *e = store_each_folder(s->store, prefix, consider, s);

    free(prefix);
    if (s->count)
        qsort(s->items, s->count, sizeof(*s->items), newest_first);
    return e;
}

static struct err *holds_all(struct search *s, const char *id, const struct scope *wanted, bool *yes)
{
    struct manifest *m = NULL;
    struct err *e = manifest_load(s->store, s->stream, id, &m);

    if (!e)
        e = choice_holds(m, wanted, NULL, yes);
    manifest_free(m);
    return e;
}

/* The store's time at the last run of ccr-ship; ours where there was none. */
static struct err *store_time(struct search *s, int64_t *now_us)
{
    struct store_stat stat;
    bool found = false;
    char *key = layout_alive_key(s->stream);
    struct err *e = store_head(s->store, key, &stat, &found);

    free(key);
    *now_us = found && !e ? stat.modified_us + clock_shift_us() : clock_now_us();
    return e;
}

static struct err *look(struct search *s, const struct scope *wanted, uint64_t every_s, char **reason)
{
    int64_t now_us = 0;
    bool holds = false;
    char when[CLOCK_TEXT_SIZE];

    TRY(store_time(s, &now_us));
    TRY(list(s));
    const int64_t since_us = now_us - (int64_t)every_s * CLOCK_US_PER_S;
    for (size_t i = 0; i < s->count && s->items[i].stored_us > since_us && !holds; i++)
        TRY(holds_all(s, s->items[i].id, wanted, &holds));
    if (!holds)
        *reason = mem_printf("no full snapshot since %s (snapshot-every)", clock_format(since_us, when));
    return NULL;
}

struct err *snapshot_due(const struct opts *section, struct log *log, char **reason)
{
    const uint64_t every_s = opts_number(section, OPT_SNAPSHOT_EVERY);
    struct search s = {.stream = opts_string(section, OPT_STREAM)};
    struct source_scope wanted = {0};

    *reason = NULL;
    if (every_s == 0)
        return NULL;
    struct err *e = every_s > INT32_MAX ? err_new(ERR_CONFIG, "snapshot-every is too long a time") : NULL;
    if (!e)
        e = layout_check_name("stream", s.stream);
    if (!e)
        e = source_scope_read(section, &wanted);
    if (!e)
        e = store_open_opts(section, log, &s.store);
    if (!e)
        e = look(&s, &wanted.scope, every_s, reason);
    for (size_t i = 0; i < s.count; i++)
        free(s.items[i].id);
    free(s.items);
    store_close(s.store);
    source_scope_free(&wanted);
    return e;
}
