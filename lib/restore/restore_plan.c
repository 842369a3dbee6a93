#include "restore/restore_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mysql/catalog.h"

static bool is_table(const struct manifest_object *o)
{
    return o->kind == OBJECT_TABLE || o->kind == OBJECT_SEQUENCE;
}

static bool object_in_scope(const struct scope *s, const struct manifest_object *o)
{
    switch (o->kind) {
    case OBJECT_DATABASE:
        return scope_database(s, o->db) != SCOPE_OUT;
    case OBJECT_SEQUENCE:
    case OBJECT_TABLE:
    case OBJECT_VIEW:
        return scope_table(s, o->db, o->name);
    case OBJECT_TRIGGER:
        return scope_table(s, o->db, o->table);
    case OBJECT_FUNCTION:
    case OBJECT_PROCEDURE:
    case OBJECT_PACKAGE:
    case OBJECT_PACKAGE_BODY:
    case OBJECT_EVENT:
        return scope_programs(s, o->db);
    }
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

    return compare_names(x->target.db, x->target.name, y->target.db, y->target.name);
}

struct restore_table *restore_plan_target_table(const struct restore_plan *p, const char *db,
                                                const char *name)
{
    size_t low = 0;
    size_t high = p->table_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct restore_table *t = p->by_target[middle];
        int order = compare_names(t->target.db, t->target.name, db, name);
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
    struct scope_name target = scope_target_table(&p->job->scope, db, name);
    struct restore_table *t = restore_plan_target_table(p, target.db, target.name);

    return t && strcmp(t->db->name, db) == 0 && strcmp(t->name, name) == 0 ? t : NULL;
}

struct scope_name restore_plan_target_name(const struct restore_plan *p, const struct manifest_object *o)
{
    const struct scope *s = &p->job->scope;

    if (o->kind == OBJECT_TABLE || o->kind == OBJECT_VIEW || o->kind == OBJECT_SEQUENCE)
        return scope_target_table(s, o->db, o->name);
    if (o->kind == OBJECT_TRIGGER)
        return (struct scope_name){scope_target_table(s, o->db, o->table).db, o->name};
    return (struct scope_name){scope_target_database(s, o->db), o->name};
}

bool restore_table_has_chunk(const struct restore_table *t, size_t chunk)
{
    return t->loaded[chunk] == t->rows->chunks[chunk].rows;
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

/* The snapshot was asked for the database as a whole, and it existed. */
static bool snapshot_has_whole(const struct manifest *m, const struct scope *of_snapshot, const char *db)
{
    if (!scope_programs(of_snapshot, db))
        return false;
    for (size_t i = 0; i < m->object_count; i++)
        if (strcmp(m->objects[i].db, db) == 0)
            return true;
    return false;
}

static bool snapshot_has_table(const struct manifest *m, const char *db, const char *name)
{
    for (size_t i = 0; i < m->object_count; i++) {
        const struct manifest_object *o = &m->objects[i];
        if ((is_table(o) || o->kind == OBJECT_VIEW) && strcmp(o->db, db) == 0 && strcmp(o->name, name) == 0)
            return true;
    }
    return false;
}

static struct err *check_database_name(const struct manifest *m, const struct scope *of_snapshot,
                                       const char *pattern)
{
    char *name = scope_pattern_is_exact(pattern) ? scope_pattern_name(pattern) : NULL;
    struct err *e = NULL;

    if (name && !snapshot_has_whole(m, of_snapshot, name))
        e = err_hint(err_new(ERR_USAGE, "snapshot %s does not hold database '%s' as a whole", m->id, name),
                     "name databases of the source that the snapshot was asked for");
    free(name);
    return e;
}

static struct err *check_table_name(const struct manifest *m, const struct scope_pattern *p)
{
    if (!scope_pattern_is_exact(p->db) || !scope_pattern_is_exact(p->name))
        return NULL;
    char *db = scope_pattern_name(p->db);
    char *name = scope_pattern_name(p->name);
    struct err *e = NULL;
    if (!snapshot_has_table(m, db, name))
        e = err_hint(err_new(ERR_USAGE, "snapshot %s does not hold table '%s.%s'", m->id, db, name),
                     "name tables as DB.TABLE, with the names that they have on the source");
    free(db);
    free(name);
    return e;
}

/* What is named without wildcards must be there. */
static struct err *check_names(const struct scope *s, const struct manifest *m)
{
    struct scope of_snapshot = {0};
    struct err *e = scope_from_manifest(m, &of_snapshot);

    for (size_t i = 0; i < s->databases.count && !e; i++)
        e = check_database_name(m, &of_snapshot, s->databases.items[i].db);
    for (size_t i = 0; i < s->tables.count && !e; i++)
        e = check_table_name(m, &s->tables.items[i]);
    scope_free(&of_snapshot);
    return e;
}

static struct restore_db *plan_add_db(struct restore_plan *p, const char *name, const char *target)
{
    struct restore_db *db = &p->dbs[p->db_count++];

    *db = (struct restore_db){
        .name = name,
        .target = target,
        .old = mem_printf("ccr_old_%s_%zu", p->job->name, p->db_count),
    };
    return db;
}

static void plan_databases(struct restore_plan *p)
{
    const struct manifest *m = p->manifest;
    const struct scope *s = &p->job->scope;

    p->dbs = mem_zalloc(m->object_count + s->renames.count + 1, sizeof(*p->dbs));
    for (size_t i = 0; i < m->object_count; i++) {
        const char *name = m->objects[i].db;
        if (scope_database(s, name) == SCOPE_OUT || restore_plan_db(p, name))
            continue;
        struct restore_db *db = plan_add_db(p, name, scope_target_database(s, name));
        db->staged = true;
        db->whole = scope_programs(s, name);
    }
    for (size_t i = 0; i < s->renames.count; i++) {
        const struct statement_rename *r = &s->renames.items[i];
        if (r->name && scope_table(s, r->db, r->name) && restore_plan_db(p, r->db) &&
            !restore_plan_target_db(p, r->to_db))
            plan_add_db(p, "", r->to_db)->like = r->db;
    }
}

void restore_plan_stage_from(struct restore_plan *p, unsigned long number)
{
    free(p->stage0);
    p->stage_from = number;
    p->stage0 = mem_printf("ccr_stage_%s_%lu", p->job->name, number);
    for (size_t i = 0; i < p->db_count; i++) {
        if (!p->dbs[i].staged)
            continue;
        free(p->dbs[i].stage);
        p->dbs[i].stage = p->in_place ? mem_strdup(p->dbs[i].target)
                                      : mem_printf("ccr_stage_%s_%lu", p->job->name, number + i + 1);
    }
}

/* "--rename-db a:b", "--rename-table a.t:b.u"; malloc'ed. */
static char *rename_text(const struct statement_rename *r)
{
    return r->name ? mem_printf("--rename-table %s.%s:%s.%s", r->db, r->name, r->to_db, r->to_name)
                   : mem_printf("--rename-db %s:%s", r->db, r->to_db);
}

static struct err *check_rename(const struct restore_plan *p, const struct statement_rename *r)
{
    char *text = rename_text(r);
    struct err *e = NULL;

    if (r->name ? !scope_table(&p->job->scope, r->db, r->name) : !restore_plan_db(p, r->db))
        e = err_new(ERR_USAGE, "%s: %s '%s' is not in scope", text, r->name ? "table" : "database",
                    r->name ? r->name : r->db);
    else if (p->in_place && r->name)
        e = err_new(ERR_USAGE, "%s: not with --in-place, which knows no other names of tables", text);
    else if (catalog_is_system_database(r->to_db) || strncmp(r->to_db, "ccr_", 4) == 0)
        e = err_new(ERR_USAGE, "%s: '%s' is not a name for a database of yours", text, r->to_db);
    free(text);
    return e;
}

/* Two names of the source would be one on the target. */
static struct err *check_clashes(const struct restore_plan *p)
{
    for (size_t i = 0; i < p->db_count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(p->dbs[i].target, p->dbs[k].target) == 0)
                return err_new(ERR_USAGE, "databases '%s' and '%s' would both become '%s'", p->dbs[k].name,
                               p->dbs[i].name, p->dbs[i].target);
    for (size_t i = 0; i < p->manifest->object_count; i++) {
        const struct manifest_object *o = &p->manifest->objects[i];
        struct scope_name to = restore_plan_target_name(p, o);
        bool table = is_table(o) || o->kind == OBJECT_VIEW;
        if (p->in_scope[i] && table && scope_clashes(&p->job->scope, o->db, o->name))
            return err_new(ERR_USAGE, "'%s.%s' and another table of the source would both become '%s.%s'",
                           o->db, o->name, to.db, to.name);
    }
    return NULL;
}

static struct err *check_renames(const struct restore_plan *p)
{
    for (size_t i = 0; !p->partial && i < p->job->scope.renames.count; i++)
        TRY(check_rename(p,
                         &p->job->scope.renames.items[i])); /* those of a job that is there may be others' */
    return check_clashes(p);
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

static void plan_sort(struct restore_plan *p)
{
    p->by_target = mem_zalloc(p->table_count + 1, sizeof(struct restore_table *));
    for (size_t i = 0; i < p->table_count; i++)
        p->by_target[i] = &p->tables[i];
    qsort(p->by_target, p->table_count, sizeof(struct restore_table *), compare_by_target);
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
        *t = (struct restore_table){
            .db = restore_plan_db(p, o->db),
            .name = o->name,
            .target = restore_plan_target_name(p, o),
            .object = o,
        };
        if (o->kind == OBJECT_SEQUENCE)
            continue;
        t->rows = find_rows(m, o, &hint);
        if (!t->rows)
            return err_new(ERR_INTEGRITY, "manifest of snapshot %s: table %s.%s is an object without rows",
                           m->id, o->db, o->name);
        t->loaded = mem_zalloc(t->rows->chunk_count + 1, sizeof(*t->loaded));
    }
    plan_sort(p);
    return NULL;
}

static void free_tables(struct restore_plan *p)
{
    for (size_t i = 0; i < p->table_count; i++)
        free(p->tables[i].loaded);
    free(p->tables);
    free(p->by_target);
    catalog_free_names(p->own_names, p->own_names ? p->table_count : 0);
}

void restore_plan_retable(struct restore_plan *p, struct restore_table *tables, char **names, size_t count)
{
    free_tables(p);
    p->tables = tables;
    p->own_names = names;
    p->table_count = count;
    plan_sort(p);
}

static void plan_hash_options(struct restore_plan *p)
{
    char *definer = missing_definer_text(&p->missing_definer);
    json_t *all = json_pack("{s:s, s:b, s:b, s:s, s:s, s:o}", "snapshot", p->manifest->id, "standalone",
                            (int)p->standalone, "partial", (int)p->partial, "missing_definer", definer,
                            "users", p->with_users ? p->existing_users : "", "job", job_to_json(p->job));
    if (p->in_place) /* without it, what an earlier version had begun is gone on with */
        json_object_set_new(all, "in_place", json_true());
    char *text = json_text(all);

    hash_bytes_hex(text, strlen(text), p->options);
    free(definer);
    free(text);
    json_decref(all);
}

static struct err *plan_fill(struct restore_plan *p, bool may_lack)
{
    const struct manifest *m = p->manifest;

    if (!p->partial && !may_lack) /* the source may have dropped a table, and the target is to follow */
        TRY(check_names(&p->job->scope, m));
    plan_databases(p);
    restore_plan_stage_from(p, 0);
    p->in_scope = mem_zalloc(m->object_count + 1, sizeof(*p->in_scope));
    for (size_t i = 0; i < m->object_count; i++)
        p->in_scope[i] = object_in_scope(&p->job->scope, &m->objects[i]);
    TRY(check_renames(p));
    plan_hash_options(p);
    return plan_tables(p);
}

struct err *restore_plan_new(struct job *job, struct manifest *manifest,
                             const struct restore_choices *choices, struct restore_plan **out)
{
    struct restore_plan *p = mem_zalloc(1, sizeof(*p));

    p->job = job;
    p->manifest = manifest;
    p->standalone = strcmp(job->name, JOB_STANDALONE) == 0;
    p->partial = choices->partial;
    p->in_place = choices->in_place;
    p->skip_binlog = choices->skip_binlog;
    p->with_users = choices->with_users;
    p->existing_users = mem_strdup(choices->existing_users ? choices->existing_users : "refuse");
    p->old0 = mem_printf("ccr_old_%s_0", job->name);
    struct err *e = missing_definer_parse(choices->missing_definer, &p->missing_definer);
    if (!e)
        e = plan_fill(p, choices->may_lack);
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
    free_tables(p);
    free(p->dbs);
    free(p->in_scope);
    free(p->stage0);
    free(p->old0);
    free(p->existing_users);
    missing_definer_free(&p->missing_definer);
    job_free(p->job);
    manifest_free(p->manifest);
    free(p);
}
