/*
 * option_file - whether a MySQL option file is there, and has the group that is asked for.
 *
 * The client library reads these files itself, and passes over a file that it cannot read, and a group that
 * is in none, without a word: it would go on with whatever else it finds, without a password, or to another
 * server. So both are looked for first, in the way of the library (libmariadb): `!include FILE` is followed,
 * of `!includedir DIR` only DIR/my.cnf, names are compared byte by byte, and a `[` without its `]` ends the
 * file. Nothing else of it is read here.
 */
#ifndef CCR_MYSQL_OPTION_FILE_H
#define CCR_MYSQL_OPTION_FILE_H

#include "base/err.h"

/* Either may be NULL: the library's own places, /etc/my.cnf and so on; its own group. ERR_CONFIG. */
struct err *option_file_check(const char *file, const char *group) CHECKED;

#endif
