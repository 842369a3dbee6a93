/* The events that tell where in the log we are: rotate, GTID, GTID list. */
#include <string.h>

#include "binlog/event.h"
#include "binlog/internal.h"

struct err *binlog_rotate_parse(const struct binlog_event *e, const char **name, size_t *name_len,
                                uint64_t *pos)
{
    struct cursor c = cursor_of(e->body, e->body_len);
    uint64_t at;

    if (e->type != BINLOG_ROTATE)
        return binlog_malformed(e->type, "is not a rotate event");
    if (!cursor_uint(&c, 8, &at) || cursor_left(&c) == 0)
        return binlog_malformed(e->type, "too short");
    *pos = at;
    *name = (const char *)c.p;
    *name_len = cursor_left(&c);
    return NULL;
}

enum { GTID_HAS_COMMIT_ID = BINLOG_GTID_GROUP_COMMIT };

/* Bits of the byte that follows; each but START has a field behind it. */
enum gtid_extra {
    EXTRA_MULTI_ENGINE = 0x01,
    EXTRA_START_ALTER = 0x02,
    EXTRA_COMMIT_ALTER = 0x04,
    EXTRA_ROLLBACK_ALTER = 0x08,
    EXTRA_THREAD_ID = 0x10, /* MariaDB 11.5 and later */
    EXTRA_KNOWN = 0x1f,
};

static bool xid_read(struct cursor *c, struct binlog_gtid *g)
{
    struct cursor start = *c;
    uint8_t gtrid_len, bqual_len;

    if (!cursor_skip(c, 4) || !cursor_u8(c, &gtrid_len) || !cursor_u8(c, &bqual_len) ||
        !cursor_skip(c, (size_t)gtrid_len + bqual_len))
        return false;
    g->xid = start.p;
    g->xid_len = (size_t)(c->p - start.p);
    return true;
}

static struct err *extra_read(struct cursor *c, struct binlog_gtid *g)
{
    if (!cursor_u8(c, &g->extra_flags))
        return NULL;
    if (g->extra_flags & ~EXTRA_KNOWN)
        return err_new(ERR_UNSUPPORTED, "gtid event with unknown flags 0x%02x", g->extra_flags);
    g->start_alter = g->extra_flags & EXTRA_START_ALTER;
    g->commit_alter = g->extra_flags & EXTRA_COMMIT_ALTER;
    g->rollback_alter = g->extra_flags & EXTRA_ROLLBACK_ALTER;
    if ((g->extra_flags & EXTRA_MULTI_ENGINE) && !cursor_skip(c, 1))
        return binlog_malformed(BINLOG_GTID, "too short for its engine count");
    if ((g->commit_alter || g->rollback_alter) && !cursor_uint(c, 8, &g->alter_seq))
        return binlog_malformed(BINLOG_GTID, "too short for the number of its START ALTER");
    if ((g->extra_flags & EXTRA_THREAD_ID) && !cursor_skip(c, 4))
        return binlog_malformed(BINLOG_GTID, "too short for its thread id");
    return NULL;
}

struct err *binlog_gtid_parse(const struct binlog_event *e, struct binlog_gtid *out)
{
    struct cursor c = cursor_of(e->body, e->body_len);
    struct binlog_gtid g = {.gtid.server = e->server_id};

    if (e->type != BINLOG_GTID)
        return binlog_malformed(e->type, "is not a gtid event");
    if (!cursor_uint(&c, 8, &g.gtid.seq) || !cursor_u32(&c, &g.gtid.domain) || !cursor_u8(&c, &g.flags))
        return binlog_malformed(e->type, "too short");
    if (g.gtid.seq == 0)
        return binlog_malformed(e->type, "sequence number 0");
    if ((g.flags & GTID_HAS_COMMIT_ID) && !cursor_skip(&c, 8))
        return binlog_malformed(e->type, "too short for its commit id");
    if ((g.flags & (BINLOG_GTID_PREPARED_XA | BINLOG_GTID_COMPLETED_XA)) && !xid_read(&c, &g))
        return binlog_malformed(e->type, "too short for its XA id");
    TRY(extra_read(&c, &g));
    while (cursor_left(&c) > 0) {
        uint8_t padding = 0;
        if (cursor_u8(&c, &padding) && padding != 0)
            return binlog_malformed(e->type, "bytes behind its end");
    }
    *out = g;
    return NULL;
}

struct err *binlog_gtid_list_parse(const struct binlog_event *e, struct gtid_pos *out)
{
    struct cursor c = cursor_of(e->body, e->body_len);
    uint32_t count;

    if (e->type != BINLOG_GTID_LIST)
        return binlog_malformed(e->type, "is not a gtid list");
    if (!cursor_u32(&c, &count))
        return binlog_malformed(e->type, "too short");
    count &= 0x0fffffff; /* the upper four bits are flags of the replication protocol */
    if (cursor_left(&c) / 16 < count)
        return binlog_malformed(e->type, "shorter than its count");
    gtid_pos_free(out);
    for (uint32_t i = 0; i < count; i++) {
        struct gtid g;
        if (!cursor_u32(&c, &g.domain) || !cursor_u32(&c, &g.server) || !cursor_uint(&c, 8, &g.seq))
            return binlog_malformed(e->type, "too short");
        gtid_pos_set(out, g); /* several servers in one domain: the last one is the newest */
    }
    return NULL;
}
