#include "mysql/source_probe.h"

#include "mysql/log_reader.h"

/* The server's end in every domain, but `behind` in its own. */
static void probe_position(const struct source_probe *probe, struct gtid_pos *out)
{
    for (size_t i = 0; i < probe->server->count; i++)
        if (probe->server->items[i].domain != probe->behind.domain)
            gtid_pos_set(out, probe->server->items[i]);
    if (probe->behind.seq != 0)
        gtid_pos_set(out, probe->behind);
}

/* Reads to the first transaction of the domain, and through it if it is the wanted one. */
static struct err *probe_read(const struct source_probe *probe, struct log_reader *r,
                              struct source_found *found)
{
    struct group *group = log_reader_group(r);
    struct log_item item;

    for (;;) {
        TRY(log_reader_next(r, &item));
        if (item.what == LOG_END)
            return NULL;
        if (item.what == LOG_FORMAT && item.abandoned)
            found->any = false;
        if (item.what != LOG_EVENT)
            continue;
        struct gtid gtid = group_gtid(group)->gtid;
        if (gtid.domain != probe->behind.domain)
            continue;
        if (item.place == GROUP_BEGIN) {
            found->any = true;
            found->first = gtid;
            if (!gtid_equal(gtid, probe->wanted))
                return NULL;
        }
        if (item.place == GROUP_END) {
            found->time = group_time(group);
            group_digest(group, found->digest);
            return NULL;
        }
    }
}

static bool refusal_is_answer(enum dump_refusal refusal)
{
    return refusal == DUMP_PURGED || refusal == DUMP_UNKNOWN;
}

struct err *source_probe(const struct source_probe *probe, struct source_found *found)
{
    struct gtid_pos from = GTID_POS_INIT;
    struct log_reader *r = NULL;

    *found = (struct source_found){.refusal = DUMP_ACCEPTED};
    probe_position(probe, &from);
    struct binlog_dump_params params = {.conn = *probe->params, .from = &from};
    struct err *e = log_reader_open(&params, &r);
    if (!e)
        e = probe_read(probe, r, found);
    if (e && r && refusal_is_answer(log_reader_refusal(r))) {
        found->refusal = log_reader_refusal(r);
        err_free(e);
        e = NULL;
    }
    log_reader_close(r);
    gtid_pos_free(&from);
    return e;
}
