#include "ship/stored.h"

#include <inttypes.h>
#include <string.h>

#include "binlog/event.h"
#include "binlog/group.h"
#include "format/chain.h"

/* The footer must be there: objects are dense. */
static struct err *read_footer(struct store *s, const char *stream, uint64_t epoch, uint64_t number,
                               struct segment_footer **out)
{
    TRY(chain_read_footer(s, stream, epoch, number, out));
    if (*out)
        return NULL;
    return err_new(ERR_INTEGRITY, "object %" PRIu64 " of epoch %" PRIu64 " of stream %s is missing", number,
                   epoch, stream);
}

static bool holds(const struct gtid_pos *pos, struct gtid wanted)
{
    return gtid_pos_has(pos, wanted);
}

/* The first object whose end has `wanted`, by halving; *object is NULL where none completes it. */
static struct err *find_object(struct store *s, const char *stream, uint64_t epoch, uint64_t last,
                               struct gtid wanted, struct segment_footer **object)
{
    uint64_t low;
    uint64_t high = last + 1; /* has it, or lies behind the end */
    struct segment_footer *f = NULL;

    *object = NULL;
    TRY(chain_first(s, stream, epoch, &low));
    if (low == 0)
        return NULL;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        segment_footer_free(f);
        f = NULL;
        TRY(read_footer(s, stream, epoch, middle, &f));
        if (holds(&f->end, wanted))
            high = middle;
        else
            low = middle + 1;
    }
    segment_footer_free(f);
    if (low > last)
        return NULL;
    TRY(read_footer(s, stream, epoch, low, &f));
    if (holds(&f->start, wanted)) /* it came before what is there of the epoch's log */
        segment_footer_free(f);
    else
        *object = f;
    return NULL;
}

struct scan {
    struct group *group;
    struct binlog_format format;
    struct buf bytes; /* from the first event that is not complete yet */
    bool in_events;   /* the magic is behind us */
    struct gtid wanted;
};

/* Takes all complete events of scan->bytes; *found when the transaction has ended. */
static struct err *scan_events(struct scan *scan, bool *found)
{
    size_t at = 0;

    *found = false;
    if (!scan->in_events) {
        at = BINLOG_MAGIC_SIZE;
        scan->in_events = true;
    }
    while (!*found && scan->bytes.len >= at) {
        const uint8_t *p = scan->bytes.data + at;
        size_t left = scan->bytes.len - at;
        size_t len = binlog_event_length(p, left);
        enum group_place place;
        struct binlog_event event;
        if (len == 0 || len > left)
            break;
        TRY(binlog_event_parse(&scan->format, p, len, &event));
        if (event.type == BINLOG_FORMAT_DESCRIPTION)
            TRY(binlog_format_parse(&event, &scan->format));
        TRY(group_feed(scan->group, &event, &place));
        if (place == GROUP_END) {
            struct gtid gtid = group_gtid(scan->group)->gtid;
            *found = gtid.domain == scan->wanted.domain && gtid.seq == scan->wanted.seq;
        }
        at += len;
    }
    if (at > 0 && at <= scan->bytes.len) {
        memmove(scan->bytes.data, scan->bytes.data + at, scan->bytes.len - at);
        scan->bytes.len -= at;
    }
    return NULL;
}

struct err *stored_transaction(struct store *s, const char *stream, uint64_t epoch, uint64_t last,
                               struct gtid wanted, struct gtid *gtid, char digest[HASH_HEX_SIZE], bool *found)
{
    struct scan scan = {.group = NULL, .bytes = BUF_INIT, .wanted = wanted};
    struct segment_footer *object = NULL;
    struct segment_footer *f = NULL;
    struct err *e = NULL;

    *found = false;
    TRY(find_object(s, stream, epoch, last, wanted, &object));
    if (!object)
        return NULL;
    scan.group = group_new();
    uint64_t number = object->part > 0 ? object->number - object->part + 1 : object->number;
    for (; !*found && number <= object->number; number++) {
        segment_footer_free(f);
        TRY_GOTO(e, done, chain_read(s, stream, epoch, number, &f, &scan.bytes));
        if (f)
            TRY_GOTO(e, done, scan_events(&scan, found));
    }
    if (*found) {
        *gtid = group_gtid(scan.group)->gtid;
        group_digest(scan.group, digest);
    }
done:
    segment_footer_free(f);
    segment_footer_free(object);
    buf_free(&scan.bytes);
    group_free(scan.group);
    return e;
}
