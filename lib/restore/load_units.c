#include "restore/load_units.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* One volume with rows to load, and its neighbours in a run. */
struct node {
    uint64_t volume;
    uint64_t bytes;
    struct node *next;
    bool has_previous;
    bool taken;
};

static int compare_piece(const struct load_piece *x, uint64_t volume, const char *member)
{
    if (x->volume != volume)
        return x->volume < volume ? -1 : 1;
    return strcmp(x->member, member);
}

static int compare_pieces(const void *a, const void *b)
{
    const struct load_piece *y = b;

    return compare_piece(a, y->volume, y->member);
}

const struct load_piece *load_work_find(const struct load_work *w, uint64_t volume, const char *member)
{
    size_t low = 0;
    size_t high = w->piece_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_piece(&w->pieces[middle], volume, member);
        if (order == 0)
            return &w->pieces[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static void collect_pieces(const struct restore_plan *p, struct load_work *w)
{
    size_t cap = 0;

    for (size_t i = 0; i < p->table_count; i++) {
        struct restore_table *t = &p->tables[i];
        for (size_t c = 0; t->rows && c < t->rows->chunk_count; c++) {
            const struct manifest_chunk *chunk = &t->rows->chunks[c];
            for (size_t k = 0; !restore_table_has_chunk(t, c) && k < chunk->piece_count; k++) {
                w->pieces = mem_grow(w->pieces, w->piece_count, &cap, sizeof(*w->pieces));
                w->pieces[w->piece_count++] =
                    (struct load_piece){chunk->pieces[k].volume, chunk->pieces[k].member, t, c, k};
            }
        }
    }
    if (w->piece_count)
        qsort(w->pieces, w->piece_count, sizeof(*w->pieces), compare_pieces);
}

static const struct manifest_chunk *chunk_of(const struct load_piece *piece)
{
    return &piece->table->rows->chunks[piece->chunk];
}

/* One node per volume; pieces are sorted by volume, so nodes are too. */
static struct node *collect_nodes(const struct load_work *w, size_t *count)
{
    struct node *nodes = mem_zalloc(w->piece_count + 1, sizeof(*nodes));

    *count = 0;
    for (size_t i = 0; i < w->piece_count; i++) {
        const struct load_piece *piece = &w->pieces[i];
        if (*count == 0 || nodes[*count - 1].volume != piece->volume)
            nodes[(*count)++].volume = piece->volume;
        nodes[*count - 1].bytes += chunk_of(piece)->pieces[piece->piece].bytes;
    }
    return nodes;
}

static int compare_nodes(const void *key, const void *node)
{
    uint64_t volume = *(const uint64_t *)key;
    const struct node *n = node;

    return volume < n->volume ? -1 : volume > n->volume;
}

static struct err *link_nodes(const struct load_work *w, struct node *nodes, size_t count)
{
    for (size_t i = 0; i < w->piece_count; i++) {
        const struct load_piece *piece = &w->pieces[i];
        const struct manifest_chunk *chunk = chunk_of(piece);
        if (piece->piece + 1 == chunk->piece_count || chunk->pieces[piece->piece + 1].volume == piece->volume)
            continue;
        struct node *from = bsearch(&piece->volume, nodes, count, sizeof(*nodes), compare_nodes);
        struct node *to =
            bsearch(&chunk->pieces[piece->piece + 1].volume, nodes, count, sizeof(*nodes), compare_nodes);
        if (!from || !to || from->next || to->has_previous)
            return err_new(ERR_INTEGRITY,
                           "manifest: the volumes of %s.%s are not linked one behind the other",
                           piece->table->db->name, piece->table->name);
        from->next = to;
        to->has_previous = true;
    }
    return NULL;
}

static void take_run(struct node *first, struct load_unit *unit)
{
    size_t cap = 0;

    for (struct node *n = first; n; n = n->next) {
        unit->volumes = mem_grow(unit->volumes, unit->volume_count, &cap, sizeof(*unit->volumes));
        unit->volumes[unit->volume_count++] = n->volume;
        unit->bytes += n->bytes;
        n->taken = true;
    }
}

static int compare_units(const void *a, const void *b)
{
    const struct load_unit *x = a;
    const struct load_unit *y = b;

    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return x->volumes[0] < y->volumes[0] ? -1 : 1;
}

struct err *load_work_new(const struct restore_plan *p, struct load_work *out)
{
    size_t count;

    *out = (struct load_work){0};
    collect_pieces(p, out);
    struct node *nodes = collect_nodes(out, &count);
    struct err *e = link_nodes(out, nodes, count);
    out->units = mem_zalloc(count + 1, sizeof(*out->units));
    for (size_t i = 0; !e && i < count; i++)
        if (!nodes[i].has_previous)
            take_run(&nodes[i], &out->units[out->unit_count++]);
    for (size_t i = 0; !e && i < count; i++)
        if (!nodes[i].taken)
            e = err_new(ERR_INTEGRITY, "manifest: volume %llu is linked in a circle",
                        (unsigned long long)nodes[i].volume);
    if (out->unit_count)
        qsort(out->units, out->unit_count, sizeof(*out->units), compare_units);
    free(nodes);
    if (e)
        load_work_free(out);
    return e;
}

void load_work_free(struct load_work *w)
{
    for (size_t i = 0; i < w->unit_count; i++)
        free(w->units[i].volumes);
    free(w->units);
    free(w->pieces);
    *w = (struct load_work){0};
}
