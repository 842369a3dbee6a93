#include "replay/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "replay/session.h"
#include "replay/status.h"

enum {
    PARCEL_BYTES = 4 * 1024 * 1024, /* of changes that wait for a busy lane */
    PARCEL_EARLY = 64 * 1024,       /* of changes that are worth waking an idle one */
};

struct err *batch_init(struct batch *b, const struct batch_params *params)
{
    const struct lanes_params lanes = {
        .conns = params->conns,
        .count = params->lanes,
        .job = params->job->name,
        .max_packet = params->max_packet,
        .conn_params = params->conn_params,
        .drift = params->drift,
        .position = params->position,
    };

    *b = (struct batch){.conn = params->conns[0],
                        .store = params->store,
                        .job = params->job,
                        .parcel_bytes = PARCEL_BYTES,
                        .serial = 1};
    job_position_copy(&b->committed, params->position);
    job_position_copy(&b->handed, params->position);
    job_position_copy(&b->next, params->position);
    TRY(lanes_new(&lanes, &b->lanes));
    b->done = mem_zalloc(params->lanes, sizeof(*b->done));
    b->nets = mem_zalloc(params->lanes, sizeof(struct net *));
    b->bags = mem_zalloc(params->lanes, sizeof(struct bag *));
    for (unsigned i = 0; i < params->lanes; i++) {
        b->nets[i] = net_new();
        b->bags[i] = bag_new();
    }
    return NULL;
}

static void batch_forget_tables(struct batch *b)
{
    for (unsigned i = 0; b->done && i < lanes_count(b->lanes); i++) {
        json_decref(b->done[i]);
        b->done[i] = NULL;
    }
    b->serial++;
}

void batch_free(struct batch *b)
{
    batch_forget_tables(b);
    free(b->done);
    for (unsigned i = 0; b->nets && i < lanes_count(b->lanes); i++) {
        net_free(b->nets[i]);
        bag_free(b->bags[i]);
    }
    free(b->nets);
    free(b->bags);
    lanes_free(b->lanes);
    job_position_free(&b->committed);
    job_position_free(&b->handed);
    job_position_free(&b->next);
    *b = (struct batch){0};
}

/* The row with its new nonce, and the lanes' rows with it, in one step. */
static struct err *batch_claim_rows(struct batch *b, struct job_position *row)
{
    unsigned count = lanes_count(b->lanes);
    struct job_position before = *row; /* for its nonce */

    if (count == 1 && !b->uneven)
        return job_position_claim(b->conn, b->job->name, row);
    TRY(conn_exec(b->conn, "START TRANSACTION"));
    TRY(job_position_claim(b->conn, b->job->name, row));
    TRY(b->uneven ? job_lanes_claim(b->conn, b->job->name, before.nonce, row->nonce)
                  : job_lanes_make(b->conn, b->job->name, count, row));
    return conn_exec(b->conn, "COMMIT");
}

static struct err *batch_publish(const struct batch *b, const struct job_position *row)
{
    return b->store ? status_publish(b->store, b->job, row) : NULL;
}

/*
 * The nonce in the row is published before anything is committed under it. A run killed in between leaves one
 * that is not: it is published first, so that the document always names one of the row's last two.
 */
static struct err *batch_claim(struct batch *b)
{
    if (b->claimed)
        return NULL;
    struct job_position *row = lane_position(lanes_at(b->lanes, 0));
    TRY(batch_publish(b, row));
    failpoint("claim-before");
    TRY(batch_claim_rows(b, row));
    failpoint("claim-after");
    TRY(batch_publish(b, row));
    struct job_position *const known[] = {&b->committed, &b->handed, &b->next};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        memcpy(known[i]->nonce, row->nonce, sizeof(row->nonce));
        memcpy(known[i]->previous_nonce, row->previous_nonce, sizeof(row->previous_nonce));
    }
    b->claimed = true;
    return NULL;
}

/* What the lanes, which have been waited for, have committed. At most one commit is under way at any time. */
static void batch_learn(struct batch *b)
{
    struct lane *first = lanes_at(b->lanes, 0);

    if (lane_commits(first) == b->commits)
        return;
    b->commits = lane_commits(first);
    b->rows = 0;
    for (unsigned i = 0; i < lanes_count(b->lanes); i++)
        b->rows += lane_rows(lanes_at(b->lanes, i));
    b->committed_us = clock_monotonic_us();
    job_position_copy(&b->committed, lane_position(first));
    b->committed_counts = b->handed_counts;
}

struct err *batch_wait(struct batch *b)
{
    struct err *e = lanes_wait(b->lanes);

    batch_learn(b);
    return e;
}

/* The net changes go with what is handed over next. */
static void batch_load_nets(struct batch *b)
{
    for (unsigned i = 0; i < lanes_count(b->lanes); i++) {
        struct parcel *p = lane_parcel(lanes_at(b->lanes, i));
        if (!net_is_empty(b->nets[i]))
            parcel_take_net(p, &b->nets[i]);
        if (!bag_is_empty(b->bags[i]))
            parcel_take_bag(p, &b->bags[i]);
    }
}

struct err *batch_flush(struct batch *b)
{
    TRY(batch_wait(b));
    batch_load_nets(b);
    return b->open ? lanes_settle(b->lanes) : NULL;
}

unsigned batch_lanes(const struct batch *b)
{
    return lanes_count(b->lanes);
}

void batch_begin_uneven(struct batch *b, const struct job_position *from)
{
    job_position_copy(&b->next, from);
    memcpy(b->next.nonce, b->committed.nonce, sizeof(b->next.nonce));
    memcpy(b->next.previous_nonce, b->committed.previous_nonce, sizeof(b->next.previous_nonce));
    b->single = b->uneven = true;
}

struct err *batch_make_even(struct batch *b)
{
    TRY(batch_open(b));
    TRY(job_lanes_make(b->conn, b->job->name, lanes_count(b->lanes), &b->next));
    TRY(batch_commit(b));
    b->single = b->uneven = false;
    return NULL;
}

void batch_set_room(struct batch *b, uint64_t bytes)
{
    uint64_t each = bytes / 2 / lanes_count(b->lanes); /* one is gathered, one under way */

    b->parcel_bytes = each / 4 < PARCEL_BYTES ? (size_t)each / 4 : PARCEL_BYTES;
    b->net_bytes = (size_t)each - b->parcel_bytes;
}

struct err *batch_set_format(struct batch *b, const struct buf *event)
{
    if (ordered_has_format(lane_road(lanes_at(b->lanes, 0)), event)) /* every object begins with one */
        return NULL;
    TRY(batch_flush(b));
    for (unsigned i = 0; i < lanes_count(b->lanes); i++)
        ordered_set_format(lane_road(lanes_at(b->lanes, i)), event);
    return NULL;
}

struct err *batch_open(struct batch *b)
{
    TRY(batch_flush(b));
    TRY(batch_claim(b));
    TRY(lane_open(lanes_at(b->lanes, 0)));
    b->open = true;
    return NULL;
}

/* For the lane's row: what its transaction changes. */
static void batch_note_table(struct batch *b, unsigned lane, struct table *table)
{
    if (table->batch == b->serial || lanes_count(b->lanes) == 1)
        return;
    table->batch = b->serial;
    if (!b->done[lane])
        b->done[lane] = json_object();
    if (!json_object_get(b->done[lane], table->db))
        json_object_set_new(b->done[lane], table->db, json_array());
    json_array_append_new(json_object_get(b->done[lane], table->db), json_string(table->name));
}

void batch_set_in_order(struct batch *b, bool in_order)
{
    b->in_order = in_order;
}

/* In a parcel net changes go first: behind changes in order they need a batch of their own. */
struct err *batch_transaction_end(struct batch *b)
{
    if (!b->long_transaction)
        return NULL;
    b->long_transaction = false;
    return batch_end(b);
}

static bool batch_merges(const struct batch *b, const struct table *table)
{
    return table->road && table->road->road == ROAD_MERGED && !b->in_order && !b->long_transaction;
}

static bool batch_bags(const struct batch *b, const struct table *table)
{
    return table->road && table->road->road == ROAD_BAG && !b->in_order;
}

/* Too many net changes are sent on before the transaction has ended. */
static struct err *batch_relieve(struct batch *b, unsigned lane)
{
    if (net_bytes(b->nets[lane]) + bag_bytes(b->bags[lane]) < b->net_bytes)
        return NULL;
    b->long_transaction = !net_is_empty(b->nets[lane]);
    batch_load_nets(b);
    for (unsigned i = 0; i < lanes_count(b->lanes); i++)
        TRY(lanes_send(b->lanes, i));
    return NULL;
}

static unsigned batch_lane_index(const struct batch *b, const struct table *table)
{
    return b->single ? 0 : table->lane;
}

struct lane *batch_lane(struct batch *b, const struct table *table)
{
    return lanes_at(b->lanes, batch_lane_index(b, table));
}

void batch_touch(struct batch *b, struct table *table)
{
    b->open = true;
    batch_note_table(b, batch_lane_index(b, table), table);
}

struct err *batch_add(struct batch *b, const struct change *change)
{
    unsigned lane = batch_lane_index(b, change->table);
    struct lane *l = lanes_at(b->lanes, lane);
    struct parcel *p = lane_parcel(l);
    uint64_t count;

    if (!b->claimed)
        TRY(batch_claim(b));
    if (!b->open)
        b->started_us = clock_monotonic_us();
    b->open = true;
    b->bytes += change->rows->rows_len;
    batch_note_table(b, lane, change->table);
    bool merges = batch_merges(b, change->table);
    if (merges || batch_bags(b, change->table)) {
        b->merged = true;
        TRY(merges ? net_add(b->nets[lane], change) : bag_add(b->bags[lane], change));
        return batch_relieve(b, lane);
    }
    TRY(rows_event_count(&change->table->map, change->rows,
                         &count)); /* what does not fit is noticed where it was read */
    parcel_add(p, change);
    if (parcel_size(p) < b->parcel_bytes && (parcel_size(p) < PARCEL_EARLY || !lane_is_idle(l)))
        return NULL;
    return lanes_send(b->lanes, lane);
}

/* Of a transaction that makes a table and fills it, one intent takes another's place. */
static bool same_intent(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool batch_is_empty(const struct batch *b)
{
    return !b->open && b->next.number == b->handed.number && gtid_pos_equal(&b->next.pos, &b->handed.pos) &&
           same_intent(b->next.intent, b->handed.intent);
}

/* Hands everything over to be committed. */
static struct err *batch_hand_over(struct batch *b)
{
    unsigned count = lanes_count(b->lanes);
    char **tables = mem_zalloc(count, sizeof(*tables));

    for (unsigned i = 0; i < count; i++)
        tables[i] = b->done[i] ? json_dumps(b->done[i], JSON_COMPACT) : mem_strdup("{}");
    batch_load_nets(b);
    struct err *e = lanes_commit(b->lanes, &b->next, tables);
    for (unsigned i = 0; i < count; i++)
        free(tables[i]);
    free(tables);
    if (e)
        return e;
    batch_forget_tables(b);
    job_position_copy(&b->handed, &b->next);
    b->handed_counts = b->counts;
    b->open = false;
    return NULL;
}

struct err *batch_end(struct batch *b)
{
    if (!b->dry_run && !batch_is_empty(b)) {
        TRY(batch_wait(b));
        TRY(batch_claim(b));
        TRY(batch_hand_over(b));
    }
    b->transactions = b->bytes = 0;
    return NULL;
}

struct err *batch_commit(struct batch *b)
{
    TRY(batch_end(b));
    return batch_wait(b);
}

void batch_rollback(struct batch *b)
{
    lanes_rollback(b->lanes);
    batch_learn(b);
    batch_forget_tables(b);
    for (unsigned i = 0; i < lanes_count(b->lanes); i++) {
        net_clear(b->nets[i]);
        bag_clear(b->bags[i]);
    }
    b->open = b->merged = b->long_transaction = false;
    b->transactions = b->bytes = 0;
    b->counts = b->handed_counts = b->committed_counts;
    job_position_copy(&b->handed, &b->committed);
    job_position_copy(&b->next, &b->committed);
}

bool batch_has_failed(struct batch *b)
{
    return lanes_have_failed(b->lanes);
}

struct lane *batch_failed_lane(struct batch *b, bool *bundle)
{
    struct lane *l = lanes_failed(b->lanes);

    *bundle = ordered_failed(lane_road(l)) != NULL;
    return l;
}

bool batch_is_lost(struct batch *b)
{
    return lanes_are_lost(b->lanes);
}

uint64_t batch_repaired(const struct batch *b)
{
    uint64_t rows = 0;

    for (unsigned i = 0; i < lanes_count(b->lanes); i++)
        rows += lane_repaired(lanes_at(b->lanes, i));
    return rows;
}

uint64_t batch_bytes_sent(const struct batch *b)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < lanes_count(b->lanes); i++)
        bytes += ordered_bytes(lane_road(lanes_at(b->lanes, i)));
    return bytes;
}

static void forget_intent(struct job_position *p)
{
    free(p->intent);
    p->intent = NULL;
}

void batch_forget_intent(struct batch *b)
{
    for (unsigned i = 0; i < lanes_count(b->lanes); i++)
        forget_intent(lane_position(lanes_at(b->lanes, i)));
    forget_intent(&b->committed);
    forget_intent(&b->handed);
    forget_intent(&b->next);
}

struct err *batch_reread(struct batch *b)
{
    struct job_position now = {0};
    bool found;

    for (unsigned i = 0; i < lanes_count(b->lanes); i++)
        TRY(session_prepare(lane_conn(lanes_at(b->lanes, i))));
    TRY(job_position_read(b->conn, b->job->name, &now, &found));
    bool same = found && strcmp(now.nonce, b->committed.nonce) == 0 &&
                gtid_pos_equal(&now.pos, &b->committed.pos) && now.number == b->committed.number;
    job_position_free(&now);
    return same ? NULL : err_new(ERR_LOCKED, "another run has taken over job %s", b->job->name);
}
