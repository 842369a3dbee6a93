#include "binlog/group_content.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "binlog/internal.h"

enum content_tag {
    TAG_GTID = 'G',
    TAG_XA = 'X',
    TAG_ALTER = 'A',
    TAG_ROWS = 'R',
    TAG_STATEMENT = 'Q',
    TAG_CONTEXT = 'K',
    TAG_FILE = 'F',
    TAG_LOAD = 'L',
};

static void put_text(struct buf *out, const char *text, size_t len)
{
    buf_append_le(out, len, 4);
    buf_append(out, text, len);
}

static void savepoints_drop(struct content *c, size_t keep)
{
    while (c->savepoint_count > keep) {
        struct content_savepoint *s = &c->savepoints[--c->savepoint_count];
        free(s->name);
        digest_free(&s->digest);
    }
}

void content_begin(struct content *c, const struct binlog_gtid *gtid)
{
    c->table_count = 0;
    buf_clear(&c->context);
    savepoints_drop(c, 0);
    digest_begin(&c->digest);
    buf_clear(&c->record);
    buf_append_le(&c->record, gtid->gtid.domain, 4);
    buf_append_le(&c->record, gtid->gtid.server, 4);
    buf_append_le(&c->record, gtid->gtid.seq, 8);
    digest_record(&c->digest, TAG_GTID, &c->record);
    if (gtid->xid) {
        buf_clear(&c->record);
        buf_append(&c->record, gtid->xid, gtid->xid_len);
        digest_record(&c->digest, TAG_XA, &c->record);
    }
    if (gtid->start_alter || gtid->commit_alter || gtid->rollback_alter) {
        buf_clear(&c->record);
        buf_append_byte(&c->record, gtid->start_alter ? 1 : gtid->commit_alter ? 2 : 3);
        buf_append_le(&c->record, gtid->alter_seq, 8);
        digest_record(&c->digest, TAG_ALTER, &c->record);
    }
}

static struct content_table *table_find(struct content *c, uint64_t id)
{
    for (size_t i = c->table_count; i-- > 0;)
        if (c->tables[i].id == id)
            return &c->tables[i];
    return NULL;
}

void content_table_map(struct content *c, const struct rows_table_map *m)
{
    struct content_table *t = table_find(c, m->table_id);

    if (!t) {
        if (c->table_count == c->table_made) {
            c->tables = mem_grow(c->tables, c->table_made, &c->table_cap, sizeof(*c->tables));
            c->tables[c->table_made++].key = (struct buf)BUF_INIT;
        }
        t = &c->tables[c->table_count++];
        t->id = m->table_id;
    }
    buf_clear(&t->key);
    put_text(&t->key, m->db, m->db_len);
    put_text(&t->key, m->table, m->table_len);
    put_text(&t->key, (const char *)m->raw, m->raw_len);
}

/* The bits behind the last column mean nothing, and servers do not agree on them. */
static void put_bitmap(struct buf *out, const uint8_t *bits, size_t columns)
{
    buf_append(out, bits, (columns + 7) / 8);
    if (columns % 8)
        out->data[out->len - 1] &= (uint8_t)((1u << columns % 8) - 1);
}

static struct err *rows_add(struct content *c, const struct binlog_event *e, uint16_t *flags)
{
    struct rows_event r;

    TRY(rows_event_parse(e, &r));
    *flags = r.flags;
    if (r.table_id == ROWS_DUMMY_TABLE_ID)
        return NULL;
    const struct content_table *t = table_find(c, r.table_id);
    if (!t)
        return binlog_malformed(e->type, "no table map of its transaction has its table id");
    buf_clear(&c->record);
    buf_append_byte(&c->record, (uint8_t)r.kind);
    buf_append(&c->record, t->key.data, t->key.len);
    put_bitmap(&c->record, r.before_columns, r.column_count);
    put_bitmap(&c->record, r.after_columns, r.column_count);
    digest_run(&c->digest, TAG_ROWS, &c->record, r.rows, r.rows_len);
    return NULL;
}

struct err *content_rows(struct content *c, const struct binlog_event *e, uint16_t *flags)
{
    struct binlog_format plain = {0};
    struct binlog_event inflated;

    if (!binlog_type_is_compressed(e->type))
        return rows_add(c, e, flags);
    buf_clear(&c->scratch);
    TRY(binlog_event_decompress(e, BINLOG_EVENT_MAX, &c->scratch));
    TRY(binlog_event_parse(&plain, c->scratch.data, c->scratch.len, &inflated));
    return rows_add(c, &inflated, flags);
}

static bool begins(const char *text, size_t len, const char *word)
{
    size_t n = strlen(word);

    return len >= n && memcmp(text, word, n) == 0;
}

/* A replica that runs its source's DROP TABLE logs it anew, with IF EXISTS put in. */
static void put_statement(struct buf *out, const char *sql, size_t len)
{
    static const char *const generated[] = {"DROP TABLE ", "DROP TEMPORARY TABLE ", "DROP SEQUENCE ",
                                            "DROP TEMPORARY SEQUENCE "};
    static const char added[] = "IF EXISTS ";

    for (size_t i = 0; i < sizeof(generated) / sizeof(generated[0]); i++) {
        size_t n = strlen(generated[i]);
        if (!begins(sql, len, generated[i]) || !begins(sql + n, len - n, added))
            continue;
        buf_append(out, sql, n);
        sql += n + sizeof(added) - 1;
        len -= n + sizeof(added) - 1;
        break;
    }
    buf_append(out, sql, len);
}

/* The INTVAR, RAND and USER_VAR events of a statement: a replica writes one that a LOAD DATA needs once, its
 * source once per block of the file. */
static void context_add(struct content *c, const struct binlog_event *e)
{
    buf_clear(&c->record);
    buf_append_byte(&c->record, e->type);
    put_text(&c->record, (const char *)e->body, e->body_len);
    if (!c->context.len || !memmem(c->context.data, c->context.len, c->record.data, c->record.len))
        buf_append(&c->context, c->record.data, c->record.len);
}

static void context_end(struct content *c)
{
    if (c->context.len)
        digest_record(&c->digest, TAG_CONTEXT, &c->context);
    buf_clear(&c->context);
}

void content_statement(struct content *c, const struct binlog_query *q)
{
    context_end(c);
    buf_clear(&c->record);
    /* XA statements name no object, and replicas run them without a default database */
    put_text(&c->record, q->db, begins(q->sql, q->sql_len, "XA ") ? 0 : q->db_len);
    put_statement(&c->record, q->sql, q->sql_len);
    digest_record(&c->digest, TAG_STATEMENT, &c->record);
}

/* The name behind SAVEPOINT or ROLLBACK TO, as it stands there. */
static char *savepoint_name(const struct binlog_query *q, const char *word)
{
    size_t n = strlen(word);

    return q->sql_len < n ? mem_strdup("") : mem_strndup(q->sql + n, q->sql_len - n);
}

static size_t savepoint_find(const struct content *c, const char *name)
{
    for (size_t i = c->savepoint_count; i-- > 0;)
        if (strcasecmp(c->savepoints[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

void content_savepoint(struct content *c, const struct binlog_query *q)
{
    c->savepoints = mem_grow(c->savepoints, c->savepoint_count, &c->savepoint_cap, sizeof(*c->savepoints));
    struct content_savepoint *s = &c->savepoints[c->savepoint_count++];
    s->name = savepoint_name(q, "SAVEPOINT ");
    s->digest = (struct digest)DIGEST_INIT;
    digest_copy(&s->digest, &c->digest);
}

bool content_rollback_to(struct content *c, const struct binlog_query *q)
{
    char *name = savepoint_name(q, "ROLLBACK TO ");
    size_t i = savepoint_find(c, name);

    free(name);
    if (i == SIZE_MAX)
        return false;
    digest_copy(&c->digest, &c->savepoints[i].digest);
    savepoints_drop(c, i + 1);
    return true;
}

/* A block of a file: its number on this server, then bytes. */
static struct err *file_add(struct content *c, const struct binlog_event *e)
{
    static const struct buf none = BUF_INIT;

    if (e->body_len < 4)
        return binlog_malformed(e->type, "too short");
    if (e->type == BINLOG_BEGIN_LOAD_QUERY)
        digest_end(&c->digest);
    digest_run(&c->digest, TAG_FILE, &none, e->body + 4, e->body_len - 4);
    return NULL;
}

/* The statement without the file's name, which is another one on every server. */
static struct err *load_add(struct content *c, const struct binlog_event *e)
{
    struct binlog_query q;

    TRY(binlog_query_parse(e, &c->scratch, &q));
    const uint8_t *extra = e->body + QUERY_FIXED_LEN; /* its length was checked above */
    uint64_t start = le_get(extra + 4, 4);
    uint64_t end = le_get(extra + 8, 4);
    if (start > end || end > q.sql_len)
        return binlog_malformed(e->type, "the file's name lies outside of the statement");
    context_end(c);
    buf_clear(&c->record);
    buf_append_byte(&c->record, extra[12]);
    put_text(&c->record, q.db, q.db_len);
    put_text(&c->record, q.sql, start);
    buf_append(&c->record, q.sql + end, q.sql_len - end);
    digest_record(&c->digest, TAG_LOAD, &c->record);
    return NULL;
}

struct err *content_context(struct content *c, const struct binlog_event *e)
{
    if (e->type == BINLOG_BEGIN_LOAD_QUERY || e->type == BINLOG_APPEND_BLOCK)
        return file_add(c, e);
    if (e->type == BINLOG_EXECUTE_LOAD_QUERY)
        return load_add(c, e);
    if (e->type != BINLOG_DELETE_FILE)
        context_add(c, e);
    return NULL;
}

void content_end(struct content *c, enum content_ending how)
{
    buf_clear(&c->record);
    if (how != CONTENT_NONE)
        digest_record(&c->digest, (uint8_t)how, &c->record);
    digest_end(&c->digest);
}

void content_free(struct content *c)
{
    savepoints_drop(c, 0);
    free(c->savepoints);
    for (size_t i = 0; i < c->table_made; i++)
        buf_free(&c->tables[i].key);
    free(c->tables);
    digest_free(&c->digest);
    buf_free(&c->record);
    buf_free(&c->context);
    buf_free(&c->scratch);
}
