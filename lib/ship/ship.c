#include "ship/ship.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "base/progress.h"
#include "job/loops.h"
#include "ship/alive.h"
#include "ship/beginning.h"
#include "ship/replica_id.h"
#include "ship/source.h"
#include "ship/verify.h"

/* How often a follower shows that it is there, and how long it waits before it connects again. */
#define ALIVE_EVERY_US     (30 * CLOCK_US_PER_S)
#define BACKOFF_FIRST_US   (1 * CLOCK_US_PER_S)
#define BACKOFF_LONGEST_US (30 * CLOCK_US_PER_S)
/* A run in between that has shipped is passed; one that does so again so soon follows, too. */
#define REJOIN_EVERY_US (20 * CLOCK_US_PER_S)
enum { HEARTBEAT_MS = 500 };

struct shipper {
    const struct ship_params *p;
    struct ship_result *out;
    struct place place;
    struct cutter *cutter;
    struct progress *progress;
    struct source_clock clock; /* as of the connection */
    int64_t alive_us;          /* when alive.json was written last (monotonic) */
    struct incoming incoming;  /* asked at `incoming_us` (monotonic) */
    int64_t incoming_us;
    int64_t rejoined_us; /* when another run was last found to have shipped; 0: never */
    uint32_t server_id;
    bool begun;     /* an epoch without an object has found its beginning */
    bool connected; /* at least once: from then on a failing server is waited for */
    bool moved;     /* this session has delivered something */
    bool damaged;   /* the server could not read its log, and has delivered nothing since */
    bool again;     /* the failure is one that another connection may cure */
};

static struct err *end_epoch(struct shipper *s, const char *what, const char *detail)
{
    TRY(cutter_flush(s->cutter));
    char *reason = mem_printf("%s: %s", what, detail);
    struct err *e = cutter_terminate(s->cutter, reason);
    if (!e)
        e = err_hint(err_new(ERR_RESYNC, "%s; epoch %" PRIu64 " ends with object %" PRIu64, reason,
                             s->place.epoch, s->place.number - 1),
                     "run ccr-backup: its snapshot opens epoch %" PRIu64 ", and ccr-ship goes on from there",
                     s->place.epoch + 1);
    free(reason);
    return e;
}

/* An epoch's first object: not before the oldest snapshot that can be followed is found. */
static struct err *find_beginning(struct shipper *s, struct conn *c)
{
    struct beginning_params params = {s->p->store, s->p->stream, c, s->p->source, s->p->log};

    if (s->place.number > 1 || s->begun)
        return NULL;
    TRY(beginning_choose(&params, &s->place));
    cutter_place_moved(s->cutter);
    s->begun = true;
    return NULL;
}

/* Whether this server may be read from: its settings, and its history. */
static struct err *examine_source(struct shipper *s, struct conn *c)
{
    struct verify_params params = {s->p->store, s->p->stream, c, s->p->source, &s->place};
    struct source_check check;
    struct err *e = NULL;

    TRY(find_beginning(s, c));
    TRY(verify_source(&params, &check));
    free(s->out->note);
    s->out->note = check.detail ? mem_strdup(check.detail) : NULL;
    s->out->behind = check.verdict == SOURCE_BEHIND;
    switch (check.verdict) {
    case SOURCE_EQUAL:
        break;
    case SOURCE_UNCHECKED:
        log_info(s->p->log, "the source could not be fully checked against the store: %s", check.detail);
        break;
    case SOURCE_BEHIND:
        /* no warning: a replica that lags is ordinary, and the lag of the targets shows it if it lasts */
        log_info(s->p->log, "the source is behind the store: %s", check.detail);
        break;
    case SOURCE_GAP:
        e = end_epoch(s, "a gap in the source's log", check.detail);
        break;
    case SOURCE_FORK:
        e = end_epoch(s, "the source's history is no longer the one that was shipped", check.detail);
        break;
    }
    source_check_free(&check);
    return e;
}

/* Where it fails, what is known of the jobs is good enough; a lag changes all the time. */
static void read_incoming(struct shipper *s, struct conn *c)
{
    struct incoming *in = &s->incoming;
    json_t *jobs = loops_incoming(c);
    bool lost = conn_is_lost(c);

    json_decref(lost && in->jobs ? jobs : in->jobs);
    if (!lost || !in->jobs)
        in->jobs = jobs;
    json_decref(in->replication);
    in->replication = lost ? NULL : alive_replication(s->p->source);
}

/* A follower looks again now and then. Meanwhile the log waits, so a server that lets nobody in is not asked
 * more often than another one. */
static void read_incoming_again(struct shipper *s)
{
    struct conn *c = NULL;

    if (clock_monotonic_us() - s->incoming_us < ALIVE_EVERY_US)
        return;
    s->incoming_us = clock_monotonic_us();
    json_decref(s->incoming.replication);
    s->incoming.replication = NULL;
    struct err *e = conn_open(s->p->source, &c);
    if (!e)
        read_incoming(s, c);
    err_free(e);
    conn_close(c);
}

static struct err *show_alive(struct shipper *s)
{
    int64_t now_us = s->p->follow ? source_clock_now_us(&s->clock) : s->clock.source_us;

    if (s->p->follow)
        read_incoming_again(s);
    s->alive_us = clock_monotonic_us();
    return alive_put(s->p->store, s->p->stream, &s->place, now_us, &s->incoming);
}

/* What a follower does between events. */
static struct err *keep_time(struct shipper *s)
{
    int64_t since_us = cutter_waiting_since_us(s->cutter);
    int64_t now_us = clock_monotonic_us();

    bool is_due = since_us != 0 && now_us - since_us >= s->p->segment_age_s * CLOCK_US_PER_S;

    if (!is_due && (since_us != 0 || now_us - s->alive_us < ALIVE_EVERY_US))
        return NULL;
    TRY(cutter_flush(s->cutter));
    return show_alive(s);
}

/*
 * An incident before the position was covered by the snapshot that opened this epoch. Where one follows the
 * last transaction directly only file and offset tell, and those only on the server that they were read from:
 * the one that wrote the last transaction.
 */
static bool incident_is_passed(const struct shipper *s, const struct log_item *item)
{
    const struct place *place = &s->place;
    bool same_server = false;

    for (size_t i = 0; i < place->position.count; i++)
        same_server = same_server || place->position.items[i].server == item->event.server_id;
    return item->passed || (same_server && place->source_file &&
                            strcmp(item->file, place->source_file) == 0 && item->end <= place->source_offset);
}

static struct err *take_incident(struct shipper *s, const struct log_item *item)
{
    if (incident_is_passed(s, item))
        return NULL;
    char *where = mem_printf("it notes lost events in %s at %" PRIu64, item->file, item->start);
    struct err *e = end_epoch(s, "an incident in the source's log", where);
    free(where);
    return e;
}

static struct err *take_item(struct shipper *s, struct log_reader *r, const struct log_item *item)
{
    switch (item->what) {
    case LOG_FORMAT:
    case LOG_EVENT:
        s->moved = true;
        s->damaged = s->damaged && item->what != LOG_EVENT;
        progress_add(s->progress, 0, item->event.len);
        return cutter_take(s->cutter, item, log_reader_group(r));
    case LOG_INCIDENT:
        return take_incident(s, item);
    case LOG_IDLE:
    case LOG_END:
        break;
    }
    return NULL;
}

static struct err *hint_damaged_log(struct err *e)
{
    return err_hint(
        e, "if it stays so, the source's log is damaged there: PURGE BINARY LOGS up to the next one; "
           "ccr-ship then finds a gap, and ccr-backup opens a new epoch");
}

/* A log that cannot be read may have been started anew under the reader; the same trouble again is a real
 * one. */
static bool may_read_again(struct shipper *s, enum dump_refusal refusal)
{
    bool once_before = s->damaged;

    s->damaged = refusal == DUMP_CORRUPT;
    return refusal != DUMP_KICKED && !(s->damaged && once_before);
}

/* To the end of a one-shot dump, or until a signal, which the caller looks for. */
static struct err *read_log(struct shipper *s, struct log_reader *r)
{
    struct log_item item;

    group_on_table(log_reader_group(r), cutter_on_table, s->cutter);
    while (!interrupt_requested()) {
        struct err *e = log_reader_next(r, &item);
        if (e) {
            s->again = err_code(e) == ERR_SOURCE && may_read_again(s, log_reader_refusal(r));
            return err_code(e) == ERR_INTEGRITY || s->damaged ? hint_damaged_log(e) : e;
        }
        if (item.what == LOG_END && s->p->follow) {
            s->again = true;
            return err_new(ERR_SOURCE, "the source ended the connection");
        }
        if (item.what == LOG_END)
            return NULL;
        TRY(take_item(s, r, &item));
        if (s->p->follow)
            TRY(keep_time(s));
    }
    return NULL;
}

static struct err *read_behind_place(struct shipper *s)
{
    struct binlog_dump_params params = {
        .conn = *s->p->source,
        .from = &s->place.position,
        .follow = s->p->follow,
        .server_id = s->server_id,
        .heartbeat_ms = HEARTBEAT_MS,
    };
    struct log_reader *r = NULL;
    struct err *e = log_reader_open(&params, &r);

    if (e) {
        s->again = err_code(e) == ERR_SOURCE;
        return e;
    }
    e = read_log(s, r);
    log_reader_close(r);
    /* whatever ended the reading: what is complete goes out, and an open transaction is read again */
    cutter_drop_open(s->cutter);
    struct err *unwritten = cutter_flush(s->cutter);
    if (unwritten) { /* no other connection cures that; an earlier error of the store's says why */
        s->again = false;
        return err_code(e) == ERR_SOURCE ? err_first(unwritten, e) : err_first(e, unwritten);
    }
    return e ? e : interrupt_check();
}

/* The checks that come before a dump, on a connection of their own. */
static struct err *prepare(struct shipper *s, struct conn *c)
{
    if (!s->connected)
        TRY(source_check_settings(c, s->p->log));
    s->connected = true;
    if (s->p->follow && s->server_id == 0)
        TRY(replica_id_choose(c, s->p->log, (uint32_t)s->p->server_id, &s->server_id));
    TRY(examine_source(s, c));
    s->incoming_us = clock_monotonic_us();
    read_incoming(s, c);
    return source_clock_read(c, &s->clock);
}

/* One connection to the source, from the checks to the end of reading. */
static struct err *session(struct shipper *s)
{
    struct conn *c = NULL;
    struct err *e = conn_open(s->p->source, &c);

    s->moved = false;
    s->again = s->connected && e && err_code(e) == ERR_SOURCE;
    if (e)
        return e;
    e = prepare(s, c);
    s->again = e && conn_is_lost(c);
    conn_close(c);
    if (e || s->out->behind)
        return e;
    if (s->p->follow)
        TRY(show_alive(s));
    TRY(read_behind_place(s));
    return show_alive(s);
}

/*
 * A crash can leave half an event at the end of the source's binlog, at which the server stops sending.
 * Behind the transactions before it, it begins with the next file.
 */
static struct err *once(struct shipper *s)
{
    struct err *e = session(s);

    if (!e || !s->damaged || !s->moved)
        return e;
    log_warn(s->p->log, "%s; reading again behind it", err_message(e));
    err_free(e);
    return session(s);
}

static void wait_before_again(struct shipper *s, struct err *e, int64_t *backoff_us)
{
    *backoff_us = s->moved || *backoff_us == 0 ? BACKOFF_FIRST_US : *backoff_us * 2;
    if (*backoff_us > BACKOFF_LONGEST_US)
        *backoff_us = BACKOFF_LONGEST_US;
    if (e)
        log_warn(s->p->log, "%s; connecting again in %d s", err_message(e),
                 (int)(*backoff_us / CLOCK_US_PER_S));
    for (int64_t until = clock_monotonic_us() + *backoff_us;
         clock_monotonic_us() < until && !interrupt_requested();)
        clock_sleep_us(until - clock_monotonic_us());
}

static struct err *check_params(const struct ship_params *p)
{
    if (p->segment_size < SHIP_SEGMENT_MIN || p->segment_size > SHIP_SEGMENT_MAX)
        return err_new(ERR_USAGE, "--segment-size must lie between %zu and %zu bytes", SHIP_SEGMENT_MIN,
                       SHIP_SEGMENT_MAX);
    if (p->server_id > UINT32_MAX)
        return err_new(ERR_USAGE, "--server-id must not be larger than %" PRIu32, UINT32_MAX);
    return NULL;
}

/*
 * An epoch may have ended before anything of it was shipped: ccr-backup has met another history than that of
 * the snapshots before, and opened the next epoch. The log says so, and goes on there.
 */
static struct err *pass_superseded(struct shipper *s)
{
    char *reason =
        mem_printf("nothing was shipped of it, and snapshot %s is of another history of the source",
                   s->place.superseded_by);
    struct cutter_params params = {s->p->store, s->p->stream, s->p->log, s->p->segment_size, &s->place};
    struct cutter *cutter = cutter_new(&params);
    struct err *e = cutter_terminate(cutter, reason);

    cutter_free(cutter);
    if (!e)
        log_warn(s->p->log, "epoch %" PRIu64 " has ended: %s", s->place.epoch, reason);
    free(reason);
    place_free(&s->place);
    return e;
}

static struct err *open_place(struct shipper *s)
{
    TRY(place_find(s->p->store, s->p->stream, &s->place));
    while (s->place.superseded_by) {
        TRY(pass_superseded(s));
        TRY(place_find(s->p->store, s->p->stream, &s->place));
    }
    return NULL;
}

static void open_cutter(struct shipper *s)
{
    const struct ship_params *p = s->p;
    struct cutter_params params = {p->store, p->stream, p->log, p->segment_size, &s->place};

    s->cutter = cutter_new(&params);
}

static void add_totals(struct shipper *s)
{
    const struct cutter_totals *t = cutter_totals(s->cutter);
    struct cutter_totals *sum = &s->out->totals;

    sum->objects += t->objects;
    sum->transactions += t->transactions;
    sum->events += t->events;
    sum->bytes += t->bytes;
    sum->stored_bytes += t->stored_bytes;
    sum->last_time = t->last_time > sum->last_time ? t->last_time : sum->last_time;
}

/*
 * Another run (from cron, say) has written the object that was to be ours: the place is where the log ends
 * now, and what was gathered is read again from there.
 */
static struct err *rejoin(struct shipper *s)
{
    add_totals(s);
    cutter_free(s->cutter);
    s->cutter = NULL;
    place_free(&s->place);
    s->begun = false;
    s->rejoined_us = clock_monotonic_us();
    TRY(open_place(s));
    open_cutter(s);
    return NULL;
}

static bool may_rejoin(const struct shipper *s, const struct err *e)
{
    return err_code(e) == ERR_LOCKED && !interrupt_requested() &&
           (s->rejoined_us == 0 || clock_monotonic_us() - s->rejoined_us > REJOIN_EVERY_US);
}

/* Ends by a signal, or by a failure that another connection would not cure. */
static struct err *follow(struct shipper *s)
{
    int64_t backoff_us = 0;

    while (!interrupt_requested()) {
        struct err *e = session(s);
        if (may_rejoin(s, e)) {
            log_info(s->p->log, "%s; going on behind it", err_message(e));
            err_free(e);
            TRY(rejoin(s));
            continue;
        }
        if (e && !s->again)
            return e;
        wait_before_again(s, e, &backoff_us);
        err_free(e);
    }
    return interrupt_check();
}

struct err *ship(const struct ship_params *p, struct ship_result *out)
{
    struct shipper s = {.p = p, .out = out};
    int64_t started_us = clock_monotonic_us();

    *out = (struct ship_result){0};
    TRY(check_params(p));
    TRY(open_place(&s));
    open_cutter(&s);
    s.progress = progress_start(p->log, "ship", 0, 0);
    struct err *e = p->follow ? follow(&s) : once(&s);
    progress_end(s.progress);
    if (s.cutter) { /* NULL where the log could not be joined again */
        add_totals(&s);
        out->position = gtid_pos_text(cutter_position(s.cutter));
    }
    out->epoch = s.place.epoch;
    out->number = s.place.number - 1;
    out->seconds = (double)(clock_monotonic_us() - started_us) / CLOCK_US_PER_S;
    cutter_free(s.cutter);
    place_free(&s.place);
    json_decref(s.incoming.jobs);
    json_decref(s.incoming.replication);
    return e;
}

void ship_result_free(struct ship_result *r)
{
    free(r->position);
    free(r->note);
    *r = (struct ship_result){0};
}
