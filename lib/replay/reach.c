#include "replay/reach.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/mem.h"
#include "binlog/sql_lex.h"
#include "binlog/touched.h"
#include "replay/schema_scope.h"

enum { DEPTH_MAX = 30 }; /* of views and routines that use one another */

struct finder {
    const struct schema_change *s;
    struct reach *out;
    bool outside;
    bool outside_written; /* by the statement itself */
    char *outside_name;
    char *objection; /* the first reason against running it on the target; NULL: none */
    enum err_code code;
    bool unknown;  /* what is changed is not all in out->written */
    bool defaults; /* by the text at hand columns may get their defaults */
    unsigned depth;
    unsigned triggers; /* depth of these: what they change counts, not how */
    char **seen;       /* views and routines that were looked into */
    size_t seen_count;
    size_t seen_cap;
};

/* A text: the statement itself (names of the source), or a definition on the target. */
struct text {
    const char *sql;
    size_t len;
    uint64_t sql_mode;
    const char *db; /* the default one */
    bool of_target;
    bool written; /* of a view that is changed: what it reads is */
};

static struct err *find_in(struct finder *f, const struct text *text);

/* What it changes cannot be found out. */
static struct err *refuse(const struct finder *f, enum err_code code, const char *what, ...) CHECKED
    __attribute__((format(printf, 3, 4)));

static struct err *stop(const struct finder *f, enum err_code code, const char *why)
{
    return err_hint(schema_change_stop(f->s, code, why),
                    "use binlog_format=ROW on the source; take a new snapshot (ccr-backup, "
                    "ccr-restore) to go on behind the statement");
}

static struct err *refuse(const struct finder *f, enum err_code code, const char *what, ...)
{
    va_list ap;

    va_start(ap, what);
    char *why = mem_vprintf(what, ap);
    va_end(ap);
    struct err *e = stop(f, code, why);
    free(why);
    return e;
}

/* It must not run on the target: copies of what it changes can take its place. */
static void object_to(struct finder *f, enum err_code code, const char *what, ...)
    __attribute__((format(printf, 3, 4)));

static void object_to(struct finder *f, enum err_code code, const char *what, ...)
{
    va_list ap;

    if (f->objection)
        return;
    va_start(ap, what);
    f->objection = mem_vprintf(what, ap);
    va_end(ap);
    f->code = code;
}

/* seq_1_to_10, seq_1_to_10_step_2: made up by the server as it is read. */
static bool is_series(const char *name)
{
    size_t from = strspn(name, "seq_0123456789");
    const char *to = strstr(name, "_to_");

    return strncmp(name, "seq_", 4) == 0 && to && from == (size_t)(to + 1 - name);
}

static void note_outside(struct finder *f, const char *db, const char *name)
{
    if (!f->outside)
        f->outside_name = mem_printf("%s.%s", db, name);
    f->outside = true;
}

static bool seen(struct finder *f, const char *kind, const char *db, const char *name)
{
    char *key = mem_printf("%s\n%s\n%s", kind, db, name);

    for (size_t i = 0; i < f->seen_count; i++)
        if (strcmp(f->seen[i], key) == 0) {
            free(key);
            return true;
        }
    f->seen = mem_grow(f->seen, f->seen_count, &f->seen_cap, sizeof(*f->seen));
    f->seen[f->seen_count++] = key;
    return false;
}

/* The definition of a view (kind NULL) or routine of the target; *sql is NULL where there is none. */
static struct err *read_definition(struct conn *c, bool view, const char *db, const char *name, char **sql)
{
    char *in = sql_string_dup(db);
    char *of = sql_string_dup(name);
    struct err *e;

    if (view)
        e = conn_value(c, sql,
                       "SELECT view_definition FROM information_schema.views WHERE table_schema = %s AND "
                       "table_name = %s",
                       in, of);
    else
        e = conn_value(
            c, sql,
            /* not from mysql.proc: that would make Aria part of the transaction, and savepoints fail */
            "SELECT GROUP_CONCAT(routine_definition SEPARATOR ';') FROM information_schema.routines "
            "WHERE routine_schema = %s AND routine_name = %s",
            in, of);
    free(in);
    free(of);
    return e;
}

/* ANSI_QUOTES and NO_BACKSLASH_ESCAPES do not matter to views, which the server writes itself. */
static struct err *look_into(struct finder *f, bool view, struct scope_name of, bool written, bool *found)
{
    const char *db = of.db;
    const char *name = of.name;
    const char *kind = !view ? "routine" : written ? "written view" : "view";
    char *sql = NULL;

    TRY(read_definition(f->s->a->conn, view, db, name, &sql));
    *found = sql != NULL;
    if (sql && !sql[0]) {
        free(sql);
        return err_hint(refuse(f, ERR_TARGET, "the definition of %s.%s cannot be read", db, name),
                        "grant ccr's user SHOW VIEW on the target");
    }
    if (!sql || seen(f, kind, db, name)) {
        free(sql);
        return NULL;
    }
    struct text text = {.sql = sql, .len = strlen(sql), .db = db, .of_target = true, .written = written};
    struct err *e = ++f->depth > DEPTH_MAX ? refuse(f, ERR_UNSUPPORTED, "%s is nested too deep", name)
                                           : find_in(f, &text);
    f->depth--;
    free(sql);
    return e;
}

/* A trigger's body: behind FOR EACH ROW, and the name of another one that it follows. */
static const char *trigger_body(const char *sql, uint64_t sql_mode)
{
    struct sql_lexer l, ahead;
    struct sql_token t;
    const char *body = NULL;

    sql_lexer_init(&l, sql, strlen(sql), sql_mode);
    do {
        t = sql_lexer_next(&l);
    } while (t.type != SQL_END && t.type != SQL_BAD && !sql_token_is(&t, "EACH"));
    t = sql_lexer_next(&l); /* ROW */
    ahead = l;
    t = sql_lexer_next(&ahead);
    if (sql_token_is(&t, "FOLLOWS") || sql_token_is(&t, "PRECEDES")) {
        (void)sql_lexer_next(&ahead);
        l = ahead;
        t = sql_lexer_next(&ahead);
    }
    if (t.type != SQL_END && t.type != SQL_BAD)
        body = l.p;
    return body;
}

static uint64_t lexer_mode(const char *sql_mode)
{
    return (strstr(sql_mode, "ANSI_QUOTES") ? SQL_MODE_ANSI_QUOTES : 0) |
           (strstr(sql_mode, "NO_BACKSLASH_ESCAPES") ? SQL_MODE_NO_BACKSLASH_ESCAPES : 0);
}

/* Whatever cannot be read of it leaves open what it changes. */
static struct err *find_in_trigger(struct finder *f, const char *db, const char *definition,
                                   const char *sql_mode)
{
    struct text text = {.sql_mode = lexer_mode(sql_mode), .db = db, .of_target = true};
    struct err *e = NULL;

    text.sql = trigger_body(definition, text.sql_mode);
    if (!text.sql || f->depth >= DEPTH_MAX) {
        f->unknown = true;
        return NULL;
    }
    text.len = strlen(text.sql);
    f->depth++;
    f->triggers++;
    e = find_in(f, &text);
    f->depth--;
    f->triggers--;
    if (err_code(e) != ERR_UNSUPPORTED && err_code(e) != ERR_UNSAFE)
        return e;
    err_free(e);
    f->unknown = true;
    return NULL;
}

/* What the triggers of a table (target names) change: they wait in ccr.kept. One that is behind is changed by
 * nobody. */
static struct err *find_triggers(struct finder *f, struct scope_name table, bool behind)
{
    struct apply *a = f->s->a;
    struct result *r = NULL;
    char **row;
    char *job = sql_string_dup(a->job->name);
    char *db = sql_string_dup(table.db);
    char *name = sql_string_dup(table.name);
    struct err *e = conn_query(a->conn, &r,
                               "SELECT definition, sql_mode FROM ccr.kept WHERE job = %s AND kind = "
                               "'trigger' AND db = %s AND table_name = %s",
                               job, db, name);

    bool any = !e && result_count(r) > 0;
    if (any && !behind)
        object_to(f, ERR_RESYNC,
                  "a data change was logged as a statement, and table %s has triggers: they are kept away on "
                  "the target, and their effects would be lost",
                  table.name);
    if (any && !seen(f, "triggers", table.db, table.name))
        while (!e && (row = result_next(r, NULL)) != NULL)
            e = find_in_trigger(f, table.db, row[0] ? row[0] : "", row[1] ? row[1] : "");
    result_free(r);
    free(job);
    free(db);
    free(name);
    return e;
}

/* DATABASE() is not what it was on the source. */
static bool has_another_db(const struct finder *f)
{
    return strcmp(job_target_database(f->s->a->job, f->s->default_db), f->s->default_db) != 0;
}

/* Of a row that is inserted the statement need not tell all that it holds. */
static struct err *look_at_defaults(struct finder *f, const struct table *t)
{
    struct result *r = NULL;
    struct touched touched;
    char **row;
    char *db = sql_string_dup(t->db);
    char *name = sql_string_dup(t->name);
    struct err *e = conn_query(f->s->a->conn, &r,
                               "SELECT COLUMN_NAME, COLUMN_DEFAULT FROM information_schema.COLUMNS WHERE "
                               "TABLE_SCHEMA = %s AND TABLE_NAME = %s AND COLUMN_DEFAULT REGEXP '[(@]'",
                               db, name);

    while (!e && (row = result_next(r, NULL)) != NULL) {
        touched_read(row[1], strlen(row[1]), 0, &touched);
        if (touched.varies || touched.unreadable || (touched.asks_for_db && has_another_db(f)))
            object_to(f, ERR_UNSUPPORTED,
                      "a data change was logged as a statement, and the default of %s.%s gives another "
                      "result on another server",
                      t->name, row[0]);
        touched_free(&touched);
    }
    result_free(r);
    free(db);
    free(name);
    return e;
}

/* A table of the job that is changed. */
static struct err *look_at_written(struct finder *f, const struct table *t)
{
    need_add(&f->out->written, t->source_db, t->source_name);
    if (!t->catalog) /* a dry run behind DDL does not know it */
        return NULL;
    if (t->catalog->versioned && !catalog_versioned_by_time(t->catalog))
        object_to(f, ERR_RESYNC, "table %s is versioned by transaction ids, which are others on every server",
                  t->name);
    if (!t->catalog->transactional && !f->out->cannot_undo)
        f->out->cannot_undo = mem_printf("%s.%s", t->db, t->name);
    TRY(find_triggers(f, (struct scope_name){t->db, t->name}, false));
    return f->defaults ? look_at_defaults(f, t) : NULL;
}

/* One that a trigger changes. Of names found in a text some may be no tables. */
static struct err *look_at_side_effect(struct finder *f, const char *source_db, const char *name,
                                       struct scope_name target)
{
    char hash[HASH_HEX_SIZE];

    TRY(job_table_hash(f->s->a->conn, f->s->a->job->name, target.db, target.name, hash));
    f->unknown |= !hash[0];
    need_add(&f->out->written, source_db, name);
    return find_triggers(f, target, false);
}

/* Not the job's, or behind. What triggers of the job's own do to others of its tables would be lost. */
static struct err *look_outside(struct finder *f, const char *source_db, const char *name, bool written)
{
    struct scope *scope = &f->s->a->job->scope;
    size_t before = f->out->written.count;
    bool known = !f->unknown;

    note_outside(f, source_db, name);
    f->outside_written |= written;
    if (!written || !scope_is_behind(scope, source_db, name))
        return NULL;
    TRY(find_triggers(f, scope_target_table(scope, source_db, name), true));
    if (f->out->written.count == before && (!known || !f->unknown))
        return NULL;
    f->out->in_scope = true;
    object_to(f, ERR_RESYNC,
              "a data change was logged as a statement, and table %s, which is behind, has triggers that "
              "change others",
              name);
    return NULL;
}

static struct err *find_table(struct finder *f, const char *source_db, const char *name, bool written)
{
    struct apply *a = f->s->a;
    struct table *table;
    bool view;

    if (is_series(name))
        return NULL;
    if (!tables_in_scope(a->job, source_db, name))
        return look_outside(f, source_db, name, written);
    f->out->in_scope = true;
    if (written && f->s->statement.action == STATEMENT_CREATE) { /* is about to be made */
        need_add(&f->out->written, source_db, name);
        return NULL;
    }
    struct scope_name target = scope_target_table(&a->job->scope, source_db, name);
    TRY(look_into(f, true, target, written, &view));
    if (view || (f->triggers && !written))
        return NULL;
    if (f->triggers)
        return look_at_side_effect(f, source_db, name, target);
    TRY(tables_named(a->tables, source_db, name, &table));
    return written ? look_at_written(f, table) : NULL;
}

/* A word before a parenthesis, or a procedure, where the target has none of the source's: is it the server's
 * own? */
static struct err *find_function(struct finder *f, const char *name)
{
    uint64_t count = 0;

    if (!f->triggers || f->unknown) /* where it runs on the target, that tells */
        return NULL;
    char *quoted = sql_string_dup(name);
    struct err *e =
        conn_number(f->s->a->conn, &count,
                    "SELECT COUNT(*) FROM information_schema.SQL_FUNCTIONS WHERE `FUNCTION` = %s", quoted);

    free(quoted);
    if (e && conn_errno(f->s->a->conn) == ER_UNKNOWN_TABLE) { /* before 10.6 */
        err_free(e);
        e = NULL;
    }
    f->unknown |= count == 0;
    return e;
}

/* Not every word before a parenthesis is one of the database's routines. */
static struct err *find_routine(struct finder *f, const char *source_db, const struct touched_name *n)
{
    struct apply *a = f->s->a;
    bool found;

    if (!scope_programs(&a->job->scope, source_db)) {
        if (!n->db)
            return find_function(f, n->name);
        f->unknown = true;
        note_outside(f, source_db, n->name);
        return NULL;
    }
    TRY(look_into(f, false, (struct scope_name){job_target_database(a->job, source_db), n->name}, false,
                  &found));
    f->out->in_scope |= found;
    if (!found && n->db)
        return refuse(f, ERR_UNSAFE, "the target has no routine %s", n->name);
    return NULL;
}

static struct err *find_name(struct finder *f, const struct text *text, const struct touched_name *n)
{
    const struct scope *scope = &f->s->a->job->scope;
    const char *db = n->db ? n->db : text->db;

    if (!db[0] && n->role != TOUCHED_CALLED)
        return refuse(f, ERR_UNSUPPORTED, "it cannot be told which database %s is in", n->name);
    if (!db[0])
        return NULL;
    f->out->needs_db |= !n->db && !text->of_target;
    struct scope_name source = {db, n->name};
    bool routine = n->role == TOUCHED_CALLED;
    if (text->of_target && !scope_source_table(scope, db, routine ? NULL : n->name, &source)) {
        note_outside(f, db, n->name);
        return NULL;
    }
    if (routine)
        return find_routine(f, source.db, n);
    return find_table(f, source.db, source.name, n->role == TOUCHED_WRITTEN || text->written);
}

static struct err *find_names(struct finder *f, const struct text *text, const struct touched *t)
{
    for (size_t i = 0; i < t->count; i++)
        TRY(find_name(f, text, &t->names[i]));
    if (f->triggers) {
        f->unknown |= t->unreadable;
        return NULL;
    }
    if (!f->out->in_scope) /* none of the target's business */
        return NULL;
    if (t->unreadable)
        return refuse(f, ERR_UNSUPPORTED, "it cannot be told which tables a statement touches");
    if (t->varies)
        object_to(f, ERR_UNSUPPORTED,
                  "a data change was logged as a statement, and %s gives another result on another server",
                  t->varies);
    if (t->asks_for_db && has_another_db(f))
        object_to(f, ERR_UNSUPPORTED, "%s is another one on the target", "DATABASE()");
    return NULL;
}

static struct err *find_in(struct finder *f, const struct text *text)
{
    struct touched touched;
    bool defaults = f->defaults;

    touched_read(text->sql, text->len, text->sql_mode, &touched);
    if (!f->triggers)
        f->out->of_session |= touched.of_session;
    f->defaults |= touched.defaults;
    struct err *e = find_names(f, text, &touched);
    f->defaults = defaults;
    touched_free(&touched);
    return e;
}

/* Against the statement as a whole, when all that it names is known. */
static void object_to_whole(struct finder *f)
{
    const struct schema_change *s = f->s;
    struct reach *out = f->out;

    if (out->in_scope && f->outside)
        object_to(f, ERR_RESYNC, "a statement touches what the job follows and what it does not (%s)",
                  f->outside_name);
    /* CREATE OR REPLACE is marked whatever it reads */
    if (out->in_scope && s->of_session && !out->of_session && !s->statement.or_replace)
        object_to(f, ERR_UNSUPPORTED, "a statement uses a temporary table");
}

/* Where it must not run, what it changes is needed anew. */
static struct err *conclude(struct finder *f)
{
    struct reach *out = f->out;

    if (out->in_scope && f->outside_written && !out->written.count && !f->unknown)
        out->in_scope = false; /* it only reads what the job follows */
    if (!out->in_scope || !f->objection)
        return NULL;
    if (!out->written.count || f->unknown)
        return stop(f, f->code, f->objection);
    return reach_need(f->s, out, f->objection);
}

struct err *reach_need(const struct schema_change *s, const struct reach *reach, const char *why)
{
    struct need *need = &s->a->need;

    need_free(need);
    for (size_t i = 0; i < reach->written.count; i++)
        need_add(need, reach->written.tables[i].db, reach->written.tables[i].name);
    char *tables = need_text(need);
    struct err *e =
        err_hint(schema_scope_stop(s, why),
                 "a copy of %s is asked for: ccr-backup --requested takes it, ccr-restore "
                 "--requested brings it in; with binlog_format=ROW on the source there are no such "
                 "statements",
                 tables);
    free(tables);
    return e;
}

struct err *reach_find(const struct schema_change *s, struct reach *out)
{
    struct text text = {
        .sql = s->query->sql, .len = s->query->sql_len, .sql_mode = s->session.sql_mode, .db = s->default_db};
    struct finder f = {.s = s, .out = out};

    *out = (struct reach){0};
    struct err *e = find_in(&f, &text);
    if (!e) {
        object_to_whole(&f);
        e = conclude(&f);
    }
    for (size_t i = 0; i < f.seen_count; i++)
        free(f.seen[i]);
    free(f.seen);
    free(f.outside_name);
    free(f.objection);
    if (e)
        reach_free(out);
    return e;
}

void reach_free(struct reach *r)
{
    free(r->cannot_undo);
    need_free(&r->written);
    *r = (struct reach){0};
}
