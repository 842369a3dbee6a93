#include "snapshot/live.h"

#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/mem.h"
#include "format/layout.h"

static int compare_live(const struct live_table *t, const char *db, const char *name)
{
    int order = strcmp(t->db->target, db);

    return order ? order : strcmp(t->name, name);
}

static int compare_lives(const void *a, const void *b)
{
    const struct live_table *y = b;

    return compare_live(a, y->db->target, y->name);
}

static struct live_table *find_live(const struct live *l, const char *db, const char *name)
{
    for (size_t low = 0, high = l->count; low < high;) {
        size_t middle = low + (high - low) / 2;
        int order = compare_live(&l->tables[middle], db, name);
        if (order == 0)
            return &l->tables[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static const struct restore_db *find_db(const struct restore_plan *p, const struct live *l,
                                        const char *target)
{
    for (size_t i = 0; i < l->gone_count; i++)
        if (strcmp(l->gone[i].target, target) == 0)
            return &l->gone[i].db;
    return restore_plan_target_db(p, target);
}

/* The source's name of a database of the target. */
static const char *source_name(const struct job *job, const char *target)
{
    for (size_t i = 0; i < job->rename_count; i++)
        if (strcmp(job->renames[i].to, target) == 0)
            return job->renames[i].from;
    return target;
}

/* In scope still, and under the same name: the source has dropped it. Otherwise it is another copy, no longer
 * followed, and not ours to drop. */
static void add_if_gone(const struct restore_plan *p, const struct job *saved, const char *target,
                        struct live *l)
{
    const char *name = source_name(saved, target);

    if (restore_plan_target_db(p, target) || !job_has_database(p->job, name) ||
        strcmp(job_target_database(p->job, name), target) != 0)
        return;
    l->gone = mem_resize(l->gone, l->gone_count + 1, sizeof(*l->gone));
    struct live_gone *g = &l->gone[l->gone_count++];
    g->name = mem_strdup(name);
    g->target = mem_strdup(target);
    g->db = (struct restore_db){
        .name = g->name,
        .target = g->target,
        .old = mem_printf("ccr_old_%s_%zu", p->job->name, p->db_count + l->gone_count),
        .whole = true,
    };
}

static struct err *read_gone(struct conn *c, const struct restore_plan *p, struct live *l)
{
    struct result *r = NULL;
    struct job *saved = NULL;
    char **row;

    TRY(job_load(c, p->job->name, &saved));
    if (!saved)
        return NULL;
    char *job = sql_string_dup(p->job->name);
    struct err *e = conn_query(c, &r, "SELECT DISTINCT db FROM ccr.tables WHERE job = %s", job);
    free(job);
    while (!e && (row = result_next(r, NULL)) != NULL)
        add_if_gone(p, saved, row[0], l);
    result_free(r);
    job_free(saved);
    return e;
}

/* "'a', 'b'": every database that is looked at. */
static char *database_list(const struct restore_plan *p, const struct live *l)
{
    struct buf out = BUF_INIT;
    char *planned = restore_plan_target_list(p);

    buf_append_str(&out, planned);
    for (size_t i = 0; i < l->gone_count; i++) {
        buf_append_str(&out, out.len ? ", " : "");
        sql_string(&out, l->gone[i].target);
    }
    free(planned);
    return buf_steal(&out);
}

static struct err *read_names(struct conn *c, const struct restore_plan *p, const char *dbs, struct live *l)
{
    struct result *r = NULL;
    char **row;
    size_t cap = 0;

    TRY(conn_query(c, &r,
                   "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES "
                   "WHERE TABLE_SCHEMA IN (%s)",
                   dbs));
    while ((row = result_next(r, NULL)) != NULL) {
        const struct restore_db *db = find_db(p, l, row[0]);
        if (!db)
            continue;
        l->tables = mem_grow(l->tables, l->count, &cap, sizeof(*l->tables));
        l->tables[l->count++] = (struct live_table){
            .db = db,
            .name = mem_strdup(row[1]),
            .view = strcmp(row[2], "VIEW") == 0,
            .incoming = restore_plan_target_table(p, row[0], row[1]) != NULL,
        };
    }
    result_free(r);
    if (l->count)
        qsort(l->tables, l->count, sizeof(*l->tables), compare_lives);
    return NULL;
}

static struct err *read_triggers(struct conn *c, const char *dbs, struct live *l)
{
    struct result *r = NULL;
    char **row;

    TRY(conn_query(
        c, &r,
        "SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, TRIGGER_NAME FROM information_schema.TRIGGERS "
        "WHERE TRIGGER_SCHEMA IN (%s)",
        dbs));
    while ((row = result_next(r, NULL)) != NULL) {
        struct live_table *t = find_live(l, row[0], row[1]);
        if (t && !t->trigger)
            t->trigger = mem_strdup(row[2]);
    }
    result_free(r);
    return NULL;
}

static struct err *read_ours(struct conn *c, const struct restore_plan *p, struct live *l)
{
    struct result *r = NULL;
    char **row;
    char *job = sql_string_dup(p->job->name);
    struct err *e = conn_query(c, &r, "SELECT db, name FROM ccr.tables WHERE job = %s", job);

    free(job);
    if (e && (conn_errno(c) == ER_NO_SUCH_TABLE || conn_errno(c) == ER_BAD_DB_ERROR)) {
        err_free(e); /* the first restore of the first job */
        return NULL;
    }
    TRY(e);
    while ((row = result_next(r, NULL)) != NULL) {
        struct live_table *t = find_live(l, row[0], row[1]);
        if (t)
            t->ours = true;
    }
    result_free(r);
    return NULL;
}

/* A view of the snapshot will stand here. */
static bool view_is_coming(const struct restore_plan *p, const struct live_table *t)
{
    for (size_t i = 0; i < p->manifest->object_count; i++) {
        const struct manifest_object *o = &p->manifest->objects[i];
        if (o->kind == OBJECT_VIEW && p->in_scope[i] && strcmp(o->name, t->name) == 0 &&
            strcmp(o->db, t->db->name) == 0)
            return true;
    }
    return false;
}

static enum live_fate fate_of(const struct restore_plan *p, const struct live_table *t)
{
    /* what the job made and the snapshot no longer has goes, unless the job no longer asks for it */
    bool gone = t->ours && !t->incoming && job_has_table(p->job, t->db->name, t->name);

    if (t->view)
        return t->incoming || (gone && !view_is_coming(p, t)) ? LIVE_ASIDE : LIVE_STAYS;
    if (t->incoming || gone || view_is_coming(p, t))
        return t->trigger ? LIVE_ASIDE : LIVE_OLD;
    return LIVE_STAYS;
}

struct err *live_read(struct conn *c, const struct restore_plan *p, struct live *out)
{
    struct job_position position;
    bool found = false;

    *out = (struct live){0};
    struct err *e = job_position_read(c, p->job->name, &position, &found);
    if (found)
        job_position_free(&position);
    out->first = !found;
    if (!e && found)
        e = read_gone(c, p, out);
    char *dbs = database_list(p, out);
    if (!e && *dbs)
        e = read_names(c, p, dbs, out);
    if (!e && *dbs)
        e = read_triggers(c, dbs, out);
    if (!e)
        e = read_ours(c, p, out);
    for (size_t i = 0; !e && i < out->count; i++)
        out->tables[i].fate = fate_of(p, &out->tables[i]);
    free(dbs);
    if (e)
        live_free(out);
    return e;
}

void live_free(struct live *l)
{
    for (size_t i = 0; i < l->count; i++) {
        free(l->tables[i].name);
        free(l->tables[i].trigger);
    }
    for (size_t i = 0; i < l->gone_count; i++) {
        free(l->gone[i].name);
        free(l->gone[i].target);
        free(l->gone[i].db.old);
    }
    free(l->gone);
    free(l->tables);
    *l = (struct live){0};
}

/* Names for a message: the first few, and how many more. */
struct names {
    struct buf text;
    size_t count;
};

enum { NAMES_SHOWN = 10 };

static void names_add(struct names *n, const char *db, const char *name, const char *more)
{
    if (n->count++ < NAMES_SHOWN)
        buf_printf(&n->text, "%s%s.%s%s", n->text.len ? ", " : "", db, name, more ? more : "");
}

static const char *names_text(struct names *n)
{
    if (n->count > NAMES_SHOWN)
        buf_printf(&n->text, " and %zu more", n->count - NAMES_SHOWN);
    return buf_str(&n->text);
}

static struct err *check_tables(const struct restore_plan *p, const struct live *l)
{
    struct names foreign = {BUF_INIT, 0};
    struct names triggers = {BUF_INIT, 0};
    struct err *e = NULL;

    for (size_t i = 0; i < l->count; i++) {
        const struct live_table *t = &l->tables[i];
        bool taken = t->fate != LIVE_STAYS || (t->view && l->first && view_is_coming(p, t));
        if (taken && !t->ours)
            names_add(&foreign, t->db->target, t->name, NULL);
        else if (taken && t->trigger)
            names_add(&triggers, t->db->target, t->trigger, NULL);
    }
    if (foreign.count)
        e = err_hint(err_new(ERR_UNSAFE, "the target has tables or views that ccr did not make: %s",
                             names_text(&foreign)),
                     "restore under another name (--rename-db A:B), or give --replace to have them replaced");
    else if (triggers.count)
        e = err_hint(err_new(ERR_UNSAFE, "tables of this job have triggers that ccr did not make: %s",
                             names_text(&triggers)),
                     "drop them, or give --replace: they would be lost with the old tables");
    buf_free(&foreign.text);
    buf_free(&triggers.text);
    return e;
}

struct object_query {
    enum object_kind kind;
    const char *sql; /* schema, name, and for triggers the table */
};

static const struct object_query object_queries[] = {
    {OBJECT_FUNCTION,
     "SELECT ROUTINE_SCHEMA, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_TYPE = "
     "'FUNCTION' AND ROUTINE_SCHEMA IN (%s)"},
    {OBJECT_PROCEDURE,
     "SELECT ROUTINE_SCHEMA, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_TYPE = "
     "'PROCEDURE' AND ROUTINE_SCHEMA IN (%s)"},
    {OBJECT_PACKAGE,
     "SELECT ROUTINE_SCHEMA, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_TYPE = "
     "'PACKAGE' AND ROUTINE_SCHEMA IN (%s)"},
    {OBJECT_EVENT,
     "SELECT EVENT_SCHEMA, EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA IN (%s)"},
    {OBJECT_TRIGGER,
     "SELECT TRIGGER_SCHEMA, TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS "
     "WHERE TRIGGER_SCHEMA IN (%s)"},
};

static bool is_coming(const struct restore_plan *p, enum object_kind kind, const char *db, const char *name)
{
    const struct restore_db *d = restore_plan_target_db(p, db);

    for (size_t i = 0; d && i < p->manifest->object_count; i++) {
        const struct manifest_object *o = &p->manifest->objects[i];
        if (o->kind == kind && p->in_scope[i] && strcmp(o->db, d->name) == 0 && strcmp(o->name, name) == 0)
            return true;
    }
    return false;
}

/* Routines, events and triggers of the same names that stand there already. */
static struct err *check_objects(struct conn *c, const struct restore_plan *p, const struct live *l,
                                 bool replace)
{
    struct names taken = {BUF_INIT, 0};
    char *dbs = restore_plan_target_list(p);
    struct err *e = NULL;

    for (size_t i = 0; !e && *dbs && i < sizeof(object_queries) / sizeof(object_queries[0]); i++) {
        const struct object_query *q = &object_queries[i];
        struct result *r = NULL;
        char **row;
        bool trigger = q->kind == OBJECT_TRIGGER;
        struct buf sql = BUF_INIT;
        const char *hole = strstr(q->sql, "%s");
        buf_append(&sql, q->sql, (size_t)(hole - q->sql));
        buf_printf(&sql, "%s)", dbs);
        e = conn_query(c, &r, "%s", buf_str(&sql));
        buf_free(&sql);
        while (!e && (row = result_next(r, NULL)) != NULL) {
            const struct live_table *t = trigger ? find_live(l, row[0], row[2]) : NULL;
            /* the triggers of a table that goes go with it; on another table the name is taken for good */
            bool blocks = trigger ? p->standalone && !(t && t->fate == LIVE_ASIDE) : l->first && !replace;
            if (blocks && is_coming(p, q->kind, row[0], row[1])) {
                char *kind = mem_printf(" (%s)", object_kind_name(q->kind));
                names_add(&taken, row[0], row[1], kind);
                free(kind);
            }
        }
        result_free(r);
    }
    if (!e && taken.count)
        e = err_hint(
            err_new(ERR_UNSAFE, "the target has objects of the same name that ccr did not make: %s",
                    names_text(&taken)),
            "restore under another name (--rename-db A:B), or give --replace; a trigger on a table that "
            "stays must be dropped by hand");
    buf_free(&taken.text);
    free(dbs);
    return e;
}

static bool goes(const struct live *l, const char *db, const char *name)
{
    const struct live_table *t = find_live(l, db, name);

    return t && t->fate != LIVE_STAYS;
}

/* A foreign key follows the table it refers to, into the old database: its own table would refer to what is
 * about to be dropped. */
static struct err *check_foreign_keys(struct conn *c, const struct live *l)
{
    struct names found = {BUF_INIT, 0};
    struct result *r = NULL;
    char **row;

    /* names are in the form of file names there */
    struct err *e =
        conn_query(c, &r,
                   "SELECT CONVERT(UNHEX(HEX(SUBSTRING_INDEX(FOR_NAME, '/', 1))) USING filename), "
                   "CONVERT(UNHEX(HEX(SUBSTRING_INDEX(FOR_NAME, '/', -1))) USING filename), "
                   "CONVERT(UNHEX(HEX(SUBSTRING_INDEX(REF_NAME, '/', 1))) USING filename), "
                   "CONVERT(UNHEX(HEX(SUBSTRING_INDEX(REF_NAME, '/', -1))) USING filename) "
                   "FROM information_schema.INNODB_SYS_FOREIGN");
    if (e)
        return e;
    while ((row = result_next(r, NULL)) != NULL) {
        if (!row[0] || !row[1] || !row[2] || !row[3] || !goes(l, row[2], row[3]) || goes(l, row[0], row[1]))
            continue;
        char *to = mem_printf(" (refers to %s.%s)", row[2], row[3]);
        names_add(&found, row[0], row[1], to);
        free(to);
    }
    result_free(r);
    if (found.count)
        e = err_hint(err_new(ERR_UNSAFE,
                             "foreign keys of tables that stay refer to tables that would be replaced: %s",
                             names_text(&found)),
                     "drop those keys, or restore those tables as well");
    buf_free(&found.text);
    return e;
}

struct err *live_check(struct conn *c, const struct restore_plan *p, const struct live *l, bool replace)
{
    if (!replace)
        TRY(check_tables(p, l));
    TRY(check_objects(c, p, l, replace));
    return check_foreign_keys(c, l);
}
