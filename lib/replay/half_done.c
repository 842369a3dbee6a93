#include "replay/half_done.h"

#include <stdlib.h>

#include "base/mem.h"
#include "replay/intent.h"

struct err *half_done_find(struct apply *a, struct transaction *t)
{
    TRY(intent_rows_find(a, &t->begin.gtid, &t->half_done));
    if (!t->half_done)
        return NULL;
    t->drop = true;
    need_free(&a->need);
    return NULL;
}

void half_done_add(struct apply *a, const char *source_db, const char *source_name)
{
    need_add(&a->need, source_db, source_name);
}

struct err *half_done_end(struct apply *a, const struct transaction *t)
{
    char gtid[GTID_TEXT_SIZE];

    if (!a->need.count)
        return intent_check(a);
    char *tables = need_text(&a->need);
    bool one = a->need.count == 1;
    a->need.gtid = t->begin.gtid;
    a->need.reason =
        mem_printf("a run was stopped while it applied transaction %s to %s %s, which %s no "
                   "transactions: what of it was written is not known",
                   gtid_format(t->begin.gtid, gtid), one ? "table" : "tables", tables, one ? "has" : "have");
    struct err *e = err_hint(err_new(ERR_RESYNC, "%s", a->need.reason),
                             "take a snapshot of %s (ccr-backup --requested, or --tables %s) and bring %s in "
                             "(ccr-restore --job %s --requested)",
                             one ? "it" : "them", tables, one ? "it" : "them", a->job->name);
    free(tables);
    return err_first(intent_note_needs(a), e);
}
