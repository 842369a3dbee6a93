#include "replay/own_zone.h"

#include <string.h>

#include "format/manifest.h"
#include "replay/schema_scope.h"
#include "snapshot/source_differs.h"

static const char own_zone[] = "SYSTEM";

/* A manifest of an earlier version has no rules. */
static bool has_rules(const struct manifest *m)
{
    return m && json_object_get(m->source, "system_time_zone_rules") != NULL;
}

static struct err *learn_zone(struct apply *a)
{
    struct manifest *m = NULL;
    bool differs = false;

    TRY(batch_flush(&a->batch)); /* the target is asked */
    TRY(manifest_newest(a->store, a->job->stream, &m));
    struct err *e = has_rules(m) ? source_zone_differs(a->conn, m->source, &differs) : NULL;
    if (!e)
        a->own_zone = has_rules(m) && !differs ? OWN_ZONE_SAME : OWN_ZONE_DIFFERS;
    manifest_free(m);
    return e;
}

/* Did the statement run in a zone that is another one here? */
static struct err *zone_differs(const struct schema_change *s, bool *out)
{
    const struct query_session *v = &s->session;
    struct apply *a = s->a;

    *out = false;
    if (v->time_zone_len != strlen(own_zone) || memcmp(v->time_zone, own_zone, v->time_zone_len) != 0)
        return NULL;
    if (a->own_zone == OWN_ZONE_UNKNOWN)
        TRY(learn_zone(a));
    *out = a->own_zone == OWN_ZONE_DIFFERS;
    return NULL;
}

struct err *own_zone_check_data(const struct schema_change *s)
{
    bool differs;

    TRY(zone_differs(s, &differs));
    return differs
               ? err_hint(schema_change_stop(s, ERR_UNSUPPORTED,
                                             "a data change was logged as a statement, and depends on the "
                                             "source's own time zone (SYSTEM), which the target's is not"),
                          "%s; take a new snapshot (ccr-backup, ccr-restore) to go on behind the statement",
                          source_zone_hint)
               : NULL;
}

struct err *own_zone_check_definition(struct schema_change *s)
{
    static const char why[] =
        "a statement depends on the source's own time zone (SYSTEM), which the target's is not";
    const struct statement *st = &s->statement;
    bool differs;

    TRY(zone_differs(s, &differs));
    if (!differs || st->action == STATEMENT_DROP)
        return NULL;
    if (st->kind == STATEMENT_TABLE && st->name_count > 0)
        return schema_scope_need(s, &st->names[0], why);
    return err_hint(schema_change_stop(s, ERR_RESYNC, why),
                    "%s; take a new snapshot (ccr-backup, ccr-restore) to go on behind it", source_zone_hint);
}
