/* The statements of a snapshot's users: split, placed, and divided among the accounts. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mysql/catalog.h"
#include "restore/users.h"
#include "snapshot/definitions.h"

static int compare_accounts(const void *a, const void *b)
{
    return account_compare(&((const struct user_account *)a)->account,
                           &((const struct user_account *)b)->account);
}

struct user_account *users_find(const struct users *u, const struct account *a)
{
    const struct user_account key = {.account = *a};

    if (!u->account_count)
        return NULL;
    return bsearch(&key, u->accounts, u->account_count, sizeof(*u->accounts), compare_accounts);
}

size_t users_count(const struct users *u, enum user_fate fate)
{
    size_t n = 0;

    for (size_t i = 0; i < u->account_count; i++)
        n += u->accounts[i].fate == fate;
    return n;
}

static void user_statement_free(struct user_statement *s)
{
    free(s->sql);
    grant_free(&s->grant);
}

void users_free(struct users *u)
{
    if (!u)
        return;
    for (size_t i = 0; i < u->count; i++)
        user_statement_free(&u->statements[i]);
    for (size_t i = 0; i < u->left_out_count; i++)
        user_statement_free(&u->left_out_roles[i]);
    for (size_t i = 0; i < u->account_count; i++)
        account_free(&u->accounts[i].account);
    free(u->statements);
    free(u->left_out_roles);
    free(u->accounts);
    free(u);
}

/* As LIKE reads a pattern, with backslash escapes. */
static bool pattern_covers(const char *pattern, const char *name)
{
    for (; *pattern; pattern++) {
        if (*pattern == '%') {
            do {
                if (pattern_covers(pattern + 1, name))
                    return true;
            } while (*name++);
            return false;
        }
        if (*pattern == '\\' && pattern[1])
            pattern++;
        else if (*pattern == '_' && *name) {
            name++;
            while (((unsigned char)*name & 0xC0) == 0x80) /* the rest of a character */
                name++;
            continue;
        }
        if (*pattern != *name++)
            return false;
    }
    return !*name;
}

struct place {
    const struct restore_plan *plan;
    struct log *log;
    const struct user_statement *statement;
    struct buf object; /* as it is called on the target; empty where nothing changes */
};

static bool is_everything(const struct scope *s)
{
    return !s->databases.count && !s->tables.count && !s->exclude_databases.count && !s->exclude_tables.count;
}

/* A true pattern stays what it is, and covers what it covers on the target. */
static bool place_pattern(struct place *p, const char *pattern)
{
    bool covers = false;

    for (size_t i = 0; i < p->plan->db_count; i++) {
        const struct restore_db *db = &p->plan->dbs[i];
        if (!*db->name || !pattern_covers(pattern, db->name))
            continue;
        covers = true;
        if (!p->log || pattern_covers(pattern, db->target))
            continue;
        char *grantee = account_text(&p->statement->grant.grantee);
        log_warn(p->log,
                 "privileges of %s on databases that are called like %s: %s is called %s here, they do not "
                 "cover it",
                 grantee, pattern, db->name, db->target);
        free(grantee);
    }
    return covers || is_everything(&p->plan->job->scope);
}

static bool place_database(struct place *p, const char *pattern)
{
    const struct scope *s = &p->plan->job->scope;
    /* people write my_app and mean that one database: it stays as loose under another name, but for a % */
    bool loose = restore_plan_db(p->plan, pattern) != NULL;
    char *name = loose ? mem_strdup(pattern) : grant_pattern_name(pattern);
    bool goes = true;

    if (!name)
        return place_pattern(p, pattern);
    if (!catalog_is_system_database(name)) {
        const char *target = scope_target_database(s, name);
        goes = scope_programs(s, name);
        if (goes && strcmp(target, name) != 0) {
            bool as_it_is = loose && !strchr(target, '%') && !strchr(target, '\\');
            char *escaped = as_it_is ? mem_strdup(target) : grant_pattern_of(target);
            sql_ident(&p->object, escaped);
            buf_append_str(&p->object, ".*");
            free(escaped);
        }
    }
    free(name);
    return goes;
}

static bool place_table(struct place *p, const char *db, const char *name)
{
    const struct scope *s = &p->plan->job->scope;

    if (catalog_is_system_database(db))
        return true;
    struct scope_name target = scope_target_table(s, db, name);
    if (strcmp(target.db, db) != 0 || strcmp(target.name, name) != 0)
        sql_table(&p->object, target.db, target.name);
    return scope_table(s, db, name);
}

static bool place_routine(struct place *p, const char *db, const char *name)
{
    const struct scope *s = &p->plan->job->scope;
    const char *target = scope_target_database(s, db);

    if (catalog_is_system_database(db))
        return true;
    if (strcmp(target, db) != 0)
        sql_table(&p->object, target, name);
    return scope_programs(s, db);
}

/* False for a privilege that does not go along. */
static bool place_grant(struct place *p)
{
    const struct grant *g = &p->statement->grant;

    switch (g->kind) {
    case GRANT_DATABASE:
        return place_database(p, g->db);
    case GRANT_TABLE:
        return place_table(p, g->db, g->name);
    case GRANT_ROUTINE:
        return place_routine(p, g->db, g->name);
    case GRANT_CREATE:
    case GRANT_ALTER:
    case GRANT_ROLE:
    case GRANT_DEFAULT_ROLE:
    case GRANT_PROXY:
    case GRANT_GLOBAL:
        break;
    }
    return true;
}

/* Puts the object's new name into the statement. */
static struct err *rename_object(struct user_statement *s, const struct buf *object)
{
    char *sql = mem_printf("%.*s%.*s%s", (int)s->grant.object_start, s->sql, (int)object->len,
                           (const char *)object->data, s->sql + s->grant.object_end);

    user_statement_free(s);
    s->sql = sql;
    return grant_parse(sql, &s->grant);
}

/* Takes sql. */
static struct err *add_statement(struct users *u, const struct restore_plan *plan, struct log *log, char *sql)
{
    struct user_statement s = {.sql = sql};
    struct place p = {.plan = plan, .log = log, .statement = &s, .object = BUF_INIT};
    struct err *e = grant_parse(sql, &s.grant);
    bool goes = !e && place_grant(&p);

    if (goes && p.object.len)
        e = rename_object(&s, &p.object);
    buf_free(&p.object);
    if (e || !goes) {
        u->out_of_scope += !e;
        user_statement_free(&s);
        return e;
    }
    u->statements = mem_resize(u->statements, u->count + 1, sizeof(*u->statements));
    u->statements[u->count++] = s;
    return NULL;
}

/* SET NAMES and SET sql_mode are for other readers. */
static bool is_setting(const char *sql)
{
    return strncmp(sql, "SET ", 4) == 0 && strncmp(sql, "SET DEFAULT ROLE ", 17) != 0;
}

static struct err *split(struct users *u, const struct restore_plan *p, struct log *log,
                         const struct buf *text)
{
    struct sql_lexer l;
    const char *start = NULL;
    struct err *e = NULL;

    sql_lexer_init(&l, (const char *)text->data, text->len, 0);
    while (!e) {
        struct sql_token t = sql_lexer_next(&l);
        if (t.type == SQL_END && !start)
            return NULL;
        if (t.type == SQL_END || t.type == SQL_BAD)
            return err_new(ERR_INTEGRITY,
                           "snapshot %s: the text about its users ends in the middle of a statement",
                           p->manifest->id);
        if (!start)
            start = t.text;
        if (!sql_token_is_symbol(&t, ';'))
            continue;
        char *sql = mem_strndup(start, (size_t)(t.text - start));
        start = NULL;
        if (is_setting(sql))
            free(sql);
        else
            e = add_statement(u, p, log, sql);
    }
    return e;
}

static void list_accounts(struct users *u)
{
    size_t kept = 0;

    u->accounts = mem_zalloc(u->count + 1, sizeof(*u->accounts));
    for (size_t i = 0; i < u->count; i++)
        u->accounts[u->account_count++].account = account_copy(&u->statements[i].grant.grantee);
    if (u->account_count)
        qsort(u->accounts, u->account_count, sizeof(*u->accounts), compare_accounts);
    for (size_t i = 0; i < u->account_count; i++) {
        if (kept && account_equal(&u->accounts[kept - 1].account, &u->accounts[i].account))
            account_free(&u->accounts[i].account);
        else
            u->accounts[kept++] = u->accounts[i];
    }
    u->account_count = kept;
    for (size_t i = 0; i < u->count; i++)
        u->statements[i].of = users_find(u, &u->statements[i].grant.grantee);
}

static struct err *read_left_out(struct users *u, const struct manifest_users *m)
{
    u->left_out_roles = mem_zalloc(m->role_grant_count + 1, sizeof(*u->left_out_roles));
    for (size_t i = 0; i < m->role_grant_count; i++) {
        struct user_statement *s = &u->left_out_roles[u->left_out_count++];
        s->sql = mem_strdup(m->role_grants[i]);
        TRY(grant_parse(s->sql, &s->grant));
    }
    return NULL;
}

struct err *users_read(struct store *s, const struct restore_plan *p, struct log *log, struct users **out)
{
    const struct manifest *m = p->manifest;
    struct buf text = BUF_INIT;

    if (!m->users.piece_count)
        return err_hint(err_new(ERR_USAGE, "snapshot %s was taken without users", m->id),
                        "take one with ccr-backup --with-users, or restore without --with-users");
    struct users *u = mem_zalloc(1, sizeof(*u));
    struct err *e = pieces_read(s, m, m->users.pieces, m->users.piece_count, &text);
    if (!e)
        e = split(u, p, log, &text);
    if (!e)
        e = read_left_out(u, &m->users);
    buf_free(&text);
    if (e) {
        users_free(u);
        return err_context(e, "reading the users of snapshot %s", m->id);
    }
    list_accounts(u);
    *out = u;
    return NULL;
}

struct account_list users_coming(const struct users *u)
{
    struct account_list l = {mem_zalloc(u->account_count + 1, sizeof(*l.items)), 0};

    /* roles first, as account_list_find has it */
    for (int roles = 1; roles >= 0; roles--)
        for (size_t i = 0; i < u->account_count; i++)
            if ((u->accounts[i].account.host == NULL) == (roles == 1))
                l.items[l.count++].account = u->accounts[i].account;
    return l;
}

json_t *users_to_json(const struct users *u)
{
    json_t *array = json_array();

    for (size_t i = 0; i < u->account_count; i++) {
        const struct user_account *a = &u->accounts[i];
        if (a->fate != USER_MAKE && a->fate != USER_REPLACE)
            continue;
        json_t *item = json_pack("{s:s, s:b}", "user", a->account.user, "replace", a->fate == USER_REPLACE);
        if (a->account.host)
            json_object_set_new(item, "host", json_string(a->account.host));
        json_array_append_new(array, item);
    }
    return array;
}

static struct err *fate_from_json(const struct json_doc *doc, const json_t *item, struct users *u)
{
    const char *user, *host = NULL;
    bool replace;

    TRY(json_string_of(doc, item, "user", &user));
    TRY(json_opt_string_of(doc, item, "host", &host));
    TRY(json_bool_of(doc, item, "replace", &replace));
    struct account key = {mem_strdup(user), host ? mem_strdup(host) : NULL};
    struct user_account *a = users_find(u, &key);
    account_free(&key);
    if (!a)
        return err_new(doc->code, "%s: user %s is not in the snapshot", doc->name, user);
    a->fate = replace ? USER_REPLACE : USER_MAKE;
    return NULL;
}

struct err *users_from_json(const struct json_doc *doc, const json_t *array, struct users *u)
{
    size_t i;
    json_t *item;

    for (i = 0; i < u->account_count; i++)
        u->accounts[i].fate = USER_KEPT;
    json_array_foreach(array, i, item) TRY(fate_from_json(doc, item, u));
    return NULL;
}
