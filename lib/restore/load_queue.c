#include "restore/load_queue.h"

#include <stdlib.h>

#include "base/mem.h"

/* What a unit holds of one table. */
struct share {
    size_t table; /* index in the plan */
    uint64_t bytes;
};

struct entry {
    struct share *shares;
    size_t share_count;
    size_t share_cap;
    bool taken;
};

struct table_state {
    uint64_t left;    /* bytes in units that nobody took yet */
    unsigned workers; /* loading units that hold rows of it */
};

struct load_queue {
    const struct load_work *work;
    struct entry *entries; /* one per unit */
    struct table_state *tables;
};

static void add_share(struct entry *entry, size_t table, uint64_t bytes)
{
    for (size_t i = entry->share_count; i > 0; i--)
        if (entry->shares[i - 1].table == table) {
            entry->shares[i - 1].bytes += bytes;
            return;
        }
    entry->shares = mem_grow(entry->shares, entry->share_count, &entry->share_cap, sizeof(*entry->shares));
    entry->shares[entry->share_count++] = (struct share){table, bytes};
}

/* The pieces of one volume lie together; the first of them, or where it would be. */
static size_t first_piece(const struct load_work *w, uint64_t volume)
{
    size_t low = 0;
    size_t high = w->piece_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (w->pieces[middle].volume < volume)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void collect_shares(struct load_queue *q, const struct restore_plan *p, size_t unit)
{
    const struct load_work *w = q->work;
    const struct load_unit *u = &w->units[unit];

    for (size_t v = 0; v < u->volume_count; v++)
        for (size_t i = first_piece(w, u->volumes[v]);
             i < w->piece_count && w->pieces[i].volume == u->volumes[v]; i++) {
            const struct load_piece *piece = &w->pieces[i];
            uint64_t bytes = piece->table->rows->chunks[piece->chunk].pieces[piece->piece].bytes;
            size_t table = (size_t)(piece->table - p->tables);
            add_share(&q->entries[unit], table, bytes);
            q->tables[table].left += bytes;
        }
}

struct load_queue *load_queue_new(const struct load_work *w, const struct restore_plan *p)
{
    struct load_queue *q = mem_zalloc(1, sizeof(*q));

    q->work = w;
    q->entries = mem_zalloc(w->unit_count + 1, sizeof(*q->entries));
    q->tables = mem_zalloc(p->table_count + 1, sizeof(*q->tables));
    for (size_t i = 0; i < w->unit_count; i++)
        collect_shares(q, p, i);
    return q;
}

void load_queue_free(struct load_queue *q)
{
    if (!q)
        return;
    for (size_t i = 0; i < q->work->unit_count; i++)
        free(q->entries[i].shares);
    free(q->entries);
    free(q->tables);
    free(q);
}

/* Bytes of the unit in tables that a worker is in, and the most bytes left in any of its tables. */
static void weigh(const struct load_queue *q, const struct entry *entry, uint64_t *met, uint64_t *left)
{
    *met = 0;
    *left = 0;
    for (size_t i = 0; i < entry->share_count; i++) {
        const struct table_state *t = &q->tables[entry->shares[i].table];
        if (t->workers)
            *met += entry->shares[i].bytes;
        if (t->left > *left)
            *left = t->left;
    }
}

const struct load_unit *load_queue_take(struct load_queue *q)
{
    size_t best = q->work->unit_count;
    uint64_t best_met = 0;
    uint64_t best_left = 0;

    for (size_t i = 0; i < q->work->unit_count; i++) {
        uint64_t met;
        uint64_t left;
        if (q->entries[i].taken)
            continue;
        weigh(q, &q->entries[i], &met, &left);
        if (best < q->work->unit_count && (met > best_met || (met == best_met && left <= best_left)))
            continue;
        best = i;
        best_met = met;
        best_left = left;
    }
    if (best == q->work->unit_count)
        return NULL;
    struct entry *entry = &q->entries[best];
    entry->taken = true;
    for (size_t i = 0; i < entry->share_count; i++) {
        q->tables[entry->shares[i].table].left -= entry->shares[i].bytes;
        q->tables[entry->shares[i].table].workers++;
    }
    return &q->work->units[best];
}

void load_queue_leave(struct load_queue *q, const struct load_unit *unit)
{
    const struct entry *entry = &q->entries[unit - q->work->units];

    for (size_t i = 0; i < entry->share_count; i++)
        q->tables[entry->shares[i].table].workers--;
}
