#include "ship/cutter.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ship/table_set.h"
#include "ship/writer.h"

enum { WRITER_DIGITS = 16 };

/* Times, counts and tables of a run of events. */
struct tally {
    int64_t first_time;
    int64_t last_time;
    uint64_t transactions;
    uint64_t events;
    bool opaque;
    struct table_set tables;
    struct source_range source;
};

/*
 * `content` is header, complete transactions up to `complete`, then what has arrived of the open one. While a
 * transaction goes out in parts it holds only the bytes of the next part, and `part` is the number of parts
 * written.
 */
struct cutter {
    struct cutter_params params;
    char writer[WRITER_DIGITS + 1];
    struct buf header; /* magic and format description */
    struct buf content;
    size_t complete;
    uint64_t part;
    struct gtid_pos start; /* the position before the first transaction in content */
    struct tally done;     /* of complete transactions */
    struct tally open;     /* of the open one */
    int64_t since_us;
    struct writer *objects;  /* the last object may still be under way */
    struct gtid_pos written; /* the end of what is in the log */
    uint64_t outgoing_bytes; /* of the object under way */
    uint64_t outgoing_events;
    bool failed; /* an object could not be written: nothing may follow it */
    struct cutter_totals totals;
};

static void tally_clear(struct tally *t)
{
    table_set_clear(&t->tables);
    free(t->source.start_file);
    free(t->source.end_file);
    *t = (struct tally){0};
}

static void set_text(char **to, const char *from)
{
    if (*to && strcmp(*to, from) == 0)
        return;
    free(*to);
    *to = mem_strdup(from);
}

/* One more event. */
static void tally_event(struct tally *t, const struct log_item *item)
{
    if (t->events == 0) {
        set_text(&t->source.start_file, item->file);
        t->source.start_offset = item->start;
    }
    set_text(&t->source.end_file, item->file);
    t->source.end_offset = item->end;
    t->events++;
}

/* The open transaction, complete at `time`, joins the others. */
static void tally_join(struct tally *done, struct tally *open, int64_t time)
{
    if (done->transactions == 0) {
        set_text(&done->source.start_file, open->source.start_file);
        done->source.start_offset = open->source.start_offset;
        done->first_time = time;
    }
    set_text(&done->source.end_file, open->source.end_file);
    done->source.end_offset = open->source.end_offset;
    if (time < done->first_time)
        done->first_time = time;
    if (time > done->last_time)
        done->last_time = time;
    done->transactions++;
    done->events += open->events;
    done->opaque = done->opaque || open->opaque;
    table_set_merge(&done->tables, &open->tables);
    tally_clear(open);
}

struct cutter *cutter_new(const struct cutter_params *params)
{
    struct cutter *c = mem_zalloc(1, sizeof(*c));

    c->params = *params;
    hash_random_hex(c->writer, WRITER_DIGITS);
    cutter_place_moved(c);
    c->objects = writer_new(params->store, params->stream);
    return c;
}

void cutter_place_moved(struct cutter *c)
{
    gtid_pos_copy(&c->start, &c->params.place->position);
    gtid_pos_copy(&c->written, &c->params.place->position);
}

void cutter_free(struct cutter *c)
{
    if (!c)
        return;
    writer_free(c->objects);
    buf_free(&c->header);
    buf_free(&c->content);
    gtid_pos_free(&c->start);
    gtid_pos_free(&c->written);
    tally_clear(&c->done);
    tally_clear(&c->open);
    free(c);
}

const struct cutter_totals *cutter_totals(const struct cutter *c)
{
    return &c->totals;
}

const struct gtid_pos *cutter_position(const struct cutter *c)
{
    return &c->written;
}

int64_t cutter_waiting_since_us(const struct cutter *c)
{
    return c->done.transactions > 0 ? c->since_us : 0;
}

/* Waits for the object under way. */
static struct err *settle(struct cutter *c)
{
    struct segment_footer *footer = NULL;
    uint64_t stored = 0;

    if (c->failed)
        return err_new(ERR_STORE, "an object of the log could not be written, so nothing can follow it");
    struct err *e = writer_wait(c->objects, &footer, &stored);
    c->failed = e != NULL;
    if (e || !footer)
        return e;
    place_written(c->params.place, footer);
    gtid_pos_copy(&c->written, &footer->end);
    c->totals.objects++;
    c->totals.transactions += footer->transactions;
    c->totals.events += c->outgoing_events;
    c->totals.bytes += c->outgoing_bytes;
    c->totals.stored_bytes += stored;
    if (footer->last_time > c->totals.last_time)
        c->totals.last_time = footer->last_time;
    log_debug(c->params.log, "wrote %s: %s, %" PRIu64 " transactions, %" PRIu64 " bytes, %" PRIu64 " stored",
              footer->name, segment_kind_name(footer->kind), footer->transactions, c->outgoing_bytes, stored);
    segment_footer_free(footer);
    return NULL;
}

/*
 * The first `len` bytes of content become an object, `events` of them counted with it; content is the header
 * and what is left behind them, or only that.
 */
static struct err *send_object(struct cutter *c, struct segment_footer *footer, size_t len, uint64_t events,
                               bool with_header)
{
    footer->writer = mem_strdup(c->writer);
    c->outgoing_bytes = len;
    c->outgoing_events = events;
    size_t rest = c->content.len - len;
    struct err *e = writer_start(c->objects, footer, &c->content, len);
    if (e) {
        c->failed = true;
        return e;
    }
    if (with_header)
        buf_append(&c->content, c->header.data, c->header.len);
    c->complete = c->content.len;
    if (rest > 0)
        buf_append(&c->content, writer_content(c->objects)->data + len, rest);
    return NULL;
}

/* Only the header is left. */
static void content_restart(struct cutter *c)
{
    buf_clear(&c->content);
    buf_append(&c->content, c->header.data, c->header.len);
    c->complete = c->content.len;
}

/* Moves what was tallied into the footer. */
static void footer_take_tally(struct segment_footer *footer, struct tally *t)
{
    footer->source = t->source;
    footer->first_time = t->first_time;
    footer->last_time = t->last_time;
    footer->transactions = t->transactions;
    footer->events = t->events;
    footer->tables = t->tables.names;
    footer->table_count = t->tables.count;
    footer->tables_many = t->tables.many;
    footer->opaque = t->opaque;
    *t = (struct tally){0};
}

/* The complete transactions become an object of their own. */
static struct err *send_segment(struct cutter *c)
{
    if (c->done.transactions == 0)
        return NULL;
    TRY(settle(c));
    struct segment_footer *footer = place_footer(c->params.place, c->params.stream);
    uint64_t events = c->done.events;
    gtid_pos_copy(&footer->start, &c->start);
    footer_take_tally(footer, &c->done);
    gtid_pos_copy(&c->start, &c->params.place->position);
    return send_object(c, footer, c->complete, events, true);
}

struct err *cutter_flush(struct cutter *c)
{
    TRY(send_segment(c));
    return settle(c);
}

/* The slice of the open transaction that is gathered becomes an object of its own. */
static struct err *send_part(struct cutter *c)
{
    TRY(settle(c));
    struct segment_footer *footer = place_footer(c->params.place, c->params.stream);
    footer->kind = SEGMENT_PART;
    footer->part = ++c->part;
    footer->tables_many = true; /* what the rest of the transaction touches is not known yet */
    footer->opaque = c->open.opaque;
    footer->source.start_file = mem_strdup(c->open.source.start_file);
    footer->source.start_offset = c->open.source.start_offset;
    footer->source.end_file = mem_strdup(c->open.source.end_file);
    footer->source.end_offset = c->open.source.end_offset;
    return send_object(c, footer, c->content.len, 0, false);
}

static struct err *send_last_part(struct cutter *c)
{
    TRY(settle(c));
    struct segment_footer *footer = place_footer(c->params.place, c->params.stream);
    uint64_t events = c->done.events;

    footer->kind = SEGMENT_LAST_PART;
    footer->part = c->part + 1;
    gtid_pos_copy(&footer->start, &c->start);
    footer_take_tally(footer, &c->done);
    footer->events = 0;
    c->part = 0;
    gtid_pos_copy(&c->start, &c->params.place->position);
    return send_object(c, footer, c->content.len, events, true);
}

static struct err *append(struct cutter *c, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        size_t room = c->params.limit - c->content.len;
        if (room == 0) {
            TRY(c->done.transactions > 0 ? send_segment(c) : send_part(c));
            continue;
        }
        size_t n = len < room ? len : room;
        buf_append(&c->content, bytes, n);
        bytes += n;
        len -= n;
    }
    return NULL;
}

void cutter_drop_open(struct cutter *c)
{
    tally_clear(&c->open);
    if (c->part > 0) {
        /* readers drop the parts that are written already */
        c->part = 0;
        content_restart(c);
    } else {
        c->content.len = c->complete;
    }
}

/* Equal but for the time of writing and the place in the file. */
static bool same_format(const struct buf *header, const struct binlog_event *format)
{
    const uint8_t *body = header->data + BINLOG_MAGIC_SIZE + BINLOG_HEADER_SIZE;

    return header->len == BINLOG_MAGIC_SIZE + format->len &&
           memcmp(body, format->body, format->body_len) == 0;
}

static struct err *take_format(struct cutter *c, const struct log_item *item)
{
    if (item->abandoned) {
        log_warn(c->params.log,
                 "the source crashed while it wrote a transaction, which it never committed; its %" PRIu64
                 " events at the end of a binlog are left out",
                 c->open.events);
        cutter_drop_open(c);
    }
    if (c->header.len > 0 && same_format(&c->header, &item->event))
        return NULL;
    TRY(send_segment(c));
    buf_clear(&c->header);
    buf_append(&c->header, binlog_magic, BINLOG_MAGIC_SIZE);
    buf_append(&c->header, item->event.data, item->event.len);
    if (c->header.len >= c->params.limit)
        return err_new(ERR_USAGE, "segments of %zu bytes are too small", c->params.limit);
    content_restart(c);
    return NULL;
}

static struct err *check_order(const struct cutter *c, struct gtid gtid)
{
    const struct gtid *last = gtid_pos_find(&c->params.place->position, gtid.domain);
    char text[GTID_TEXT_SIZE];
    char last_text[GTID_TEXT_SIZE];

    if (!last || gtid.seq > last->seq)
        return NULL;
    return err_hint(
        err_new(ERR_SOURCE,
                "transaction %s comes behind %s in the source's log: sequence numbers must rise "
                "within a domain, replay goes by them",
                gtid_format(gtid, text), gtid_format(*last, last_text)),
        "give each writable node a gtid_domain_id of its own, or set gtid_strict_mode=ON; then begin "
        "a new stream (--stream) with ccr-backup");
}

static struct err *take_end(struct cutter *c, const struct log_item *item, const struct group *group)
{
    char digest[HASH_HEX_SIZE];

    group_digest(group, digest);
    place_pass(c->params.place, group_gtid(group)->gtid, group_time(group), digest);
    place_set_source(c->params.place, item->file, item->end);
    if (c->done.transactions == 0)
        c->since_us = clock_monotonic_us();
    tally_join(&c->done, &c->open, item->event.time);
    c->complete = c->content.len;
    return c->part > 0 ? send_last_part(c) : NULL;
}

struct err *cutter_take(struct cutter *c, const struct log_item *item, const struct group *group)
{
    if (item->what == LOG_FORMAT)
        return take_format(c, item);
    if (c->header.len == 0)
        return err_new(ERR_INTEGRITY, "the source sent an event before a format description");
    if (item->place == GROUP_BEGIN)
        TRY(check_order(c, group_gtid(group)->gtid));
    tally_event(&c->open, item);
    c->open.opaque = group_is_opaque(group);
    TRY(append(c, item->event.data, item->event.len));
    return item->place == GROUP_END ? take_end(c, item, group) : NULL;
}

void cutter_on_table(const char *db, const char *table, void *arg)
{
    struct cutter *c = arg;

    table_set_add(&c->open.tables, db, table);
}

struct err *cutter_terminate(struct cutter *c, const char *reason)
{
    TRY(settle(c));
    struct segment_footer *f = place_footer(c->params.place, c->params.stream);
    f->kind = SEGMENT_TERMINATOR;
    f->reason = mem_strdup(reason);
    f->next_epoch = f->epoch + 1;
    TRY(send_object(c, f, 0, 0, false));
    return settle(c);
}
