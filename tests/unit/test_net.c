/*
 * The net change per row (net.h): against a table in memory that takes every change in its order, and the net
 * changes in theirs, and refuses what a server would refuse.
 *
 * CCR_SEED repeats the random histories.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "binlog/rows_types.h"
#include "replay/net.h"
#include "tests/unit/unit.h"

enum { IDS = 12, VALUES = 8, ROUNDS = 4000, STEPS = 40, IMAGE = 1 + 3 * 4 };

/* id INT AUTO_INCREMENT PRIMARY KEY, u INT UNIQUE (may be NULL), v INT */
struct row {
    int32_t exists; /* no padding: rows are compared as bytes */
    int32_t u;      /* 0: NULL */
    int32_t v;
};

struct model {
    struct row rows[IDS + 1];
    int32_t counter; /* the highest id ever inserted */
    bool refused;
};

struct fixture {
    struct catalog_column columns[3];
    size_t primary[1];
    size_t unique[1];
    struct catalog_key keys[2];
    struct catalog_table catalog;
    struct rows_column map_columns[3];
    struct table table;
    char names[5][3]; /* what the structs above point to */
    struct net *net;
    uint64_t random;
};

static const uint8_t all_columns[] = {0x07};

static void fixture_init(struct fixture *f)
{
    *f = (struct fixture){
        .names = {"id", "u", "v", "d", "t"},
        .unique = {1},
        .map_columns = {{.type = TYPE_LONG}, {.type = TYPE_LONG, .nullable = true}, {.type = TYPE_LONG}},
    };
    f->columns[0] = (struct catalog_column){.name = f->names[0], .auto_increment = true};
    f->columns[1] = (struct catalog_column){.name = f->names[1], .nullable = true};
    f->columns[2] = (struct catalog_column){.name = f->names[2]};
    f->keys[0] = (struct catalog_key){.unique = true, .columns = f->primary, .column_count = 1};
    f->keys[1] = (struct catalog_key){.unique = true, .columns = f->unique, .column_count = 1};
    f->catalog = (struct catalog_table){
        .columns = f->columns, .column_count = 3, .keys = f->keys, .key_count = 2, .has_primary = true};
    f->table.source_db = f->table.db = f->names[3];
    f->table.source_name = f->table.name = f->names[4];
    f->table.catalog = &f->catalog;
    f->table.id = 1;
    f->table.map = (struct rows_table_map){
        .db = "d", .db_len = 1, .table = "t", .table_len = 1, .columns = f->map_columns, .column_count = 3};
    f->net = net_new();
}

static uint32_t random_below(struct fixture *f, uint32_t limit)
{
    f->random ^= f->random << 13;
    f->random ^= f->random >> 7;
    f->random ^= f->random << 17;
    return (uint32_t)(f->random % limit);
}

static void put_image(struct buf *out, int32_t id, const struct row *r)
{
    buf_append_byte(out, (uint8_t)(0xf8 | (r->u ? 0 : 0x02)));
    buf_append_le(out, (uint32_t)id, 4);
    if (r->u)
        buf_append_le(out, (uint32_t)r->u, 4);
    buf_append_le(out, (uint32_t)r->v, 4);
}

static struct err *change(struct fixture *f, enum rows_kind kind, const struct buf *images)
{
    const struct rows_event event = {.kind = kind,
                                     .column_count = 3,
                                     .before_columns = all_columns,
                                     .after_columns = all_columns,
                                     .rows = images->data,
                                     .rows_len = images->len};
    const struct change c = {.table = &f->table, .rows = &event};

    return net_add(f->net, &c);
}

static struct err *change_row(struct fixture *f, enum rows_kind kind, int32_t before_id,
                              const struct row *before, int32_t after_id, const struct row *after)
{
    struct buf images = BUF_INIT;

    if (before)
        put_image(&images, before_id, before);
    if (after)
        put_image(&images, after_id, after);
    struct err *e = change(f, kind, &images);
    buf_free(&images);
    return e;
}

static struct err *put(struct fixture *f, int32_t id, struct row r)
{
    return change_row(f, ROWS_WRITE, 0, NULL, id, &r);
}

static struct err *erase(struct fixture *f, int32_t id, struct row r)
{
    return change_row(f, ROWS_DELETE, id, &r, 0, NULL);
}

static struct err *update(struct fixture *f, int32_t id, struct row before, int32_t to, struct row after)
{
    return change_row(f, ROWS_UPDATE, id, &before, to, &after);
}

static bool model_has_unique(const struct model *m, int32_t u)
{
    for (int i = 1; u && i <= IDS; i++)
        if (m->rows[i].exists && m->rows[i].u == u)
            return true;
    return false;
}

static void model_insert(struct model *m, int32_t id, struct row r)
{
    m->refused |= m->rows[id].exists || model_has_unique(m, r.u);
    r.exists = true;
    m->rows[id] = r;
    if (id > m->counter)
        m->counter = id;
}

static void model_delete(struct model *m, int32_t id)
{
    m->refused |= !m->rows[id].exists;
    m->rows[id] = (struct row){0};
}

/* As a server finds rows: by the before image's key alone. */
static void model_update(struct model *m, int32_t id, int32_t to, struct row after)
{
    int32_t counter = m->counter;

    model_delete(m, id);
    model_insert(m, to, after);
    if (id == to)
        m->counter = counter;
}

static struct row read_row(const uint8_t *image, size_t len, int32_t *id)
{
    const uint8_t *at = image + 1;
    struct row r = {0};

    CHECK(len == IMAGE || len == IMAGE - 4);
    *id = (int32_t)le_get(at, 4);
    at += 4;
    if (!(image[0] & 0x02)) {
        r.u = (int32_t)le_get(at, 4);
        at += 4;
    }
    r.v = (int32_t)le_get(at, 4);
    return r;
}

struct sent {
    struct model *model;
    size_t rows;
    int stage; /* per table: deletes, updates, inserts */
};

static struct err *take(void *arg, const struct change *c)
{
    struct sent *s = arg;
    struct rows_row row;
    size_t at = 0;
    bool done = false;
    int32_t id, to;

    CHECK(c->rows->flags == (ROWS_NO_FOREIGN_KEY_CHECKS | ROWS_NO_CHECK_CONSTRAINT_CHECKS));
    for (;;) {
        TRY(rows_next(&c->table->map, c->rows, &at, &row, &done));
        if (done)
            return NULL;
        s->rows++;
        if (c->rows->kind == ROWS_DELETE) {
            read_row(row.before, row.before_len, &id);
            model_delete(s->model, id);
        } else if (c->rows->kind == ROWS_WRITE) {
            struct row r = read_row(row.after, row.after_len, &id);
            model_insert(s->model, id, r);
        } else {
            read_row(row.before, row.before_len, &id);
            struct row r = read_row(row.after, row.after_len, &to);
            model_update(s->model, id, to, r);
        }
    }
}

/* One random change that a server could have made; *m takes it. */
static struct err *random_step(struct fixture *f, struct model *m)
{
    int32_t id = 1 + (int32_t)random_below(f, IDS);
    struct row fresh = {
        .exists = true, .u = (int32_t)random_below(f, VALUES), .v = (int32_t)random_below(f, 3)};
    struct row old = m->rows[id];

    if (!old.exists) {
        if (model_has_unique(m, fresh.u))
            return NULL;
        model_insert(m, id, fresh);
        return put(f, id, fresh);
    }
    uint32_t what = random_below(f, 4);
    if (what == 0) {
        model_delete(m, id);
        return erase(f, id, old);
    }
    int32_t to = what == 1 ? 1 + (int32_t)random_below(f, IDS) : id;
    if (what == 2)
        fresh.u = old.u;
    if ((to != id && m->rows[to].exists) || (fresh.u != old.u && model_has_unique(m, fresh.u)))
        return NULL;
    model_update(m, id, to, fresh);
    return update(f, id, old, to, fresh);
}

static void test_random(struct fixture *f)
{
    const char *given = getenv("CCR_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)getpid();

    f->random = seed;
    f->random = f->random * 2654435761u + 88172645463325252u;
    for (int round = 0; round < ROUNDS && !unit_failed; round++) {
        struct model source = {0};
        for (int id = 1; id <= IDS; id++)
            if (random_below(f, 2) && !model_has_unique(&source, id % VALUES))
                model_insert(&source, id, (struct row){.u = id % VALUES, .v = 1});
        struct model target = source;
        int steps = 1 + (int)random_below(f, STEPS);
        for (int i = 0; i < steps; i++)
            CHECK_OK(random_step(f, &source));
        struct sent sent = {.model = &target};
        CHECK_OK(net_emit(f->net, take, &sent));
        CHECK(!source.refused && !target.refused);
        CHECK(memcmp(source.rows, target.rows, sizeof(source.rows)) == 0);
        CHECK(source.counter == target.counter);
        net_clear(f->net);
        CHECK(net_is_empty(f->net));
    }
    if (unit_failed)
        printf("CCR_SEED=%llu\n", (unsigned long long)seed);
}

static size_t emitted(struct fixture *f, struct model *m)
{
    struct sent sent = {.model = m};

    CHECK_OK(net_emit(f->net, take, &sent));
    net_clear(f->net);
    return sent.rows;
}

static void test_chains(struct fixture *f)
{
    const struct row a = {.u = 1, .v = 1}, b = {.u = 1, .v = 2}, c = {.u = 2, .v = 2};
    struct model m = {0};

    CHECK_OK(put(f, 1, a));
    CHECK_OK(update(f, 1, a, 1, b));
    CHECK_OK(update(f, 1, b, 1, c));
    CHECK(emitted(f, &m) == 1 && m.rows[1].u == 2 && !m.refused);
    /* there and back: nothing */
    CHECK_OK(update(f, 1, c, 1, b));
    CHECK_OK(update(f, 1, b, 1, c));
    CHECK(emitted(f, &m) == 0);
    /* deleted and inserted with the same unique value: an update */
    CHECK_OK(erase(f, 1, b));
    CHECK_OK(put(f, 1, a));
    CHECK(emitted(f, &m) == 1);
    /* comes and goes: both are sent, for the counter */
    CHECK_OK(put(f, 9, c));
    CHECK_OK(erase(f, 9, c));
    CHECK(emitted(f, &m) == 2 && m.counter == 9 && !m.rows[9].exists);
    /* below another one that stays: nothing is */
    CHECK_OK(put(f, 10, c));
    CHECK_OK(erase(f, 10, c));
    CHECK_OK(put(f, 11, (struct row){.u = 7, .v = 1}));
    CHECK(emitted(f, &m) == 1 && m.counter == 11);
    CHECK(!m.refused);
}

static void refuse(struct fixture *f, struct err *e, const char *text)
{
    CHECK_ERR(e, ERR_INTEGRITY, text);
    net_clear(f->net);
}

static void test_impossible(struct fixture *f)
{
    const struct row a = {.u = 1, .v = 1}, b = {.u = 1, .v = 2};

    CHECK_OK(put(f, 1, a));
    refuse(f, put(f, 1, a), "table d.t (id=1): the log contradicts itself, a row is inserted that is there");
    CHECK_OK(erase(f, 1, a));
    refuse(f, erase(f, 1, a), "deleted before");
    CHECK_OK(erase(f, 1, a));
    refuse(f, update(f, 1, a, 1, b), "deleted before");
    CHECK_OK(update(f, 1, a, 1, b));
    refuse(f, update(f, 1, a, 1, b), "before image");
    CHECK_OK(put(f, 1, a));
    refuse(f, erase(f, 1, b), "before image");
}

/* What comes out is in the order of the key, as a number, in events of a bounded size. */
struct sequence {
    int64_t last;
    size_t rows;
    size_t events;
    size_t longest;
};

static struct err *take_in_order(void *arg, const struct change *c)
{
    struct sequence *s = arg;
    struct rows_row row;
    size_t at = 0;
    bool done = false;
    int32_t id;

    s->events++;
    if (s->longest < c->rows->rows_len)
        s->longest = c->rows->rows_len;
    for (;;) {
        TRY(rows_next(&c->table->map, c->rows, &at, &row, &done));
        if (done)
            return NULL;
        read_row(row.after, row.after_len, &id);
        CHECK(c->rows->kind == ROWS_WRITE && id > s->last);
        s->last = id;
        s->rows++;
    }
}

static void test_order(struct fixture *f)
{
    struct sequence s = {.last = INT64_MIN};

    for (int32_t i = 0; i < 6000; i++) /* 7 and 6000 have no common divisor: every number once */
        CHECK_OK(put(f, i * 7 % 6000 - 3000, (struct row){.v = i}));
    CHECK_OK(net_emit(f->net, take_in_order, &s));
    net_clear(f->net);
    CHECK(s.rows == 6000 && s.last == 2999);
    CHECK(s.events > 1 && s.longest <= 32 * 1024);
}

/* A key of two texts: ("ab", "c") is another row than ("a", "bc"). */
static struct err *put_texts(struct fixture *f, enum rows_kind kind, const char *a, const char *b)
{
    static const uint8_t both[] = {0x03};
    struct buf image = BUF_INIT;

    buf_append_byte(&image, 0xfc);
    buf_append_byte(&image, (uint8_t)strlen(a));
    buf_append_str(&image, a);
    buf_append_byte(&image, (uint8_t)strlen(b));
    buf_append_str(&image, b);
    const struct rows_event event = {.kind = kind,
                                     .column_count = 2,
                                     .before_columns = both,
                                     .after_columns = both,
                                     .rows = image.data,
                                     .rows_len = image.len};
    const struct change c = {.table = &f->table, .rows = &event};
    struct err *e = net_add(f->net, &c);
    buf_free(&image);
    return e;
}

static void test_texts(void)
{
    struct fixture f;
    size_t both[] = {0, 1};

    fixture_init(&f);
    f.map_columns[0] = f.map_columns[1] = (struct rows_column){.type = TYPE_VARCHAR, .metadata = 40};
    f.table.map.column_count = f.catalog.column_count = 2;
    f.columns[0].auto_increment = f.columns[1].nullable = false;
    f.keys[0].columns = both;
    f.keys[0].column_count = 2;
    f.catalog.key_count = 1;
    CHECK_OK(put_texts(&f, ROWS_WRITE, "ab", "c"));
    CHECK_OK(put_texts(&f, ROWS_WRITE, "a", "bc"));
    CHECK_OK(put_texts(&f, ROWS_WRITE, "", "abc"));
    CHECK_OK(put_texts(&f, ROWS_DELETE, "ab", "c"));
    refuse(&f, put_texts(&f, ROWS_WRITE, "a", "bc"), "inserted that is there already");
    net_free(f.net);
}

/* A table's next changes may go to another net while this one is with another thread. */
static void test_seal(struct fixture *f)
{
    struct net *first = f->net;
    struct model m = {0};

    CHECK_OK(put(f, 1, (struct row){.u = 1}));
    net_seal(f->net);
    f->net = net_new();
    CHECK_OK(put(f, 2, (struct row){.u = 2}));
    struct net *second = f->net;
    f->net = first;
    CHECK(emitted(f, &m) == 1 && m.rows[1].exists && !m.rows[2].exists);
    net_free(first);
    f->net = second;
    CHECK(f->table.net != NULL);
    CHECK(emitted(f, &m) == 1 && m.rows[2].exists);
    CHECK(f->table.net == NULL);
}

/* A row that changes a thousand times takes no more memory than one that changes a few times. */
static void test_memory(struct fixture *f)
{
    struct row before = {.u = 1, .v = 0};

    for (int32_t i = 1; i <= 100000; i++) {
        struct row after = {.u = 1, .v = i};
        CHECK_OK(update(f, 1, before, 1, after));
        before = after;
    }
    CHECK(net_bytes(f->net) < 1024 * 1024);
    net_clear(f->net);
    CHECK(net_bytes(f->net) == 0);
}

int main(void)
{
    struct fixture f;

    fixture_init(&f);
    test_chains(&f);
    test_impossible(&f);
    test_order(&f);
    test_texts();
    test_seal(&f);
    test_memory(&f);
    test_random(&f);
    net_free(f.net);
    return UNIT_END;
}
