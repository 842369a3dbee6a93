/* conn_parts - a connection as its sources share it, private to them: conn_open.c makes and ends it, conn.c
 * runs statements on it. */
#ifndef CCR_MYSQL_CONN_PARTS_H
#define CCR_MYSQL_CONN_PARTS_H

#include "mysql/conn.h"

enum { CONN_PARAM_STRINGS = 5 };

struct conn {
    MYSQL *mysql;
    enum conn_side side;
    struct conn_params params;
    char *strings[CONN_PARAM_STRINGS]; /* those of params */
    unsigned silent_s;                 /* given up after so long a silence; 0: not */
    uint64_t affected;
    char *shown; /* the beginning of the last statement, for messages */
};

const char *conn_side_name(const struct conn *c); /* "source", "target" */

#endif
