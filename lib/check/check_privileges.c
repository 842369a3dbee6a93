/* What ccr's users may do (README, "Privileges"): what is missing, in one finding. */
#include <stdlib.h>

#include "base/mem.h"
#include "check/checking.h"
#include "mysql/privileges.h"

struct asking {
    const struct checking *k;
    const char *side;
    struct conn *c;
    const char *const *databases; /* where a privilege on the database will do; ends with NULL */
};

static struct err *is_missing(const struct asking *a, const char *privilege, bool *missing)
{
    bool has = false;

    TRY(privileges_have(a->c, privilege, NULL, &has));
    *missing = !has && !(a->databases && a->databases[0]);
    for (size_t i = 0; !has && !*missing && a->databases[i]; i++) {
        bool here = false;
        TRY(privileges_have(a->c, privilege, a->databases[i], &here));
        *missing = !here;
    }
    return NULL;
}

/* The statement that gives them. */
static struct err *add_missing(const struct asking *a, enum check_weight weight, const char *names,
                               const char *consequence)
{
    char *account = NULL;

    TRY(conn_value(a->c, &account,
                   "SELECT CONCAT(QUOTE(REGEXP_REPLACE(CURRENT_USER(), '@[^@]*$', '')), '@', "
                   "QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', -1)))"));
    char *hint =
        mem_printf("GRANT %s ON *.* TO %s (the README lists all that each side needs%s)", names,
                   account ? account : "CURRENT_USER", a->databases ? "; on these databases is enough" : "");
    check_add(a->k->list, weight, "privileges", a->side, hint, "%s: the user lacks %s%s", a->side, names,
              consequence);
    free(hint);
    free(account);
    return NULL;
}

/* `list` ends with NULL. */
static struct err *check_list_of(const struct asking *a, const char *const *list, enum check_weight weight,
                                 const char *consequence)
{
    struct buf names = BUF_INIT;
    struct err *e = NULL;

    for (size_t i = 0; !e && list[i]; i++) {
        bool missing = false;
        e = is_missing(a, list[i], &missing);
        if (missing)
            buf_printf(&names, "%s%s", names.len ? ", " : "", list[i]);
    }
    if (!e && names.len)
        e = add_missing(a, weight, buf_str(&names), consequence);
    buf_free(&names);
    return e;
}

struct err *check_source_privileges(const struct checking *k)
{
    static const char *const global[] = {"PROCESS", "BINLOG MONITOR", "BINLOG ADMIN", "REPLICATION SLAVE",
                                         NULL};
    static const char *const sometimes[] = {"RELOAD", "LOCK TABLES", NULL};
    const struct asking a = {k, "source", k->p->source, NULL};

    TRY(check_list_of(&a, global, CHECK_ERROR, ""));
    return check_list_of(&a, sometimes, CHECK_WARNING,
                         ": a snapshot of a busy source, or of tables without transactions, would fail");
}

struct err *check_target_privileges(const struct checking *k)
{
    static const char *const global[] = {"PROCESS",      "SET USER",        "BINLOG REPLAY",
                                         "BINLOG ADMIN", "READ_ONLY ADMIN", NULL};
    static const char *const local[] = {
        "SELECT",      "INSERT",    "UPDATE",         "DELETE",        "CREATE",  "DROP",    "ALTER", "INDEX",
        "CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE", "ALTER ROUTINE", "EXECUTE", "TRIGGER", "EVENT", NULL};
    const struct facts *f = k->facts;
    const char **databases = mem_zalloc(f->database_count + 4, sizeof(*databases));
    char *stage = mem_printf("ccr_stage_%s_0", k->job->name);
    char *old = mem_printf("ccr_old_%s_0", k->job->name);
    struct asking a = {k, "target", k->p->target, NULL};

    databases[0] = JOB_DATABASE;
    databases[1] = stage;
    databases[2] = old;
    for (size_t i = 0; i < f->database_count; i++)
        databases[3 + i] = scope_target_database(&k->job->scope, f->databases[i]);
    struct err *e = check_list_of(&a, global, CHECK_ERROR, "");
    a.databases = databases;
    if (!e)
        e = check_list_of(&a, local, CHECK_ERROR, " on what a job has to write");
    free(databases);
    free(stage);
    free(old);
    return e;
}
