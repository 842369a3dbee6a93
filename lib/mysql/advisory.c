#include "mysql/advisory.h"

#include <stdlib.h>

#include <mysqld_error.h>

static struct err *unless_galera(const struct conn *c, struct err *e)
{
    if (!e || conn_errno(c) != ER_NOT_SUPPORTED_YET)
        return e;
    err_free(e);
    return NULL;
}

struct err *advisory_lock(struct conn *c, const char *name, unsigned wait_s, bool *got)
{
    uint64_t taken = 1; /* also where there is nothing to take */
    char *quoted = sql_string_dup(name);
    struct err *e = conn_number(c, &taken, "SELECT COALESCE(GET_LOCK(%s, %u), 0)", quoted, wait_s);

    free(quoted);
    e = unless_galera(c, e);
    *got = !e && taken;
    return e;
}

struct err *advisory_unlock(struct conn *c, const char *name)
{
    char *quoted = sql_string_dup(name);
    struct err *e = conn_exec(c, "DO RELEASE_LOCK(%s)", quoted);

    free(quoted);
    return unless_galera(c, e);
}

/* The connection that has it, 0 where there is none. */
static struct err *read_holder(struct conn *c, const char *name, uint64_t *id)
{
    char *quoted = sql_string_dup(name);

    *id = 0;
    struct err *e = conn_number(c, id, "SELECT COALESCE(IS_USED_LOCK(%s), 0)", quoted);

    free(quoted);
    return unless_galera(c, e);
}

struct err *advisory_is_locked(struct conn *c, const char *name, bool *is)
{
    uint64_t by = 0;
    struct err *e = read_holder(c, name, &by);

    *is = !e && by;
    return e;
}

struct err *advisory_is_own(struct conn *c, const char *name, bool *is)
{
    uint64_t by = 0;
    struct err *e = read_holder(c, name, &by);

    *is = !e && by && by == conn_id(c);
    return e;
}
