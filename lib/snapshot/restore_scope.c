#include "snapshot/restore_scope.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/layout.h"

static char **copy_strings(const char *const *strings, size_t count)
{
    char **copy = mem_zalloc(count + 1, sizeof(*copy));

    for (size_t i = 0; i < count; i++)
        copy[i] = mem_strdup(strings[i]);
    return copy;
}

/* "DB.TABLE" becomes "db/table", escaped as in paths. A name with a dot in it is written as DB/TABLE. */
static struct err *parse_table(const char *text, char **out)
{
    const char *cut = strchr(text, '/');

    if (!cut)
        cut = strchr(text, '.');
    if (!cut || cut == text || !cut[1])
        return err_new(ERR_USAGE, "--tables: '%s' is not of the form DB.TABLE", text);
    char *db = mem_strndup(text, (size_t)(cut - text));
    char *db_escaped = layout_escape(db);
    char *table_escaped = layout_escape(cut + 1);
    *out = mem_printf("%s/%s", db_escaped, table_escaped);
    free(db);
    free(db_escaped);
    free(table_escaped);
    return NULL;
}

static struct err *scope_as_asked(const struct restore_params *params, struct job *job)
{
    size_t databases = 0;
    size_t tables = 0;

    while (params->databases[databases])
        databases++;
    while (params->tables[tables])
        tables++;
    job->databases = copy_strings(params->databases, databases);
    job->database_count = databases;
    job->tables = mem_zalloc(tables + 1, sizeof(*job->tables));
    for (size_t i = 0; i < tables; i++)
        TRY(parse_table(params->tables[i], &job->tables[job->table_count++]));
    return NULL;
}

static struct err *renames_as_asked(const char *const *pairs, struct job *job)
{
    size_t count = 0;

    while (pairs[count])
        count++;
    job->renames = mem_zalloc(count + 1, sizeof(*job->renames));
    for (size_t i = 0; i < count; i++) {
        const char *cut = strchr(pairs[i], ':');
        if (!cut || cut == pairs[i] || !cut[1])
            return err_new(ERR_USAGE, "--rename-db: '%s' is not of the form A:B", pairs[i]);
        job->renames[job->rename_count++] =
            (struct job_rename){mem_strndup(pairs[i], (size_t)(cut - pairs[i])), mem_strdup(cut + 1)};
    }
    return NULL;
}

static void renames_from_saved(const struct job *saved, struct job *job)
{
    job->renames = mem_zalloc(saved->rename_count + 1, sizeof(*job->renames));
    for (size_t i = 0; i < saved->rename_count; i++)
        job->renames[job->rename_count++] =
            (struct job_rename){mem_strdup(saved->renames[i].from), mem_strdup(saved->renames[i].to)};
}

static void scope_from(char *const *databases, size_t database_count, char *const *tables, size_t table_count,
                       struct job *job)
{
    job->databases = copy_strings((const char *const *)databases, database_count);
    job->database_count = database_count;
    job->tables = copy_strings((const char *const *)tables, table_count);
    job->table_count = table_count;
}

static struct err *fill_scope(const struct restore_params *params, const struct job *saved,
                              const struct manifest *m, struct job *job)
{
    if (params->databases[0] || params->tables[0])
        TRY(scope_as_asked(params, job));
    else if (saved)
        scope_from(saved->databases, saved->database_count, saved->tables, saved->table_count, job);
    else
        scope_from(m->databases, m->database_count, m->only_tables, m->only_table_count, job);
    if (params->renames[0])
        return renames_as_asked(params->renames, job);
    if (saved)
        renames_from_saved(saved, job);
    return NULL;
}

static struct err *check_same_stream(const struct job *saved, const struct job *job)
{
    if (strcmp(saved->store_id, job->store_id) == 0 && strcmp(saved->stream_id, job->stream_id) == 0)
        return NULL;
    return err_hint(err_new(ERR_UNSAFE,
                            "job %s follows stream %s (%s of store %s), this is stream %s (%s of store %s)",
                            job->name, saved->stream, saved->stream_id, saved->store_id, job->stream,
                            job->stream_id, job->store_id),
                    "use another job name for another stream; its tables would be refused without --replace");
}

struct err *restore_scope_job(const struct restore_params *params, const struct job *saved,
                              const struct manifest *m, struct job **out)
{
    struct job *job = mem_zalloc(1, sizeof(*job));

    job->name = mem_strdup(params->job);
    job->stream = mem_strdup(m->stream);
    job->store_id = mem_strdup(m->store_id);
    job->stream_id = mem_strdup(m->stream_id);
    struct err *e = fill_scope(params, saved, m, job);
    if (!e && saved)
        e = check_same_stream(saved, job);
    if (e)
        job_free(job);
    else
        *out = job;
    return e;
}
