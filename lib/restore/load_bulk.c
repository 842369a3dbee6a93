#include "restore/load_bulk.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mysql/bulk.h"
#include "restore/load_insert.h"
#include "restore/load_warnings.h"
#include "snapshot/row_text.h"

/* Bytes of text; the packet is at most twice as large. */
enum { BUNDLE = 1 << 20, BUNDLES_PER_PACKET = 4 };

/* Rows of nothing but defaults in one statement. */
enum { DEFAULT_ROWS = 1000 };

/* A hint names whole MiB. */
enum { PACKET_STEP = 1 << 20 };

struct load_bulk {
    struct conn *conn;
    uint64_t packet; /* max_allowed_packet */
    size_t bundle;   /* bytes of text that are sent together */
    /* what is said for this table, kept as long as chunks are of the same one */
    const struct restore_table *table;
    struct load_insert insert;
    bool takes;             /* the clause can be said as an INSERT: `insert` is that */
    struct bulk *statement; /* NULL before the first part, and where the insert has no parameters */
    /* what is being loaded */
    struct load_part *part;
    struct buf text; /* rows, of which `used` bytes are laid out */
    size_t used;
    size_t want;    /* how much text to read ahead */
    bool end;       /* the text has the part's last row */
    uint64_t rows;  /* of the part, laid out */
    uint64_t taken; /* rows that the server took */
};

struct err *load_bulk_new(struct conn *c, struct load_bulk **out)
{
    uint64_t packet = 0;

    TRY(conn_number(c, &packet, "SELECT @@SESSION.max_allowed_packet"));
    struct load_bulk *b = mem_zalloc(1, sizeof(*b));
    b->conn = c;
    b->packet = packet;
    b->bundle = packet / BUNDLES_PER_PACKET < BUNDLE ? (size_t)packet / BUNDLES_PER_PACKET : BUNDLE;
    *out = b;
    return NULL;
}

static void close_statement(struct load_bulk *b)
{
    bulk_free(b->statement);
    b->statement = NULL;
    load_insert_free(&b->insert);
    b->table = NULL;
}

void load_bulk_free(struct load_bulk *b)
{
    if (!b)
        return;
    close_statement(b);
    buf_free(&b->text);
    free(b);
}

bool load_bulk_takes(struct load_bulk *b, const struct restore_table *t)
{
    if (b->table != t) {
        close_statement(b);
        b->takes = load_insert_parse(t->rows->load, &b->insert);
        b->table = t;
    }
    return b->takes;
}

static void append_insert(const struct load_bulk *b, const struct restore_table *t, struct buf *sql)
{
    buf_append_str(sql, "INSERT IGNORE INTO ");
    sql_table(sql, t->db->stage, t->name);
    buf_append_byte(sql, ' ');
    buf_append(sql, b->insert.text.data, b->insert.text.len);
}

static struct err *open_statement(struct load_bulk *b, const struct restore_table *t)
{
    struct buf sql = BUF_INIT;

    if (!load_bulk_takes(b, t))
        return err_new(ERR_INTERNAL, "a LOAD DATA clause that is no INSERT: %s", t->rows->load);
    if (b->statement || !b->insert.parameters)
        return NULL;
    append_insert(b, t, &sql);
    struct err *e = bulk_prepare(b->conn, &sql, b->insert.parameters, &b->statement);
    buf_free(&sql);
    return e;
}

/* A table in which nothing can be inserted but defaults: "() VALUES (), (), ..." */
static struct err *insert_defaults(struct load_bulk *b, unsigned rows, uint64_t *affected)
{
    struct buf sql = BUF_INIT;

    append_insert(b, b->table, &sql);
    for (unsigned i = 1; i < rows; i++)
        buf_append_str(&sql, ", ()");
    struct err *e = conn_exec_bytes(b->conn, sql.data, sql.len);
    *affected = conn_affected(b->conn);
    buf_free(&sql);
    return e;
}

/* Of the chunk, from 1 on: the row that is laid out next. */
static unsigned long long row_number(const struct load_bulk *b)
{
    return b->part->before + b->rows + 1;
}

static struct err *send_bundle(struct load_bulk *b, unsigned rows)
{
    uint64_t affected = 0;
    struct err *e =
        b->statement ? bulk_execute(b->statement, rows, &affected) : insert_defaults(b, rows, &affected);

    b->taken += affected;
    if (!e && mysql_warning_count(conn_handle(b->conn)) > 0)
        e = load_warnings_check(b->conn, b->table);
    return e ? err_context(e, "%u rows from row %llu of the chunk on", rows, row_number(b) - rows) : NULL;
}

/* The rest of a row moves to the front, and text is read behind it. */
static struct err *fill(struct load_bulk *b)
{
    b->text.len -= b->used;
    memmove(b->text.data, b->text.data + b->used, b->text.len);
    b->used = 0;
    while (!b->end && b->text.len < b->want) {
        size_t len = 0;
        TRY(load_part_read(b->part, b->text.data + b->text.len, b->want - b->text.len, &len));
        b->text.len += len;
        b->end = len == 0;
    }
    return NULL;
}

static struct err *refuse_row(const struct load_bulk *b, uint64_t size)
{
    uint64_t need = (size / PACKET_STEP + 1) * PACKET_STEP;

    return err_hint(err_new(ERR_TARGET,
                            "target: row %llu of the chunk does not fit max_allowed_packet (%llu)",
                            row_number(b), (unsigned long long)b->packet),
                    "SET GLOBAL max_allowed_packet = %llu or more", (unsigned long long)need);
}

/* The text is full and holds no whole row: it may be what lay behind a row that was larger. Unescaping makes
 * at best half of it. */
static struct err *make_room(struct load_bulk *b)
{
    size_t size = b->text.len;

    if (size / 2 <= b->packet + b->insert.fields) {
        b->want = 2 * size;
        buf_reserve(&b->text, size);
        return NULL;
    }
    for (size_t len = 1; len && !memchr(b->text.data, '\n', b->text.len); size += len) {
        TRY(load_part_read(b->part, b->text.data, b->bundle, &len));
        b->text.len = len;
    }
    return refuse_row(b, size);
}

static struct err *lay_out_row(struct load_bulk *b, struct row_text *row, unsigned number)
{
    bool good = true;

    for (unsigned i = 0; good && i < b->insert.fields; i++) {
        char *field;
        unsigned long len;
        good = row_text_field(row, &field, &len);
        if (good && b->statement)
            bulk_set(b->statement, number, i, field, len);
    }
    if (!good || row->at)
        return err_new(ERR_INTEGRITY, "row %llu of the chunk does not have %u fields", row_number(b),
                       b->insert.fields);
    if (b->statement && bulk_packet_size(b->statement) > b->packet)
        return refuse_row(b, bulk_packet_size(b->statement));
    return NULL;
}

/* As many whole rows as one bundle takes; *count is 0 where the text does not hold one to its end. */
static struct err *lay_out(struct load_bulk *b, unsigned *count)
{
    const size_t start = b->used;
    const unsigned most = b->statement ? bulk_capacity(b->statement) : DEFAULT_ROWS;

    if (b->statement)
        bulk_clear(b->statement);
    for (*count = 0; *count < most; ++*count) {
        struct row_text row;
        size_t len = row_text_open(&row, (char *)b->text.data + b->used, b->text.len - b->used);
        if (len == 0 || (*count && b->used + len - start > b->bundle))
            return NULL;
        TRY(lay_out_row(b, &row, *count));
        b->used += len;
        b->rows++;
    }
    return NULL;
}

static void begin(struct load_bulk *b, struct load_part *part)
{
    b->part = part;
    b->want = b->bundle;
    buf_clear(&b->text);
    buf_reserve(&b->text, b->want);
    b->used = 0;
    b->end = false;
    b->rows = b->taken = 0;
}

/* Sends the whole rows of a text that is full. */
static struct err *send_text(struct load_bulk *b)
{
    for (;;) {
        unsigned count;
        TRY(lay_out(b, &count));
        if (count == 0)
            break;
        TRY(send_bundle(b, count));
    }
    if (b->end && b->used < b->text.len)
        return err_new(ERR_INTEGRITY, "row %llu of the chunk has no end", row_number(b));
    if (b->end || b->used) {
        b->want = b->bundle;
        return NULL;
    }
    return make_room(b);
}

struct err *load_bulk_part(struct load_bulk *b, const struct restore_table *t, struct load_part *part,
                           uint64_t *rows)
{
    TRY(open_statement(b, t));
    begin(b, part);
    while (!b->end) {
        TRY(fill(b));
        TRY(send_text(b));
    }
    *rows = b->taken;
    return NULL;
}
