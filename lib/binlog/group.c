#include "binlog/group.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "binlog/group_content.h"
#include "binlog/internal.h"

struct group {
    bool open;
    bool opaque;
    uint32_t time;
    struct binlog_gtid gtid;
    struct buf gtid_xid; /* the copy that gtid.xid points to */
    struct content content;
    struct buf scratch;
    void (*on_table)(const char *db, const char *table, void *arg);
    void *on_table_arg;
};

struct group *group_new(void)
{
    return mem_zalloc(1, sizeof(struct group));
}

void group_free(struct group *g)
{
    if (!g)
        return;
    content_free(&g->content);
    buf_free(&g->scratch);
    buf_free(&g->gtid_xid);
    free(g);
}

void group_reset(struct group *g)
{
    g->open = false;
}

bool group_is_open(const struct group *g)
{
    return g->open;
}

const struct binlog_gtid *group_gtid(const struct group *g)
{
    return &g->gtid;
}

uint32_t group_time(const struct group *g)
{
    return g->time;
}

bool group_is_opaque(const struct group *g)
{
    return g->opaque;
}

void group_digest(const struct group *g, char out[HASH_HEX_SIZE])
{
    digest_hex(&g->content.digest, out);
}

void group_on_table(struct group *g, void (*fn)(const char *db, const char *table, void *arg), void *arg)
{
    g->on_table = fn;
    g->on_table_arg = arg;
}

static struct err *feed_gtid(struct group *g, const struct binlog_event *e, enum group_place *place)
{
    struct binlog_gtid gtid;

    TRY(binlog_gtid_parse(e, &gtid));
    if (g->open)
        return binlog_malformed(e->type, "begins a transaction inside another one");
    buf_clear(&g->gtid_xid);
    buf_append(&g->gtid_xid, gtid.xid, gtid.xid_len);
    if (gtid.xid)
        gtid.xid = g->gtid_xid.data;
    g->gtid = gtid;
    g->open = true;
    g->time = e->time;
    /* a prepared branch is used by whoever reads its XA COMMIT, maybe segments later */
    g->opaque = gtid.flags & (BINLOG_GTID_PREPARED_XA | BINLOG_GTID_COMPLETED_XA);
    content_begin(&g->content, &g->gtid);
    *place = GROUP_BEGIN;
    return NULL;
}

static void group_end(struct group *g, enum content_ending how, enum group_place *place)
{
    content_end(&g->content, how);
    g->open = false;
    *place = GROUP_END;
}

/* A group of one statement: DDL, and XA COMMIT or XA ROLLBACK. */
static bool is_single(const struct group *g)
{
    return g->gtid.flags & (BINLOG_GTID_STANDALONE | BINLOG_GTID_COMPLETED_XA);
}

static bool query_begins(const struct binlog_query *q, const char *word)
{
    size_t n = strlen(word);

    return q->sql_len > n && memcmp(q->sql, word, n) == 0;
}

static struct err *feed_query(struct group *g, const struct binlog_event *e, enum group_place *place)
{
    struct binlog_query q;

    TRY(binlog_query_parse(e, &g->scratch, &q));
    bool prepares = g->gtid.flags & BINLOG_GTID_PREPARED_XA;
    if (is_single(g)) {
        g->opaque = true;
        content_statement(&g->content, &q);
        group_end(g, CONTENT_NONE, place);
    } else if (binlog_query_is(&q, "COMMIT")) {
        group_end(g, CONTENT_COMMIT, place);
    } else if (binlog_query_is(&q, "ROLLBACK")) {
        group_end(g, CONTENT_ROLLBACK, place);
    } else if (query_begins(&q, "SAVEPOINT ")) {
        content_savepoint(&g->content, &q);
    } else if (query_begins(&q, "ROLLBACK TO ") && content_rollback_to(&g->content, &q)) {
        /* nothing of what lies between is part of the digest */
    } else if (!binlog_query_is(&q, "BEGIN") && !(prepares && query_begins(&q, "XA END "))) {
        g->opaque = true;
        content_statement(&g->content, &q);
    }
    return NULL;
}

static struct err *feed_table_map(struct group *g, const struct binlog_event *e)
{
    struct rows_table_map m;

    TRY(rows_table_map_parse(e, &m));
    content_table_map(&g->content, &m);
    if (g->on_table)
        g->on_table(m.db, m.table, g->on_table_arg);
    rows_table_map_free(&m);
    return NULL;
}

static struct err *feed_rows(struct group *g, const struct binlog_event *e, enum group_place *place)
{
    uint16_t flags = 0;

    TRY(content_rows(&g->content, e, &flags));
    if (is_single(g) && (flags & ROWS_STMT_END))
        group_end(g, CONTENT_NONE, place);
    return NULL;
}

static struct err *feed_context(struct group *g, const struct binlog_event *e, enum group_place *place)
{
    g->opaque = true;
    TRY(content_context(&g->content, e));
    if (is_single(g) && e->type == BINLOG_EXECUTE_LOAD_QUERY)
        group_end(g, CONTENT_NONE, place);
    return NULL;
}

static struct err *feed_inside(struct group *g, const struct binlog_event *e, enum group_place *place)
{
    if (!g->open)
        return binlog_malformed(e->type, "lies outside of a transaction");
    *place = GROUP_INSIDE;
    if (rows_type_is_rows(e->type))
        return feed_rows(g, e, place);
    switch (e->type) {
    case BINLOG_QUERY:
    case BINLOG_QUERY_COMPRESSED:
        return feed_query(g, e, place);
    case BINLOG_TABLE_MAP:
        return feed_table_map(g, e);
    case BINLOG_XID:
        group_end(g, CONTENT_COMMIT, place);
        return NULL;
    case BINLOG_XA_PREPARE:
        group_end(g, CONTENT_PREPARE, place);
        return NULL;
    case BINLOG_ANNOTATE_ROWS:
    case BINLOG_ROWS_QUERY:
        return NULL;
    default:
        return feed_context(g, e, place);
    }
}

/*
 * A file begins. Inside a group that is the end of a server that died while it wrote the group: it rolled the
 * transaction back when it came up again, and gives its GTID to another one.
 */
static struct err *feed_format(struct group *g, const struct binlog_event *e, enum group_place *place)
{
    struct binlog_format f;

    TRY(binlog_format_parse(e, &f));
    *place = GROUP_OUTSIDE;
    if (!g->open)
        return NULL;
    if (f.created == 0)
        return binlog_malformed(e->type,
                                "a file begins inside a transaction, and no server start explains it");
    g->open = false;
    *place = GROUP_ABANDONED;
    return NULL;
}

/* The end of a file. An artificial rotate event announces the next one, before its format description. */
static struct err *feed_file_end(struct group *g, const struct binlog_event *e, enum group_place *place)
{
    *place = GROUP_OUTSIDE;
    if (g->open && !(e->flags & BINLOG_FLAG_ARTIFICIAL))
        return binlog_malformed(e->type, "lies inside a transaction");
    return NULL;
}

struct err *group_feed(struct group *g, const struct binlog_event *e, enum group_place *place)
{
    switch (e->type) {
    case BINLOG_FORMAT_DESCRIPTION:
        return feed_format(g, e, place);
    case BINLOG_ROTATE:
    case BINLOG_STOP:
    case BINLOG_GTID_LIST:
        return feed_file_end(g, e, place);
    case BINLOG_CHECKPOINT:
    case BINLOG_HEARTBEAT:
    case BINLOG_START_ENCRYPTION:
        *place = GROUP_OUTSIDE;
        return NULL;
    case BINLOG_GTID:
        return feed_gtid(g, e, place);
    case BINLOG_INCIDENT:
        return err_hint(
            err_new(ERR_RESYNC, "the server logged an incident: changes are missing in its binlog"),
            "only a new snapshot brings the target back in step; the server's error log tells the "
            "cause");
    case BINLOG_QUERY:
    case BINLOG_QUERY_COMPRESSED:
    case BINLOG_INTVAR:
    case BINLOG_RAND:
    case BINLOG_USER_VAR:
    case BINLOG_BEGIN_LOAD_QUERY:
    case BINLOG_APPEND_BLOCK:
    case BINLOG_DELETE_FILE:
    case BINLOG_EXECUTE_LOAD_QUERY:
    case BINLOG_TABLE_MAP:
    case BINLOG_XID:
    case BINLOG_XA_PREPARE:
    case BINLOG_ANNOTATE_ROWS:
    case BINLOG_ROWS_QUERY:
        return feed_inside(g, e, place);
    default:
        if (rows_type_is_rows(e->type))
            return feed_inside(g, e, place);
        return err_hint(err_new(ERR_UNSUPPORTED, "%s event (type %u)", binlog_type_name(e->type), e->type),
                        "this version of ccr reads the binlogs of MariaDB servers up to 11.8");
    }
}
