/*
 * alive - streams/S/alive.json: when the source was last seen, and where its log ended then
 * (formats/store.md).
 *
 * Tells a quiet source from a shipper that does not run. Mutable, never needed for correctness.
 */
#ifndef CCR_SHIP_ALIVE_H
#define CCR_SHIP_ALIVE_H

#include <jansson.h>

#include "mysql/conn.h"
#include "ship/place.h"

/* The source's clock, and this machine's reading of the same moment. */
struct source_clock {
    int64_t source_us;
    int64_t monotonic_us;
};

struct err *source_clock_read(struct conn *c, struct source_clock *out) CHECKED;
/* The source's time now, as far as the clocks run alike. */
int64_t source_clock_now_us(const struct source_clock *clock);

/* Where the source has its data from, if it is not the first to have them. Both may be NULL: not known. */
struct incoming {
    json_t *jobs;        /* as loops_incoming() has them */
    json_t *replication; /* of a replica, as alive_replication() has it */
};

/*
 * The source's connections to its primaries: an array, empty where there are none. NULL: it may not be asked,
 * or does not answer soon (the log does not wait for that: a connection of its own is opened).
 */
json_t *alive_replication(const struct conn_params *source);

/* At source time `source_us` all of the source's log up to the place's position was in the store. */
struct err *alive_put(struct store *s, const char *stream, const struct place *place, int64_t source_us,
                      const struct incoming *incoming) CHECKED;

#endif
