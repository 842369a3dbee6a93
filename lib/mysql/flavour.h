/*
 * flavour - a server that is not MariaDB is told apart when a connection is opened, before anything is asked
 * of it that it would not understand.
 */
#ifndef CCR_MYSQL_FLAVOUR_H
#define CCR_MYSQL_FLAVOUR_H

#include "mysql/conn.h"

/* ERR_UNSUPPORTED for another one. Asks the server only where its greeting, which may be a proxy's, does not
 * name MariaDB. */
struct err *flavour_check(struct conn *c) CHECKED;

#endif
