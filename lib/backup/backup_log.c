#include "backup/backup_log.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "format/chain.h"
#include "format/manifest.h"
#include "mysql/source_check.h"

static struct err *behind(const char *detail)
{
    return err_hint(
        err_new(ERR_SOURCE, "the source is behind the store: %s", detail),
        "is this a lagging replica? run again when it has caught up, or on another node. What "
        "another node wrote in a GTID domain of its own, and never passed on, does not come here: "
        "then take the snapshots there, or begin another stream here (--stream)");
}

static struct err *judge(const struct source_check *check, const struct backup_params *p)
{
    const char *detail = check->detail ? check->detail : "";

    switch (check->verdict) {
    case SOURCE_EQUAL:
        return NULL;
    case SOURCE_UNCHECKED:
        log_info(p->log, "going on, although it could not be checked fully that this is the same source: %s",
                 detail);
        return NULL;
    case SOURCE_BEHIND:
        return behind(detail);
    case SOURCE_GAP:
    case SOURCE_FORK:
        break;
    }
    return err_hint(err_new(ERR_RESYNC, "the log of stream %s cannot be continued from this source: %s",
                            p->stream, detail),
                    "run ccr-ship first: it ends the log's epoch, and the next ccr-backup opens a new one");
}

/*
 * Nothing has been shipped in the epoch, but there may be a snapshot of it. Where the source has another
 * history by now, positions of the two cannot be compared: the new one opens an epoch of its own.
 */
static struct err *check_snapshot(const struct backup_params *p, struct conn *c, const struct manifest *m,
                                  struct log_end *out)
{
    struct source_check_params params = {
        .conn = c,
        .params = p->conn,
        .position = &m->position,
        .fingerprints = m->fingerprints,
        .fingerprint_count = m->fingerprint_count,
    };
    struct source_check check = {0};

    TRY(source_check(&params, &check));
    struct err *e = check.verdict == SOURCE_BEHIND ? behind(check.detail) : NULL;
    out->epoch = m->epoch + (check.verdict == SOURCE_FORK ? 1 : 0);
    if (check.verdict == SOURCE_FORK)
        log_warn(
            p->log,
            "the source's history is no longer that of snapshot %s: %s; this snapshot opens epoch %" PRIu64,
            m->id, check.detail, out->epoch);
    source_check_free(&check);
    return e;
}

static struct err *check_newest_snapshot(const struct backup_params *p, struct conn *c, struct log_end *out)
{
    struct manifest *m = NULL;
    struct err *e = NULL;

    TRY(manifest_newest(p->store, p->stream, &m));
    if (m && m->epoch >= out->epoch)
        e = check_snapshot(p, c, m, out);
    manifest_free(m);
    return e;
}

static struct err *check_source(const struct backup_params *p, struct conn *c,
                                const struct segment_footer *last)
{
    struct source_check_params params = {
        .conn = c,
        .params = p->conn,
        .position = &last->end,
        .fingerprints = last->fingerprints,
        .fingerprint_count = last->fingerprint_count,
    };
    struct source_check check = {0};
    struct err *e = source_check(&params, &check);

    if (!e)
        e = judge(&check, p);
    source_check_free(&check);
    return e;
}

struct err *log_end_read(const struct backup_params *p, struct conn *c, struct log_end *out)
{
    struct segment_footer *last = NULL;
    struct err *e = NULL;

    *out = (struct log_end){.epoch = 1};
    TRY(chain_newest(p->store, p->stream, &last));
    if (!last || last->kind == SEGMENT_TERMINATOR) {
        out->epoch = last ? last->next_epoch : 1;
        e = check_newest_snapshot(p, c, out);
    } else {
        out->epoch = last->epoch;
        /* the parts of a transaction that is not complete yet are not behind any position */
        out->last_object = last->kind == SEGMENT_PART ? last->number - last->part : last->number;
        gtid_pos_copy(&out->end, &last->end);
        e = check_source(p, c, last);
    }
    segment_footer_free(last);
    return e;
}

struct err *log_end_check_position(const struct log_end *l, const struct gtid_pos *position)
{
    if (gtid_pos_reaches(position, &l->end))
        return NULL;
    char *here = gtid_pos_text(position);
    char *there = gtid_pos_text(&l->end);
    char *detail = mem_printf("it is at %s, the log at %s", here, there);
    struct err *e = behind(detail);
    free(detail);
    free(here);
    free(there);
    return e;
}

void log_end_free(struct log_end *l)
{
    gtid_pos_free(&l->end);
}
