/*
 * privileges - what the user of a connection may do.
 */
#ifndef CCR_MYSQL_PRIVILEGES_H
#define CCR_MYSQL_PRIVILEGES_H

#include "mysql/conn.h"

/*
 * Whether SHOW GRANTS, which knows the current role too, gives the privilege globally or on the whole
 * database (`db`; NULL: only globally will do). A grant on a pattern does not count where one on the database
 * itself hides it.
 */
struct err *privileges_have(struct conn *c, const char *privilege, const char *db, bool *has) CHECKED;

#endif
