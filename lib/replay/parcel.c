#include "replay/parcel.h"

#include <stdlib.h>

#include "base/mem.h"

/* A change whose rows_event points into parcel.bytes once `at` is added. */
struct parcel_item {
    struct change change;
    struct rows_event rows;
    size_t at; /* the bitmaps of columns, then the images */
};

static size_t bitmap_bytes(const struct rows_event *r)
{
    return (r->column_count + 7) / 8;
}

void parcel_add(struct parcel *p, const struct change *change)
{
    const struct rows_event *r = change->rows;

    p->items = mem_grow(p->items, p->count, &p->cap, sizeof(*p->items));
    p->items[p->count++] = (struct parcel_item){*change, *r, p->bytes.len};
    buf_append(&p->bytes, r->before_columns, bitmap_bytes(r));
    buf_append(&p->bytes, r->after_columns, bitmap_bytes(r));
    buf_append(&p->bytes, r->rows, r->rows_len);
}

bool parcel_is_empty(const struct parcel *p)
{
    return p->count == 0 && (!p->net || net_is_empty(p->net)) && (!p->bag || bag_is_empty(p->bag));
}

size_t parcel_size(const struct parcel *p)
{
    return p->count * sizeof(*p->items) + p->bytes.len;
}

void parcel_take_net(struct parcel *p, struct net **net)
{
    struct net *empty = p->net ? p->net : net_new();

    net_seal(*net);
    p->net = *net;
    *net = empty;
}

void parcel_take_bag(struct parcel *p, struct bag **bag)
{
    struct bag *empty = p->bag ? p->bag : bag_new();

    bag_seal(*bag);
    p->bag = *bag;
    *bag = empty;
}

static struct err *add_net_change(void *road, const struct change *change)
{
    return ordered_add(road, change);
}

struct err *parcel_unpack(const struct parcel *p, struct ordered *road)
{
    if (p->net)
        TRY(net_emit(p->net, add_net_change, road));
    if (p->bag)
        TRY(bag_emit(p->bag, road));
    for (size_t i = 0; i < p->count; i++) {
        const struct parcel_item *item = &p->items[i];
        const uint8_t *bytes = p->bytes.data + item->at;
        struct rows_event rows = item->rows;
        struct change change = item->change;

        rows.before_columns = bytes;
        rows.after_columns = bytes + bitmap_bytes(&rows);
        rows.rows = rows.after_columns + bitmap_bytes(&rows);
        change.rows = &rows;
        TRY(ordered_add(road, &change));
    }
    return NULL;
}

void parcel_clear(struct parcel *p)
{
    p->count = 0;
    buf_clear(&p->bytes);
    if (p->net)
        net_clear(p->net);
    if (p->bag)
        bag_clear(p->bag);
}

void parcel_free(struct parcel *p)
{
    free(p->items);
    buf_free(&p->bytes);
    net_free(p->net);
    bag_free(p->bag);
    *p = (struct parcel){0};
}
