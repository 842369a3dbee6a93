/* What a person wants copied again: needs of the job, and requests in the store. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "format/document.h"
#include "job/job.h"
#include "job/job_publish.h"
#include "job/job_requests.h"
#include "job/job_state.h"
#include "steer/steer.h"

struct err *steer_ask(const struct steer *s)
{
    const struct job_requests p = {s->conn, s->store, s->job, opts_program_name(s->run->program),
                                   s->run->log};

    return job_requests_sync(&p);
}

struct resync {
    const struct steer *steer;
    const struct steer_resync *what;
    struct job *job;
    struct job_position position;
    bool has_position;
    char *pos;
    json_t *list; /* of what was put */
    uint64_t count;
};

/* Within the transaction. */
static struct err *put(struct resync *r, const char *kind, const char *db, const char *name)
{
    const struct steer *s = r->steer;
    const struct job_need need = {.kind = kind,
                                  .db = db,
                                  .name = name,
                                  .gtid = "",
                                  .reason = s->reason,
                                  .epoch = r->position.epoch,
                                  .pos = r->pos};
    json_t *to = json_object();

    document_set_bytes(to, "kind", kind);
    document_set_bytes(to, "db", db);
    document_set_bytes(to, "name", name);
    json_array_append_new(r->list, to);
    r->count++;
    return job_need_put(s->conn, s->job, &need);
}

static struct err *not_followed(const struct resync *r, const char *what)
{
    struct buf scope = BUF_INIT;

    scope_describe(&r->job->scope, &scope);
    struct err *e =
        err_new(ERR_USAGE, "job %s does not follow %s: it follows %s", r->job->name, what, buf_str(&scope));
    buf_free(&scope);
    return err_hint(e, "name tables as DB.TABLE, with the names that they have on the source");
}

/* A name that stands for itself need not be there: the log may have come to where it was lost. It may be a
 * slip, too. */
static struct err *warn_of_missing(const struct resync *r, const char *db, const char *name)
{
    const struct scope_name there = scope_target_table(&r->job->scope, db, name);
    char *quoted[] = {sql_string_dup(there.db), sql_string_dup(there.name)};
    uint64_t count = 0;
    struct err *e = conn_number(
        r->steer->conn, &count,
        "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s",
        quoted[0], quoted[1]);

    free(quoted[0]);
    free(quoted[1]);
    if (!e && !count)
        log_warn(r->steer->run->log, "the target has no table %s.%s: %s.%s is copied if the source has it",
                 there.db, there.name, db, name);
    return e;
}

static struct err *put_exact(struct resync *r, const struct scope_pattern *p)
{
    char *db = scope_pattern_name(p->db);
    char *name = scope_pattern_name(p->name);
    char *what = mem_printf("%s.%s", db, name);
    struct err *e =
        scope_table(&r->job->scope, db, name) ? put(r, JOB_NEED, db, name) : not_followed(r, what);

    if (!e)
        e = warn_of_missing(r, db, name);
    free(db);
    free(name);
    free(what);
    return e;
}

/* Of a pattern, those that the job has; views come with the log. */
static struct err *put_fitting(struct resync *r, const struct scope *asked, const char *what)
{
    struct result *found = NULL;
    char no_hash[HASH_HEX_SIZE];
    uint64_t before = r->count;
    char **row;
    char *job = sql_string_dup(r->steer->job);

    hash_bytes_hex("", 0, no_hash);
    struct err *e = conn_query(
        r->steer->conn, &found,
        "SELECT db, name FROM ccr.tables WHERE job = %s AND hash <> '%s' ORDER BY db, name", job, no_hash);
    free(job);
    while (!e && (row = result_next(found, NULL)) != NULL) {
        struct scope_name source;
        if (scope_source_table(&r->job->scope, row[0], row[1], &source) &&
            scope_table(asked, source.db, source.name))
            e = put(r, JOB_NEED, source.db, source.name);
    }
    result_free(found);
    if (!e && r->count == before)
        e = not_followed(r, what);
    return e;
}

static struct err *put_table(struct resync *r, const char *text)
{
    const char *const none[] = {NULL};
    const char *const tables[] = {text, NULL};
    const struct scope_texts texts = {none, tables, none, none};
    struct scope asked = {.fold_case = r->job->scope.fold_case};
    struct err *e = scope_parse(&texts, &asked);

    if (!e) {
        const struct scope_pattern *p = &asked.tables.items[0];
        e = scope_pattern_is_exact(p->db) && scope_pattern_is_exact(p->name) ? put_exact(r, p)
                                                                             : put_fitting(r, &asked, text);
    }
    scope_free(&asked);
    return e;
}

static void append_plain_or_quoted(struct buf *out, const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$";

    if (name[strspn(name, plain)])
        sql_ident(out, name);
    else
        buf_append_str(out, name);
}

static struct err *put_partitions(struct resync *r, const struct partitions_of *t)
{
    struct err *e = NULL;

    if (!scope_table(&r->job->scope, t->db, t->table)) {
        char *what = mem_printf("%s.%s", t->db, t->table);
        e = not_followed(r, what);
        free(what);
    }
    for (size_t i = 0; i < t->count && !e; i++) {
        struct buf name = BUF_INIT;
        append_plain_or_quoted(&name, t->table);
        buf_append_byte(&name, ':');
        append_plain_or_quoted(&name, t->names[i]);
        e = put(r, JOB_PARTITION, t->db, buf_str(&name));
        buf_free(&name);
    }
    return e;
}

static struct err *put_all(struct resync *r)
{
    struct partitions partitions = {0};
    struct err *e = NULL;

    if (!r->what->tables[0] && !r->what->partitions[0])
        return put(r, JOB_FULL, "", "");
    for (const char *const *t = r->what->tables; *t && !e; t++)
        e = put_table(r, *t);
    if (!e)
        e = partitions_parse(r->what->partitions, &partitions);
    for (size_t i = 0; i < partitions.count && !e; i++)
        e = put_partitions(r, &partitions.items[i]);
    partitions_free(&partitions);
    return e;
}

static struct err *put_with_history(void *arg)
{
    struct resync *r = arg;
    const struct steer *s = r->steer;
    char *who = NULL;

    TRY(put_all(r));
    TRY(job_who(s->conn, opts_program_name(s->run->program), &who));
    char *what = r->what->tables[0] || r->what->partitions[0]
                     ? mem_printf("partial copy of %llu tables or partitions asked for by %s",
                                  (unsigned long long)r->count, who)
                     : mem_printf("full copy asked for by %s", who);
    struct err *e = job_history_add(s->conn, s->job, what, s->reason);
    free(who);
    free(what);
    return e;
}

static struct err *check_state(const struct steer *s)
{
    struct job_state state;

    TRY(job_state_read(s->conn, s->job, &state));
    bool promoted = strcmp(state.state, JOB_PROMOTED) == 0;
    job_state_free(&state);
    return promoted ? err_hint(err_new(ERR_UNSAFE, "job %s was promoted: nothing of it is copied any more",
                                       s->job),
                               "a restore under another job's name makes a target anew")
                    : NULL;
}

/* Whoever wants it copied wants the job to go on. */
static struct err *resume(const struct steer *s)
{
    const struct job_change change = {s->job, opts_program_name(s->run->program), JOB_FOLLOWING, s->reason};
    struct job_state state;

    TRY(job_state_read(s->conn, s->job, &state));
    bool stopped = strcmp(state.state, JOB_STOPPED) == 0;
    document_set_bytes(s->run->result, "state", stopped ? JOB_FOLLOWING : state.state);
    job_state_free(&state);
    return stopped ? job_state_change(s->conn, &change) : NULL;
}

static struct err *ask(struct resync *r)
{
    const struct steer *s = r->steer;
    const struct job_requests requests = {s->conn, s->store, s->job, opts_program_name(s->run->program),
                                          s->run->log};

    TRY(check_state(s));
    TRY(job_position_read(s->conn, s->job, &r->position, &r->has_position));
    if (!r->has_position && (r->what->tables[0] || r->what->partitions[0]))
        return err_hint(err_new(ERR_USAGE, "job %s has not been copied yet", s->job),
                        "its first copy brings in all that it follows");
    r->pos = gtid_pos_text(&r->position.pos);
    TRY(job_setup(s->conn));
    TRY(conn_transaction(s->conn, put_with_history, r));
    TRY(resume(s));
    job_requests_publish(&requests);
    s->run->changed = true;
    document_set_bytes(s->run->result, "job", s->job);
    run_say(
        s->run,
        "job %s: %s to be copied again: ccr-backup --requested on the source, then ccr-restore --requested "
        "here",
        s->job, r->what->tables[0] || r->what->partitions[0] ? "they are" : "all of it is");
    return NULL;
}

struct err *steer_resync(const struct steer *s, const struct steer_resync *what)
{
    struct resync r = {.steer = s, .what = what, .list = json_array()};

    json_object_set_new(s->run->result, "needs", r.list);
    struct err *e = steer_load(s, s->job, &r.job);
    if (!e)
        e = job_check_store(r.job, s->store);
    if (!e)
        e = ask(&r);
    job_position_free(&r.position);
    job_free(r.job);
    free(r.pos);
    return e;
}
