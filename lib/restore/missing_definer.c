#include "restore/missing_definer.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mysql/charset.h"
#include "restore/ddl.h"

enum { DEFINERS_SHOWN = 20 };

struct err *missing_definer_parse(const char *text, struct missing_definer *out)
{
    const char *at = text ? strrchr(text, '@') : NULL;

    *out = (struct missing_definer){.rule = DEFINER_REFUSE};
    if (!text || strcmp(text, "refuse") == 0)
        return NULL;
    if (strcmp(text, "keep") == 0) {
        out->rule = DEFINER_KEEP;
        return NULL;
    }
    if (!at || at == text || !at[1])
        return err_hint(
            err_new(ERR_USAGE, "--missing-definer: '%s' is neither refuse nor keep nor USER@HOST", text),
            "a user that may log in from everywhere is USER@%%");
    out->rule = DEFINER_REPLACE;
    out->account.user = mem_strndup(text, (size_t)(at - text));
    out->account.host = mem_strdup(at + 1);
    return NULL;
}

char *missing_definer_text(const struct missing_definer *m)
{
    if (m->rule == DEFINER_REPLACE)
        return account_text(&m->account);
    return mem_strdup(m->rule == DEFINER_KEEP ? "keep" : "refuse");
}

void missing_definer_free(struct missing_definer *m)
{
    account_free(&m->account);
}

/* *found is false where the definition names no definer. The account's names are UTF-8. */
static struct err *read_definer(struct conn *c, const struct manifest_object *o, const char *sql,
                                struct definer *out, bool *found)
{
    *found = definer_find(sql, ddl_lexing_mode(o->sql_mode), out);
    if (!*found) {
        account_free(&out->account);
        return NULL;
    }
    return account_to_utf8(c, o->character_set_client, &out->account);
}

struct err *missing_definer_place(struct conn *c, const struct missing_definer *m,
                                  const struct account_list *there, const struct manifest_object *o,
                                  const char *sql, struct buf *out)
{
    struct definer definer = {0};
    bool found = false;
    bool exact = true;
    struct err *e = NULL;

    if (m->rule == DEFINER_REPLACE)
        e = read_definer(c, o, sql, &definer, &found);
    if (e || !found || account_list_find(there, &definer.account)) {
        buf_append_str(out, sql);
    } else {
        char *instead = account_sql_dup(&m->account);
        buf_append(out, sql, definer.start);
        e = charset_convert(c, "utf8mb4", o->character_set_client, instead, strlen(instead), out, &exact);
        if (!e && !exact)
            e = err_new(ERR_USAGE,
                        "--missing-definer: %s cannot be written in %s, the character set of %s %s.%s",
                        instead, o->character_set_client, object_kind_name(o->kind), o->db, o->name);
        buf_append_str(out, sql + definer.end);
        free(instead);
    }
    account_free(&definer.account);
    return e;
}

/* A definer that is not there, with one of the objects that it defines. */
struct missing {
    struct account account;
    const struct manifest_object *object;
    size_t more;
};

struct missing_list {
    struct missing *items;
    size_t count;
};

/* Takes the account. */
static void missing_add(struct missing_list *l, const struct manifest_object *o, struct account *account)
{
    for (size_t i = 0; i < l->count; i++) {
        if (!account_equal(&l->items[i].account, account))
            continue;
        l->items[i].more++;
        account_free(account);
        return;
    }
    l->items = mem_resize(l->items, l->count + 1, sizeof(*l->items));
    l->items[l->count++] = (struct missing){*account, o, 0};
}

static void missing_free(struct missing_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        account_free(&l->items[i].account);
    free(l->items);
}

static bool has_definer(enum object_kind kind)
{
    return kind != OBJECT_DATABASE && kind != OBJECT_TABLE && kind != OBJECT_SEQUENCE;
}

static struct err *missing_list_read(struct conn *c, const struct restore_plan *p, char *const *definitions,
                                     const struct account_list *there, const struct account_list *coming,
                                     struct missing_list *out)
{
    for (size_t i = 0; i < p->manifest->object_count; i++) {
        const struct manifest_object *o = &p->manifest->objects[i];
        struct definer definer;
        bool found;
        if (!p->in_scope[i] || !has_definer(o->kind))
            continue;
        TRY(read_definer(c, o, definitions[i], &definer, &found));
        if (!found)
            continue;
        if (account_list_find(there, &definer.account) || account_list_find(coming, &definer.account))
            account_free(&definer.account);
        else
            missing_add(out, o, &definer.account);
    }
    return NULL;
}

/* "a@b (view x.y and 2 more), ..." */
static char *missing_text(const struct missing_list *l)
{
    struct buf out = BUF_INIT;

    for (size_t i = 0; i < l->count && i < DEFINERS_SHOWN; i++) {
        const struct missing *m = &l->items[i];
        char *name = account_text(&m->account);
        buf_printf(&out, "%s%s (%s %s.%s", i ? ", " : "", name, object_kind_name(m->object->kind),
                   m->object->db, m->object->name);
        if (m->more)
            buf_printf(&out, " and %zu more", m->more);
        buf_append_byte(&out, ')');
        free(name);
    }
    if (l->count > DEFINERS_SHOWN)
        buf_printf(&out, " and %zu more definers", l->count - DEFINERS_SHOWN);
    return buf_steal(&out);
}

/* The server would make a user `role`@`%` of it. */
static struct err *refuse_roles(const struct missing_list *l)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct missing *m = &l->items[i];
        if (!m->account.host)
            return err_hint(
                err_new(ERR_UNSAFE,
                        "target: role %s does not exist, and the server does not keep a missing role "
                        "as a definer (%s %s.%s)",
                        m->account.user, object_kind_name(m->object->kind), m->object->db, m->object->name),
                "create the role, bring it along (--with-users), or name another definer "
                "(--missing-definer=USER@HOST)");
    }
    return NULL;
}

static struct err *decide(const struct missing_definer *m, const char *names, struct log *log)
{
    char *instead = missing_definer_text(m);

    if (m->rule == DEFINER_KEEP)
        log_warn(log,
                 "these definers do not exist on the target, and what they define fails when it is "
                 "used, until they do: %s",
                 names);
    else if (m->rule == DEFINER_REPLACE)
        log_warn(log, "these definers do not exist on the target, %s takes their place: %s", instead, names);
    free(instead);
    if (m->rule != DEFINER_REFUSE)
        return NULL;
    return err_hint(err_new(ERR_UNSAFE, "target: these definers do not exist: %s", names),
                    "create them, or bring them along (--with-users); or have all kept as it is "
                    "(--missing-definer=keep), or defined by another user (--missing-definer=USER@HOST)");
}

static struct err *check_instead(const struct missing_definer *m, const struct account_list *there,
                                 const struct account_list *coming)
{
    if (m->rule != DEFINER_REPLACE || account_list_find(there, &m->account) ||
        account_list_find(coming, &m->account))
        return NULL;
    char *name = account_text(&m->account);
    struct err *e = err_new(ERR_USAGE, "--missing-definer: %s does not exist on the target", name);
    free(name);
    return e;
}

struct err *missing_definer_check(struct conn *c, const struct restore_plan *p, char *const *definitions,
                                  const struct account_list *coming, struct log *log)
{
    const struct missing_definer *m = &p->missing_definer;
    struct account_list there = {0};
    struct missing_list missing = {0};
    struct err *e = account_list_names(c, &there);

    if (!e)
        e = check_instead(m, &there, coming);
    if (!e)
        e = missing_list_read(c, p, definitions, &there, coming, &missing);
    if (!e && missing.count) {
        char *names = missing_text(&missing);
        e = m->rule == DEFINER_KEEP ? refuse_roles(&missing) : NULL;
        if (!e)
            e = decide(m, names, log);
        free(names);
    }
    missing_free(&missing);
    account_list_free(&there);
    return e;
}
