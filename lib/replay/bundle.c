#include "replay/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/*
 * What a group has one value of. Of a source session with unique_checks=0 that is not taken over: together
 * with foreign_key_checks=0 InnoDB would buffer inserts into an empty table until the group ends, where a
 * later event of the group does not find them; and a duplicate that only the target has would go in without
 * an error.
 */
enum { BUNDLE_FLAGS = ROWS_NO_FOREIGN_KEY_CHECKS | ROWS_NO_CHECK_CONSTRAINT_CHECKS };

/* Events of a full bundle are some hundred KiB; merging beyond this gains nothing. */
enum { EVENT_MERGE_LIMIT = 256 * 1024 };

void bundle_begin(struct bundle *b, uint64_t serial)
{
    b->serial = serial;
    buf_clear(&b->maps);
    buf_clear(&b->rows);
    b->flags = 0;
    b->run_count = 0;
    b->counts = b->expected = (struct row_counts){0};
    b->inexact = false;
}

void bundle_free(struct bundle *b)
{
    buf_free(&b->maps);
    buf_free(&b->rows);
    free(b->runs);
    *b = (struct bundle){0};
}

bool bundle_is_empty(const struct bundle *b)
{
    return b->run_count == 0;
}

size_t bundle_size(const struct bundle *b)
{
    return b->maps.len + b->rows.len;
}

bool bundle_fits(const struct bundle *b, const struct rows_event *rows)
{
    return bundle_is_empty(b) || (rows->flags & BUNDLE_FLAGS) == b->flags;
}

static struct err *parse_built(const struct bundle *b, size_t event, size_t end, struct rows_event *out)
{
    static const struct binlog_format no_checksum = {.checksum = false};
    struct binlog_event e;

    TRY(binlog_event_parse(&no_checksum, b->rows.data + event, end - event, &e));
    return rows_event_parse(&e, out);
}

struct err *bundle_run_event(const struct bundle *b, const struct bundle_run *run, struct rows_event *out)
{
    size_t length = binlog_event_length(b->rows.data + run->event, b->rows.len - run->event);

    return parse_built(b, run->event, run->event + length, out);
}

/* Can the rows of `change` continue the last event? */
static bool bundle_continues(const struct bundle *b, const struct change *c)
{
    const struct bundle_run *last = b->run_count ? &b->runs[b->run_count - 1] : NULL;
    const struct rows_event *r = c->rows;
    const size_t bitmap = (r->column_count + 7) / 8;
    struct rows_event built;

    if (!last || last->table != c->table || last->time != c->time || last->server_id != c->server_id ||
        last->end - last->event > EVENT_MERGE_LIMIT)
        return false;
    struct err *e = bundle_run_event(b, last, &built);
    if (e) {
        err_free(e);
        return false;
    }
    return built.kind == r->kind && built.column_count == r->column_count &&
           memcmp(built.before_columns, r->before_columns, bitmap) == 0 &&
           memcmp(built.after_columns, r->after_columns, bitmap) == 0;
}

static struct row_counts counts_of(enum rows_kind kind, uint64_t count)
{
    return (struct row_counts){
        .writes = kind == ROWS_WRITE ? count : 0,
        .updates = kind == ROWS_UPDATE ? count : 0,
        .deletes = kind == ROWS_DELETE ? count : 0,
    };
}

/* A partitioned table counts a row that it writes or deletes once more in its partition; an update may be
 * both. */
static void bundle_expect(struct bundle *b, const struct catalog_table *t, enum rows_kind kind,
                          uint64_t count)
{
    bool twice = t->partitioned && kind != ROWS_UPDATE;
    struct row_counts expected = counts_of(kind, twice ? 2 * count : count);

    row_counts_add(&b->expected, &expected);
    b->inexact |= t->cascades || t->versioned || t->partitioned;
}

struct err *bundle_add(struct bundle *b, const struct change *c)
{
    const struct rows_event *r = c->rows;
    uint64_t count;

    TRY(rows_event_count(&c->table->map, r, &count));
    struct row_counts counts = counts_of(r->kind, count);
    row_counts_add(&b->counts, &counts);
    bundle_expect(b, c->table->catalog, r->kind, count);
    if (c->table->bundle != b->serial) {
        buf_append(&b->maps, c->table->map_event.data, c->table->map_event.len);
        c->table->bundle = b->serial;
    }
    bool continues = bundle_continues(b, c);
    size_t event = continues ? b->runs[b->run_count - 1].event : b->rows.len;
    if (!continues)
        rows_event_begin(&b->rows, r->kind, c->table->id, r->flags & BUNDLE_FLAGS, r->column_count,
                         r->before_columns, r->after_columns, c->time, c->server_id);
    size_t start = b->rows.len;
    buf_append(&b->rows, r->rows, r->rows_len);
    binlog_event_finish(&b->rows, event);
    b->runs = mem_grow(b->runs, b->run_count, &b->run_cap, sizeof(*b->runs));
    b->runs[b->run_count++] =
        (struct bundle_run){c->table, c->gtid, event, start, b->rows.len, c->time, c->server_id};
    b->flags = r->flags & BUNDLE_FLAGS;
    return NULL;
}

void bundle_events(struct bundle *b, struct buf *out)
{
    rows_event_set_flags(&b->rows, b->runs[b->run_count - 1].event, b->flags | ROWS_STMT_END);
    buf_append(out, b->maps.data, b->maps.len);
    buf_append(out, b->rows.data, b->rows.len);
}

void row_counts_add(struct row_counts *to, const struct row_counts *more)
{
    to->writes += more->writes;
    to->updates += more->updates;
    to->deletes += more->deletes;
}
