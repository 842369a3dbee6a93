/*
 * ship - the source's binlog, from where the store's log ends, into the store.
 *
 * One run: find the place in the store (place.h), make sure that the server is still the source of that log
 * (verify.h), read behind it over the replication protocol (mysql/log_reader.h), cut it into objects
 * (cutter.h). A fork, a gap or an incident ends the epoch with a terminator and is ERR_RESYNC. Another
 * shipper at work is ERR_LOCKED; one that follows passes what a single run in between has shipped. A server
 * that has not got as far as the store is no error: nothing is done.
 */
#ifndef CCR_SHIP_SHIP_H
#define CCR_SHIP_SHIP_H

#include "base/log.h"
#include "mysql/conn.h"
#include "ship/cutter.h"
#include "store/store.h"

#define SHIP_SEGMENT_MIN ((size_t)4 << 10)
#define SHIP_SEGMENT_MAX ((size_t)60 << 20)

/* All borrowed for the time of the run. */
struct ship_params {
    struct store *store;
    const char *stream;
    const struct conn_params *source;
    struct log *log;
    size_t segment_size;    /* bytes of binlog in one object */
    bool follow;            /* until a signal; otherwise to the end of the server's log */
    unsigned segment_age_s; /* follow: write what has waited that long */
    uint64_t server_id;     /* follow: 0 for one that is free */
};

struct ship_result {
    struct cutter_totals totals;
    char *position; /* end of the store's log; malloc'ed; NULL if the run failed before it was known */
    uint64_t epoch;
    uint64_t number; /* of the last object; 0 for none in this epoch */
    bool behind;     /* the server has not got that far */
    char *note;      /* what the check of the source had to say; NULL for nothing; malloc'ed */
    double seconds;
};

/* *out is set also on failure; the caller ends it with ship_result_free. */
struct err *ship(const struct ship_params *params, struct ship_result *out) CHECKED;
void ship_result_free(struct ship_result *r); /* its members */

#endif
