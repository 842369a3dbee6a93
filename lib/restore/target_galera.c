#include "restore/target_galera.h"

#include <strings.h>

#include "mysql/server.h"

/* Chunks are smaller, but for those of tables that could not be cut. */
#define MOST_BYTES ((uint64_t)128 << 20)

/* A write set has the rows, and besides for each of them the hashes of its keys. */
enum { WRITE_SET_PER_TEXT = 8 };

#define LEAST_BYTES ((uint64_t)64 << 10)

/* Rows counts one more: the one in ccr.loads. */
struct err *target_load_bounds(struct conn *c, struct load_bounds *out)
{
    uint64_t rows = 0;
    uint64_t bytes = 0;
    bool node = false;

    *out = (struct load_bounds){UINT64_MAX, MOST_BYTES};
    TRY(server_is_galera(c, &node));
    if (!node)
        return NULL;
    TRY(conn_number(c, &rows, "SELECT @@GLOBAL.wsrep_max_ws_rows"));
    TRY(conn_number(c, &bytes, "SELECT @@GLOBAL.wsrep_max_ws_size"));
    if (rows)
        out->rows = rows > 1 ? rows - 1 : 1;
    if (bytes && bytes / WRITE_SET_PER_TEXT < out->bytes)
        out->bytes = bytes / WRITE_SET_PER_TEXT > LEAST_BYTES ? bytes / WRITE_SET_PER_TEXT : LEAST_BYTES;
    return NULL;
}

static void warn_of_engines(const struct restore_plan *p, struct log *log)
{
    for (size_t i = 0; i < p->table_count; i++) {
        const struct manifest_table *t = p->tables[i].rows;
        if (t && strcasecmp(t->engine, "InnoDB") != 0)
            log_warn(log, "%s.%s has the engine %s: Galera does not bring its rows to the other nodes", t->db,
                     t->name, t->engine);
    }
}

struct err *target_galera_warn(struct conn *c, const struct restore_plan *p, bool readers_named,
                               struct log *log)
{
    uint64_t nodes = 0;
    bool node = false;

    TRY(server_is_galera(c, &node));
    if (!node)
        return NULL;
    TRY(conn_number(c, &nodes,
                    "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS "
                    "WHERE VARIABLE_NAME = 'WSREP_CLUSTER_SIZE'"));
    if (nodes < 2)
        return NULL;
    warn_of_engines(p, log);
    if (!readers_named)
        log_warn(
            log,
            "the target is one of %llu Galera nodes: a reader on another one whose transaction is older "
            "than the loaded tables sees them empty; name the nodes that serve readers with --readers-on",
            (unsigned long long)nodes);
    return NULL;
}
