/*
 * dropped_rows STORE SOCKET OPTION-FILE JOB: puts the first row event that lies behind the job's position
 * into a batch, without its table map, and commits. The server drops such rows without an error; the batch
 * must not. Exits with the error's code. For tests/apply/dropped_rows.bats.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay/batch.h"
#include "replay/feed.h"
#include "replay/session.h"

static struct err *idle(void *batch)
{
    return batch_flush(batch);
}

static struct err *put_rows(struct batch *b, struct table *table, const struct binlog_event *e)
{
    struct rows_event rows;
    const struct change change = {.table = table, .rows = &rows, .time = e->time, .server_id = e->server_id};

    TRY(rows_event_parse(e, &rows));
    buf_clear(&table->map_event);
    return batch_add(b, &change);
}

/* Up to the first row event of a table in scope. */
static struct err *run_batch(struct batch *b, struct tables *tables, struct feed *feed)
{
    struct binlog_event e;
    enum feed_item item;
    struct table *table = NULL;

    for (;;) {
        TRY(feed_next(feed, &item, &e));
        if (item != FEED_EVENT)
            return err_new(ERR_INTERNAL, "no rows in the log");
        if (e.type == BINLOG_FORMAT_DESCRIPTION)
            TRY(batch_set_format(b, feed_format_event(feed)));
        if (e.type == BINLOG_TABLE_MAP)
            TRY(tables_map(tables, &e, &table));
        if (rows_type_is_rows(e.type) && table && table->in_scope)
            break;
    }
    TRY(put_rows(b, table, &e));
    /* as if the position moved with it */
    b->next.source_time++;
    return batch_commit(b);
}

static struct err *run(char **argv)
{
    struct conn_params params = {.side = CONN_TARGET, .socket = argv[2], .defaults_file = argv[3]};
    struct job_position position = {0};
    struct store *store = NULL;
    struct conn *c = NULL;
    struct job *job = NULL;
    struct feed *feed = NULL;
    struct batch b;
    bool found;

    TRY(store_open(argv[1], &store));
    TRY(conn_open(&params, &c));
    TRY(job_load(c, argv[4], &job));
    TRY(session_prepare(c));
    TRY(job_position_read(c, argv[4], &position, &found));
    TRY(feed_new(store, job->stream, position.epoch, position.number + 1, &feed));
    const struct batch_params batch_params = {
        .conns = &c, .lanes = 1, .store = store, .job = job, .max_packet = 16 << 20, .position = &position};
    TRY(batch_init(&b, &batch_params));
    job_position_free(&position);
    struct tables *tables = tables_new(job, c, idle, &b);
    struct err *e = run_batch(&b, tables, feed);
    batch_rollback(&b);
    batch_free(&b);
    tables_free(tables);
    feed_free(feed);
    job_free(job);
    conn_close(c);
    store_close(store);
    return e;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: dropped_rows STORE SOCKET OPTION-FILE JOB\n");
        return ERR_USAGE;
    }
    struct err *e = run(argv);
    int status = (int)err_code(e);
    if (e)
        fprintf(stderr, "%s\n", err_message(e));
    err_free(e);
    return status;
}
