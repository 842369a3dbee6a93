#include "replay/xa.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "binlog/group.h"

static const struct json_doc held_doc = {.name = "`held` in the position row", .code = ERR_TARGET};

static char *xid_text(const struct binlog_gtid *begin)
{
    struct buf text = BUF_INIT;

    for (size_t i = 0; i < begin->xid_len; i++)
        buf_printf(&text, "%02x", begin->xid[i]);
    buf_append_str(&text, "");
    return buf_steal(&text);
}

/* The list as it will be written with the next commit: an object by XA id. */
static struct err *held_read(const struct apply *a, json_t **out)
{
    const char *text = a->batch.next.held;

    *out = NULL;
    if (text)
        return json_parse(&held_doc, text, strlen(text), out);
    *out = json_object();
    return NULL;
}

static void held_write(struct apply *a, json_t *held)
{
    struct job_position *next = &a->batch.next;

    free(next->held);
    next->held = json_object_size(held) > 0 ? json_text(held) : NULL;
}

void xa_hold(struct apply *a, const struct binlog_gtid *begin, const struct xa_branch *branch)
{
    char gtid[GTID_TEXT_SIZE];
    char *xid = xid_text(begin);
    json_t *held;
    struct err *e = held_read(a, &held);

    if (e) { /* it was written by this run, or read at its begin */
        err_free(e);
        held = json_object();
    }
    json_t *object = json_pack("{s:s, s:I, s:b}", "gtid", gtid_format(branch->gtid, gtid), "number",
                               (json_int_t)branch->number, "statements", branch->statements);
    if (branch->passed)
        json_object_set_new(object, "passed", json_true());
    json_object_set_new(held, xid, object);
    held_write(a, held);
    json_decref(held);
    free(xid);
}

void xa_release(struct apply *a, const struct binlog_gtid *begin)
{
    char *xid = xid_text(begin);
    json_t *held;
    struct err *e = held_read(a, &held);

    if (!e) {
        json_object_del(held, xid);
        held_write(a, held);
        json_decref(held);
    }
    err_free(e);
    free(xid);
}

static struct err *branch_from_json(const json_t *object, struct xa_branch *out)
{
    struct gtid_pos pos = GTID_POS_INIT;
    const char *gtid;

    TRY(json_string_of(&held_doc, object, "gtid", &gtid));
    struct err *e = gtid_pos_parse(gtid, ERR_TARGET, &pos);
    if (!e && pos.count != 1)
        e = err_new(ERR_TARGET, "the position row holds an XA branch without a GTID");
    if (!e)
        out->gtid = pos.items[0];
    gtid_pos_free(&pos);
    TRY(e);
    out->number = (uint64_t)json_integer_value(json_object_get(object, "number"));
    out->statements = json_is_true(json_object_get(object, "statements"));
    out->passed = json_is_true(json_object_get(object, "passed"));
    return NULL;
}

struct err *xa_find(struct apply *a, const struct binlog_gtid *begin, struct xa_branch *out, bool *found)
{
    json_t *held;

    TRY(held_read(a, &held));
    char *xid = xid_text(begin);
    const json_t *object = json_object_get(held, xid);
    struct err *e = object ? branch_from_json(object, out) : NULL;
    *found = object && !e;
    json_decref(held);
    free(xid);
    return e;
}

static struct err *xa_next(struct apply *a, struct feed *f, struct group *g, const struct xa_branch *branch,
                           struct binlog_event *event, enum group_place *place)
{
    enum feed_item item;

    TRY(feed_next(f, &item, event));
    if (item != FEED_EVENT)
        return err_new(ERR_INTEGRITY,
                       "the log object %llu does not hold the XA transaction that begins in it",
                       (unsigned long long)branch->number);
    if (event->type == BINLOG_FORMAT_DESCRIPTION)
        TRY(batch_set_format(&a->batch, feed_format_event(f)));
    return group_feed(g, event, place);
}

struct err *xa_read(struct apply *a, const struct xa_branch *branch,
                    struct err *(*fn)(const struct binlog_event *e, void *arg, bool *stop), void *arg)
{
    struct group *g = group_new();
    struct feed *f = NULL;
    struct binlog_event event;
    enum group_place place;
    bool stop = false;

    struct err *e = feed_new(a->store, a->job->stream, a->batch.next.epoch, branch->number, &f);
    while (!e && !stop) {
        e = xa_next(a, f, g, branch, &event, &place);
        if (e || (place != GROUP_INSIDE && place != GROUP_END) ||
            !gtid_equal(group_gtid(g)->gtid, branch->gtid))
            continue;
        e = fn(&event, arg, &stop);
        stop |= place == GROUP_END;
    }
    feed_free(f);
    group_free(g);
    return e;
}
