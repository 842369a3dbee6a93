#include "job/scope_keys.h"

#include <string.h>

#include "base/buf.h"

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool has_pattern(const struct scope_list *l, const struct scope_pattern *p)
{
    for (size_t i = 0; i < l->count; i++)
        if (same_text(l->items[i].db, p->db) && same_text(l->items[i].name, p->name))
            return true;
    return false;
}

static bool has_patterns(const struct scope_list *l, const struct scope_list *of)
{
    for (size_t i = 0; i < of->count; i++)
        if (!has_pattern(l, &of->items[i]))
            return false;
    return true;
}

static bool has_rename(const struct statement_renames *l, const struct statement_rename *r)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct statement_rename *there = &l->items[i];
        if (same_text(there->db, r->db) && same_text(there->name, r->name) &&
            same_text(there->to_db, r->to_db) && same_text(there->to_name, r->to_name))
            return true;
    }
    return false;
}

static bool has_renames(const struct statement_renames *l, const struct statement_renames *of)
{
    for (size_t i = 0; i < of->count; i++)
        if (!has_rename(l, &of->items[i]))
            return false;
    return true;
}

static bool same_patterns(const struct scope_list *a, const struct scope_list *b)
{
    return has_patterns(a, b) && has_patterns(b, a);
}

/* Keys that are not there say nothing. */
static bool agree(const struct scope *keys, const struct scope *job)
{
    const bool includes = keys->databases.count || keys->tables.count;

    if (includes &&
        (!same_patterns(&keys->databases, &job->databases) || !same_patterns(&keys->tables, &job->tables)))
        return false;
    if (keys->renames.count && !has_renames(&keys->renames, &job->renames))
        return false;
    return has_patterns(&job->exclude_databases, &keys->exclude_databases) &&
           has_patterns(&job->exclude_tables, &keys->exclude_tables) &&
           has_renames(&job->renames, &keys->renames);
}

static void describe(const struct scope *s, struct buf *out)
{
    scope_describe(s, out);
    for (size_t i = 0; i < s->renames.count; i++) {
        const struct statement_rename *r = &s->renames.items[i];
        const char *dot = r->name ? "." : "";
        buf_printf(out, "%s%s%s%s as %s%s%s", i ? ", " : "; ", r->db, dot, r->name ? r->name : "", r->to_db,
                   dot, r->to_name ? r->to_name : "");
    }
}

static struct err *difference(const struct opts *opts, const struct scope *keys, const struct job *job)
{
    struct buf there = BUF_INIT;
    struct buf own = BUF_INIT;

    describe(keys, &there);
    describe(&job->scope, &own);
    struct err *e = err_new(
        ERR_CONFIG, "config file %s: job %s is to follow %s there, but it follows %s: that is its own",
        opts_string(opts, OPT_CONFIG), job->name, buf_str(&there), buf_str(&own));
    e = err_hint(e,
                 "ccr-restore --job %s%s copies the job anew, with what the file says; or put the keys right",
                 job->name, keys->tables.count ? " --full" : "");
    buf_free(&there);
    buf_free(&own);
    return e;
}

struct err *scope_keys_differ(const struct opts *opts, const struct job *job)
{
    const struct scope_texts texts = scope_texts_of(opts);
    const char *of = opts_key(opts, OPT_JOB);
    struct scope keys = {0};

    if (!of || strcmp(of, job->name) != 0)
        return NULL;
    struct err *e = scope_parse(&texts, &keys);
    if (!e)
        e = scope_parse_renames(opts_list(opts, OPT_RENAME_DB, NULL), opts_list(opts, OPT_RENAME_TABLE, NULL),
                                &keys);
    if (!e && !agree(&keys, &job->scope))
        e = difference(opts, &keys, job);
    scope_free(&keys);
    return e;
}
