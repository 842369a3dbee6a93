/* What would stand in the way of a snapshot's users, found out before anything is loaded. */
#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/mem.h"
#include "restore/users.h"

enum { NAMES_SHOWN = 20 };

struct check {
    struct conn *conn;
    struct users *users;
    enum user_fate differing; /* of an account that the target has, and that differs */
    bool refuse;              /* ... is an error instead */
    struct log *log;
    struct account own;
    struct account_list there; /* names only */
    struct buf names;          /* for a message */
    size_t named;
};

static void add_name(struct check *k, const char *name)
{
    if (k->named++ < NAMES_SHOWN)
        buf_printf(&k->names, "%s%s", k->named > 1 ? ", " : "", name);
}

static void add_account(struct check *k, const struct account *a)
{
    char *name = account_text(a);

    add_name(k, name);
    free(name);
}

/* The names as text, and none any more. */
static char *take_names(struct check *k)
{
    if (k->named > NAMES_SHOWN)
        buf_printf(&k->names, " and %zu more", k->named - NAMES_SHOWN);
    k->named = 0;
    return buf_steal(&k->names);
}

static struct err *choose_rule(struct check *k, const char *text)
{
    k->refuse = strcmp(text, "refuse") == 0;
    k->differing = strcmp(text, "replace") == 0 ? USER_REPLACE : USER_KEPT;
    if (k->refuse || k->differing == USER_REPLACE || strcmp(text, "keep") == 0)
        return NULL;
    return err_new(ERR_USAGE, "--existing-users: '%s' is neither refuse nor keep nor replace", text);
}

/* Whether the account is about to be written. */
static bool is_written(const struct user_account *a)
{
    return a && (a->fate == USER_MAKE || a->fate == USER_REPLACE);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Statements in an order that two servers share. */
struct texts {
    char **items;
    size_t count;
};

static struct err *texts_add(struct texts *t, const char *sql)
{
    t->items = mem_resize(t->items, t->count + 1, sizeof(*t->items));
    return grant_sorted(sql, &t->items[t->count++]);
}

static void texts_sort(struct texts *t)
{
    if (t->count)
        qsort(t->items, t->count, sizeof(*t->items), compare_texts);
}

static void texts_free(struct texts *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->items[i]);
    free(t->items);
}

static bool texts_equal(const struct texts *a, const struct texts *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    return true;
}

static struct err *compare(const struct users *u, const struct user_account *a,
                           const struct account_entry *there, bool *same)
{
    struct texts wanted = {0};
    struct texts found = {0};
    struct err *e = NULL;

    for (size_t i = 0; i < u->count && !e; i++)
        if (u->statements[i].of == a)
            e = texts_add(&wanted, u->statements[i].sql);
    for (size_t i = 0; i < there->count && !e; i++)
        e = texts_add(&found, there->statements[i]);
    texts_sort(&wanted);
    texts_sort(&found);
    *same = !e && texts_equal(&wanted, &found);
    texts_free(&wanted);
    texts_free(&found);
    return e;
}

/* Everybody is there without having been made. */
static bool is_there(const struct user_account *a, const struct account_entry *there)
{
    return !account_is_public(&a->account) || there->count > 0;
}

static struct err *decide_existing(struct check *k, struct user_account *a)
{
    struct account_entry there = {.account = account_copy(&a->account)};
    bool same = false;
    struct err *e = account_entry_read(k->conn, &there);

    if (!e)
        e = compare(k->users, a, &there, &same);
    if (!e && !is_there(a, &there)) {
        a->fate = USER_MAKE;
    } else if (!e && same) {
        a->fate = USER_SAME;
    } else if (!e) {
        a->fate = k->differing;
        add_account(k, &a->account);
    }
    account_entry_free(&there);
    return e;
}

static struct err *decide(struct check *k)
{
    for (size_t i = 0; i < k->users->account_count; i++) {
        struct user_account *a = &k->users->accounts[i];
        a->fate = USER_MAKE;
        if (account_equal(&a->account, &k->own))
            a->fate = USER_OWN;
        else if (account_is_public(&a->account) || account_list_find(&k->there, &a->account))
            TRY(decide_existing(k, a));
    }
    if (!k->named)
        return NULL;
    char *names = take_names(k);
    struct err *e = NULL;
    if (k->refuse)
        e = err_hint(err_new(ERR_UNSAFE, "target: these users exist, unlike the source's: %s", names),
                     "leave them as they are (--existing-users=keep), make them the source's "
                     "(--existing-users=replace), or drop them");
    else if (k->differing == USER_KEPT)
        log_warn(k->log, "these users exist on the target, unlike the source's, and stay as they are: %s",
                 names);
    else
        log_warn(k->log, "these users of the target become the source's: %s", names);
    free(names);
    return e;
}

struct plugin_check {
    struct check *check;
    const struct user_statement *statement;
};

static struct err *check_plugin(const char *name, void *arg)
{
    const struct plugin_check *p = arg;
    char *quoted = sql_string_dup(name);
    uint64_t there = 0;
    struct err *e = conn_number(p->check->conn, &there,
                                "SELECT COUNT(*) FROM information_schema.PLUGINS WHERE PLUGIN_NAME = %s AND "
                                "PLUGIN_TYPE = 'AUTHENTICATION' AND PLUGIN_STATUS = 'ACTIVE'",
                                quoted);

    free(quoted);
    if (!e && !there) {
        char *user = account_text(&p->statement->grant.grantee);
        e = err_hint(err_new(ERR_TARGET, "target: the server lacks the authentication plugin %s of user %s",
                             name, user),
                     "install it on the target (INSTALL SONAME)");
        free(user);
    }
    return e;
}

static struct err *check_plugins(struct check *k)
{
    for (size_t i = 0; i < k->users->count; i++) {
        struct plugin_check p = {k, &k->users->statements[i]};
        if (is_written(p.statement->of) && p.statement->grant.kind == GRANT_CREATE)
            TRY(grant_each_plugin(p.statement->sql, check_plugin, &p));
    }
    return NULL;
}

/* A server that checks passwords does not take their hashes. */
static struct err *check_validation(struct check *k)
{
    uint64_t strict = 0;

    TRY(conn_number(k->conn, &strict,
                    "SELECT @@GLOBAL.strict_password_validation AND EXISTS (SELECT * FROM "
                    "information_schema.PLUGINS WHERE PLUGIN_TYPE = 'PASSWORD VALIDATION' AND "
                    "PLUGIN_STATUS = 'ACTIVE')"));
    if (!strict)
        return NULL;
    return err_hint(err_new(ERR_TARGET,
                            "target: strict_password_validation is on, so the server does not take "
                            "the hash of a password"),
                    "SET GLOBAL strict_password_validation = OFF for the time of the restore");
}

/* PREPARE reads a statement and does nothing: an older server does not know every privilege. */
static struct err *check_syntax(struct check *k)
{
    for (size_t i = 0; i < k->users->count; i++) {
        const struct user_statement *s = &k->users->statements[i];
        if (!is_written(s->of) || s->grant.package)
            continue;
        char *text = sql_string_dup(s->sql);
        struct err *e = conn_exec(k->conn, "PREPARE ccr_check FROM %s", text);
        free(text);
        if (!e) {
            TRY(conn_exec(k->conn, "DEALLOCATE PREPARE ccr_check"));
            continue;
        }
        if (conn_is_lost(k->conn))
            return e;
        err_free(e);                               /* it quotes from the statement, maybe a hash */
        if (conn_errno(k->conn) != ER_PARSE_ERROR) /* PREPARE does not take it, or it would fail by now */
            continue;
        return err_hint(err_new(ERR_TARGET, "target: the server does not understand: %.*s...",
                                (int)s->grant.grantee_end, s->sql),
                        "a target should not be older than its source");
    }
    return NULL;
}

/* What ccr's own user may hand on. */
struct own_rights {
    struct check *check;
    const struct account_entry *entry;
    bool all;
    const char *wanted; /* by has_privilege */
    bool found;
    json_t *asked; /* set of names that have been looked for */
};

static struct err *has_privilege(const struct grant_privilege *privilege, void *arg)
{
    struct own_rights *own = arg;

    own->found |= strcmp(privilege->name, own->wanted) == 0;
    return NULL;
}

/* Sets own->found: the privilege is among those that the account has everywhere, to hand on. */
static struct err *look_for(struct own_rights *own, const char *wanted)
{
    own->wanted = wanted;
    own->found = false;
    for (size_t i = 0; i < own->entry->count && !own->found; i++) {
        struct grant g;
        struct err *e = grant_parse(own->entry->statements[i], &g);
        bool proxy = strcmp(wanted, "PROXY") == 0;
        if (!e && g.option && g.kind == (proxy ? GRANT_PROXY : GRANT_GLOBAL))
            e = grant_each_privilege(own->entry->statements[i], &g, has_privilege, own);
        grant_free(&g);
        TRY(e);
    }
    return NULL;
}

static struct err *check_right(struct own_rights *own, const char *name)
{
    if ((own->all && strcmp(name, "PROXY") != 0) || strcmp(name, "USAGE") == 0 ||
        json_object_get(own->asked, name))
        return NULL;
    json_object_set_new(own->asked, name, json_true());
    TRY(look_for(own, name));
    if (!own->found)
        add_name(own->check, name);
    return NULL;
}

static struct err *check_privilege(const struct grant_privilege *privilege, void *arg)
{
    return check_right(arg, privilege->name);
}

static struct err *collect_rights(struct own_rights *own)
{
    struct users *u = own->check->users;

    TRY(look_for(own, "ALL PRIVILEGES"));
    own->all = own->found;
    if (users_count(u, USER_MAKE) + users_count(u, USER_REPLACE) > 0)
        TRY(check_right(own, "CREATE USER"));
    for (size_t i = 0; i < u->count; i++) {
        const struct user_statement *s = &u->statements[i];
        if (is_written(s->of) && s->grant.privileges_end)
            TRY(grant_each_privilege(s->sql, &s->grant, check_privilege, own));
    }
    return NULL;
}

static struct err *check_rights(struct check *k)
{
    struct account_entry entry = {.account = account_copy(&k->own)};
    struct own_rights own = {.check = k, .entry = &entry, .asked = json_object()};
    struct err *e = account_entry_read(k->conn, &entry);

    if (!e)
        e = collect_rights(&own);
    if (!e && k->named) {
        char *names = take_names(k);
        char *user = account_text(&k->own);
        e = err_hint(
            err_new(ERR_TARGET, "target: %s does not have these privileges WITH GRANT OPTION: %s", user,
                    names),
            "who makes users can give them what he has himself: the README lists what --with-users needs");
        free(names);
        free(user);
    }
    json_decref(own.asked);
    account_entry_free(&entry);
    return e;
}

/* A role that is not made here can be handed on by its administrators only. */
static struct err *check_roles(struct check *k)
{
    for (size_t i = 0; i < k->users->count; i++) {
        const struct user_statement *s = &k->users->statements[i];
        struct account role = {s->grant.role, NULL};
        if (!is_written(s->of) || s->grant.kind != GRANT_ROLE)
            continue;
        const struct user_account *a = users_find(k->users, &role);
        if (a && a->fate == USER_MAKE)
            continue;
        uint64_t may = 0;
        char *name = sql_string_dup(s->grant.role);
        struct err *e = conn_number(k->conn, &may,
                                    "SELECT COUNT(*) FROM information_schema.APPLICABLE_ROLES WHERE "
                                    "ROLE_NAME = %s AND IS_GRANTABLE = 'YES'",
                                    name);
        free(name);
        TRY(e);
        if (may)
            continue;
        char *user = account_text(&k->own);
        e = err_hint(err_new(ERR_TARGET, "target: role %s exists, and %s is not its administrator",
                             s->grant.role, user),
                     "GRANT the role to ccr's user WITH ADMIN OPTION, or drop it");
        free(user);
        return e;
    }
    return NULL;
}

static bool is_host_name(const char *host)
{
    return host && strcmp(host, "localhost") != 0 && !strchr(host, ':') &&
           strspn(host, "0123456789.%_/") != strlen(host);
}

/* The server would ignore accounts whose host is a name. */
static struct err *warn_of_host_names(struct check *k)
{
    uint64_t skipped = 0;

    TRY(conn_number(k->conn, &skipped, "SELECT @@GLOBAL.skip_name_resolve"));
    for (size_t i = 0; i < k->users->account_count && skipped; i++) {
        const struct user_account *a = &k->users->accounts[i];
        if (!is_written(a) || !is_host_name(a->account.host))
            continue;
        add_account(k, &a->account);
    }
    if (k->named) {
        char *names = take_names(k);
        log_warn(k->log, "the target ignores users by the name of their host (skip_name_resolve): %s", names);
        free(names);
    }
    return NULL;
}

static struct err *check_all(struct check *k, const struct restore_plan *p)
{
    TRY(choose_rule(k, p->existing_users));
    TRY(account_of_connection(k->conn, &k->own));
    TRY(account_list_names(k->conn, &k->there));
    TRY(decide(k));
    if (k->users->out_of_scope)
        log_info(k->log, "%zu privileges are on what is not in scope: they do not go along",
                 k->users->out_of_scope);
    TRY(check_plugins(k));
    TRY(check_validation(k));
    TRY(check_rights(k));
    TRY(check_roles(k));
    TRY(check_syntax(k));
    return warn_of_host_names(k);
}

struct err *users_check(struct conn *c, const struct restore_plan *p, struct users *u, struct log *log)
{
    struct check k = {.conn = c, .users = u, .log = log, .names = BUF_INIT};
    struct err *e = check_all(&k, p);

    account_free(&k.own);
    account_list_free(&k.there);
    buf_free(&k.names);
    return e;
}
