#include "backup/relayed.h"

#include <stdlib.h>

#include "base/mem.h"
#include "snapshot/names.h"

struct err *relayed_refuse(struct conn *c, const struct scope *scope)
{
    struct names names = {.text = BUF_INIT};
    struct result *r = NULL;
    char **row;
    struct err *e = conn_query_if_there(c, &r, "SELECT job, db, name FROM ccr.tables ORDER BY job, db, name");

    while (!e && r && (row = result_next(r, NULL)) != NULL) {
        if (!scope_table(scope, row[1], row[2]))
            continue;
        char *job = mem_printf(" (job %s)", row[0]);
        names_add(&names, row[1], row[2], job);
        free(job);
    }
    if (!e && names.count > 0)
        e = err_hint(err_new(ERR_UNSAFE, "jobs replicate to this server what is to be in the snapshot: %s",
                             names_text(&names)),
                     "set relay = on in the [source] section (--relay) where it is to be passed on, as in a "
                     "chain; or leave these tables out (--exclude-databases, --exclude-tables)");
    result_free(r);
    names_free(&names);
    return e;
}
