/* Which statements a job follows, and what those that cross the border of its scope mean. */
#include "replay/schema_scope.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "binlog/statement_refs.h"
#include "replay/schema_border.h"

static const struct scope *scope_of(const struct schema_change *s)
{
    return &s->a->job->scope;
}

static bool name_in_scope(const struct schema_change *s, const struct statement_name *n)
{
    const char *db = schema_change_db(s, n);

    switch (s->statement.kind) {
    case STATEMENT_DATABASE:
        return scope_database(scope_of(s), db) != SCOPE_OUT;
    case STATEMENT_TRIGGER: /* where its table goes; when it is dropped, whatever is recorded under its name
                               goes */
        return n->role == STATEMENT_ON ? scope_table(scope_of(s), db, n->name)
                                       : scope_database(scope_of(s), db) != SCOPE_OUT;
    case STATEMENT_FUNCTION:
    case STATEMENT_PROCEDURE:
    case STATEMENT_PACKAGE:
    case STATEMENT_PACKAGE_BODY:
    case STATEMENT_EVENT:
        return scope_programs(scope_of(s), db);
    case STATEMENT_NO_OBJECT:
    case STATEMENT_TABLE:
    case STATEMENT_SEQUENCE:
    case STATEMENT_VIEW:
    default:
        return n->name && scope_table(scope_of(s), db, n->name);
    }
}

/* Stops at what s->a->need lists. */
static struct err *stop_at_needs(struct schema_change *s, const char *why)
{
    struct need *n = &s->a->need;
    struct buf tables = BUF_INIT;

    for (size_t i = 0; i < n->count; i++)
        buf_printf(&tables, "%s%s.%s", i ? "," : "", n->tables[i].db,
                   n->tables[i].name[0] ? n->tables[i].name : "*");
    char *what = n->count == 1 ? mem_printf("%s (table %s)", why, buf_str(&tables))
                               : mem_printf("%s (%zu tables)", why, n->count);
    struct err *e = schema_change_stop(s, ERR_RESYNC, what);
    free(what);
    n->reason = mem_strdup(err_message(e));
    n->gtid = s->t->begin.gtid;
    e = err_hint(e,
                 "take a snapshot of %s (ccr-backup --tables %s) and bring %s in (ccr-restore --job %s "
                 "--tables %s); the need is recorded in ccr.needs on the target",
                 n->count == 1 ? "it" : "them", buf_str(&tables), n->count == 1 ? "it" : "them",
                 s->a->job->name, buf_str(&tables));
    buf_free(&tables);
    return e;
}

struct err *schema_scope_need(struct schema_change *s, const struct statement_name *n, const char *why)
{
    need_free(&s->a->need);
    need_add(&s->a->need, schema_change_db(s, n), n->name ? n->name : "");
    return stop_at_needs(s, why);
}

/* Pairs FROM, TO: all that come from outside are needed at once, as a restore on a source swaps in many. */
static struct err *check_entering(struct schema_change *s)
{
    bool restored = false;

    need_free(&s->a->need);
    for (size_t i = 0; i + 1 < s->statement.name_count; i += 2) {
        const struct statement_name *from = &s->statement.names[i];
        const struct statement_name *to = &s->statement.names[i + 1];
        if (name_in_scope(s, from) || !name_in_scope(s, to))
            continue;
        need_add(&s->a->need, schema_change_db(s, to), to->name);
        restored |= catalog_is_restore_database(schema_change_db(s, from));
    }
    if (s->a->need.count == 0)
        return NULL;
    return stop_at_needs(s, restored ? "the source is itself a target, and a ccr-restore there has swapped "
                                       "in what the job follows"
                            : s->a->need.count == 1 ? "a table was renamed into what the job follows"
                                                    : "tables were renamed into what the job follows");
}

/* Pairs FROM, TO. */
static struct err *scope_of_rename(struct schema_change *s, bool *in_scope)
{
    size_t stays = 0;
    size_t outside = 0;
    const struct statement_name *leaves = NULL;

    TRY(check_entering(s));
    for (size_t i = 0; i + 1 < s->statement.name_count; i += 2) {
        bool from = name_in_scope(s, &s->statement.names[i]);
        bool to = name_in_scope(s, &s->statement.names[i + 1]);
        stays += from && to;
        outside += !from && !to;
        if (from && !to)
            leaves = &s->statement.names[i];
    }
    if (leaves && stays)
        return schema_scope_need(
            s, leaves, "tables were renamed out of what the job follows and within it, in one statement");
    *in_scope = leaves || stays;
    if (leaves)
        s->border = BORDER_LEAVE;
    else if (outside && stays)
        s->border = BORDER_REDUCE;
    return NULL;
}

static struct err *scope_of_database(struct schema_change *s, bool *in_scope)
{
    const char *db = schema_change_db(s, &s->statement.names[0]);
    bool plain = schema_border_is_plain(scope_of(s), db);

    *in_scope = name_in_scope(s, &s->statement.names[0]);
    if (plain || !*in_scope || s->statement.action == STATEMENT_ALTER)
        return NULL;
    if (s->statement.or_replace)
        return schema_scope_need(s, &s->statement.names[0],
                                 "a database that is followed in part was replaced");
    s->border = s->statement.action == STATEMENT_DROP ? BORDER_CLEAR : BORDER_MAKE;
    return NULL;
}

/* What a view reads must be there. */
static struct err *scope_of_view(struct schema_change *s)
{
    struct statement_refs refs;
    struct err *e = statement_refs_read(s->query->sql, s->query->sql_len, s->session.sql_mode, &refs);

    for (size_t i = 0; i < refs.count && !e; i++) {
        const struct statement_ref *r = &refs.items[i];
        const char *db = r->db ? r->db : s->default_db;
        if (r->kind != REF_TABLE || scope_table(scope_of(s), db, r->name) ||
            (catalog_is_system_database(db) && strcmp(db, JOB_DATABASE) != 0) ||
            (!r->db && statement_refs_has_alias(&refs, r->name)))
            continue;
        if (scope_is_behind(scope_of(s), db, r->name))
            s->reads_behind = true;
        else
            e = schema_scope_need(s, &s->statement.names[0], "a view reads what the job does not follow");
    }
    statement_refs_free(&refs);
    return e;
}

/* All other statements: an object, and others that it names. */
static struct err *scope_of_others(struct schema_change *s, bool *in_scope)
{
    const struct statement *st = &s->statement;
    const struct statement_name *in = NULL;
    bool out = false;
    bool refers_out = false;
    bool leaves = false;

    for (size_t i = 0; i < st->name_count; i++) {
        const struct statement_name *n = &st->names[i];
        bool here = name_in_scope(s, n);
        if (st->kind == STATEMENT_TRIGGER && st->action == STATEMENT_CREATE && n->role != STATEMENT_ON)
            continue;
        if (n->role == STATEMENT_REFERENCED) {
            refers_out |= !here;
            continue;
        }
        if (here && !in)
            in = n;
        out |= !here;
        leaves |= n->role == STATEMENT_TO && !here;
    }
    *in_scope = in != NULL;
    if (in && out && st->action == STATEMENT_DROP)
        s->border = BORDER_REDUCE;
    else if (in && leaves && in->role == STATEMENT_OBJECT && st->kind == STATEMENT_TABLE)
        s->border = BORDER_LEAVE;
    else if (in && out)
        return schema_scope_need(s, in, "a statement touches what the job follows and what it does not");
    else if (in && refers_out)
        return schema_scope_need(
            s, in, "a table of the job was made from, or refers to, one that the job does not follow");
    return NULL;
}

/* Two tables of the source would have one name on the target. */
static struct err *check_clashes(const struct schema_change *s)
{
    const struct statement *st = &s->statement;

    for (size_t i = 0; i < st->name_count; i++) {
        const struct statement_name *n = &st->names[i];
        const char *db = schema_change_db(s, n);
        bool table =
            st->kind == STATEMENT_TABLE || st->kind == STATEMENT_VIEW || st->kind == STATEMENT_SEQUENCE;
        if (!name_in_scope(s, n) || (!table && st->kind != STATEMENT_DATABASE))
            continue;
        if (scope_clashes(scope_of(s), db, n->name))
            return err_hint(schema_change_stop(s, ERR_UNSAFE,
                                               "by its renames the job has given that name to another one"),
                            "restore with other renames (--rename-db, --rename-table)");
    }
    return NULL;
}

struct err *schema_scope(struct schema_change *s, bool *in_scope)
{
    const struct statement *st = &s->statement;

    if (st->action == STATEMENT_RENAME)
        TRY(scope_of_rename(s, in_scope));
    else if (st->kind == STATEMENT_DATABASE && st->name_count == 1)
        TRY(scope_of_database(s, in_scope));
    else
        TRY(scope_of_others(s, in_scope));
    if (!*in_scope)
        return NULL;
    TRY(check_clashes(s));
    if (st->kind == STATEMENT_VIEW && (st->action == STATEMENT_CREATE || st->action == STATEMENT_ALTER))
        return scope_of_view(s);
    return NULL;
}
