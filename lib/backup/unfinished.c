#include "backup/unfinished.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/layout.h"

struct search {
    struct store *store;
    const char *stream;
    const char *prefix; /* what lies before an id */
    struct unfinished *found;
    size_t count;
    size_t cap;
};

static struct err *add_object(const struct store_entry *entry, void *arg)
{
    struct unfinished *u = arg;
    int64_t age_s = (clock_now_us() - entry->stat.modified_us) / CLOCK_US_PER_S;

    u->age_s = u->objects == 0 || age_s < u->age_s ? age_s : u->age_s;
    u->objects++;
    u->bytes += entry->stat.size;
    return NULL;
}

static struct err *consider(const char *id, void *arg)
{
    struct search *s = arg;
    struct store_stat stat;
    bool complete = false;
    struct unfinished u = {.snapshot = mem_strdup(id), .prefix = mem_printf("%s%s/", s->prefix, id)};
    char *manifest = layout_manifest_key(s->stream, u.snapshot);
    struct err *e = store_head(s->store, manifest, &stat, &complete);
    if (!e && !complete)
        e = store_list(s->store, &(struct store_list){.prefix = u.prefix}, add_object, &u);
    free(manifest);
    if (!e && u.objects > 0) {
        s->found = mem_grow(s->found, s->count, &s->cap, sizeof(*s->found));
        s->found[s->count++] = u;
        return NULL;
    }
    free(u.snapshot);
    free(u.prefix);
    return e;
}

struct err *unfinished_find(struct store *s, const char *stream, struct unfinished **out, size_t *count)
{
    char *prefix = layout_snapshots_prefix(stream);
    struct search search = {.store = s, .stream = stream, .prefix = prefix};
    struct err *e = store_each_folder(s, prefix, consider, &search);

    free(prefix);
    if (e) {
        unfinished_free(search.found, search.count);
        search = (struct search){0};
    }
    *out = search.found;
    *count = search.count;
    return e ? err_context(e, "looking for backups that did not end") : NULL;
}

void unfinished_free(struct unfinished *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i].snapshot);
        free(list[i].prefix);
    }
    free(list);
}
