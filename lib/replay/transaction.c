#include "replay/transaction.h"

#include <stdlib.h>

struct err *transaction_context(struct err *e, const struct transaction *t)
{
    char text[GTID_TEXT_SIZE];

    return err_context(e, "transaction %s", gtid_format(t->begin.gtid, text));
}

void transaction_redo(struct apply *a, const struct transaction *t, enum redo_kind kind, struct err *error)
{
    err_free(a->redo.error);
    free(a->redo.what);
    a->redo = (struct redo){kind, t->begin.gtid, error, NULL};
}
