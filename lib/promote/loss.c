/* What the source may have committed that the target does not have. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "format/document.h"
#include "mysql/server.h"
#include "mysql/server_file.h"
#include "mysql/source_check.h"
#include "promote/parts.h"
#include "ship/stored.h"
#include "status/lag.h"
#include "status/source_lag.h"

struct source_now {
    struct gtid_pos pos;
    int64_t time; /* seconds since 1970 */
    bool same;    /* it has the last transactions that are here */
};

/* Is it the transaction that was shipped? A server whose log was begun anew gives its number to another one.
 * What the store does not tell is not compared. */
static struct err *is_shipped(const struct promote *p, const struct fingerprint *there, bool *is)
{
    struct gtid stored;
    char digest[HASH_HEX_SIZE];
    bool found = false;

    *is = true;
    if (!p->store)
        return NULL;
    struct err *e = stored_transaction(p->store, p->job->stream, p->position.epoch, p->position.number,
                                       there->gtid, &stored, digest, &found);
    if (err_code(e) == ERR_INTERRUPTED)
        return e;
    *is = e || !found || (gtid_equal(stored, there->gtid) && strcmp(digest, there->digest) == 0);
    err_free(e);
    return NULL;
}

/* The last transaction of a domain that is here. One that is purged there, and its last one too, has its
 * whole GTID for it. */
static struct err *has_last(const struct promote *p, const struct named_source *source, struct gtid here,
                            struct source_now *out)
{
    const struct source_check_params check = {
        .conn = source->conn, .params = &source->params, .position = &p->position.pos};
    const struct gtid *last = gtid_pos_find(&out->pos, here.domain);
    struct fingerprint there = {0};
    bool found = false;

    TRY(source_fingerprint(&check, here, &there, &found));
    if (!found) {
        out->same = last && gtid_equal(*last, here);
        return NULL;
    }
    struct err *e = is_shipped(p, &there, &out->same);
    fingerprint_free(&there);
    return e;
}

/* Numbers alone would also be another server's. */
static struct err *has_all(const struct promote *p, const struct named_source *source, struct source_now *out)
{
    out->same = gtid_pos_reaches(&out->pos, &p->position.pos);
    for (size_t i = 0; out->same && i < p->position.pos.count; i++)
        TRY(has_last(p, source, p->position.pos.items[i], out));
    return NULL;
}

/* *answers: where it fails, the source is there all the same. */
static struct err *ask_source(const struct promote *p, struct source_now *out, bool *answers)
{
    struct named_source source;
    uint64_t time = 0;
    struct err *e = named_source_open(p->run->opts, &source);

    if (!e)
        e = server_binlog_pos(source.conn, &out->pos);
    if (!e)
        e = conn_number(source.conn, &time, "SELECT UNIX_TIMESTAMP()");
    out->time = (int64_t)time;
    if (!e)
        e = has_all(p, &source, out);
    *answers = named_source_answers(&source);
    named_source_close(&source);
    return e;
}

/* A server that lacks what is here is another one, or its history is another one: it tells nothing of what
 * is lost. */
static struct err *refuse_behind(struct promote *p, const struct source_now *now, json_t *loss)
{
    char *has = gtid_pos_text(&now->pos);

    json_object_set_new(loss, "known", json_false());
    buf_printf(
        &p->loss,
        "; the log of the server that was asked lacks transactions that are here (it goes up to %s), so it "
        "cannot tell what is lost",
        *has ? has : "none");
    free(has);
    if (promote_accepts(p, "unshipped"))
        return NULL;
    return err_hint(
        err_new(ERR_UNSAFE, "%s", buf_str(&p->loss)),
        "is --source the job's source, does it lag, were its logs purged? --accept-loss unshipped "
        "promotes all the same");
}

static struct err *add_of_source(struct promote *p, const struct source_now *now, json_t *loss)
{
    if (!now->same)
        return refuse_behind(p, now, loss);
    uint64_t count = gtid_pos_distance(&p->position.pos, &now->pos);
    int64_t seconds = count && p->position.source_time ? now->time - p->position.source_time : 0;

    json_object_set_new(loss, "known", json_true());
    document_set_pos(loss, "source_position", &now->pos);
    document_set_u64(loss, "transactions", count);
    json_object_set_new(loss, "seconds", json_integer(seconds > 0 ? seconds : 0));
    if (!count) {
        buf_append_str(&p->loss, "; the source has nothing more");
        return NULL;
    }
    buf_printf(&p->loss,
               "; the source has %" PRIu64 " transactions more, of %" PRId64 " s, which are not here", count,
               seconds);
    if (promote_accepts(p, "unshipped"))
        return NULL;
    return err_hint(err_new(ERR_UNSAFE, "%s", buf_str(&p->loss)),
                    "end what writes on the source, run ccr-ship, then this again; --accept-loss unshipped "
                    "promotes without them");
}

/* When the source was last heard of: by its own report, or by a commit that is here. 0: never. */
static int64_t last_seen_us(const struct promote *p, const struct stream_seen *seen)
{
    int64_t alive = seen && seen->has_alive ? seen->alive.time_us : 0;
    int64_t commit = p->position.source_time * CLOCK_US_PER_S;

    return alive > commit ? alive : commit;
}

/* Without the source, what it did after it was last seen cannot be told. */
static void add_unknown(struct promote *p, const struct stream_seen *seen, json_t *loss)
{
    char time[CLOCK_TEXT_SIZE];
    int64_t since_us = last_seen_us(p, seen);
    int64_t ago_us = clock_now_us() - since_us;

    json_object_set_new(loss, "known", json_false());
    if (!since_us) {
        buf_append_str(&p->loss,
                       "; when the source was last seen is not known, nor what it has committed that "
                       "was not shipped: that is lost");
        return;
    }
    clock_format(since_us, time);
    document_set_bytes(loss, "unknown_since", time);
    buf_printf(&p->loss,
               "; the source was last seen at %s (%" PRId64
               " s ago): what it has committed since, and was not "
               "shipped, is lost, and how much that is, is not known",
               time, (int64_t)(ago_us > 0 ? ago_us / CLOCK_US_PER_S : 0));
}

/* What the store has behind the position: with --now it is lost, without --yes it would be applied first. */
static struct err *add_of_store(struct promote *p, const struct stream_seen *seen, struct streams *streams,
                                json_t *loss)
{
    const struct lag_from from = {p->position.epoch, p->position.number, &p->position.pos,
                                  p->position.source_time};
    json_t *object = json_object();
    struct err *e = lag_add(streams, seen, &from, object);
    const json_t *lag = json_object_get(object, "lag");
    json_t *count = json_object_get(lag, "transactions");

    if (seen->has_log)
        document_set_pos(loss, "log_position", &seen->end);
    if (count)
        json_object_set(loss, "not_applied", count);
    if (seen->error)
        buf_printf(&p->loss, "; the store cannot be read: %s", seen->error);
    else if (!count)
        buf_append_str(&p->loss, "; how much of the stored log is not applied is not known");
    else if (json_integer_value(count) > 0)
        buf_printf(&p->loss, "; %s%lld transactions of the stored log are not applied",
                   json_is_true(json_object_get(lag, "more")) ? "more than " : "",
                   (long long)json_integer_value(count));
    json_object_set(loss, "source_lag", seen->source_lag);
    source_lag_text(seen->source_lag, "was", &p->loss);
    json_decref(object);
    return e;
}

static void add_here(struct promote *p, json_t *loss)
{
    char *position = gtid_pos_text(&p->position.pos);
    char time[CLOCK_TEXT_SIZE];

    document_set_pos(loss, "position", &p->position.pos);
    buf_printf(&p->loss, "the target has everything up to %s", position);
    if (p->position.source_time) {
        clock_format(p->position.source_time * CLOCK_US_PER_S, time);
        document_set_bytes(loss, "source_time", time);
        buf_printf(&p->loss, ", committed at %s", time);
    }
    free(position);
}

/*
 * A source that does not answer holds up no promotion. One that is named wrongly was not asked at all; one
 * that answers, and cannot be asked, may be at work, with more than is here. Takes `why`.
 */
static struct err *not_asked(const struct promote *p, bool answers, struct err *why)
{
    const enum err_code code = err_code(why);

    if (code == ERR_CONFIG || code == ERR_USAGE || code == ERR_INTERRUPTED)
        return why;
    if (answers && !promote_accepts(p, "unshipped"))
        return err_context(err_recode(why, ERR_UNSAFE),
                           "the source answers, but cannot be asked what would be lost (--accept-loss "
                           "unshipped promotes all the same)");
    log_warn(p->run->log, "the source cannot be asked: %s", err_message(why));
    err_free(why);
    return NULL;
}

/* With --source; *told: it has said what it has. */
static struct err *add_asked(struct promote *p, json_t *loss, bool *told)
{
    struct source_now now = {.pos = GTID_POS_INIT};
    bool answers = false;
    struct err *e = ask_source(p, &now, &answers);

    *told = e == NULL;
    e = e ? not_asked(p, answers, e) : add_of_source(p, &now, loss);
    gtid_pos_free(&now.pos);
    return e;
}

struct err *promote_loss(struct promote *p)
{
    json_t *loss = json_object();
    struct streams streams = {.store = p->store, .now_us = clock_now_us(), .silent_after_us = INT64_MAX};
    const struct stream_seen *seen = NULL;
    struct err *e = NULL;
    bool told = false;

    json_object_set_new(p->run->result, "loss", loss);
    buf_clear(&p->loss);
    add_here(p, loss);
    if (p->store)
        e = streams_look(&streams, p->job->stream, &seen);
    else
        buf_append_str(&p->loss, "; the store is not looked at: what it has behind that is lost, too");
    if (!e && seen)
        e = add_of_store(p, seen, &streams, loss);
    if (!e && opts_string(p->run->opts, OPT_SOURCE))
        e = add_asked(p, loss, &told);
    if (!e && !told)
        add_unknown(p, seen, loss);
    streams_free(&streams);
    return e;
}
