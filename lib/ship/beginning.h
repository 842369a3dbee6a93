/*
 * beginning - which snapshot the log of an epoch begins at.
 *
 * At the oldest one that the source's binlogs still follow: so every snapshot that was taken before the first
 * run of ccr-ship can be followed, and not only the newest. What an older one would need is gone; it is
 * named.
 */
#ifndef CCR_SHIP_BEGINNING_H
#define CCR_SHIP_BEGINNING_H

#include "base/log.h"
#include "mysql/conn.h"
#include "ship/place.h"

struct beginning_params {
    struct store *store;
    const char *stream;
    struct conn *conn; /* to the source, free for queries */
    const struct conn_params *source;
    struct log *log;
};

/*
 * Moves the place, whose epoch has no object yet, to that snapshot. It stays where it is if the source
 * follows none: then the check of the source says why.
 */
struct err *beginning_choose(const struct beginning_params *p, struct place *place) CHECKED;

#endif
