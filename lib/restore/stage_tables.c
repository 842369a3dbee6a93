#include "restore/stage_tables.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/interrupt.h"
#include "base/mem.h"
#include "restore/ddl.h"
#include "restore/target_session.h"

/* Another connection is worth it for so many tables. */
enum { TABLES_PER_MAKER = 16 };

struct making {
    const struct restore_plan *plan;
    char *const *definitions;
    const struct conn_params *target;
    size_t *free; /* tables that name no other object: indices in the plan */
    size_t free_count;
    pthread_mutex_t mutex; /* guards what follows */
    size_t next;           /* in `free` */
    size_t failed;         /* whose error it is: an index in `free` */
    struct err *error;
};

static const char *definition_of(const struct restore_plan *p, const struct restore_table *t,
                                 char *const *definitions)
{
    return definitions[t->object - p->manifest->objects];
}

static struct err *drop_defaults(struct conn *c, const struct restore_table *t, const char *definition)
{
    struct buf clauses = BUF_INIT;
    struct err *e = NULL;

    ddl_missing_defaults(definition, &clauses);
    if (clauses.len > 0) {
        char *table = sql_table_dup(t->db->stage, t->name);
        e = conn_exec(c, "ALTER TABLE %s %s", table, buf_str(&clauses));
        free(table);
    }
    buf_free(&clauses);
    return e;
}

static struct err *create(struct target_creator *creator, const struct restore_plan *p,
                          const struct restore_table *t, const char *definition)
{
    struct buf inside = BUF_INIT;
    struct buf sql = BUF_INIT;

    if (p->partial) /* rows that foreign keys refer to elsewhere are those of another moment, until the swap
                     */
        ddl_keys_inside(p, t, definition, &inside);
    ddl_place_table(p, t, p->partial ? buf_str(&inside) : definition, DDL_STAGE, &sql);
    struct err *e = target_creator_run(creator, t->db->stage, t->object, &sql);
    if (!e && t->object->kind == OBJECT_TABLE)
        e = drop_defaults(creator->conn, t, definition);
    buf_free(&inside);
    buf_free(&sql);
    return e;
}

struct err *stage_table_create(struct conn *c, const struct restore_plan *p, const struct restore_table *t,
                               const char *definition)
{
    struct target_creator creator = {.conn = c};
    struct err *e = create(&creator, p, t, definition);

    return err_first(e, target_creator_end(&creator));
}

static void note_key(const char *name, const char *clause, void *arg)
{
    (void)name;
    (void)clause;
    *(bool *)arg = true;
}

static bool names_no_other(const struct restore_table *t, const char *definition)
{
    bool has_key = false;

    if (t->object->kind != OBJECT_TABLE || ddl_uses_sequence(t, definition))
        return false;
    ddl_each_foreign_key(definition, note_key, &has_key);
    return !has_key;
}

/* False where none is left, or one has failed. */
static bool take_next(struct making *m, size_t *at)
{
    pthread_mutex_lock(&m->mutex);
    bool taken = !m->error && m->next < m->free_count;
    if (taken)
        *at = m->next++;
    pthread_mutex_unlock(&m->mutex);
    return taken;
}

static void report(struct making *m, size_t at, struct err *e)
{
    pthread_mutex_lock(&m->mutex);
    if (!m->error || at < m->failed) {
        err_free(m->error);
        m->error = e;
        m->failed = at;
    } else {
        err_free(e);
    }
    pthread_mutex_unlock(&m->mutex);
}

static void make_tables(struct making *m, struct conn *c)
{
    struct target_creator creator = {.conn = c};
    size_t at = 0;

    while (take_next(m, &at)) {
        const struct restore_table *t = &m->plan->tables[m->free[at]];
        struct err *e = interrupt_check();
        if (!e)
            e = create(&creator, m->plan, t, definition_of(m->plan, t, m->definitions));
        if (e)
            report(m, at, e);
    }
    struct err *e = target_creator_end(&creator);
    if (e)
        report(m, m->free_count, e);
}

static void *maker_main(void *arg)
{
    struct making *m = arg;
    struct conn *c = NULL;
    struct err *e = conn_open(m->target, &c);

    if (!e)
        e = target_session_set(c);
    if (!e)
        e = job_lock_stage_join(c, m->plan->job->name);
    if (e)
        report(m, m->free_count, e);
    else
        make_tables(m, c);
    conn_close(c);
    conn_thread_end();
    return NULL;
}

static void run_makers(struct making *m, const struct stage_makers *makers)
{
    size_t worth = m->free_count / TABLES_PER_MAKER;
    unsigned count = makers->threads < worth ? makers->threads : (unsigned)worth;
    pthread_t *threads = mem_zalloc(count + 1, sizeof(*threads));
    unsigned started = 0;

    for (; started < count; started++) {
        int failed = pthread_create(&threads[started], NULL, maker_main, m);
        if (failed) {
            report(m, m->free_count, err_errno(ERR_INTERNAL, failed, "starting a thread that makes tables"));
            break;
        }
    }
    make_tables(m, makers->conn);
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    free(threads);
}

/* Fills in `free`; rest[i]: table i is not among them. */
static void divide(struct making *m, bool *rest)
{
    const struct restore_plan *p = m->plan;

    m->free = mem_zalloc(p->table_count + 1, sizeof(*m->free));
    for (size_t i = 0; i < p->table_count; i++) {
        rest[i] = !names_no_other(&p->tables[i], definition_of(p, &p->tables[i], m->definitions));
        if (!rest[i])
            m->free[m->free_count++] = i;
    }
}

struct err *stage_tables_create(const struct stage_makers *makers, const struct restore_plan *p,
                                char *const *definitions)
{
    struct making m = {.plan = p, .definitions = definitions, .target = makers->target};
    bool *rest = mem_zalloc(p->table_count + 1, sizeof(*rest));

    divide(&m, rest);
    pthread_mutex_init(&m.mutex, NULL);
    run_makers(&m, makers);
    pthread_mutex_destroy(&m.mutex);
    for (size_t i = 0; i < p->table_count && !m.error; i++) {
        const struct restore_table *t = &p->tables[i];
        if (rest[i])
            m.error = stage_table_create(makers->conn, p, t, definition_of(p, t, definitions));
    }
    free(m.free);
    free(rest);
    return m.error;
}
