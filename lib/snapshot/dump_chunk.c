#include "snapshot/dump_chunk.h"

#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/mem.h"
#include "snapshot/row_text.h"

/* Large enough for speed, small enough that several fit into a volume. */
#define SLICE_BYTES ((size_t)4 << 20)

struct chunk {
    struct dump_worker *worker;
    struct dump_table *table;
    struct manifest_chunk out;
    struct hash *hash;
    size_t slice_bytes;
    size_t piece_cap;
    uint64_t shown_rows; /* as told to the progress */
    uint64_t largest_row;
};

static uint64_t take_id(struct dump_table *t)
{
    pthread_mutex_lock(&t->mutex);
    uint64_t id = ++t->last_id;
    pthread_mutex_unlock(&t->mutex);
    return id;
}

/* DB/TABLE/000001.tsv, then 000001.2.tsv and so on. */
static char *member_name(const struct chunk *c)
{
    unsigned long long id = c->out.id;

    if (c->out.piece_count == 0)
        return mem_printf("%s/%06llu.tsv", c->table->folder, id);
    return mem_printf("%s/%06llu.%zu.tsv", c->table->folder, id, c->out.piece_count + 1);
}

/* Puts one slice into a volume. */
static struct err *emit(struct chunk *c, const uint8_t *bytes, size_t len)
{
    struct dump_worker *w = c->worker;
    struct manifest_piece piece = {.bytes = len};

    if (c->out.id == 0)
        c->out.id = take_id(c->table);
    piece.member = member_name(c);
    hash_update(c->hash, bytes, len);
    struct err *e = volume_filler_add(w->filler, piece.member, bytes, len, &piece.volume);
    if (e) {
        free(piece.member);
        return e;
    }
    c->out.pieces = mem_grow(c->out.pieces, c->out.piece_count, &c->piece_cap, sizeof(*c->out.pieces));
    c->out.pieces[c->out.piece_count++] = piece;
    c->out.bytes += len;
    progress_add(w->dump->params->progress, c->out.rows - c->shown_rows, len);
    c->shown_rows = c->out.rows;
    return NULL;
}

/* Emits whole slices and keeps the rest: a row may begin in one slice and end in another. */
static struct err *emit_full(struct chunk *c)
{
    struct buf *slice = &c->worker->slice;
    size_t done = 0;

    while (slice->len - done >= c->slice_bytes) {
        TRY(emit(c, slice->data + done, c->slice_bytes));
        done += c->slice_bytes;
    }
    slice->len -= done;
    memmove(slice->data, slice->data + done, slice->len);
    if (slice->cap > 4 * c->slice_bytes) { /* one large row does not take its memory for good */
        slice->cap = 2 * c->slice_bytes;
        slice->data = mem_resize(slice->data, slice->cap, 1);
    }
    return NULL;
}

static struct err *refuse_text(const struct chunk *c, const char *column, const char *problem)
{
    const struct manifest_table *t = c->table->out;

    return err_hint(
        err_new(ERR_UNSUPPORTED, "column %s of %s.%s holds a text that could not be restored: it %s", column,
                t->db, t->name, problem),
        "SELECT * FROM %s.%s WHERE BINARY %s <> BINARY CONVERT(BINARY %s USING utf8mb4) finds text "
        "that is not valid; correct it, make the column wider or a BLOB, or leave the table out "
        "(--exclude-tables)",
        t->db, t->name, column, column);
}

static struct err *check_texts(const struct chunk *c, char **fields, const unsigned long *lengths,
                               unsigned count)
{
    const struct text_rule *rules = c->table->rules;

    for (unsigned i = 0; i < count; i++) {
        char *problem = rules[i].column && fields[i] ? text_check(&rules[i], fields[i], lengths[i]) : NULL;
        if (!problem)
            continue;
        struct err *e = refuse_text(c, rules[i].column, problem);
        free(problem);
        return e;
    }
    return NULL;
}

static struct err *copy_rows(struct chunk *c, MYSQL_RES *res)
{
    struct dump_worker *w = c->worker;
    unsigned count = mysql_num_fields(res);
    MYSQL_ROW row;

    while ((row = mysql_fetch_row(res)) != NULL) {
        unsigned long *lengths = mysql_fetch_lengths(res);
        TRY(check_texts(c, row, lengths, count));
        size_t bytes = row_text_append(&w->slice, row, lengths, c->table->plain, count);
        if (bytes > c->largest_row)
            c->largest_row = bytes;
        c->out.rows++;
        if (w->slice.len < c->slice_bytes)
            continue;
        TRY(emit_full(c));
        if (atomic_load(&w->dump->stop))
            return NULL;
    }
    if (conn_errno(w->conn))
        return conn_error(w->conn, "reading rows");
    return w->slice.len ? emit(c, w->slice.data, w->slice.len) : NULL;
}

static struct err *select_rows(struct chunk *c, const char *from)
{
    struct dump_worker *w = c->worker;
    MYSQL *mysql = conn_handle(w->conn);
    char *sql = mem_printf("SELECT HIGH_PRIORITY SQL_NO_CACHE %s FROM %s", c->table->select, from);
    MYSQL_RES *res = NULL;

    if (mysql_real_query(mysql, sql, (unsigned long)strlen(sql)) == 0)
        res = mysql_use_result(mysql);
    free(sql);
    if (!res)
        return conn_error(w->conn, "reading rows");
    struct err *e = copy_rows(c, res);
    if (e || atomic_load(&w->dump->stop))
        dump_worker_disconnect(w); /* or mysql_free_result would read the rest of the rows */
    mysql_free_result(res);
    return e;
}

static void record(struct chunk *c)
{
    struct dump_table *t = c->table;

    hash_hex(c->hash, c->out.sha256);
    pthread_mutex_lock(&t->mutex);
    t->out->chunks = mem_grow(t->out->chunks, t->out->chunk_count, &t->chunk_cap, sizeof(*t->out->chunks));
    t->out->chunks[t->out->chunk_count++] = c->out;
    t->out->rows += c->out.rows;
    t->out->bytes += c->out.bytes;
    if (c->largest_row > t->out->largest_row)
        t->out->largest_row = c->largest_row;
    pthread_mutex_unlock(&t->mutex);
}

static void free_pieces(struct manifest_chunk *chunk)
{
    for (size_t i = 0; i < chunk->piece_count; i++)
        free(chunk->pieces[i].member);
    free(chunk->pieces);
}

/* What DDL does to a reader, told apart from other failures. */
static struct err *explain(struct chunk *c, struct err *e)
{
    switch (conn_errno(c->worker->conn)) {
    case ER_TABLE_DEF_CHANGED:
    case ER_NO_SUCH_TABLE:
    case ER_BAD_FIELD_ERROR:
    case ER_UNKNOWN_PARTITION:
    case ER_KEY_DOES_NOT_EXISTS:
        return err_hint(err_context(e, "the table was changed, replaced or dropped before it was copied"),
                        "run the backup again when no DDL is under way");
    default:
        return e;
    }
}

struct err *dump_chunk(struct dump_worker *w, struct dump_table *t, const char *from)
{
    size_t limit = volume_shelf_member_limit(w->dump->params->shelf);
    struct chunk c = {.worker = w, .table = t, .hash = hash_new()};

    c.slice_bytes = SLICE_BYTES < limit ? SLICE_BYTES : limit;
    buf_clear(&w->slice);
    struct err *e = select_rows(&c, from);
    if (e)
        e = explain(&c, e);
    else
        e = volume_filler_pause(w->filler);
    if (!e && c.out.rows > 0 && !atomic_load(&w->dump->stop))
        record(&c);
    else
        free_pieces(&c.out);
    hash_free(c.hash);
    return e;
}
