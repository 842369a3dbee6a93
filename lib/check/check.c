#include "check/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "check/checking.h"
#include "format/layout.h"
#include "snapshot/choice.h"
#include "snapshot/names.h"

/* What is not there yet has no id. */
static struct err *read_ids(struct store *s, struct job *job)
{
    struct store_stat stat;
    bool found = false;
    char *key = layout_stream_key(job->stream);

    struct err *e = store_head(s, key, &stat, &found);
    free(key);
    TRY(e);
    if (!found) {
        job->store_id = mem_strdup("");
        job->stream_id = mem_strdup("");
        return NULL;
    }
    TRY(layout_open_store(s, false, &job->store_id));
    return layout_open_stream(s, job->stream, false, &job->stream_id);
}

static struct err *holds_all(const struct manifest *m, void *wanted, bool *fits)
{
    return choice_holds(m, wanted, NULL, fits);
}

/* One that holds what the job wants, or whatever there is: it knows the server's settings, too. */
static struct err *find_snapshot(const struct check_params *p, const struct job *job, struct manifest **out)
{
    struct scope wanted = {0};

    *out = NULL;
    if (!job->stream_id[0])
        return NULL;
    scope_copy_patterns(&job->scope, &wanted);
    struct err *e = manifest_newest_of(p->store, job->stream, holds_all, &wanted, out);
    scope_free(&wanted);
    return e || *out ? e : manifest_newest(p->store, job->stream, out);
}

/* The source is asked what only it can tell. What keeps it from answering is a finding. */
static struct err *ask_source(const struct checking *k, struct facts *out)
{
    struct source_scope scope;
    struct conn *c = k->p->source;
    size_t errors = check_count(k->list, CHECK_ERROR);

    TRY(check_source_privileges(k));
    if (check_count(k->list, CHECK_ERROR) > errors)
        return NULL;
    struct err *e = source_scope_read(k->p->opts, &scope);
    if (!e)
        e = check_take(k->list, CHECK_ERROR, "scope", "source", c, source_scope_resolve(c, &scope));
    if (!e && check_count(k->list, CHECK_ERROR) == errors)
        e = facts_of_source(c, &scope, out);
    source_scope_free(&scope);
    return e;
}

/* A damaged one would fail the first restore as well. */
static struct err *read_snapshot(const struct checking *k, const struct manifest *m, struct facts *out)
{
    struct err *e = facts_of_snapshot(k->p->store, m, &k->job->scope, out);

    return err_code(e) == ERR_INTEGRITY ? check_take(k->list, CHECK_ERROR, "snapshot", "store", NULL, e) : e;
}

static bool has_object(const struct manifest *m, const char *db, const char *name)
{
    for (size_t i = 0; i < m->object_count; i++) {
        const struct manifest_object *o = &m->objects[i];
        bool is_table = o->kind == OBJECT_TABLE || o->kind == OBJECT_VIEW || o->kind == OBJECT_SEQUENCE;
        if ((name ? is_table : o->kind == OBJECT_DATABASE) && strcasecmp(o->db, db) == 0 &&
            (!name || strcasecmp(o->name, name) == 0))
            return true;
    }
    return false;
}

static void add_unseen(const struct manifest *m, const struct scope_list *list, struct names *unseen)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct scope_pattern *p = &list->items[i];
        if (!scope_pattern_is_exact(p->db) || (p->name && !scope_pattern_is_exact(p->name)))
            continue;
        char *db = scope_pattern_name(p->db);
        char *name = p->name ? scope_pattern_name(p->name) : NULL;
        if (!has_object(m, db, name))
            names_add(unseen, db, name ? name : "*", NULL);
        free(db);
        free(name);
    }
}

/* Without the source: a name that is misspelt would be waited for, for ever. */
static void say_unseen(const struct checking *k, const struct manifest *m)
{
    struct names unseen = {0};

    if (!m || k->facts->live)
        return;
    add_unseen(m, &k->job->scope.databases, &unseen);
    add_unseen(m, &k->job->scope.tables, &unseen);
    if (unseen.count)
        check_add(k->list, CHECK_WARNING, "scope", "store",
                  "are they spelt right? If they are new, or were left out of that snapshot, go on",
                  "store: snapshot %s does not hold %s", m->id, names_text(&unseen));
    names_free(&unseen);
}

static void say_unknown(const struct checking *k)
{
    const struct facts *f = k->facts;

    if (k->p->source)
        return;
    if (f->snapshot)
        check_add(k->list, CHECK_NOTE, "source", "source",
                  "give --source where the source can be reached, if only from another machine",
                  "the source was not asked: what its user may do there was not checked, nor whether its "
                  "sessions use time zones by name; all else is as in snapshot %s",
                  f->snapshot);
    else
        check_add(k->list, CHECK_NOTE, "source", "source",
                  "give --source where the source can be reached, or check again after the first ccr-backup",
                  "nothing is known of the source, and nothing of it was checked: it was not asked, and the "
                  "store has no snapshot of its");
}

/* A server that folds the case of names does so in both directions; not known: as the target does. */
static struct err *learn_case(const struct check_params *p, const json_t *settings, struct job *job)
{
    const char *setting = json_string_value(json_object_get(settings, "lower_case_table_names"));
    uint64_t of_target = 0;

    TRY(conn_number(p->target, &of_target, "SELECT @@GLOBAL.lower_case_table_names"));
    job->scope.fold_case = setting ? strcmp(setting, "0") != 0 : of_target != 0;
    return NULL;
}

static struct err *check_all(const struct checking *k, const struct manifest *newest)
{
    if (!k->job->stream_id[0])
        check_add(k->list, CHECK_ERROR, "stream", "store",
                  "are --store and --stream right? The first ccr-backup of the source makes the stream",
                  "store: it has no stream %s", k->job->stream);
    if (k->p->source) {
        TRY(check_source_log(k));
        TRY(check_source_history(k, newest));
    }
    say_unknown(k);
    say_unseen(k, newest);
    check_formats(k);
    TRY(check_target_privileges(k));
    TRY(check_target_server(k));
    TRY(check_both_servers(k));
    check_tables(k);
    TRY(check_keys(k));
    TRY(check_names(k));
    return check_domains(k);
}

struct err *check_job(const struct check_params *p, struct job *job, struct check_list *out)
{
    struct facts facts = {.end = GTID_POS_INIT};
    struct manifest *m = NULL;
    const struct checking k = {p, job, &facts, out};

    TRY(read_ids(p->store, job));
    struct err *e = find_snapshot(p, job, &m);
    if (!e && p->source)
        e = ask_source(&k, &facts);
    if (!e)
        e = learn_case(p, facts.live ? facts.settings : m ? m->source : NULL, job);
    if (!e && !facts.live && m)
        e = read_snapshot(&k, m, &facts);
    if (!e)
        e = check_all(&k, m);
    manifest_free(m);
    facts_free(&facts);
    return e;
}
