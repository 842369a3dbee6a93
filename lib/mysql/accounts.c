#include "mysql/accounts.h"

#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/mem.h"
#include "mysql/charset.h"

/* Session settings that change how names and strings are printed. */
#define SHOW_SETTINGS "SET STATEMENT sql_mode='', sql_quote_show_create=1 FOR "

void account_entry_free(struct account_entry *entry)
{
    account_free(&entry->account);
    for (size_t i = 0; i < entry->count; i++)
        free(entry->statements[i]);
    free(entry->statements);
    *entry = (struct account_entry){0};
}

void account_list_free(struct account_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        account_entry_free(&l->items[i]);
    free(l->items);
    *l = (struct account_list){0};
}

static int compare_entries(const void *a, const void *b)
{
    const struct account *x = &((const struct account_entry *)a)->account;
    const struct account *y = &((const struct account_entry *)b)->account;

    if (!x->host != !y->host)
        return x->host ? 1 : -1;
    return account_compare(x, y);
}

const struct account_entry *account_list_find(const struct account_list *l, const struct account *a)
{
    const struct account_entry key = {.account = *a};

    return l->count ? bsearch(&key, l->items, l->count, sizeof(*l->items), compare_entries) : NULL;
}

struct err *account_list_names(struct conn *c, struct account_list *out)
{
    struct result *r = NULL;
    char **row;

    *out = (struct account_list){0};
    TRY(conn_query(c, &r,
                   "SELECT User, Host, COALESCE(JSON_VALUE(Priv, '$.is_role'), 0) FROM mysql.global_priv"));
    out->items = mem_zalloc(result_count(r) + 1, sizeof(*out->items));
    while ((row = result_next(r, NULL)) != NULL) {
        bool role = strcmp(row[2], "1") == 0 || strcmp(row[2], "true") == 0;
        out->items[out->count++].account =
            (struct account){mem_strdup(row[0]), role ? NULL : mem_strdup(row[1])};
    }
    result_free(r);
    if (out->count)
        qsort(out->items, out->count, sizeof(*out->items), compare_entries);
    return NULL;
}

static void entry_add(struct account_entry *entry, char *sql)
{
    entry->statements = mem_resize(entry->statements, entry->count + 1, sizeof(*entry->statements));
    entry->statements[entry->count++] = sql;
}

/* A GRANT without what CREATE USER says too; NULL where nothing is left of it. */
static char *bare_grant(const char *sql, const struct grant *g)
{
    static const char usage[] = "USAGE ";

    if (g->kind != GRANT_GLOBAL)
        return mem_strdup(sql);
    if (!g->option && strncmp(sql + g->privileges_start, usage, sizeof(usage) - 1) == 0)
        return NULL;
    return mem_printf("%.*s%s", (int)g->grantee_end, sql, g->option ? " WITH GRANT OPTION" : "");
}

/* SHOW GRANTS tells of the roles that a role has as well. */
static struct err *entry_add_grant(struct account_entry *entry, const char *sql)
{
    struct grant g;
    struct err *e = grant_parse(sql, &g);

    if (!e && account_equal(&g.grantee, &entry->account)) {
        char *bare = bare_grant(sql, &g);
        if (bare)
            entry_add(entry, bare);
    }
    grant_free(&g);
    return e;
}

static struct err *read_create(struct conn *c, struct account_entry *entry, const char *quoted)
{
    struct result *r = NULL;
    char **row;

    if (!entry->account.host) {
        if (!account_is_public(&entry->account))
            entry_add(entry, mem_printf("CREATE ROLE %s", quoted));
        return NULL;
    }
    TRY(conn_query(c, &r, SHOW_SETTINGS "SHOW CREATE USER %s", quoted));
    while ((row = result_next(r, NULL)) != NULL)
        entry_add(entry, mem_strdup(row[0]));
    result_free(r);
    return NULL;
}

static struct err *read_grants(struct conn *c, struct account_entry *entry, const char *quoted)
{
    struct result *r = NULL;
    char **row;
    struct err *e = conn_query(c, &r, SHOW_SETTINGS "SHOW GRANTS FOR %s", quoted);

    while (!e && (row = result_next(r, NULL)) != NULL)
        e = entry_add_grant(entry, row[0]);
    result_free(r);
    return e;
}

struct err *account_entry_read(struct conn *c, struct account_entry *entry)
{
    char *quoted = account_sql_dup(&entry->account);
    struct err *e = read_create(c, entry, quoted);

    if (!e)
        e = read_grants(c, entry, quoted);
    if (e && (conn_errno(c) == ER_PASSWORD_NO_MATCH || conn_errno(c) == ER_NONEXISTING_GRANT)) {
        err_free(e);
        e = NULL;
        entry->unknown = true;
    }
    if (e) {
        char *text = account_text(&entry->account);
        e = err_context(e, "reading the privileges of %s", text);
        free(text);
    }
    free(quoted);
    return e;
}

struct err *account_list_read(struct conn *c, struct account_list *out)
{
    struct err *e = account_list_names(c, out);

    for (size_t i = 0; i < out->count && !e; i++)
        e = account_entry_read(c, &out->items[i]);
    if (e)
        account_list_free(out);
    return e;
}

static struct err *name_to_utf8(struct conn *c, const char *charset, char **name)
{
    struct buf out = BUF_INIT;
    bool exact = true;

    if (!*name)
        return NULL;
    struct err *e = charset_convert(c, charset, "utf8mb4", *name, strlen(*name), &out, &exact);
    if (!e && exact) {
        free(*name);
        *name = buf_steal(&out);
    }
    buf_free(&out);
    return e;
}

struct err *account_to_utf8(struct conn *c, const char *charset, struct account *a)
{
    TRY(name_to_utf8(c, charset, &a->user));
    return name_to_utf8(c, charset, &a->host);
}

struct err *account_of_connection(struct conn *c, struct account *out)
{
    char *name = NULL;

    *out = (struct account){0};
    TRY(conn_value(c, &name, "SELECT CURRENT_USER()"));
    char *at = name ? strrchr(name, '@') : NULL;
    if (at) {
        out->user = mem_strndup(name, (size_t)(at - name));
        out->host = mem_strdup(at + 1);
    }
    free(name);
    return at ? NULL : err_new(conn_code(c), "the server does not tell who this connection is");
}
