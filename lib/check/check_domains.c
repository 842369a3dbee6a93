/* GTID domains that the source shares with the target's own writers, or with other jobs of the target. */
#include <stdlib.h>

#include "base/mem.h"
#include "check/checking.h"

static void note_domain(const struct checking *k, const struct gtid_pos *theirs, const char *who)
{
    for (size_t i = 0; i < theirs->count; i++)
        if (gtid_pos_find(&k->facts->end, theirs->items[i].domain))
            check_add(
                k->list, CHECK_NOTE, "gtid-domain", "target",
                "a gtid_domain_id of its own for every cluster keeps their transactions apart",
                "GTID domain %u is the source's and %s: the same number means another transaction there. "
                "ccr keeps a position for each job and goes on; but no replica can be moved between the "
                "servers by its GTID position",
                (unsigned)theirs->items[i].domain, who);
}

struct err *check_domains(const struct checking *k)
{
    struct gtid_pos own = GTID_POS_INIT;
    struct result *r = NULL;
    uint64_t domain = 0;
    char **row;

    TRY(conn_number(k->p->target, &domain, "SELECT @@GLOBAL.gtid_domain_id"));
    gtid_pos_set(&own, (struct gtid){(uint32_t)domain, 1, 1});
    note_domain(k, &own, "that of the target's own writers, too");
    gtid_pos_free(&own);
    struct err *e = conn_query_if_there(k->p->target, &r, "SELECT name FROM ccr.jobs ORDER BY name");
    while (!e && r && (row = result_next(r, NULL)) != NULL) {
        struct job_position p = {0};
        bool found = false;
        e = job_position_read(k->p->target, row[0], &p, &found);
        if (!e && found) {
            char *who = mem_printf("that of job %s, too", row[0]);
            note_domain(k, &p.pos, who);
            free(who);
        }
        job_position_free(&p);
    }
    result_free(r);
    return e;
}
