#include "replay/net.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "replay/key_text.h"
#include "replay/net_rows.h"

enum { FIRST_SLOTS = 4096 };

/* One row image, and its columns as far as the table's keys need them. */
struct image {
    const uint8_t *bytes;
    size_t len;
    struct rows_value *values;
};

/* The change at hand, for messages. */
struct step {
    struct net *n;
    struct net_table *t;
    const struct change *change;
    const struct rows_row *row;
};

struct net *net_new(void)
{
    struct net *n = mem_zalloc(1, sizeof(*n));

    n->tables_end = &n->tables;
    return n;
}

static void table_free(struct net_table *t)
{
    net_key_free(&t->key);
    free(t->columns);
    buf_free(&t->auto_image);
    free(t);
}

void net_seal(struct net *n)
{
    for (struct net_table *t = n->tables; t && !n->sealed; t = t->next)
        t->table->net = NULL;
    n->sealed = true;
}

void net_clear(struct net *n)
{
    net_seal(n);
    while (n->tables) {
        struct net_table *t = n->tables;
        n->tables = t->next;
        table_free(t);
    }
    n->tables_end = &n->tables;
    if (n->row_count > 0)
        memset(n->slots, 0, n->slot_count * sizeof(*n->slots));
    n->row_count = 0;
    n->sealed = false;
    arena_clear(&n->arena);
}

void net_free(struct net *n)
{
    if (!n)
        return;
    net_clear(n);
    arena_free(&n->arena);
    free(n->slots);
    buf_free(&n->key);
    free(n->values[0]);
    free(n->values[1]);
    free(n);
}

bool net_is_empty(const struct net *n)
{
    return n->tables == NULL;
}

/* With what sorting the rows will take, and the slots beside their next, larger copy. */
size_t net_bytes(const struct net *n)
{
    size_t slots = n->row_count > 0 ? 3 * n->slot_count * sizeof(*n->slots) : 0;
    size_t bytes = arena_held(&n->arena) + slots + n->row_count * NET_SORT_BYTES;

    for (const struct net_table *t = n->tables; t; t = t->next)
        bytes += sizeof(*t) + t->auto_image.cap;
    return bytes;
}

static struct net_table *net_table(struct net *n, const struct change *c)
{
    if (c->table->net)
        return c->table->net;
    struct net_table *t = mem_zalloc(1, sizeof(*t));
    size_t bitmap = (c->rows->column_count + 7) / 8;
    t->table = c->table;
    t->columns = mem_alloc(bitmap);
    memcpy(t->columns, c->rows->after_columns, bitmap);
    net_key_init(&t->key, c->table->catalog, &c->table->map);
    if (t->key.columns_of > n->value_cap) {
        n->value_cap = t->key.columns_of;
        for (unsigned i = 0; i < 2; i++)
            n->values[i] = mem_resize(n->values[i], n->value_cap, sizeof(*n->values[i]));
    }
    *n->tables_end = t;
    n->tables_end = &t->next;
    c->table->net = t;
    return t;
}

static uint32_t hash_of(const struct net_table *t, const uint8_t *key, size_t len)
{
    uint64_t h = t->table->id * 0x9e3779b97f4a7c15ULL + len;

    while (len > 0) {
        size_t part = len < 8 ? len : 8;
        h = (h ^ le_get(key, (unsigned)part)) * 0xff51afd7ed558ccdULL;
        h ^= h >> 32;
        key += part;
        len -= part;
    }
    h *= 0xc4ceb9fe1a85ec53ULL;
    return (uint32_t)(h >> 32);
}

static void slots_put(struct net *n, uint32_t hash, struct net_row *row)
{
    size_t at = hash & (n->slot_count - 1);

    while (n->slots[at].row)
        at = (at + 1) & (n->slot_count - 1);
    n->slots[at] = (struct net_slot){hash, row};
}

/* At most two thirds are taken. */
static void slots_reserve(struct net *n)
{
    struct net_slot *old = n->slots;
    size_t count = n->slot_count;

    if (3 * (n->row_count + 1) <= 2 * count)
        return;
    n->slot_count = count ? 2 * count : FIRST_SLOTS;
    n->slots = mem_zalloc(n->slot_count, sizeof(*n->slots));
    for (size_t i = 0; i < count; i++)
        if (old[i].row)
            slots_put(n, old[i].hash, old[i].row);
    free(old);
}

/* The row whose key lies in n->key; *fresh: nothing was known of it. */
static struct net_row *net_row(struct net *n, struct net_table *t, bool *fresh)
{
    uint32_t hash = hash_of(t, n->key.data, n->key.len);

    *fresh = false;
    slots_reserve(n);
    for (size_t at = hash & (n->slot_count - 1); n->slots[at].row; at = (at + 1) & (n->slot_count - 1)) {
        struct net_row *row = n->slots[at].row;
        if (n->slots[at].hash == hash && row->table == t && row->key_len == n->key.len &&
            memcmp(row->key, n->key.data, n->key.len) == 0)
            return row;
    }
    struct net_row *row = arena_alloc(&n->arena, sizeof(*row) + n->key.len);
    *row = (struct net_row){
        .next = t->rows, .table = t, .hash = hash, .key_len = (uint32_t)n->key.len, .first = n->gtid};
    memcpy(row->key, n->key.data, n->key.len);
    t->rows = row;
    t->row_count++;
    n->row_count++;
    slots_put(n, hash, row);
    *fresh = true;
    return row;
}

static void set_before(struct net *n, struct net_row *row, const struct image *image)
{
    uint8_t *copy = arena_alloc(&n->arena, image->len);

    memcpy(copy, image->bytes, image->len);
    row->before = copy;
    row->before_len = (uint32_t)image->len;
}

/* In place where there is room: a row that changes a thousand times takes no more than one that changes
 * twice. */
static void set_after(struct net *n, struct net_row *row, const struct image *image)
{
    if (image->len > row->after_cap) {
        row->after_cap = (uint32_t)(row->after ? image->len + image->len / 2 : image->len);
        row->after = arena_alloc(&n->arena, row->after_cap);
    }
    memcpy(row->after, image->bytes, image->len);
    row->after_len = (uint32_t)image->len;
    row->exists = true;
}

static struct err *impossible(const struct step *s, const char *why)
{
    const struct table *table = s->t->table;
    struct buf key = BUF_INIT;

    key_text(&key, table, s->change->rows, s->row);
    struct err *e =
        err_hint(err_new(ERR_INTEGRITY, "table %s.%s (%s): the log contradicts itself, %s", table->source_db,
                         table->source_name, buf_str(&key), why),
                 "rows were changed on the source without being logged (sql_log_bin=0?): take a new "
                 "snapshot (ccr-backup, ccr-restore)");
    buf_free(&key);
    return e;
}

/* Virtual columns need not be computed in an image: all others must be the same. */
static struct err *same_stored(const struct net_row *row, const struct image *image, bool *same)
{
    const struct net_table *t = row->table;
    const struct rows_table_map *map = &t->table->map;
    const struct catalog_table *catalog = t->table->catalog;
    struct rows_value *a = mem_zalloc(2 * map->column_count, sizeof(*a));
    struct rows_value *b = a + map->column_count;

    struct err *e = rows_values(map, t->columns, row->after, row->after_len, map->column_count, a);
    if (!e)
        e = rows_values(map, t->columns, image->bytes, image->len, map->column_count, b);
    *same = true;
    for (size_t i = 0; !e && i < catalog->column_count; i++) {
        if (catalog->columns[i].generated && !catalog->columns[i].stored)
            continue;
        if (!a[i].bytes || !b[i].bytes)
            *same &= a[i].bytes == b[i].bytes;
        else
            *same &= a[i].len == b[i].len && memcmp(a[i].bytes, b[i].bytes, a[i].len) == 0;
    }
    free(a);
    return e;
}

/* The row is there, and as the log says that it is. */
static struct err *check_before(const struct step *s, const struct net_row *row, const struct image *image)
{
    bool same;

    if (!row->exists)
        return impossible(s, "a row is changed that has been deleted before");
    if (row->after_len == image->len && memcmp(row->after, image->bytes, image->len) == 0)
        return NULL;
    same = false;
    if (row->table->key.has_virtual)
        TRY(same_stored(row, image, &same));
    return same ? NULL : impossible(s, "a row's before image is not its last after image");
}

/* Before a row changes whose AUTO_INCREMENT value is the highest one. */
static void save_auto(struct net_row *row)
{
    struct net_table *t = row->table;

    if (t->auto_row != row || t->auto_saved)
        return;
    buf_clear(&t->auto_image);
    buf_append(&t->auto_image, row->after, row->after_len);
    t->auto_saved = true;
}

static void note_auto(struct net_row *row, const struct image *image)
{
    struct net_table *t = row->table;
    uint64_t value = t->key.has_auto ? net_key_auto(&t->key, image->values) : 0;

    if (value <= t->auto_max)
        return;
    t->auto_max = value;
    t->auto_row = row;
    t->auto_saved = false;
}

static struct err *find_row(const struct step *s, const struct image *image, struct net_row **row,
                            bool *fresh)
{
    buf_clear(&s->n->key);
    TRY(net_key_put(&s->t->key, image->values, &s->n->key));
    *row = net_row(s->n, s->t, fresh);
    return NULL;
}

static struct err *take_insert(const struct step *s, const struct image *image)
{
    struct net_row *row;
    bool fresh;

    TRY(find_row(s, image, &row, &fresh));
    if (row->exists)
        return impossible(s, "a row is inserted that is there already");
    set_after(s->n, row, image);
    note_auto(row, image);
    return NULL;
}

static struct err *remove_row(const struct step *s, struct net_row *row, bool fresh,
                              const struct image *image)
{
    if (fresh)
        set_before(s->n, row, image);
    else
        TRY(check_before(s, row, image));
    save_auto(row);
    row->exists = false;
    row->moved = true;
    return NULL;
}

static struct err *take_delete(const struct step *s, const struct image *image)
{
    struct net_row *row;
    bool fresh;

    TRY(find_row(s, image, &row, &fresh));
    return remove_row(s, row, fresh, image);
}

/* Is it another row behind the update? */
static struct err *key_moves(const struct step *s, const struct net_row *row, const struct image *after,
                             bool *out)
{
    buf_clear(&s->n->key);
    TRY(net_key_put(&s->t->key, after->values, &s->n->key));
    *out = row->key_len != s->n->key.len || memcmp(row->key, s->n->key.data, row->key_len) != 0;
    return NULL;
}

static struct err *take_update(const struct step *s, const struct image *before, const struct image *after)
{
    const struct net_key *key = &s->t->key;
    struct net_row *row;
    bool fresh;
    bool moves = false;

    bool changed = key->watch_all || net_key_changed(key, before->values, after->values);
    TRY(find_row(s, before, &row, &fresh));
    if (changed)
        TRY(key_moves(s, row, after, &moves));
    if (moves) {
        TRY(remove_row(s, row, fresh, before));
        return take_insert(s, after);
    }
    if (fresh)
        set_before(s->n, row, before);
    else
        TRY(check_before(s, row, before));
    save_auto(row);
    set_after(s->n, row, after);
    row->moved |= changed;
    if (changed)
        note_auto(row, after);
    return NULL;
}

static struct err *read_image(const struct step *s, const uint8_t *bytes, size_t len, unsigned which,
                              struct image *out)
{
    *out = (struct image){bytes, len, s->n->values[which]};
    return rows_values(&s->t->table->map, s->t->columns, bytes, len, s->t->key.columns_of, out->values);
}

static struct err *take_row(const struct step *s)
{
    const struct rows_row *row = s->row;
    struct image before, after;

    if (row->before)
        TRY(read_image(s, row->before, row->before_len, 0, &before));
    if (row->after)
        TRY(read_image(s, row->after, row->after_len, 1, &after));
    if (!row->before)
        return take_insert(s, &after);
    if (!row->after)
        return take_delete(s, &before);
    return take_update(s, &before, &after);
}

struct err *net_add(struct net *n, const struct change *c)
{
    struct rows_row row;
    size_t at = 0;
    bool done = false;

    const struct step step = {n, net_table(n, c), c, &row};
    n->time = c->time;
    n->server_id = c->server_id;
    n->gtid = c->gtid;
    for (;;) {
        TRY(rows_next(&c->table->map, c->rows, &at, &row, &done));
        if (done)
            return NULL;
        TRY(take_row(&step));
    }
}
