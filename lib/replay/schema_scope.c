/* Which statements a job follows, and what those that cross the border of its scope mean. */
#include "replay/schema_scope.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "binlog/statement_refs.h"
#include "replay/intent.h"
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
    case STATEMENT_TRIGGER: /* where its table goes, also of one that is behind: what it does to others
                               counts; when it is dropped, whatever is recorded under its name goes */
        return n->role == STATEMENT_ON
                   ? scope_table(scope_of(s), db, n->name) || scope_is_behind(scope_of(s), db, n->name)
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

struct err *schema_scope_stop(const struct schema_change *s, const char *why)
{
    struct need *n = &s->a->need;
    char *tables = need_text(n);
    char *what = n->count == 1 ? mem_printf("%s (table %s)", why, tables)
                               : mem_printf("%s (%zu tables)", why, n->count);
    struct err *e = schema_change_stop(s, ERR_RESYNC, what);

    n->reason = mem_strdup(err_message(e));
    n->gtid = s->t->begin.gtid;
    free(what);
    free(tables);
    return e;
}

static struct err *stop_at_needs(const struct schema_change *s, const char *why)
{
    const struct need *n = &s->a->need;
    const char *them = n->count == 1 ? "it" : "them";
    char *tables = need_text(n);
    struct err *e =
        err_hint(schema_scope_stop(s, why),
                 "take a snapshot of %s (ccr-backup --tables %s) and bring %s in (ccr-restore --job %s "
                 "--tables %s); the need is recorded in ccr.needs on the target",
                 them, tables, them, s->a->job->name, tables);

    free(tables);
    return e;
}

struct err *schema_scope_need(struct schema_change *s, const struct statement_name *n, const char *why)
{
    need_free(&s->a->need);
    need_add(&s->a->need, schema_change_db(s, n), n->name ? n->name : "");
    return stop_at_needs(s, why);
}

static bool same_name(const struct schema_change *s, const struct statement_name *a,
                      const struct statement_name *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(schema_change_db(s, a), schema_change_db(s, b)) == 0;
}

/* RENAME TABLE a TO aside, b TO a, aside TO b: there is none called `aside`, before or behind it. */
static bool is_passing_name(const struct schema_change *s, const struct statement_name *n)
{
    const struct statement_name *first = NULL;
    const struct statement_name *last = NULL;

    for (size_t i = 0; i < s->statement.name_count; i++) {
        const struct statement_name *other = &s->statement.names[i];
        if (!same_name(s, other, n))
            continue;
        first = first ? first : other;
        last = other;
    }
    return first && first->role == STATEMENT_TO && last->role == STATEMENT_FROM;
}

/* The name that the table of this pair had before the statement, where it only passes through names[from]. */
static const struct statement_name *first_name(const struct schema_change *s, size_t from)
{
    const struct statement_name *names = s->statement.names;

    if (is_passing_name(s, &names[from]))
        for (size_t i = from; i >= 2; i -= 2)
            if (same_name(s, &names[i - 1], &names[from]))
                return first_name(s, i - 2);
    return &names[from];
}

struct err *schema_scope_undecided(struct schema_change *s, const char *why)
{
    const struct statement *st = &s->statement;

    need_free(&s->a->need);
    for (size_t i = 0; i < st->name_count && schema_kind_is_table(st->kind); i++) {
        const struct statement_name *n = &st->names[i];
        bool changed = n->role != STATEMENT_REFERENCED && n->role != STATEMENT_ON;
        if (changed && name_in_scope(s, n) && !is_passing_name(s, n))
            need_add(&s->a->need, schema_change_db(s, n), n->name);
    }
    if (!s->a->need.count)
        return err_hint(schema_change_stop(s, ERR_RESYNC, why),
                        "take a new snapshot (ccr-backup, ccr-restore)");
    struct err *e = stop_at_needs(s, why);
    return err_first(intent_note_needs(s->a), e);
}

/* Pairs FROM, TO: all that come from outside are needed at once, as a restore on a source swaps in many. */
static struct err *check_entering(struct schema_change *s)
{
    bool restored = false;

    need_free(&s->a->need);
    for (size_t i = 0; i + 1 < s->statement.name_count; i += 2) {
        const struct statement_name *from = first_name(s, i);
        const struct statement_name *to = &s->statement.names[i + 1];
        bool was_in = name_in_scope(s, from) && name_in_scope(s, &s->statement.names[i]);
        if (is_passing_name(s, to) || was_in || !name_in_scope(s, to))
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

/* A name that tables only pass through may be one of the scope's, whatever these are. */
static bool is_about_scope(const struct schema_change *s)
{
    for (size_t i = 0; i < s->statement.name_count; i++)
        if (name_in_scope(s, &s->statement.names[i]) && !is_passing_name(s, &s->statement.names[i]))
            return true;
    return false;
}

/* Pairs FROM, TO. */
static struct err *scope_of_rename(struct schema_change *s, bool *in_scope)
{
    size_t stays = 0;
    size_t outside = 0;
    const struct statement_name *leaves = NULL;

    if (!is_about_scope(s))
        return NULL;
    TRY(check_entering(s));
    for (size_t i = 0; i + 1 < s->statement.name_count; i += 2) {
        bool from = name_in_scope(s, &s->statement.names[i]);
        bool to = name_in_scope(s, &s->statement.names[i + 1]);
        stays += from && to;
        outside += !from && !to;
        if (from && !to)
            leaves = first_name(s, i);
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
