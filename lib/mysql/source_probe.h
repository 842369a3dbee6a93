/*
 * source_probe - one look into a server's log: which transaction comes next in a domain behind a GTID?
 *
 * Private to source_check. The server is asked for the log behind its own end in every other domain, so that
 * it sends (almost) nothing but the one transaction.
 */
#ifndef CCR_MYSQL_SOURCE_PROBE_H
#define CCR_MYSQL_SOURCE_PROBE_H

#include "mysql/binlog_dump.h"

#include "base/hash.h"

struct source_probe {
    const struct conn_params *params;
    const struct gtid_pos *server; /* the end of the server's log */
    struct gtid behind;            /* look behind this one; sequence number 0: from the domain's beginning */
    struct gtid wanted;            /* the transaction whose digest is asked for */
};

struct source_found {
    enum dump_refusal refusal; /* why the server did not send; the rest is unset then */
    bool any;                  /* there is a transaction: */
    struct gtid first;
    int64_t time;               /* if it is the wanted one: its time */
    char digest[HASH_HEX_SIZE]; /* and its digest */
};

struct err *source_probe(const struct source_probe *probe, struct source_found *found) CHECKED;

#endif
