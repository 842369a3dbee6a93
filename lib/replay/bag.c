#include "replay/bag.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "replay/bag_rows.h"

enum { FIRST_SLOTS = 1024, PIECE_BYTES = 32 * 1024 };

struct bag *bag_new(void)
{
    return mem_zalloc(1, sizeof(struct bag));
}

void bag_seal(struct bag *b)
{
    for (struct bag_table *t = b->tables; t && !b->sealed; t = t->next)
        t->table->bag = NULL;
    b->sealed = true;
}

void bag_clear(struct bag *b)
{
    bag_seal(b);
    while (b->tables) {
        struct bag_table *t = b->tables;
        b->tables = t->next;
        free(t->columns);
        free(t);
    }
    if (b->row_count > 0)
        memset(b->slots, 0, b->slot_count * sizeof(struct bag_row *));
    b->row_count = 0;
    b->sealed = false;
    arena_clear(&b->arena);
}

void bag_free(struct bag *b)
{
    if (!b)
        return;
    bag_clear(b);
    arena_free(&b->arena);
    free(b->slots);
    free(b);
}

bool bag_is_empty(const struct bag *b)
{
    return b->tables == NULL;
}

size_t bag_bytes(const struct bag *b)
{
    return arena_held(&b->arena) + (b->row_count > 0 ? b->slot_count * sizeof(struct bag_row *) : 0);
}

static struct bag_table *bag_table(struct bag *b, const struct change *c)
{
    size_t bitmap = (c->rows->column_count + 7) / 8;

    if (!c->table->bag) {
        struct bag_table *t = mem_zalloc(1, sizeof(*t));
        t->table = c->table;
        t->columns = mem_alloc(bitmap);
        memcpy(t->columns, c->rows->after_columns, bitmap);
        t->next = b->tables;
        b->tables = c->table->bag = t;
    }
    return c->table->bag;
}

/* FNV-1a, then mixed: only its speed matters. */
static uint32_t hash_of(const struct bag_table *t, const uint8_t *image, size_t len)
{
    uint64_t h = 1469598103934665603ULL ^ t->table->id;

    for (size_t i = 0; i < len; i++)
        h = (h ^ image[i]) * 1099511628211ULL;
    h ^= h >> 29;
    return (uint32_t)(h * 0xbf58476d1ce4e5b9ULL >> 32);
}

static void slots_put(struct bag *b, struct bag_row *row)
{
    size_t at = row->hash & (b->slot_count - 1);

    while (b->slots[at])
        at = (at + 1) & (b->slot_count - 1);
    b->slots[at] = row;
}

/* At most two thirds are taken. */
static void slots_reserve(struct bag *b)
{
    struct bag_row **old = b->slots;
    size_t count = b->slot_count;

    if (3 * (b->row_count + 1) <= 2 * count)
        return;
    b->slot_count = count ? 2 * count : FIRST_SLOTS;
    b->slots = mem_zalloc(b->slot_count, sizeof(struct bag_row *));
    for (size_t i = 0; i < count; i++)
        if (old[i])
            slots_put(b, old[i]);
    free(old);
}

static struct bag_row *bag_row(struct bag *b, struct bag_table *t, const uint8_t *image, size_t len)
{
    uint32_t hash = hash_of(t, image, len);

    slots_reserve(b);
    for (size_t at = hash & (b->slot_count - 1); b->slots[at]; at = (at + 1) & (b->slot_count - 1)) {
        struct bag_row *row = b->slots[at];
        if (row->hash == hash && row->table == t && row->len == len && memcmp(row->image, image, len) == 0)
            return row;
    }
    struct bag_row *row = arena_alloc(&b->arena, sizeof(*row) + len);
    *row = (struct bag_row){.next = t->rows, .table = t, .hash = hash, .len = (uint32_t)len};
    memcpy(row->image, image, len);
    t->rows = row;
    b->row_count++;
    slots_put(b, row);
    return row;
}

static void bag_take(struct bag_row *row)
{
    row->copies--;
    if (row->copies < row->lowest)
        row->lowest = row->copies;
}

struct err *bag_add(struct bag *b, const struct change *c)
{
    struct bag_table *t = bag_table(b, c);
    struct rows_row row;
    size_t at = 0;
    bool done = false;

    t->time = c->time;
    t->server_id = c->server_id;
    t->gtid = c->gtid;
    for (;;) {
        TRY(rows_next(&c->table->map, c->rows, &at, &row, &done));
        if (done)
            return NULL;
        if (row.before)
            bag_take(bag_row(b, t, row.before, row.before_len));
        if (row.after)
            bag_row(b, t, row.after, row.after_len)->copies++;
    }
}

uint64_t bag_taken(const struct bag_table *t)
{
    uint64_t count = 0;

    for (const struct bag_row *row = t->rows; row; row = row->next)
        count += (uint64_t)-row->lowest;
    return count;
}

bool bag_needs_removal(const struct bag *b)
{
    for (const struct bag_table *t = b->tables; t; t = t->next)
        if (bag_taken(t) >= BAG_FEWEST)
            return true;
    return false;
}

static struct err *emit_images(const struct bag_table *t, enum rows_kind kind, const struct buf *images,
                               struct ordered *road)
{
    const struct rows_event event = {
        .kind = kind,
        .table_id = t->table->id,
        .flags = ROWS_NO_FOREIGN_KEY_CHECKS | ROWS_NO_CHECK_CONSTRAINT_CHECKS,
        .column_count = t->table->map.column_count,
        .before_columns = t->columns,
        .after_columns = t->columns,
        .rows = images->data,
        .rows_len = images->len,
    };
    const struct change change = {t->table, &event, t->time, t->server_id, t->gtid};

    return images->len ? ordered_add(road, &change) : NULL;
}

static struct err *emit_rows(const struct bag_table *t, enum rows_kind kind, struct ordered *road)
{
    struct buf images = BUF_INIT;
    struct err *e = NULL;

    for (const struct bag_row *row = t->rows; row && !e; row = row->next) {
        int64_t copies = kind == ROWS_DELETE ? -row->copies : row->copies;
        for (int64_t i = 0; i < copies && !e; i++) {
            buf_append(&images, row->image, row->len);
            if (images.len < PIECE_BYTES)
                continue;
            e = emit_images(t, kind, &images, road);
            buf_clear(&images);
        }
    }
    if (!e)
        e = emit_images(t, kind, &images, road);
    buf_free(&images);
    return e;
}

struct err *bag_emit(struct bag *b, struct ordered *road)
{
    for (const struct bag_table *t = b->tables; t; t = t->next) {
        TRY(emit_rows(t, ROWS_DELETE, road));
        TRY(emit_rows(t, ROWS_WRITE, road));
    }
    return NULL;
}
