#include "restore/load_stream.h"

#include <stdlib.h>

#include "base/mem.h"
#include "format/volume.h"
#include "snapshot/definitions.h"

struct load_stream {
    struct store *store;
    const struct restore_plan *plan;
    const struct load_work *work;
    const struct load_unit *unit;
    size_t next_volume; /* index in the unit */
    struct buf bytes;   /* the volume that is open */
    struct volume_reader *reader;
    const struct load_piece *piece; /* the member that is open; NULL where none is */
    uint64_t left;                  /* of its bytes */
};

struct load_stream *load_stream_new(struct store *s, const struct restore_plan *p, const struct load_work *w)
{
    struct load_stream *l = mem_zalloc(1, sizeof(*l));

    l->store = s;
    l->plan = p;
    l->work = w;
    return l;
}

void load_stream_free(struct load_stream *l)
{
    if (!l)
        return;
    volume_reader_free(l->reader);
    buf_free(&l->bytes);
    free(l);
}

void load_stream_open(struct load_stream *l, const struct load_unit *unit)
{
    volume_reader_free(l->reader);
    l->reader = NULL;
    l->unit = unit;
    l->next_volume = 0;
    l->piece = NULL;
}

static struct err *open_next_volume(struct load_stream *l)
{
    uint64_t number = l->unit->volumes[l->next_volume++];
    char *name = mem_printf("volume %llu of snapshot %s", (unsigned long long)number, l->plan->manifest->id);

    volume_reader_free(l->reader);
    l->reader = NULL;
    struct err *e = volume_fetch(l->store, l->plan->manifest, number, &l->bytes);
    if (!e)
        e = volume_reader_new(name, l->bytes.data, l->bytes.len, &l->reader);
    free(name);
    return e;
}

static bool is_done(const struct load_piece *piece)
{
    return restore_table_has_chunk(piece->table, piece->chunk);
}

/* Moves to the next member with rows to load; l->piece is NULL at the end of the unit. */
static struct err *next_member(struct load_stream *l)
{
    l->piece = NULL;
    for (;;) {
        const char *member = NULL;
        if (l->reader)
            TRY(volume_reader_next(l->reader, &member, &l->left));
        if (!member) {
            if (l->next_volume == l->unit->volume_count)
                return NULL;
            TRY(open_next_volume(l));
            continue;
        }
        const struct load_piece *found =
            load_work_find(l->work, l->unit->volumes[l->next_volume - 1], member);
        if (found && !is_done(found)) {
            l->piece = found;
            return NULL;
        }
    }
}

static struct err *check_piece(const struct load_stream *l, size_t expected)
{
    const struct restore_table *t = l->piece->table;
    const struct manifest_chunk *chunk = &t->rows->chunks[l->piece->chunk];

    if (l->piece->piece != expected)
        return err_new(ERR_INTEGRITY, "snapshot %s: member %s comes before the rest of its chunk",
                       l->plan->manifest->id, l->piece->member);
    if (l->left != chunk->pieces[expected].bytes)
        return err_new(ERR_INTEGRITY, "snapshot %s: member %s has %llu bytes, the manifest says %llu",
                       l->plan->manifest->id, l->piece->member, (unsigned long long)l->left,
                       (unsigned long long)chunk->pieces[expected].bytes);
    return NULL;
}

struct err *load_stream_next(struct load_stream *l, const struct load_piece **piece)
{
    TRY(next_member(l));
    *piece = l->piece;
    return l->piece ? check_piece(l, 0) : NULL;
}

/* The open member is at its end: goes on with the chunk's next piece, if there is one. */
static struct err *next_piece(struct load_stream *l, bool *end)
{
    const struct load_piece *last = l->piece;
    const struct manifest_chunk *chunk = &last->table->rows->chunks[last->chunk];

    *end = last->piece + 1 == chunk->piece_count;
    if (*end)
        return NULL;
    TRY(next_member(l));
    if (!l->piece || l->piece->table != last->table || l->piece->chunk != last->chunk)
        return err_new(ERR_INTEGRITY, "snapshot %s: what follows member %s is not the rest of its chunk",
                       l->plan->manifest->id, last->member);
    return check_piece(l, last->piece + 1);
}

struct err *load_stream_read(struct load_stream *l, void *out, size_t cap, size_t *len)
{
    *len = 0;
    while (l->left == 0) {
        bool end;
        TRY(next_piece(l, &end));
        if (end)
            return NULL;
    }
    TRY(volume_reader_read(l->reader, out, cap < l->left ? cap : (size_t)l->left, len));
    if (*len == 0)
        return err_new(ERR_INTEGRITY, "snapshot %s: member %s is cut short", l->plan->manifest->id,
                       l->piece->member);
    l->left -= *len;
    return NULL;
}
