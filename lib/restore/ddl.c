#include "restore/ddl.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "binlog/statement.h"
#include "mysql/charset.h"

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Behind the quoted run that begins at p ('...', `...`); a doubled quote belongs to it. */
static const char *skip_quoted(const char *p, bool backslash_escapes)
{
    char quote = *p++;

    for (; *p; p++) {
        if (*p == '\\' && quote == '\'' && backslash_escapes && p[1])
            p++;
        else if (*p == quote && p[1] == quote)
            p++;
        else if (*p == quote)
            return p + 1;
    }
    return p;
}

/* The name in backticks at *p, unquoted and malloc'ed; *p moves behind it. NULL where there is none. */
static char *take_name(const char **p)
{
    struct buf name = BUF_INIT;

    if (**p != '`')
        return NULL;
    const char *end = skip_quoted(*p, false);
    for (const char *at = *p + 1; at < end - 1; at++) {
        buf_append_byte(&name, (uint8_t)*at);
        if (*at == '`')
            at++;
    }
    *p = end;
    return buf_steal(&name);
}

/* Takes `db`.`name` or `name` at *p; both are malloc'ed. */
static void take_table(const char **at, const char *default_db, char **db, char **name)
{
    *db = mem_strdup(default_db);
    *name = take_name(at);
    if (**at == '.' && (*at)[1] == '`') {
        free(*db);
        *db = *name;
        (*at)++;
        *name = take_name(at);
    }
}

/* Takes such a name, and appends it with the database where it is. */
static void place_name(const struct restore_plan *p, const struct restore_table *t, enum ddl_place place,
                       const char **at, struct buf *out)
{
    char *db, *name;

    take_table(at, t->db->name, &db, &name);
    const struct restore_table *found = restore_plan_table(p, db, name);
    struct scope_name target = scope_target_table(&p->job->scope, db, name);
    if (found && place == DDL_STAGE)
        sql_table(out, found->db->stage, name);
    else
        sql_table(out, target.db, target.name);
    free(db);
    free(name);
}

static bool has_backslash_escapes(const struct restore_table *t)
{
    return !t->object->sql_mode || !strstr(t->object->sql_mode, "NO_BACKSLASH_ESCAPES");
}

/* Length of the words at p, outside quotes, behind which the server prints the name of a table or sequence.
 */
static size_t name_follows(const char *p, bool *sequence)
{
    static const char *const words[] = {") REFERENCES `", "nextval(`", "lastval(`", "setval(`"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (begins_with(p, words[i])) {
            *sequence = i > 0;
            return strlen(words[i]) - 1;
        }
    return 0;
}

void ddl_place_table(const struct restore_plan *p, const struct restore_table *t, const char *sql,
                     enum ddl_place place, struct buf *out)
{
    bool escapes = has_backslash_escapes(t);
    bool sequence;

    while (*sql) {
        size_t words = name_follows(sql, &sequence);
        const char *next = *sql == '\'' || *sql == '`' ? skip_quoted(sql, escapes) : sql + 1;
        if (words)
            next = sql + words;
        buf_append(out, sql, (size_t)(next - sql));
        sql = next;
        if (words)
            place_name(p, t, place, &sql, out);
    }
}

/* Where the name of the table begins that a clause "CONSTRAINT `a` FOREIGN KEY ..." refers to, be it a line
 * of CREATE TABLE; NULL for another clause. */
static const char *referred(const char *clause)
{
    static const char words[] = ") REFERENCES `";

    clause += strspn(clause, " ");
    if (!begins_with(clause, "CONSTRAINT `"))
        return NULL;
    clause = skip_quoted(clause + strlen("CONSTRAINT "), false);
    if (!begins_with(clause, " FOREIGN KEY "))
        return NULL;
    while (*clause && *clause != '\n' && !begins_with(clause, words))
        clause = *clause == '`' ? skip_quoted(clause, false) : clause + 1;
    return begins_with(clause, words) ? clause + strlen(words) - 1 : NULL;
}

static bool refers_outside(const struct restore_plan *p, const struct restore_table *t, const char *line)
{
    const char *at = referred(line);
    char *db, *name;

    if (!at)
        return false;
    take_table(&at, t->db->name, &db, &name);
    bool outside = !restore_plan_table(p, db, name);
    free(db);
    free(name);
    return outside;
}

void ddl_keys_inside(const struct restore_plan *p, const struct restore_table *t, const char *sql,
                     struct buf *out)
{
    while (*sql) {
        size_t len = strcspn(sql, "\n");
        bool last = sql[len] == '\n' && sql[len + 1] == ')';
        if (!refers_outside(p, t, sql)) {
            buf_append(out, sql, len + (sql[len] == '\n'));
        } else if (last && out->len > 1 && out->data[out->len - 2] == ',') {
            out->len -= 2; /* the clause before it is the last one now */
            buf_append_byte(out, '\n');
        }
        sql += len + (sql[len] == '\n');
    }
}

void ddl_reference(const char *clause, const char *db, char **ref_db, char **ref_name)
{
    const char *at = referred(clause);

    *ref_db = *ref_name = NULL;
    if (at)
        take_table(&at, db, ref_db, ref_name);
}

void ddl_qualify(const char *clause, const char *db, struct buf *out)
{
    const char *at = referred(clause);
    char *ref_db, *ref_name;

    if (!at) {
        buf_append_str(out, clause);
        return;
    }
    buf_append(out, clause, (size_t)(at - clause));
    take_table(&at, db, &ref_db, &ref_name);
    sql_table(out, ref_db, ref_name);
    buf_append_str(out, at);
    free(ref_db);
    free(ref_name);
}

bool ddl_cascades(const char *clause)
{
    static const char *const actions[] = {" CASCADE", " SET NULL", " SET DEFAULT"};
    const char *at = referred(clause);

    for (; at && *at && *at != '\n'; at = *at == '`' ? skip_quoted(at, false) : at + 1)
        for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
            if (begins_with(at, actions[i]))
                return true;
    return false;
}

/* The target's name of what is called so in staging. */
static struct scope_name unstaged(const struct restore_plan *p, const char *db, const char *name)
{
    for (size_t i = 0; i < p->db_count; i++)
        if (p->dbs[i].stage && strcmp(p->dbs[i].stage, db) == 0)
            return scope_target_table(&p->job->scope, p->dbs[i].name, name);
    return (struct scope_name){db, name};
}

static void unstage_name(const struct restore_plan *p, const char **at, struct buf *out)
{
    char *db = take_name(at);
    char *name = NULL;

    if (db && **at == '.' && (*at)[1] == '`') {
        (*at)++;
        name = take_name(at);
    }
    if (name) {
        struct scope_name target = unstaged(p, db, name);
        sql_table(out, target.db, target.name);
    } else if (db) {
        sql_ident(out, db);
    }
    free(db);
    free(name);
}

void ddl_unstage(const struct restore_plan *p, const char *expression, struct buf *out)
{
    bool sequence;

    while (*expression) {
        size_t words = name_follows(expression, &sequence);
        const char *next =
            *expression == '\'' || *expression == '`' ? skip_quoted(expression, true) : expression + 1;
        if (words)
            next = expression + words;
        buf_append(out, expression, (size_t)(next - expression));
        expression = next;
        if (words)
            unstage_name(p, &expression, out);
    }
}

bool ddl_uses_sequence(const struct restore_table *t, const char *sql)
{
    bool sequence = false;

    while (*sql && !sequence) {
        name_follows(sql, &sequence);
        sql = *sql == '\'' || *sql == '`' ? skip_quoted(sql, has_backslash_escapes(t)) : sql + 1;
    }
    return sequence;
}

typedef void clause_fn(const char *name, const char *clause, void *arg);

/* Lines of the form "  WORD `name`BEHIND ...," */
static void each_clause(const char *sql, const char *word, const char *behind, clause_fn *fn, void *arg)
{
    for (const char *line = strchr(sql, '\n'); line; line = strchr(line, '\n')) {
        line++;
        if (!begins_with(line, word))
            continue;
        const char *at = line + strlen(word);
        char *name = take_name(&at);
        if (name && begins_with(at, behind)) {
            const char *start = line + strspn(line, " ");
            size_t len = strcspn(start, "\n");
            if (start[len - 1] == ',')
                len--;
            char *clause = mem_strndup(start, len);
            fn(name, clause, arg);
            free(clause);
        }
        free(name);
    }
}

void ddl_each_foreign_key(const char *sql, clause_fn *fn, void *arg)
{
    each_clause(sql, "  CONSTRAINT ", " FOREIGN KEY ", fn, arg);
}

void ddl_each_key(const char *sql, clause_fn *fn, void *arg)
{
    each_clause(sql, "  KEY ", " (", fn, arg);
}

static void drop_default(const char *name, const char *clause, void *arg)
{
    struct buf *out = arg;
    bool compressed = false;
    bool not_null = false;
    bool has_default = false;

    for (const char *p = clause; *p;) {
        compressed |= begins_with(p, " /*M!100301 COMPRESSED*/");
        not_null |= begins_with(p, " NOT NULL");
        has_default |= begins_with(p, " DEFAULT ");
        p = *p == '\'' || *p == '`' ? skip_quoted(p, true) : p + 1;
    }
    if (!compressed || !not_null || has_default)
        return;
    buf_append_str(out, out->len ? ", ALTER " : "ALTER ");
    sql_ident(out, name);
    buf_append_str(out, " DROP DEFAULT");
}

void ddl_missing_defaults(const char *sql, struct buf *out)
{
    each_clause(sql, "  ", " ", drop_default, out);
}

static struct err *not_understood(const char *what, const char *sql)
{
    return err_new(ERR_UNSUPPORTED, "a definition has not the form that the server prints (%s): %.80s", what,
                   sql);
}

struct err *ddl_or_replace(const char *sql, struct buf *out)
{
    if (!begins_with(sql, "CREATE "))
        return not_understood("no CREATE", sql);
    if (!begins_with(sql, "CREATE OR REPLACE "))
        buf_append_str(out, "CREATE OR REPLACE ");
    buf_append_str(out, sql + (begins_with(sql, "CREATE OR REPLACE ") ? 0 : strlen("CREATE ")));
    return NULL;
}

struct err *ddl_disable_event(const char *sql, struct buf *out)
{
    static const char *const states[] = {"ENABLE", "DISABLE ON SLAVE", "DISABLE"};
    const char *p = sql;

    /* ... ON COMPLETION [NOT] PRESERVE ENABLE [COMMENT '...'] DO ... */
    while (*p && !begins_with(p, " PRESERVE "))
        p = *p == '\'' || *p == '`' ? skip_quoted(p, true) : p + 1;
    if (*p)
        p += strlen(" PRESERVE ");
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (!begins_with(p, states[i]))
            continue;
        buf_append(out, sql, (size_t)(p - sql));
        buf_append_str(out, "DISABLE ON SLAVE");
        buf_append_str(out, p + strlen(states[i]));
        return NULL;
    }
    return not_understood("no ENABLE or DISABLE of an event", sql);
}

struct err *ddl_database_defaults(const char *sql, struct buf *out)
{
    static const char start[] = "CREATE DATABASE ";

    if (!begins_with(sql, start) || sql[strlen(start)] != '`')
        return not_understood("no CREATE DATABASE", sql);
    buf_append_str(out, skip_quoted(sql + strlen(start), false));
    return NULL;
}

uint64_t ddl_lexing_mode(const char *sql_mode)
{
    uint64_t mode = 0;

    if (sql_mode && strstr(sql_mode, "ANSI_QUOTES"))
        mode |= 4;
    if (sql_mode && strstr(sql_mode, "ORACLE"))
        mode |= 512;
    if (sql_mode && strstr(sql_mode, "NO_BACKSLASH_ESCAPES"))
        mode |= (uint64_t)1 << 20;
    return mode;
}

/* Text that cannot be converted there and back is read as it is. */
static struct err *rename_converted(struct conn *c, const struct statement_renames *renames,
                                    const struct manifest_object *o, const char *sql, struct buf *out)
{
    const char *charset = o->character_set_client;
    uint64_t mode = ddl_lexing_mode(o->sql_mode);
    struct buf utf8 = BUF_INIT;
    struct buf renamed = BUF_INIT;
    bool exact;
    struct err *e = charset_convert(c, charset, "utf8mb4", sql, strlen(sql), &utf8, &exact);

    if (!e && !exact) {
        e = statement_rename(sql, strlen(sql), mode, o->db, renames, out);
    } else if (!e) {
        e = statement_rename(buf_str(&utf8), utf8.len, mode, o->db, renames, &renamed);
        if (!e)
            e = charset_convert(c, "utf8mb4", charset, renamed.data, renamed.len, out, &exact);
        if (!e && !exact)
            e = err_hint(err_new(ERR_UNSUPPORTED, "names on the target cannot be written in %s", charset),
                         "create it again on the source through a client that speaks utf8mb4");
    }
    buf_free(&utf8);
    buf_free(&renamed);
    return e;
}

struct err *ddl_rename(struct conn *c, const struct restore_plan *p, const struct manifest_object *o,
                       const char *sql, struct buf *out)
{
    const struct statement_renames *renames = &p->job->scope.renames;
    struct err *e = NULL;

    if (renames->count == 0)
        buf_append_str(out, sql);
    else
        e = rename_converted(c, renames, o, sql, out);
    return e ? err_context(e, "renaming in %s %s.%s", object_kind_name(o->kind), o->db, o->name) : NULL;
}

struct err *ddl_check_renames(struct conn *c, const struct restore_plan *p, char *const *definitions)
{
    for (size_t i = 0; i < p->manifest->object_count; i++) {
        const struct manifest_object *o = &p->manifest->objects[i];
        struct buf renamed = BUF_INIT;
        if (!p->in_scope[i] || o->kind == OBJECT_DATABASE || o->kind == OBJECT_TABLE ||
            o->kind == OBJECT_SEQUENCE)
            continue;
        struct err *e = ddl_rename(c, p, o, definitions[i], &renamed);
        buf_free(&renamed);
        TRY(e);
    }
    return NULL;
}
