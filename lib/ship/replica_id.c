#include "ship/replica_id.h"

#include <stdlib.h>

#include <mysqld_error.h>

#include "base/hash.h"

enum { ATTEMPTS = 20, ID_DIGITS = 8 };

static struct err *id_is_taken(struct conn *c, struct log *log, uint32_t id, bool *taken)
{
    struct result *r = NULL;
    uint64_t own = 0;
    char **row;

    TRY(conn_number(c, &own, "SELECT @@server_id"));
    *taken = own == id;
    struct err *e = conn_query(c, &r, "SHOW SLAVE HOSTS");
    if (e && conn_errno(c) == ER_SPECIFIC_ACCESS_DENIED_ERROR) {
        err_free(e);
        log_debug(log, "the ids of the source's replicas are not visible without REPLICATION MASTER ADMIN");
        return NULL;
    }
    if (e)
        return e;
    while ((row = result_next(r, NULL)))
        *taken = *taken || (row[0] && strtoul(row[0], NULL, 10) == id);
    result_free(r);
    return NULL;
}

static uint32_t random_id(void)
{
    char hex[ID_DIGITS + 1];

    hash_random_hex(hex, ID_DIGITS);
    return (uint32_t)strtoul(hex, NULL, 16) | 0x80000000u;
}

struct err *replica_id_choose(struct conn *c, struct log *log, uint32_t wanted, uint32_t *out)
{
    bool taken = true;

    if (wanted != 0) {
        TRY(id_is_taken(c, log, wanted, &taken));
        if (taken)
            return err_hint(err_new(ERR_USAGE, "server id %u is in use at the source", (unsigned)wanted),
                            "give --server-id a number that no replica uses, or leave it out");
        *out = wanted;
        return NULL;
    }
    for (int i = 0; taken && i < ATTEMPTS; i++) {
        *out = random_id();
        TRY(id_is_taken(c, log, *out, &taken));
    }
    return taken ? err_new(ERR_SOURCE, "no free server id was found at the source") : NULL;
}
