#include "mysql/log_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Where the type stands in the common header. */
enum { TYPE_OFFSET = 4 };

struct log_reader {
    struct binlog_dump *dump;
    struct group *group;
    struct binlog_format format;
    struct gtid_pos from;
    bool reached; /* what comes now lies behind `from` */
    char *file;
    uint64_t offset; /* end of the last event */
    struct buf format_event;
};

struct err *log_reader_open(const struct binlog_dump_params *params, struct log_reader **out)
{
    struct binlog_dump *dump = NULL;

    TRY(binlog_dump_open(params, &dump));
    struct log_reader *r = mem_zalloc(1, sizeof(*r));
    r->dump = dump;
    r->group = group_new();
    r->file = mem_strdup("");
    r->format.checksum = binlog_dump_checksum(dump);
    gtid_pos_copy(&r->from, params->from);
    r->reached = params->from->count == 0;
    *out = r;
    return NULL;
}

void log_reader_close(struct log_reader *r)
{
    if (!r)
        return;
    binlog_dump_close(r->dump);
    group_free(r->group);
    gtid_pos_free(&r->from);
    buf_free(&r->format_event);
    free(r->file);
    free(r);
}

/* The header holds the low 32 bits of the event's end; files may be larger. */
static void reader_set_place(struct log_reader *r, struct log_item *item)
{
    if (item->event.next_pos != 0) {
        uint64_t end = (r->offset & ~(uint64_t)UINT32_MAX) | item->event.next_pos;
        if (end < r->offset)
            end += (uint64_t)UINT32_MAX + 1;
        r->offset = end;
    } else {
        r->offset += item->event.len;
    }
    item->end = r->offset;
    item->start = r->offset >= item->event.len ? r->offset - item->event.len : 0;
    item->file = r->file;
}

/* A GTID list stands at the beginning of every file; an artificial one is sent where the position is reached.
 */
static struct err *reader_take_gtid_list(struct log_reader *r, const struct binlog_event *event)
{
    struct gtid_pos list = GTID_POS_INIT;

    struct err *e = binlog_gtid_list_parse(event, &list);
    if (!e)
        r->reached = r->reached || gtid_pos_reaches(&list, &r->from);
    gtid_pos_free(&list);
    return e;
}

static struct err *reader_take_artificial(struct log_reader *r, const struct binlog_event *event)
{
    const char *name;
    size_t name_len;

    if (event->type != BINLOG_ROTATE)
        return NULL;
    TRY(binlog_rotate_parse(event, &name, &name_len, &r->offset));
    free(r->file);
    r->file = mem_strndup(name, name_len);
    return NULL;
}

static struct err *reader_take_format(struct log_reader *r, struct log_item *item)
{
    TRY(binlog_format_parse(&item->event, &r->format));
    item->what = LOG_FORMAT;
    item->abandoned = group_is_open(r->group);
    if (item->abandoned)
        group_reset(r->group);
    return NULL;
}

/* Sets *shown where the event is one for the caller. */
static struct err *reader_take(struct log_reader *r, const uint8_t *bytes, size_t len, struct log_item *item,
                               bool *shown)
{
    *shown = true;
    if (len > TYPE_OFFSET && bytes[TYPE_OFFSET] == BINLOG_FORMAT_DESCRIPTION) {
        buf_clear(&r->format_event);
        binlog_format_renew(bytes, len, &r->format_event);
        bytes = r->format_event.data;
    }
    TRY(binlog_event_parse(&r->format, bytes, len, &item->event));
    if (item->event.type == BINLOG_GTID_LIST)
        TRY(reader_take_gtid_list(r, &item->event));
    if (item->event.flags & BINLOG_FLAG_ARTIFICIAL && item->event.type != BINLOG_FORMAT_DESCRIPTION) {
        *shown = false;
        return reader_take_artificial(r, &item->event);
    }
    reader_set_place(r, item);
    if (item->event.type == BINLOG_FORMAT_DESCRIPTION)
        return reader_take_format(r, item);
    if (item->event.type == BINLOG_INCIDENT) {
        item->what = LOG_INCIDENT;
        item->passed = !r->reached;
        return NULL;
    }
    TRY(group_feed(r->group, &item->event, &item->place));
    r->reached = r->reached || item->place == GROUP_BEGIN;
    item->what = LOG_EVENT;
    *shown = item->place != GROUP_OUTSIDE;
    return NULL;
}

struct err *log_reader_next(struct log_reader *r, struct log_item *item)
{
    bool shown = false;

    *item = (struct log_item){.file = r->file};
    while (!shown) {
        const uint8_t *bytes;
        size_t len;
        TRY(binlog_dump_next(r->dump, &bytes, &len));
        if (len == 0) {
            item->what = LOG_END;
            return NULL;
        }
        if (len > TYPE_OFFSET && bytes[TYPE_OFFSET] == BINLOG_HEARTBEAT) {
            item->what = LOG_IDLE;
            return NULL;
        }
        struct err *e = reader_take(r, bytes, len, item, &shown);
        if (e)
            return err_context(e, "source binlog %s, event behind offset %llu", r->file,
                               (unsigned long long)r->offset);
    }
    return NULL;
}

struct group *log_reader_group(struct log_reader *r)
{
    return r->group;
}

const struct binlog_format *log_reader_format(const struct log_reader *r)
{
    return &r->format;
}

enum dump_refusal log_reader_refusal(const struct log_reader *r)
{
    return binlog_dump_refusal(r->dump);
}

bool log_reader_is_lost(const struct log_reader *r)
{
    return binlog_dump_is_lost(r->dump);
}
