/* Who else has the names, of the job itself and of its tables; and the tables as such. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "check/checking.h"
#include "format/layout.h"
#include "job/job_publish.h"
#include "job/loops.h"
#include "snapshot/names.h"

void check_tables(const struct checking *k)
{
    const struct facts *f = k->facts;
    struct names keyless = {0};

    for (size_t i = 0; i < f->table_count; i++)
        if (f->tables[i].keyless)
            names_add(&keyless, f->tables[i].db, f->tables[i].name, NULL);
    if (keyless.count)
        check_add(k->list, CHECK_WARNING, "key", "source",
                  "ALTER TABLE ... ADD PRIMARY KEY (...) on the source; small ones can stay as they are",
                  "source: tables without a primary key, or a unique one without NULLs: %s. They are copied "
                  "by one connection, and finding their rows takes long",
                  names_text(&keyless));
    names_free(&keyless);
}

/* A key that leads out of the scope. What it refers to may be on the target all the same, as a table of its
 * own. */
static struct err *check_key(const struct checking *k, const struct fact_key *key)
{
    struct scope_name parent = scope_target_table(&k->job->scope, key->db, key->name);
    char *db = sql_string_dup(parent.db);
    char *name = sql_string_dup(parent.name);
    uint64_t there = 0;
    struct err *e = conn_number(k->p->target, &there,
                                "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND "
                                "TABLE_NAME = %s",
                                db, name);

    free(db);
    free(name);
    TRY(e);
    if (key->cascades)
        check_add(k->list, CHECK_ERROR, "cascade", "source",
                  "follow both tables or neither (--tables, --exclude-tables), or make the key RESTRICT",
                  "source: foreign key %s leads out of the scope and changes rows of its own (CASCADE, SET "
                  "NULL or SET DEFAULT): the log does not tell of these changes",
                  key->text);
    else if (there)
        check_add(k->list, CHECK_WARNING, "foreign-key", "source",
                  "follow both tables or neither (--tables, --exclude-tables)",
                  "source: foreign key %s leads out of the scope: ccr-apply stops at a row whose parent the "
                  "target's own table does not have",
                  key->text);
    else
        check_add(k->list, CHECK_ERROR, "foreign-key", "source",
                  "follow both tables or neither (--tables, --exclude-tables)",
                  "source: foreign key %s leads out of the scope, to a table that the target does not have: "
                  "ccr-apply would stop at the first row that is added",
                  key->text);
    return NULL;
}

struct err *check_keys(const struct checking *k)
{
    for (size_t i = 0; i < k->facts->key_count; i++)
        TRY(check_key(k, &k->facts->keys[i]));
    return NULL;
}

static struct err *check_job_name(const struct checking *k)
{
    struct job *job = NULL;

    TRY(job_load(k->p->target, k->job->name, &job));
    if (!job)
        return check_take(k->list, CHECK_ERROR, "job", "store", NULL,
                          job_refuse_known(k->p->store, k->job->name));
    check_add(k->list, CHECK_ERROR, "job", "target",
              "take another name; or ccr-job resync has it copied anew, ccr-job delete removes it",
              "target: it has a job %s already", k->job->name);
    job_free(job);
    return NULL;
}

static const struct fact_table *find_table(const struct facts *f, const char *db, const char *name)
{
    for (size_t i = 0; i < f->table_count; i++)
        if (strcmp(f->tables[i].name, name) == 0 && strcmp(f->tables[i].db, db) == 0)
            return &f->tables[i];
    return NULL;
}

/* Would the job put a table there? Where the source's tables are not known: may it? */
static bool is_wanted(const struct checking *k, const char *db, const char *name)
{
    struct scope_name source;

    if (!scope_source_table(&k->job->scope, db, name, &source) ||
        !scope_table(&k->job->scope, source.db, source.name))
        return false;
    return !k->facts->settings || find_table(k->facts, source.db, source.name);
}

static struct err *check_tables_there(const struct checking *k)
{
    struct result *r = NULL;
    struct names taken = {0};
    bool recorded;
    char **row;

    TRY(conn_query_if_there(k->p->target, &r, "SELECT 1 FROM ccr.tables LIMIT 0"));
    recorded = r != NULL;
    result_free(r);
    r = NULL;
    TRY(conn_query(
        k->p->target, &r,
        "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES t WHERE TABLE_SCHEMA NOT IN "
        "('mysql', 'information_schema', 'performance_schema', 'sys', 'ccr')%s "
        "ORDER BY TABLE_SCHEMA, TABLE_NAME",
        recorded ? " AND NOT EXISTS (SELECT 1 FROM ccr.tables o WHERE BINARY o.db = BINARY t.TABLE_SCHEMA "
                   "AND BINARY o.name = BINARY t.TABLE_NAME)"
                 : ""));
    while ((row = result_next(r, NULL)) != NULL)
        if (is_wanted(k, row[0], row[1]))
            names_add(&taken, row[0], row[1], NULL);
    result_free(r);
    if (taken.count)
        check_add(k->list, k->p->replace ? CHECK_WARNING : CHECK_ERROR, "table", "target",
                  k->p->replace ? "the first ccr-restore needs --replace, too"
                                : "drop them, take other names (--rename-db A:B), or give --replace",
                  "target: it has tables or views that ccr did not make, in the place of those to come: %s",
                  names_text(&taken));
    names_free(&taken);
    return NULL;
}

/* A target table is the other job's: by its scope. */
static bool is_followed(const struct job *other, struct scope_name to)
{
    struct scope_name source;

    return scope_source_table(&other->scope, to.db, to.name, &source) &&
           scope_table(&other->scope, source.db, source.name);
}

/* Databases that both name or hold as a whole, whatever is in them today. */
static void add_databases(const struct checking *k, const struct job *other, struct names *shared)
{
    const struct scope_list *l = &k->job->scope.databases;
    struct scope_name source;

    for (size_t i = 0; i < l->count; i++) {
        if (!scope_pattern_is_exact(l->items[i].db))
            continue;
        char *db = scope_pattern_name(l->items[i].db);
        const char *to = scope_target_database(&k->job->scope, db);
        if (scope_source_table(&other->scope, to, NULL, &source) && scope_programs(&other->scope, source.db))
            names_add(shared, to, "*", NULL);
        free(db);
    }
}

static struct err *add_recorded(const struct checking *k, const struct job *other, struct names *shared)
{
    struct result *r = NULL;
    char *name = sql_string_dup(other->name);
    char **row;
    struct err *e = conn_query(k->p->target, &r,
                               "SELECT db, name FROM ccr.tables WHERE job = %s ORDER BY db, name", name);

    free(name);
    while (!e && (row = result_next(r, NULL)) != NULL)
        if (is_wanted(k, row[0], row[1]))
            names_add(shared, row[0], row[1], NULL);
    result_free(r);
    return e;
}

static struct err *check_other_job(const struct checking *k, const char *name)
{
    struct names shared = {0};
    struct job *other = NULL;

    TRY(job_load(k->p->target, name, &other));
    if (!other)
        return NULL;
    struct err *e = add_recorded(k, other, &shared);
    for (size_t i = 0; !shared.count && i < k->facts->table_count; i++) {
        const struct fact_table *t = &k->facts->tables[i];
        struct scope_name to = scope_target_table(&k->job->scope, t->db, t->name);
        if (is_followed(other, to))
            names_add(&shared, to.db, to.name, NULL);
    }
    if (!shared.count)
        add_databases(k, other, &shared);
    if (!e && shared.count)
        check_add(k->list, CHECK_ERROR, "overlap", "target",
                  "leave them out, or give them other names on the target (--rename-db A:B)",
                  "target: job %s writes there, too: %s", name, names_text(&shared));
    names_free(&shared);
    job_free(other);
    return e;
}

/* Jobs of other targets that bring the source what this one is to take from it. */
static struct err *check_loops(const struct checking *k)
{
    const struct facts *f = k->facts;
    struct scope_name *tables = mem_zalloc(f->table_count + 1, sizeof(*tables));
    const struct loops_params params = {
        .store = k->p->store,
        .conn = k->p->target,
        .conn_params = k->p->target_params,
        .job = k->job,
        .tables = tables,
        .table_count = f->table_count,
        .of_itself = true,
    };
    char *found = NULL;

    for (size_t i = 0; i < f->table_count; i++)
        tables[i] = scope_target_table(&k->job->scope, f->tables[i].db, f->tables[i].name);
    struct err *e = loops_find(&params, &found);
    if (found)
        check_add(k->list, CHECK_ERROR, "loop", "store", loops_hint(), "store: %s", found);
    free(found);
    free(tables);
    return e ? check_take(k->list, CHECK_ERROR, "loop", "target", k->p->target, e) : NULL;
}

struct err *check_names(const struct checking *k)
{
    struct result *r = NULL;
    struct err *e;
    char **row;

    TRY(check_job_name(k));
    TRY(check_tables_there(k));
    if (k->job->stream_id[0])
        TRY(check_loops(k));
    e = conn_query_if_there(k->p->target, &r, "SELECT name FROM ccr.jobs ORDER BY name");
    while (!e && r && (row = result_next(r, NULL)) != NULL)
        if (strcmp(row[0], k->job->name) != 0)
            e = check_other_job(k, row[0]);
    result_free(r);
    return e;
}
