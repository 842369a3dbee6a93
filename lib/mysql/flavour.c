#include "mysql/flavour.h"

#include <stdlib.h>
#include <string.h>

struct err *flavour_check(struct conn *c)
{
    const char *greeting = mysql_get_server_info(conn_handle(c));
    char *version = NULL;
    struct err *e = NULL;

    if (greeting && strstr(greeting, "MariaDB"))
        return NULL;
    TRY(conn_value(c, &version, "SELECT @@version"));
    if (!version || !strstr(version, "MariaDB"))
        e = err_hint(err_new(ERR_UNSUPPORTED, "the %s is not MariaDB (version %s)",
                             conn_code(c) == ERR_SOURCE ? "source" : "target", version ? version : "unknown"),
                     "this version of ccr copies from MariaDB to MariaDB only");
    free(version);
    return e;
}
