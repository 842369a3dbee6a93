/*
 * Who defines what is kept. A server makes a trigger for a user that it does not have, and then every change
 * of the trigger's table fails (error 1449); a role that it does not have becomes a user of that name.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mysql/accounts.h"
#include "promote/parts.h"
#include "restore/ddl.h"

static void warn_missing(const struct promote *p, const struct job_kept *k, const struct account *a)
{
    char *who = account_text(a);

    if (k->kind[0] == 't')
        log_warn(p->run->log,
                 "trigger %s.%s is defined by %s, which does not exist on the target: until it does (CREATE "
                 "USER), the changes of %s.%s that fire it fail (error 1449)",
                 k->db, k->name, who, k->db, k->table ? k->table : "its table");
    else
        log_warn(p->run->log,
                 "event %s.%s is defined by %s, which does not exist on the target: it fails until it does "
                 "(CREATE USER)",
                 k->db, k->name, who);
    free(who);
}

static struct err *check_definer(const struct promote *p, const struct job_kept *k,
                                 const struct account_list *there)
{
    struct definer d = {0};
    struct err *e = NULL;

    if (definer_find(k->sql, ddl_lexing_mode(k->sql_mode), &d)) {
        e = account_to_utf8(p->conn, k->character_set_client, &d.account);
        bool missing = !e && !account_list_find(there, &d.account);
        if (missing && !d.account.host)
            e = err_hint(
                err_new(ERR_UNSAFE,
                        "%s %s.%s is defined by role %s, which does not exist on the target, where a "
                        "user of that name would become its definer",
                        k->kind, k->db, k->name, d.account.user),
                "CREATE ROLE %s on the target", d.account.user);
        else if (missing)
            warn_missing(p, k, &d.account);
    }
    account_free(&d.account);
    return e;
}

static const char existing_query[] =
    "SELECT v.* FROM (SELECT 'view' AS kind, TABLE_SCHEMA AS db, TABLE_NAME AS name, DEFINER AS definer "
    "FROM information_schema.VIEWS WHERE SECURITY_TYPE = 'DEFINER' "
    "UNION ALL SELECT LOWER(ROUTINE_TYPE), ROUTINE_SCHEMA, ROUTINE_NAME, DEFINER "
    "FROM information_schema.ROUTINES WHERE SECURITY_TYPE = 'DEFINER') v "
    "WHERE v.db NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema') AND NOT EXISTS "
    "(SELECT 1 FROM mysql.global_priv u WHERE CAST(CONCAT(u.User, '@', u.Host) AS BINARY) = CAST(v.definer "
    "AS "
    "BINARY)) ORDER BY 1, 2, 3";

static bool is_of_job(const struct promote *p, const char *kind, const char *db, const char *name)
{
    const struct scope *s = &p->job->scope;
    struct scope_name source;

    if (strcmp(kind, "view") == 0)
        return scope_source_table(s, db, name, &source) && scope_table(s, source.db, source.name);
    return scope_source_table(s, db, NULL, &source) && scope_programs(s, source.db);
}

/* Views and routines are there already. They fail where they are to run with their definer's rights. */
static struct err *check_existing(const struct promote *p)
{
    struct result *r = NULL;
    char **row;
    struct err *e = conn_query(p->conn, &r, "%s", existing_query);

    while (!e && (row = result_next(r, NULL)) != NULL)
        if (is_of_job(p, row[0], row[1], row[2]))
            log_warn(p->run->log,
                     "%s %s.%s is defined by %s, which does not exist on the target: its use fails until "
                     "it does (error 1449)",
                     row[0], row[1], row[2], row[3]);
    result_free(r);
    return e;
}

struct err *promote_definers(struct promote *p)
{
    struct job_kept_list kept;
    struct account_list there = {0};
    struct err *e = job_kept_read(p->conn, p->name, NULL, &kept);

    if (!e && kept.count)
        e = account_list_names(p->conn, &there);
    for (size_t i = 0; i < kept.count && !e; i++)
        e = check_definer(p, &kept.items[i], &there);
    account_list_free(&there);
    job_kept_free(&kept);
    return e ? e : check_existing(p);
}
