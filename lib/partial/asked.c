#include "partial/asked.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

bool asked_for_tables(const struct restore_params *p)
{
    if (p->partitions[0])
        return true;
    return p->scope.tables[0] && !p->scope.databases[0] && !p->full && strcmp(p->job, JOB_STANDALONE) != 0;
}

struct err *asked_partitions(const struct restore_params *p, struct partitions *out)
{
    if (p->partitions[0] && (p->scope.tables[0] || p->scope.databases[0] || p->full))
        return err_hint(err_new(ERR_USAGE, "--partitions goes without --databases, --tables and --full"),
                        "bring in whole tables with another run");
    if (p->partitions[0] && strcmp(p->job, JOB_STANDALONE) == 0)
        return err_hint(
            err_new(ERR_USAGE, "--partitions is for tables of a job that is there, not for --standalone"),
            "take whole tables (--tables)");
    return partitions_parse(p->partitions, out);
}

static struct err *check_whole(const struct restore_params *params, const struct job *saved)
{
    if (params->with_users)
        return err_hint(err_new(ERR_USAGE,
                                "--with-users goes with a whole copy, not with some tables of job %s",
                                saved->name),
                        "leave it out; or give --full, which makes the tables all that the job follows");
    if (params->stream && strcmp(params->stream, saved->stream) != 0)
        return err_hint(err_new(ERR_UNSAFE, "job %s follows stream %s, not %s", saved->name, saved->stream,
                                params->stream),
                        "only a whole copy leads to another stream");
    return NULL;
}

/* A config file may name them, as it did for the first restore. */
static struct err *check_renames(const struct restore_params *params, const struct job *saved)
{
    struct scope given = {0};

    if (!params->database_renames[0] && !params->table_renames[0])
        return NULL;
    struct err *e = scope_parse_renames(params->database_renames, params->table_renames, &given);
    json_t *before = scope_renames_to_json(&saved->scope);
    json_t *now = scope_renames_to_json(&given);
    if (!e && !json_equal(before, now))
        e = err_hint(err_new(ERR_USAGE, "job %s has other renames", saved->name),
                     "only a full copy changes them: ccr-restore without --tables, or with --full");
    json_decref(before);
    json_decref(now);
    scope_free(&given);
    return e;
}

static struct err *not_followed(const struct job *saved, const char *what)
{
    struct buf scope = BUF_INIT;

    scope_describe(&saved->scope, &scope);
    struct err *e =
        err_new(ERR_USAGE, "job %s does not follow %s: it follows %s", saved->name, what, buf_str(&scope));
    buf_free(&scope);
    return err_hint(
        e, "--tables of a job that is there are those of its tables that are to be copied again; with "
           "--full they become all that it follows");
}

static bool lists(const struct scope_list *l, const struct scope_pattern *p)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->items[i].db, p->db) == 0 && (!p->name || strcmp(l->items[i].name, p->name) == 0))
            return true;
    return false;
}

/* A config file may name those of the job. Others would be tables that are neither asked for nor followed
 * while the job is behind. */
static struct err *check_excludes(const struct scope *asked, const struct scope *saved)
{
    bool same = true;

    for (size_t i = 0; i < asked->exclude_databases.count; i++)
        same &= lists(&saved->exclude_databases, &asked->exclude_databases.items[i]);
    for (size_t i = 0; i < asked->exclude_tables.count; i++)
        same &= lists(&saved->exclude_tables, &asked->exclude_tables.items[i]);
    return same
               ? NULL
               : err_hint(err_new(ERR_USAGE, "nothing can be excluded from some tables of a job but what the "
                                             "job itself excludes"),
                          "name the tables more closely (--tables)");
}

/* By itself each pattern must lie in the job's scope, whatever that excludes of it. */
static struct err *check_pattern(const struct scope *asked, const struct job *saved, size_t i)
{
    struct scope_pattern *p = &asked->tables.items[i];
    bool followed = scope_covers_tables(&saved->scope, p->db, p->name);
    char *db = scope_pattern_is_exact(p->db) ? scope_pattern_name(p->db) : NULL;
    char *name = scope_pattern_is_exact(p->name) ? scope_pattern_name(p->name) : NULL;
    char *what = mem_printf("%s.%s", p->db, p->name);
    struct err *e = NULL;

    if (db && name)
        followed = scope_table(&saved->scope, db, name);
    if (!followed)
        e = not_followed(saved, what);
    free(db);
    free(name);
    free(what);
    return e;
}

static struct err *fill(const struct restore_params *params, const struct partitions *partitions,
                        const struct job *saved, struct scope *asked)
{
    TRY(check_whole(params, saved));
    asked->fold_case = saved->scope.fold_case;
    TRY(scope_parse(&params->scope, asked));
    for (size_t i = 0; i < partitions->count; i++)
        scope_list_add_literal(&asked->tables, partitions->items[i].db, partitions->items[i].table);
    TRY(check_excludes(asked, &saved->scope));
    scope_add_excludes(&saved->scope, asked);
    TRY(check_renames(params, saved));
    for (size_t i = 0; i < asked->tables.count; i++)
        TRY(check_pattern(asked, saved, i));
    scope_copy_renames(&saved->scope, asked);
    return NULL;
}

struct err *asked_job(const struct restore_params *params, const struct partitions *partitions,
                      const struct job *saved, struct job **out)
{
    struct job *job = mem_zalloc(1, sizeof(*job));

    job->name = mem_strdup(saved->name);
    job->stream = mem_strdup(saved->stream);
    job->store_id = mem_strdup(saved->store_id);
    job->stream_id = mem_strdup(saved->stream_id);
    struct err *e = fill(params, partitions, saved, &job->scope);
    bool all = !e && !partitions->count && scope_covers(&job->scope, &saved->scope);
    *out = e || all ? NULL : job;
    if (!*out)
        job_free(job);
    return e;
}
