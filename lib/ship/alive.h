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

/*
 * At source time `source_us` all of the source's log up to the place's position was in the store. `jobs`: as
 * loops_incoming() has them.
 */
struct err *alive_put(struct store *s, const char *stream, const struct place *place, int64_t source_us,
                      json_t *jobs) CHECKED;

#endif
