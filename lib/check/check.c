#include "check/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "check/checking.h"
#include "format/layout.h"
#include "snapshot/choice.h"

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

static void say_unknown(const struct checking *k)
{
    const struct facts *f = k->facts;

    if (k->p->source)
        return;
    if (f->snapshot)
        check_add(k->list, CHECK_INFO, "source", "source",
                  "give --source where the source can be reached, if only from another machine",
                  "the source was not asked: its settings, tables and engines are those of snapshot %s; "
                  "privileges, keys, foreign keys and the collations of columns were not checked",
                  f->snapshot);
    else
        check_add(k->list, CHECK_INFO, "source", "source",
                  "give --source where the source can be reached, or check again after the first ccr-backup",
                  "nothing is known of the source, and nothing of it was checked: it was not asked, and the "
                  "store has no snapshot of its");
}

/* A server that folds the case of names does so in both directions; not known: as the target does. */
static struct err *learn_case(const struct check_params *p, const struct facts *f, struct job *job)
{
    const char *setting = facts_setting(f, "lower_case_table_names");
    uint64_t of_target = 0;

    TRY(conn_number(p->target, &of_target, "SELECT @@GLOBAL.lower_case_table_names"));
    job->scope.fold_case = setting ? strcmp(setting, "0") != 0 : of_target != 0;
    return NULL;
}

static struct err *check_all(const struct checking *k, const struct manifest *newest)
{
    if (!k->job->stream_id[0])
        check_add(k->list, CHECK_ERROR, "stream", "store",
                  "is --stream right? The first ccr-backup of the source makes the stream",
                  "store: it has no stream %s", k->job->stream);
    if (k->p->source) {
        TRY(check_source_log(k));
        TRY(check_source_history(k, newest));
    }
    say_unknown(k);
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
    if (!e && !facts.live && m)
        facts_of_snapshot(m, &job->scope, &facts);
    if (!e)
        e = learn_case(p, &facts, job);
    if (!e)
        e = check_all(&k, m);
    manifest_free(m);
    facts_free(&facts);
    return e;
}
