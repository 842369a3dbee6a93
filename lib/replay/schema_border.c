/* Statements at the border of a job's scope: what of them runs on the target, and how. */
#include "replay/schema_border.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "binlog/sql_lex.h"

/* Only one side of it is followed, and another's names are in the way: dropping the database would drop too
 * much. */
bool schema_border_is_plain(const struct scope *s, const char *db)
{
    if (scope_database(s, db) != SCOPE_WHOLE)
        return false;
    for (size_t i = 0; i < s->renames.count; i++) {
        const struct statement_rename *r = &s->renames.items[i];
        bool from = strcmp(r->db, db) == 0;
        bool to = strcmp(r->to_db, scope_target_database(s, db)) == 0;
        if (r->name && from != to)
            return false;
    }
    return true;
}

void schema_border_add(struct schema_change *s, enum statement_role role, struct scope_name target)
{
    struct schema_objects *o = &s->objects;

    o->items = mem_grow(o->items, o->count, &o->cap, sizeof(*o->items));
    o->items[o->count++] = (struct schema_object){
        .kind = s->statement.kind,
        .role = role,
        .db = mem_strdup(target.db),
        .name = target.name ? mem_strdup(target.name) : NULL,
    };
}

static bool followed(const struct schema_change *s, const struct statement_name *n, struct scope_name *target)
{
    const struct scope *scope = &s->a->job->scope;
    const char *db = schema_change_db(s, n);

    *target = scope_target_table(scope, db, n->name);
    return scope_table(scope, db, n->name);
}

/* DROP TABLE a, b and RENAME TABLE a TO b, ...: those in scope, written anew. */
static void border_reduce(struct schema_change *s)
{
    const struct statement *st = &s->statement;
    bool rename = st->action == STATEMENT_RENAME;
    const char *kind = st->kind == STATEMENT_VIEW       ? "VIEW"
                       : st->kind == STATEMENT_SEQUENCE ? "SEQUENCE"
                                                        : "TABLE";
    struct scope_name to;

    /* a DROP that failed for one table is logged for all */
    buf_printf(&s->sql, "%s %s %s", rename ? "RENAME" : "DROP", kind,
               rename && !st->if_exists ? "" : "IF EXISTS ");
    for (size_t i = 0; i < st->name_count; i += rename ? 2 : 1) {
        if (!followed(s, &st->names[i], &to))
            continue;
        buf_append_str(&s->sql, s->objects.count ? ", " : "");
        sql_table(&s->sql, to.db, to.name);
        schema_border_add(s, st->names[i].role, to);
        if (!rename)
            continue;
        (void)followed(s, &st->names[i + 1], &to);
        buf_append_str(&s->sql, " TO ");
        sql_table(&s->sql, to.db, to.name);
        schema_border_add(s, STATEMENT_TO, to);
    }
}

/* Tables renamed out of scope. From here on the statement is their DROP. */
static void border_leave(struct schema_change *s)
{
    struct scope_name target;

    for (size_t i = 0; i < s->statement.name_count; i++) {
        const struct statement_name *n = &s->statement.names[i];
        bool goes = n->role == STATEMENT_OBJECT || n->role == STATEMENT_FROM;
        if (goes && followed(s, n, &target))
            schema_border_add(s, STATEMENT_OBJECT, target);
    }
    s->statement.action = STATEMENT_DROP;
}

/* What the job made out of a database's tables. */
static struct err *border_clear(struct schema_change *s)
{
    const struct scope *scope = &s->a->job->scope;
    const char *db = schema_change_db(s, &s->statement.names[0]);
    struct result *r = NULL;
    char **row;
    char *job = sql_string_dup(s->a->job->name);
    struct err *e = conn_query(s->a->conn, &r, "SELECT db, name FROM ccr.tables WHERE job = %s", job);

    free(job);
    s->statement.kind = STATEMENT_TABLE;
    while (!e && (row = result_next(r, NULL)) != NULL) {
        struct scope_name source;
        if (scope_source_table(scope, row[0], row[1], &source) && strcmp(source.db, db) == 0)
            schema_border_add(s, STATEMENT_OBJECT, (struct scope_name){row[0], row[1]});
    }
    result_free(r);
    return e;
}

/* CREATE DATABASE IF NOT EXISTS, and the defaults for one that is there. */
static struct err *border_make(struct schema_change *s)
{
    const char *db = scope_target_database(&s->a->job->scope, schema_change_db(s, &s->statement.names[0]));
    struct sql_lexer l;
    struct sql_token t;

    sql_lexer_init(&l, s->query->sql, s->query->sql_len, s->session.sql_mode);
    do {
        t = sql_lexer_next(&l);
    } while (t.type != SQL_END && !sql_token_is(&t, "DATABASE") && !sql_token_is(&t, "SCHEMA"));
    t = sql_lexer_next(&l);
    for (int i = 0; i < 3 && s->statement.if_not_exists; i++)
        t = sql_lexer_next(&l);
    const char *end = s->query->sql + s->query->sql_len;
    const char *rest = t.text + t.len;
    t = sql_lexer_next(&l);
    buf_append_str(&s->sql, "CREATE DATABASE IF NOT EXISTS ");
    sql_ident(&s->sql, db);
    buf_append(&s->sql, rest, (size_t)(end - rest));
    if (t.type != SQL_END && !sql_token_is_symbol(&t, ';')) {
        buf_append_str(&s->behind, "ALTER DATABASE ");
        sql_ident(&s->behind, db);
        buf_append(&s->behind, rest, (size_t)(end - rest));
    }
    schema_border_add(s, STATEMENT_OBJECT, (struct scope_name){db, NULL});
    s->statement.if_not_exists = true;
    return NULL;
}

struct err *schema_border_translate(struct schema_change *s)
{
    switch (s->border) {
    case BORDER_REDUCE:
        border_reduce(s);
        return NULL;
    case BORDER_LEAVE:
        border_leave(s);
        return NULL;
    case BORDER_CLEAR:
        return border_clear(s);
    case BORDER_MAKE:
        return border_make(s);
    case BORDER_NONE:
    default:
        return NULL;
    }
}

/* Whatever is called so: a table or sequence, or a view. */
static struct err *drop_tables(const struct schema_change *s)
{
    for (size_t i = 0; i < s->objects.count; i++) {
        char *name = sql_table_dup(s->objects.items[i].db, s->objects.items[i].name);
        struct err *e = conn_exec(s->a->conn, "DROP TABLE IF EXISTS %s", name);
        if (!e)
            e = conn_exec(s->a->conn, "DROP VIEW IF EXISTS %s", name);
        free(name);
        TRY(e);
    }
    return NULL;
}

static struct err *drop_programs(const struct schema_change *s, const char *db)
{
    struct result *r = NULL;
    char **row;
    char *text = sql_string_dup(db);
    struct err *e = conn_query(
        s->a->conn, &r,
        "SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = %s AND "
        "ROUTINE_TYPE <> 'PACKAGE BODY' UNION ALL SELECT 'EVENT', EVENT_NAME FROM information_schema.EVENTS "
        "WHERE EVENT_SCHEMA = %s",
        text, text);

    free(text);
    while (!e && (row = result_next(r, NULL)) != NULL) {
        char *name = sql_table_dup(db, row[1]);
        e = conn_exec(s->a->conn, "DROP %s IF EXISTS %s", row[0], name);
        free(name);
    }
    result_free(r);
    return e;
}

struct err *schema_border_drop(const struct schema_change *s)
{
    const struct scope *scope = &s->a->job->scope;

    TRY(conn_exec(s->a->conn, "SET SESSION foreign_key_checks = 0, character_set_client = utf8mb4"));
    TRY(drop_tables(s));
    if (s->border != BORDER_CLEAR)
        return NULL;
    const char *db = schema_change_db(s, &s->statement.names[0]);
    return scope_programs(scope, db) ? drop_programs(s, scope_target_database(scope, db)) : NULL;
}

struct err *schema_border_check_defaults(const struct schema_change *s)
{
    const struct scope *scope = &s->a->job->scope;
    const struct statement *st = &s->statement;

    if (st->action != STATEMENT_CREATE || st->kind != STATEMENT_TABLE || s->objects.count == 0)
        return NULL;
    const char *usual = scope_target_database(scope, schema_change_db(s, &st->names[0]));
    const char *db = s->objects.items[0].db;
    uint64_t kinds = 0;
    if (strcmp(usual, db) == 0)
        return NULL;
    char *usual_text = sql_string_dup(usual);
    char *db_text = sql_string_dup(db);
    struct err *e =
        conn_number(s->a->conn, &kinds,
                    "SELECT COUNT(DISTINCT DEFAULT_COLLATION_NAME) FROM information_schema.SCHEMATA WHERE "
                    "SCHEMA_NAME IN (%s, %s)",
                    usual_text, db_text);
    free(usual_text);
    free(db_text);
    if (!e && kinds > 1)
        e = err_hint(
            schema_change_stop(s, ERR_UNSUPPORTED,
                               "a new table is renamed into a database of another default collation"),
            "give %s the default collation of %s on the target", db, usual);
    return e;
}
