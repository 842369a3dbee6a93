#include "snapshot/restore_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/layout.h"
#include "mysql/catalog.h"

static bool is_table(const struct manifest_object *o)
{
    return o->kind == OBJECT_TABLE || o->kind == OBJECT_SEQUENCE;
}

static bool object_in_scope(const struct job *job, const struct manifest_object *o, bool whole)
{
    switch (o->kind) {
    case OBJECT_DATABASE:
        return job_has_database(job, o->db);
    case OBJECT_SEQUENCE:
    case OBJECT_TABLE:
    case OBJECT_VIEW:
        return job_has_table(job, o->db, o->name);
    case OBJECT_TRIGGER:
        return job_has_table(job, o->db, o->table);
    case OBJECT_FUNCTION:
    case OBJECT_PROCEDURE:
    case OBJECT_PACKAGE:
    case OBJECT_PACKAGE_BODY:
    case OBJECT_EVENT:
        return whole;
    }
    return false;
}

static bool job_has_whole_database(const struct job *job, const char *db)
{
    if (job->database_count == 0)
        return job->table_count == 0;
    for (size_t i = 0; i < job->database_count; i++)
        if (strcmp(job->databases[i], db) == 0)
            return true;
    return false;
}

const struct restore_db *restore_plan_db(const struct restore_plan *p, const char *source_name)
{
    for (size_t i = 0; i < p->db_count; i++)
        if (strcmp(p->dbs[i].name, source_name) == 0)
            return &p->dbs[i];
    return NULL;
}

const struct restore_db *restore_plan_target_db(const struct restore_plan *p, const char *target_name)
{
    for (size_t i = 0; i < p->db_count; i++)
        if (strcmp(p->dbs[i].target, target_name) == 0)
            return &p->dbs[i];
    return NULL;
}

static int compare_names(const char *db_a, const char *a, const char *db_b, const char *b)
{
    int order = strcmp(db_a, db_b);

    return order ? order : strcmp(a, b);
}

static int compare_by_target(const void *a, const void *b)
{
    const struct restore_table *x = *(struct restore_table *const *)a;
    const struct restore_table *y = *(struct restore_table *const *)b;

    return compare_names(x->db->target, x->name, y->db->target, y->name);
}

struct restore_table *restore_plan_target_table(const struct restore_plan *p, const char *db,
                                                const char *name)
{
    size_t low = 0;
    size_t high = p->table_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct restore_table *t = p->by_target[middle];
        int order = compare_names(t->db->target, t->name, db, name);
        if (order == 0)
            return t;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

struct restore_table *restore_plan_table(const struct restore_plan *p, const char *db, const char *name)
{
    const struct restore_db *d = restore_plan_db(p, db);

    return d ? restore_plan_target_table(p, d->target, name) : NULL;
}

char *restore_table_label(const struct restore_table *t)
{
    return mem_printf("%s.%s", t->db->name, t->name);
}

char *restore_plan_target_list(const struct restore_plan *p)
{
    struct buf out = BUF_INIT;

    for (size_t i = 0; i < p->db_count; i++) {
        buf_append_str(&out, i ? ", " : "");
        sql_string(&out, p->dbs[i].target);
    }
    return buf_steal(&out);
}

static bool snapshot_has_whole(const struct manifest *m, const char *db)
{
    struct job scope = {.databases = m->databases,
                        .database_count = m->database_count,
                        .tables = m->only_tables,
                        .table_count = m->only_table_count};

    if (!job_has_whole_database(&scope, db))
        return false;
    for (size_t i = 0; i < m->object_count; i++)
        if (strcmp(m->objects[i].db, db) == 0)
            return true;
    return false;
}

static struct err *check_database_names(const struct job *job, const struct manifest *m)
{
    for (size_t i = 0; i < job->database_count; i++)
        if (!snapshot_has_whole(m, job->databases[i]))
            return err_hint(err_new(ERR_USAGE, "snapshot %s does not hold database '%s' as a whole", m->id,
                                    job->databases[i]),
                            "name databases of the source that the snapshot was asked for");
    return NULL;
}

static struct err *check_table_names(const struct job *job, const struct manifest *m)
{
    for (size_t i = 0; i < job->table_count; i++) {
        bool found = false;
        for (size_t k = 0; k < m->object_count && !found; k++) {
            const struct manifest_object *o = &m->objects[k];
            struct job one = {.tables = &job->tables[i], .table_count = 1};
            found = (is_table(o) || o->kind == OBJECT_VIEW) && job_has_table(&one, o->db, o->name);
        }
        if (!found)
            return err_hint(err_new(ERR_USAGE, "snapshot %s does not hold table '%s'", m->id, job->tables[i]),
                            "name tables as DB.TABLE, with the names that they have on the source");
    }
    return NULL;
}

static void plan_databases(struct restore_plan *p)
{
    const struct manifest *m = p->manifest;

    p->dbs = mem_zalloc(m->object_count + 1, sizeof(*p->dbs));
    for (size_t i = 0; i < m->object_count; i++) {
        const char *name = m->objects[i].db;
        if (!job_has_database(p->job, name) || restore_plan_db(p, name))
            continue;
        size_t number = p->db_count + 1;
        p->dbs[p->db_count++] = (struct restore_db){
            .name = name,
            .target = job_target_database(p->job, name),
            .stage = mem_printf("ccr_stage_%s_%zu", p->job->name, number),
            .old = mem_printf("ccr_old_%s_%zu", p->job->name, number),
            .whole = job_has_whole_database(p->job, name),
        };
    }
}

static struct err *check_renames(const struct restore_plan *p)
{
    for (size_t i = 0; i < p->job->rename_count; i++) {
        const struct job_rename *r = &p->job->renames[i];
        if (!restore_plan_db(p, r->from))
            return err_new(ERR_USAGE, "--rename-db %s:%s: database '%s' is not in scope", r->from, r->to,
                           r->from);
        if (catalog_is_system_database(r->to) || strncmp(r->to, "ccr_", 4) == 0)
            return err_new(ERR_USAGE, "--rename-db %s:%s: '%s' is not a name for a database of yours",
                           r->from, r->to, r->to);
    }
    for (size_t i = 0; i < p->db_count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(p->dbs[i].target, p->dbs[k].target) == 0)
                return err_new(ERR_USAGE, "databases '%s' and '%s' would both become '%s'", p->dbs[k].name,
                               p->dbs[i].name, p->dbs[i].target);
    return NULL;
}

static const struct manifest_table *find_rows(const struct manifest *m, const struct manifest_object *o,
                                              size_t *hint)
{
    /* objects and tables come in the same order, so the next one is nearly always it */
    for (size_t n = 0; n < m->table_count; n++) {
        const struct manifest_table *t = &m->tables[(*hint + n) % m->table_count];
        if (strcmp(t->db, o->db) == 0 && strcmp(t->name, o->name) == 0) {
            *hint = (size_t)(t - m->tables) + 1;
            return t;
        }
    }
    return NULL;
}

static struct err *plan_tables(struct restore_plan *p)
{
    const struct manifest *m = p->manifest;
    size_t hint = 0;

    p->tables = mem_zalloc(m->object_count + 1, sizeof(*p->tables));
    for (size_t i = 0; i < m->object_count; i++) {
        const struct manifest_object *o = &m->objects[i];
        if (!p->in_scope[i] || !is_table(o))
            continue;
        struct restore_table *t = &p->tables[p->table_count++];
        *t = (struct restore_table){.db = restore_plan_db(p, o->db), .name = o->name, .object = o};
        if (o->kind == OBJECT_SEQUENCE)
            continue;
        t->rows = find_rows(m, o, &hint);
        if (!t->rows)
            return err_new(ERR_INTEGRITY, "manifest of snapshot %s: table %s.%s is an object without rows",
                           m->id, o->db, o->name);
        t->done = mem_zalloc(t->rows->chunk_count + 1, sizeof(*t->done));
    }
    p->by_target = mem_zalloc(p->table_count + 1, sizeof(struct restore_table *));
    for (size_t i = 0; i < p->table_count; i++)
        p->by_target[i] = &p->tables[i];
    qsort(p->by_target, p->table_count, sizeof(struct restore_table *), compare_by_target);
    return NULL;
}

static void plan_hash_options(struct restore_plan *p)
{
    json_t *all = json_pack("{s:s, s:b, s:o}", "snapshot", p->manifest->id, "standalone", (int)p->standalone,
                            "job", job_to_json(p->job));
    char *text = json_text(all);

    hash_bytes_hex(text, strlen(text), p->options);
    free(text);
    json_decref(all);
}

static struct err *plan_fill(struct restore_plan *p)
{
    const struct manifest *m = p->manifest;

    TRY(check_database_names(p->job, m));
    TRY(check_table_names(p->job, m));
    plan_databases(p);
    TRY(check_renames(p));
    p->in_scope = mem_zalloc(m->object_count + 1, sizeof(*p->in_scope));
    for (size_t i = 0; i < m->object_count; i++) {
        const struct restore_db *db = restore_plan_db(p, m->objects[i].db);
        p->in_scope[i] = db && object_in_scope(p->job, &m->objects[i], db->whole);
    }
    plan_hash_options(p);
    return plan_tables(p);
}

struct err *restore_plan_new(struct job *job, struct manifest *manifest, bool skip_binlog,
                             struct restore_plan **out)
{
    struct restore_plan *p = mem_zalloc(1, sizeof(*p));

    p->job = job;
    p->manifest = manifest;
    p->standalone = strcmp(job->name, JOB_STANDALONE) == 0;
    p->skip_binlog = skip_binlog;
    p->stage0 = mem_printf("ccr_stage_%s_0", job->name);
    p->old0 = mem_printf("ccr_old_%s_0", job->name);
    struct err *e = plan_fill(p);
    if (e) {
        restore_plan_free(p);
        return e;
    }
    *out = p;
    return NULL;
}

void restore_plan_free(struct restore_plan *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->db_count; i++) {
        free(p->dbs[i].stage);
        free(p->dbs[i].old);
    }
    for (size_t i = 0; i < p->table_count; i++)
        free(p->tables[i].done);
    free(p->dbs);
    free(p->tables);
    free(p->by_target);
    free(p->in_scope);
    free(p->stage0);
    free(p->old0);
    job_free(p->job);
    manifest_free(p->manifest);
    free(p);
}
