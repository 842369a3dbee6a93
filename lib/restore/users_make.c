/* The users of a snapshot on the target: every step can be repeated. */
#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/mem.h"
#include "restore/users.h"

static bool is_written(const struct user_account *a)
{
    return a && (a->fate == USER_MAKE || a->fate == USER_REPLACE);
}

/* A statement may hold a hash behind the name of whom it is about: messages end there. */
static struct err *run(struct conn *c, const struct user_statement *s, const char *sql)
{
    char *shown = mem_printf("%.*s", (int)s->grant.grantee_end, s->sql);
    struct err *e = conn_exec_shown(c, sql, shown);

    free(shown);
    return e;
}

/* "CREATE USER ..." with other words for its first two. */
static struct err *run_create(struct conn *c, const struct user_statement *s)
{
    static const char user[] = "CREATE USER ";
    bool is_user = strncmp(s->sql, user, sizeof(user) - 1) == 0;
    const char *words = is_user && s->of->fate == USER_REPLACE ? "CREATE OR REPLACE USER "
                        : is_user                              ? "CREATE USER IF NOT EXISTS "
                                                               : "CREATE ROLE IF NOT EXISTS ";
    char *sql = mem_printf("%s%s", words, s->sql + sizeof(user) - 1);
    struct err *e = run(c, s, sql);

    free(sql);
    return e;
}

/* Nothing is left but that it exists. */
static struct err *check_cleared(struct conn *c, const struct account *role, bool *cleared)
{
    struct account_entry entry = {.account = account_copy(role)};
    struct err *e = account_entry_read(c, &entry);

    *cleared = !e && entry.count <= (account_is_public(role) ? 0 : 1);
    account_entry_free(&entry);
    return e;
}

/* The server takes everything away, and has been seen to report an error where columns were among it. */
static struct err *clear_role(struct conn *c, const struct account *role)
{
    char *name = account_sql_dup(role);
    struct err *e = conn_exec(c, "REVOKE ALL PRIVILEGES, GRANT OPTION FROM %s", name);
    bool cleared = false;

    free(name);
    if (!e || (conn_errno(c) != ER_NONEXISTING_GRANT && conn_errno(c) != ER_REVOKE_GRANTS))
        return e;
    struct err *failed = check_cleared(c, role, &cleared);
    if (failed || !cleared)
        return err_first(e, failed);
    err_free(e);
    return NULL;
}

/* A role stays with those who have it; what it may do becomes the source's. */
static struct err *clear_roles(struct conn *c, const struct users *u)
{
    for (size_t i = 0; i < u->account_count; i++)
        if (u->accounts[i].fate == USER_REPLACE && !u->accounts[i].account.host)
            TRY(clear_role(c, &u->accounts[i].account));
    return NULL;
}

typedef struct err *statement_fn(struct conn *c, const struct user_statement *s);

static struct err *run_as_it_is(struct conn *c, const struct user_statement *s)
{
    return run(c, s, s->sql);
}

/* Only an administrator can hand a role on, and a run that is repeated may have given that up already. */
static struct err *hand_on(struct conn *c, const struct user_statement *s)
{
    const struct grant *g = &s->grant;
    uint64_t there = 0;
    char *user = sql_string_dup(g->grantee.user);
    char *host = sql_string_dup(g->grantee.host ? g->grantee.host : "");
    char *role = sql_string_dup(g->role);
    struct err *e =
        conn_number(c, &there,
                    "SELECT COUNT(*) FROM mysql.roles_mapping WHERE BINARY User = %s AND Host = %s AND "
                    "BINARY Role = %s AND Admin_option = '%s'",
                    user, host, role, g->option ? "Y" : "N");

    free(user);
    free(host);
    free(role);
    return e || there ? e : run_as_it_is(c, s);
}

static struct err *each_of_kind(struct conn *c, const struct users *u, enum grant_kind kind, statement_fn *fn)
{
    for (size_t i = 0; i < u->count; i++)
        if (is_written(u->statements[i].of) && u->statements[i].grant.kind == kind)
            TRY(fn(c, &u->statements[i]));
    return NULL;
}

static bool role_is_made(const struct users *u, char *role)
{
    const struct user_account *a = users_find(u, &(struct account){role, NULL});

    return a && a->fate == USER_MAKE;
}

/* A new role's administrators are also those that the snapshot leaves out, where they exist. */
static struct err *hand_to_left_out(struct conn *c, const struct users *u)
{
    struct account_list there;
    struct err *e = account_list_names(c, &there);

    for (size_t i = 0; i < u->left_out_count && !e; i++) {
        const struct user_statement *s = &u->left_out_roles[i];
        if (role_is_made(u, s->grant.role) && account_list_find(&there, &s->grant.grantee))
            e = hand_on(c, s);
    }
    account_list_free(&there);
    return e;
}

struct err *users_make(struct conn *c, const struct users *u)
{
    static const enum grant_kind kinds[] = {GRANT_DEFAULT_ROLE, GRANT_GLOBAL, GRANT_DATABASE, GRANT_PROXY};

    TRY(each_of_kind(c, u, GRANT_CREATE, run_create));
    TRY(each_of_kind(c, u, GRANT_ALTER, run_as_it_is));
    TRY(clear_roles(c, u));
    TRY(each_of_kind(c, u, GRANT_ROLE, hand_on));
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        TRY(each_of_kind(c, u, kinds[i], run_as_it_is));
    return hand_to_left_out(c, u);
}

static bool is_missing(unsigned number)
{
    return number == ER_NO_SUCH_TABLE || number == ER_BAD_FIELD_ERROR || number == ER_SP_DOES_NOT_EXIST ||
           number == ER_BAD_DB_ERROR;
}

/* A privilege on a table or routine, one at a time or as they stand. */
struct gift {
    struct conn *conn;
    const struct user_statement *statement;
    struct log *log;
    bool creates; /* CREATE is among what it gives */
};

static struct err *give(const struct gift *g, const char *words, const char *text, size_t len)
{
    const struct user_statement *s = g->statement;
    char *sql = mem_printf("GRANT %s%.*s%s", words, (int)len, text, s->sql + s->grant.privileges_end);
    struct err *e = run(g->conn, s, sql);

    free(sql);
    return e;
}

/*
 * The server keeps privileges on a table beyond its end, and takes them for one that is not there only
 * together with CREATE.
 */
static struct err *give_beforehand(const struct gift *g, const char *text, size_t len)
{
    const struct user_statement *s = g->statement;
    char *grantee = account_sql_dup(&s->grant.grantee);
    struct err *e = give(g, "CREATE, ", text, len);

    if (!e && !g->creates)
        e = conn_exec(g->conn, "REVOKE CREATE ON %.*s FROM %s",
                      (int)(s->grant.object_end - s->grant.object_start), s->sql + s->grant.object_start,
                      grantee);
    free(grantee);
    return e;
}

static struct err *give_one(const struct grant_privilege *privilege, void *arg)
{
    const struct gift *g = arg;
    const struct user_statement *s = g->statement;
    struct err *e = give(g, "", privilege->text, privilege->len);

    if (!e || !is_missing(conn_errno(g->conn)))
        return e;
    err_free(e);
    if (s->grant.kind == GRANT_TABLE && strlen(privilege->name) == privilege->len)
        return give_beforehand(g, privilege->text, privilege->len);
    log_warn(g->log, "left out, because what it is about is not there: GRANT %.*s%.*s", (int)privilege->len,
             privilege->text, (int)(s->grant.grantee_end - s->grant.privileges_end),
             s->sql + s->grant.privileges_end);
    return NULL;
}

static struct err *note_create(const struct grant_privilege *privilege, void *arg)
{
    struct gift *g = arg;

    g->creates |= strcmp(privilege->name, "CREATE") == 0;
    return NULL;
}

static struct err *give_all(struct conn *c, const struct user_statement *s, struct log *log)
{
    struct gift g = {.conn = c, .statement = s, .log = log};
    struct err *e = run(c, s, s->sql);

    if (!e || !is_missing(conn_errno(c)))
        return e;
    err_free(e);
    TRY(grant_each_privilege(s->sql, &s->grant, note_create, &g));
    return grant_each_privilege(s->sql, &s->grant, give_one, &g);
}

/* The word PACKAGE is one in this mode only. */
static struct err *give_in_mode(struct conn *c, const struct user_statement *s, struct log *log)
{
    if (!s->grant.package)
        return give_all(c, s, log);
    TRY(conn_exec(c, "SET @ccr_sql_mode = @@sql_mode, sql_mode = 'ORACLE'"));
    struct err *e = give_all(c, s, log);
    if (e && conn_is_lost(c))
        return e;
    return err_first(e, conn_exec(c, "SET sql_mode = @ccr_sql_mode"));
}

struct err *users_make_privileges(struct conn *c, const struct users *u, struct log *log)
{
    for (size_t i = 0; i < u->count; i++) {
        const struct user_statement *s = &u->statements[i];
        if (is_written(s->of) && (s->grant.kind == GRANT_TABLE || s->grant.kind == GRANT_ROUTINE))
            TRY(give_in_mode(c, s, log));
    }
    return NULL;
}

/* What the snapshot says of an account's having a role; NULL where it has not. */
static const struct grant *find_role(const struct users *u, const struct account *a, const char *role)
{
    for (size_t i = 0; i < u->count; i++) {
        const struct grant *g = &u->statements[i].grant;
        if (g->kind == GRANT_ROLE && strcmp(g->role, role) == 0 && account_equal(&g->grantee, a))
            return g;
    }
    for (size_t i = 0; i < u->left_out_count; i++) {
        const struct grant *g = &u->left_out_roles[i].grant;
        if (strcmp(g->role, role) == 0 && account_equal(&g->grantee, a))
            return g;
    }
    return NULL;
}

static struct err *give_up_role(struct conn *c, const struct users *u, const struct account *own,
                                const char *role)
{
    const struct grant *g = find_role(u, own, role);
    uint64_t has = 0;

    if (g && g->option)
        return NULL;
    char *role_text = sql_string_dup(role);
    char *role_name = sql_ident_dup(role);
    char *user = sql_string_dup(own->user);
    char *host = sql_string_dup(own->host);
    char *own_name = account_sql_dup(own);
    /* its own, not by way of another role; a run that is repeated has given it up already */
    struct err *e =
        conn_number(c, &has,
                    "SELECT COUNT(*) FROM mysql.roles_mapping WHERE BINARY User = %s AND Host = %s AND "
                    "BINARY Role = %s AND Admin_option = 'Y'",
                    user, host, role_text);
    if (!e && has)
        e = conn_exec(c, "REVOKE %s%s FROM %s", g ? "ADMIN OPTION FOR " : "", role_name, own_name);
    free(role_text);
    free(role_name);
    free(user);
    free(host);
    free(own_name);
    return e;
}

struct err *users_give_up_roles(struct conn *c, const struct users *u)
{
    struct account own;
    struct err *e = account_of_connection(c, &own);

    for (size_t i = 0; i < u->account_count && !e; i++) {
        const struct user_account *a = &u->accounts[i];
        if (a->fate == USER_MAKE && !a->account.host && !account_is_public(&a->account))
            e = give_up_role(c, u, &own, a->account.user);
    }
    account_free(&own);
    return e;
}
