/* Row events on their way from the log to the batch. */
#include <stdlib.h>

#include "base/interrupt.h"
#include "base/mem.h"
#include "binlog/rows_types.h"
#include "binlog/sql_lex.h"
#include "replay/half_done.h"
#include "replay/intent.h"
#include "replay/repair.h"
#include "replay/sequence.h"
#include "replay/transaction.h"

static bool cannot_roll_back(const struct table *table)
{
    /* a sequence keeps its value through a ROLLBACK too, but an event holds all of it: it can be repeated */
    return table->in_scope && table->catalog && !table->catalog->transactional &&
           !table->catalog->is_sequence;
}

struct err *rows_take_map(struct apply *a, struct transaction *t, const struct binlog_event *e, bool *redo)
{
    struct table *table = NULL;

    *redo = false;
    TRY(tables_map(a->tables, e, &table));
    if (t->half_done && cannot_roll_back(table))
        half_done_add(a, table->source_db, table->source_name);
    if (!cannot_roll_back(table) || t->alone || t->drop || a->dry_run)
        return NULL;
    if (t->rows_added || t->passed_savepoint) {
        transaction_redo(a, t, REDO_ALONE, NULL);
        a->redo.what = mem_printf("%s.%s", table->db, table->name);
        *redo = true;
        return NULL;
    }
    char *what = mem_printf("%s.%s", table->db, table->name);
    struct err *error = intent_open_rows(a, &t->begin.gtid, what);
    free(what);
    t->alone = t->savepoints = error == NULL;
    return error;
}

/*
 * With binlog_row_image=NOBLOB a server logs the history rows of a versioned table without their texts: what
 * they were is not in the log.
 */
static struct err *rows_check_history(const struct table *table, const struct rows_event *rows)
{
    if (!table->catalog || !table->catalog->versioned || rows->kind != ROWS_WRITE)
        return NULL;
    for (size_t i = 0; i < rows->column_count && i < table->map.column_count; i++) {
        uint8_t type = table->map.columns[i].type;
        bool present = rows->after_columns[i / 8] >> (i % 8) & 1;
        if (!present && (type == TYPE_BLOB || type == TYPE_BLOB_COMPRESSED || type == TYPE_GEOMETRY))
            return err_hint(err_new(ERR_UNSUPPORTED,
                                    "rows of the system-versioned table %s.%s were logged without "
                                    "their texts",
                                    table->source_db, table->source_name),
                            "set binlog_row_image=FULL on the source, then take a new snapshot (ccr-backup, "
                            "ccr-restore)");
    }
    return NULL;
}

/* REPLACE, or LOAD DATA ... REPLACE INTO. */
static bool text_replaces(const char *sql, size_t len)
{
    struct sql_lexer lexer;

    sql_lexer_init(&lexer, sql, len, 0);
    struct sql_token token = sql_lexer_next(&lexer);
    if (sql_token_is(&token, "LOAD"))
        while (token.type != SQL_END && token.type != SQL_BAD && !sql_token_is(&token, "INTO") &&
               !sql_token_is(&token, "REPLACE"))
            token = sql_lexer_next(&lexer);
    return sql_token_is(&token, "REPLACE");
}

void rows_take_text(struct transaction *t, const struct binlog_event *e)
{
    t->replaces = text_replaces((const char *)e->body, e->body_len);
}

static bool lacks_columns(const struct table *table, const struct rows_event *rows)
{
    const struct catalog_table *catalog = table->catalog;

    for (size_t i = 0; catalog && i < catalog->column_count && i < rows->column_count; i++)
        if (!catalog->columns[i].generated && !(rows->after_columns[i / 8] >> (i % 8) & 1))
            return true;
    return false;
}

/*
 * A REPLACE that meets a row is logged as an UPDATE. Without full row images that has only the columns that
 * the statement names: those that it gave their defaults keep what they were on every replica (seen
 * on 10.11).
 */
static struct err *rows_check_replace(struct apply *a, const struct transaction *t, const struct table *table,
                                      const struct rows_event *rows)
{
    if (!t->replaces || rows->kind != ROWS_UPDATE || !lacks_columns(table, rows))
        return NULL;
    struct err *e = err_hint(
        err_new(ERR_RESYNC, "a REPLACE into %s.%s was logged without the columns that it gave their defaults",
                table->source_db, table->source_name),
        "set binlog_row_image=FULL on the source, then take a snapshot of the table (ccr-backup --tables "
        "%s.%s) "
        "and bring it in (ccr-restore --job %s --tables %s.%s)",
        table->source_db, table->source_name, a->job->name, table->source_db, table->source_name);
    need_free(&a->need);
    need_add(&a->need, table->source_db, table->source_name);
    a->need.reason = mem_strdup(err_message(e));
    a->need.gtid = t->begin.gtid;
    return e;
}

/* Net changes need all columns. What is merged so far comes first. */
static struct err *rows_check_images(struct apply *a, struct table *table, const struct rows_event *rows)
{
    if (!table->road || table->road->road == ROAD_ORDERED || rows_event_is_full(rows))
        return NULL;
    TRY(batch_flush(&a->batch));
    tables_make_ordered(a->tables, table, "rows were logged without all columns (binlog_row_image)");
    return NULL;
}

static struct err *rows_add(struct apply *a, const struct change *change)
{
    struct buf image = BUF_INIT;
    struct rows_event whole;
    struct change completed = *change;

    if (!sequence_is_partial(change->table, change->rows))
        return a->repair_count ? repair_add(a, change) : batch_add(&a->batch, change);
    completed.rows = &whole;
    struct err *e = batch_flush(&a->batch);
    if (!e)
        e = sequence_complete(a, change->table, change->rows, &image, &whole);
    if (!e)
        e = batch_add(&a->batch, &completed);
    buf_free(&image);
    return e;
}

struct err *rows_take(struct apply *a, struct transaction *t, const struct binlog_event *e)
{
    struct rows_event rows;
    uint64_t count;

    TRY(rows_event_parse(e, &rows));
    bool statement_end = rows.flags & ROWS_STMT_END;
    if (rows.table_id != ROWS_DUMMY_TABLE_ID) {
        struct table *table = tables_find(a->tables, rows.table_id);
        if (!table)
            return err_new(ERR_INTEGRITY, "a row event refers to table id %llu, which has no table map",
                           (unsigned long long)rows.table_id);
        if (table->in_scope)
            TRY(rows_check_history(table, &rows));
        if (table->in_scope && !t->drop)
            TRY(rows_check_replace(a, t, table, &rows));
        bool done = a->evening && table->in_scope && evening_has_done(a->evening, table);
        if (!table->in_scope || t->drop || done) {
            a->batch.counts.skipped_events++;
        } else if (a->dry_run) {
            t->in_scope = true;
            a->batch.counts.events++;
            TRY(rows_event_count(&table->map, &rows,
                                 &count)); /* the images must fit, as they would have to */
        } else {
            const struct change change = {table, &rows, e->time, e->server_id, t->begin.gtid};
            t->in_scope = t->rows_added = true;
            a->batch.single = t->alone || t->ddl || t->single || a->evening;
            a->batch.counts.events++;
            if (a->batch.bytes > a->limits.batch_bytes)
                TRY(interrupt_check()); /* within a transaction only where it is long */
            TRY(rows_check_images(a, table, &rows));
            TRY(rows_add(a, &change));
        }
    }
    if (statement_end)
        tables_statement_end(a->tables);
    return NULL;
}
