/*
 * zone - what a server's own time zone is.
 *
 * The log and definitions call it SYSTEM, whatever it is; `system_time_zone` has an abbreviation ("CST") that
 * several zones share, and that of winter or summer as it was when the server started. So two servers' zones
 * are compared by what they do.
 */
#ifndef CCR_MYSQL_ZONE_H
#define CCR_MYSQL_ZONE_H

#include "mysql/conn.h"

/* A digest, malloc'ed, of the local time in the middle of each month from 1970 to 2037. */
struct err *zone_rules(struct conn *c, char **out) CHECKED;

#endif
