#include "backup/dump_chunk.h"

#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/mem.h"
#include "snapshot/row_text.h"

/* Large enough for speed, small enough that several fit into a volume. */
#define SLICE_BYTES ((size_t)4 << 20)

/* So much passes the pace at once. */
enum { PASS_ROWS = 256, PASS_BYTES = 64 << 10 };

struct copy {
    struct dump_worker *worker;
    struct dump_table *table;
    const struct chunk *chunk;
    struct manifest_chunk out;
    struct hash *hash;
    size_t slice_bytes;
    size_t piece_cap;
    uint64_t passed_rows; /* the pace */
    uint64_t passed_bytes;
    uint64_t shown_rows; /* as told to the progress */
    uint64_t largest_row;
    uint64_t moments;
};

static uint64_t take_id(struct dump_table *t)
{
    pthread_mutex_lock(&t->mutex);
    uint64_t id = ++t->last_id;
    pthread_mutex_unlock(&t->mutex);
    return id;
}

/* DB/TABLE/000001.tsv, then 000001.2.tsv and so on. */
static char *member_name(const struct copy *c)
{
    unsigned long long id = c->out.id;

    if (c->out.piece_count == 0)
        return mem_printf("%s/%06llu.tsv", c->table->folder, id);
    return mem_printf("%s/%06llu.%zu.tsv", c->table->folder, id, c->out.piece_count + 1);
}

/* Puts one slice into a volume. */
static struct err *emit(struct copy *c, const uint8_t *bytes, size_t len)
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
static struct err *emit_full(struct copy *c)
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

static struct err *refuse_text(const struct copy *c, const char *column, const char *problem)
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

static struct err *check_texts(const struct copy *c, char **fields, const unsigned long *lengths,
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

/* Makes the server end the statement. Its own id is the connection's, so nothing else can be meant. */
static struct err *kill_query(struct dump_worker *w)
{
    struct dump *d = w->dump;

    pthread_mutex_lock(&d->control);
    struct err *e =
        conn_exec(d->params->opening->control, "KILL QUERY %llu", (unsigned long long)conn_id(w->conn));
    pthread_mutex_unlock(&d->control);
    return e;
}

/*
 * Leaves the rest of the chunk, from this row on, to the plan. The rows on their way are read and dropped. If
 * the statement had ended already, the next one is what is killed.
 */
static struct err *cut(struct copy *c, MYSQL_RES *res, MYSQL_ROW row)
{
    struct dump_worker *w = c->worker;
    const struct dump_table *t = c->table;
    struct chunk_border rest;

    chunk_border_set(&rest, row, mysql_fetch_lengths(res), t->key_places, chunk_plan_key(t->plan)->count);
    dump_cut(w, c->table, c->chunk, &rest);
    TRY(kill_query(w));
    while (mysql_fetch_row(res))
        ;
    if (conn_errno(w->conn) == ER_QUERY_INTERRUPTED)
        return NULL;
    if (conn_errno(w->conn))
        return conn_error(w->conn, "reading rows");
    struct err *e = conn_exec(w->conn, "DO 0");
    if (e && conn_errno(w->conn) == ER_QUERY_INTERRUPTED) {
        err_free(e);
        e = NULL;
    }
    return e;
}

/* Every so many rows, or bytes, wait as long as the pace asks: the server then waits as well. */
static struct err *pass(struct copy *c)
{
    struct dump_worker *w = c->worker;
    uint64_t rows = c->out.rows - c->passed_rows;
    uint64_t bytes = c->out.bytes + w->slice.len - c->passed_bytes;

    if (rows < PASS_ROWS && bytes < PASS_BYTES)
        return NULL;
    c->passed_rows += rows;
    c->passed_bytes += bytes;
    return pace_pass(w->dump->params->pace, rows, bytes, &w->dump->stop);
}

static bool is_too_large(const struct copy *c)
{
    return c->chunk->can_be_cut && c->out.rows > 0 &&
           c->out.bytes + c->worker->slice.len >= 2 * c->worker->dump->params->chunk_bytes;
}

/*
 * A row that was changed again by the same statement (a REPLACE that meets a key twice) has left one in the
 * history that ends when it begins. No query at a time sees it, and no INSERT takes it (error 1525).
 */
static bool is_moment(const struct dump_table *t, char **row, const unsigned long *lengths)
{
    size_t start = t->period[0];
    size_t end = t->period[1];

    return t->has_period && row[start] && row[end] && lengths[start] == lengths[end] &&
           memcmp(row[start], row[end], lengths[start]) == 0;
}

static struct err *copy_rows(struct copy *c, MYSQL_RES *res)
{
    struct dump_worker *w = c->worker;
    MYSQL_ROW row;

    while ((row = mysql_fetch_row(res)) != NULL) {
        if (is_too_large(c)) {
            TRY(cut(c, res, row));
            break;
        }
        unsigned long *lengths = mysql_fetch_lengths(res);
        if (is_moment(c->table, row, lengths)) {
            c->moments++;
            continue;
        }
        TRY(check_texts(c, row, lengths, c->table->columns));
        size_t bytes = row_text_append(&w->slice, row, lengths, c->table->plain, c->table->columns);
        if (bytes > c->largest_row)
            c->largest_row = bytes;
        c->out.rows++;
        TRY(pass(c));
        if (w->slice.len < c->slice_bytes)
            continue;
        TRY(emit_full(c));
        if (atomic_load(&w->dump->stop))
            return NULL;
    }
    if (!row && conn_errno(w->conn))
        return conn_error(w->conn, "reading rows");
    return w->slice.len ? emit(c, w->slice.data, w->slice.len) : NULL;
}

static struct err *select_rows(struct copy *c)
{
    struct dump_worker *w = c->worker;
    struct buf sql = BUF_INIT;

    buf_printf(&sql, "SELECT HIGH_PRIORITY SQL_NO_CACHE %s FROM ", c->table->select);
    buf_append(&sql, c->chunk->from.data, c->chunk->from.len);
    struct err *e = conn_send(w->conn, sql.data, sql.len, "reading rows");
    buf_free(&sql);
    if (!e)
        e = conn_answer(w->conn, "reading rows");
    if (e)
        return e;
    MYSQL_RES *res = mysql_use_result(conn_handle(w->conn));
    if (!res)
        return conn_error(w->conn, "reading rows");
    e = copy_rows(c, res);
    if (e || atomic_load(&w->dump->stop))
        dump_worker_disconnect(w); /* or mysql_free_result would read the rest of the rows */
    mysql_free_result(res);
    return e;
}

static void record(struct copy *c)
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
    chunk_plan_learn(t->plan, c->out.rows, c->out.bytes);
    pthread_mutex_unlock(&t->mutex);
}

static void free_pieces(struct manifest_chunk *chunk)
{
    for (size_t i = 0; i < chunk->piece_count; i++)
        free(chunk->pieces[i].member);
    free(chunk->pieces);
}

struct err *dump_explain(const struct dump_worker *w, struct err *e)
{
    switch (conn_errno(w->conn)) {
    case ER_TABLE_DEF_CHANGED:
    case ER_NO_SUCH_TABLE:
    case ER_BAD_FIELD_ERROR:
    case ER_UNKNOWN_PARTITION:
    case ER_KEY_DOES_NOT_EXISTS:
        return err_hint(err_context(e, "the table was changed, replaced or dropped before it was copied"),
                        "run the backup again when no DDL is under way");
    case ER_LOCK_DEADLOCK:     /* a reader takes the definition's lock only */
    case ER_LOCK_WAIT_TIMEOUT: /* on a table that the run itself keeps locked for reading */
        return err_hint(err_context(e, "a change of the table's definition was in the way"),
                        "run the backup again when no DDL is under way");
    default:
        return e;
    }
}

struct err *dump_chunk(struct dump_worker *w, struct dump_table *t, const struct chunk *chunk)
{
    size_t limit = volume_shelf_member_limit(w->dump->params->shelf);
    struct copy c = {.worker = w, .table = t, .chunk = chunk, .hash = hash_new()};

    c.slice_bytes = SLICE_BYTES < limit ? SLICE_BYTES : limit;
    buf_clear(&w->slice);
    struct err *e = select_rows(&c);
    if (e)
        e = dump_explain(w, e);
    else
        e = volume_filler_pause(w->filler);
    if (!e && c.out.rows > 0 && !atomic_load(&w->dump->stop))
        record(&c);
    else
        free_pieces(&c.out);
    pthread_mutex_lock(&t->mutex);
    t->moments += c.moments;
    pthread_mutex_unlock(&t->mutex);
    hash_free(c.hash);
    return e;
}
