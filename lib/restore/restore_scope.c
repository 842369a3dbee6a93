#include "restore/restore_scope.h"

#include <string.h>

#include "base/mem.h"

static struct err *fill_scope(const struct restore_params *params, const struct job *saved,
                              const struct scope *of_snapshot, struct scope *out)
{
    out->fold_case = of_snapshot->fold_case;
    if (scope_texts_given(&params->scope))
        TRY(scope_parse(&params->scope, out));
    else
        scope_copy_patterns(saved ? &saved->scope : of_snapshot, out);
    /* what the snapshot leaves out cannot be followed from it on */
    scope_add_excludes(of_snapshot, out);
    if (params->database_renames[0] || params->table_renames[0])
        return scope_parse_renames(params->database_renames, params->table_renames, out);
    if (saved)
        scope_copy_renames(&saved->scope, out);
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
    struct scope of_snapshot = {0};
    struct err *e = scope_from_manifest(m, &of_snapshot);
    if (!e)
        e = fill_scope(params, saved, &of_snapshot, &job->scope);
    scope_free(&of_snapshot);
    if (!e && saved)
        e = check_same_stream(saved, job);
    if (e)
        job_free(job);
    else
        *out = job;
    return e;
}
