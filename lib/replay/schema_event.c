#include "replay/schema_event.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "binlog/sql_lex.h"

struct event_scan {
    struct sql_lexer lexer;
    struct sql_token token;
};

static void scan_next(struct event_scan *s)
{
    s->token = sql_lexer_next(&s->lexer);
}

static bool scan_at_end(const struct event_scan *s)
{
    return s->token.type == SQL_END || s->token.type == SQL_BAD;
}

static bool scan_accept(struct event_scan *s, const char *word)
{
    if (!sql_token_is(&s->token, word))
        return false;
    scan_next(s);
    return true;
}

/* [db .] name */
static void scan_name(struct event_scan *s)
{
    scan_next(s);
    if (!sql_token_is_symbol(&s->token, '.'))
        return;
    scan_next(s);
    scan_next(s);
}

/* To behind the event's name; what comes before EVENT is the definer. */
static void scan_head(struct event_scan *s)
{
    while (!scan_at_end(s) && !sql_token_is(&s->token, "EVENT"))
        scan_next(s);
    scan_next(s);
    if (scan_accept(s, "IF")) {
        scan_accept(s, "NOT");
        scan_accept(s, "EXISTS");
    }
    scan_name(s);
}

/* To the status clause, or to where it belongs: COMMENT, DO or the end. */
static void scan_clauses(struct event_scan *s)
{
    static const char *const ends[] = {"ENABLE", "DISABLE", "COMMENT", "DO"};
    int depth = 0;

    for (; !scan_at_end(s); scan_next(s)) {
        depth += sql_token_is_symbol(&s->token, '(') - sql_token_is_symbol(&s->token, ')');
        if (depth == 0 && scan_accept(s, "RENAME")) {
            scan_accept(s, "TO");
            scan_name(s);
        }
        for (size_t i = 0; depth == 0 && i < sizeof(ends) / sizeof(ends[0]); i++)
            if (sql_token_is(&s->token, ends[i]))
                return;
    }
}

/* Behind the clause; what it says. */
static const char *scan_status(struct event_scan *s, const char **end)
{
    *end = s->token.text + s->token.len;
    if (scan_accept(s, "ENABLE"))
        return "ENABLED";
    scan_next(s);
    if (!scan_accept(s, "ON"))
        return "DISABLED";
    *end = s->token.text + s->token.len;
    return "SLAVESIDE_DISABLED";
}

struct err *schema_event_rewrite(const char *sql, size_t len, uint64_t sql_mode, const char *clause,
                                 struct buf *out, const char **status)
{
    struct event_scan s;
    const char *end;

    *status = NULL;
    sql_lexer_init(&s.lexer, sql, len, sql_mode);
    scan_next(&s);
    bool alter = sql_token_is(&s.token, "ALTER");
    scan_head(&s);
    scan_clauses(&s);
    if (s.token.type == SQL_BAD || (!alter && s.token.type == SQL_END))
        return err_new(ERR_UNSUPPORTED, "an event's definition is not understood");
    const char *start = s.token.type == SQL_END ? sql + len : s.token.text;
    end = start;
    if (sql_token_is(&s.token, "ENABLE") || sql_token_is(&s.token, "DISABLE"))
        *status = scan_status(&s, &end);
    buf_append(out, sql, (size_t)(start - sql));
    if (*status || !alter)
        buf_printf(out, "%s%s", clause, *status ? "" : " ");
    buf_append(out, end, (size_t)(sql + len - end));
    return NULL;
}

/* ALTER EVENT without a definer makes who runs it the new one. */
static void append_invoker(const struct schema_change *s, struct buf *out)
{
    const struct query_session *v = &s->session;
    struct event_scan scan;

    sql_lexer_init(&scan.lexer, (const char *)s->sql.data, s->sql.len, v->sql_mode);
    scan_next(&scan);
    const char *behind = scan.token.text + scan.token.len;
    bool alter = sql_token_is(&scan.token, "ALTER");
    scan_next(&scan);
    if (!alter || !sql_token_is(&scan.token, "EVENT") || v->user_len == 0)
        behind = (const char *)s->sql.data;
    buf_append(out, s->sql.data, (size_t)(behind - (const char *)s->sql.data));
    if (out->len > 0) {
        char *user = mem_strndup(v->user, v->user_len);
        char *host = mem_strndup(v->host, v->host_len);
        buf_append_str(out, " DEFINER=");
        sql_ident(out, user);
        buf_append_byte(out, '@');
        sql_ident(out, host);
        free(user);
        free(host);
    }
    buf_append(out, behind, s->sql.len - (size_t)(behind - (const char *)s->sql.data));
}

struct err *schema_event_disable(struct schema_change *s)
{
    struct buf owned = BUF_INIT;
    struct buf sql = BUF_INIT;
    const char *status;

    if (s->statement.action == STATEMENT_DROP)
        return NULL;
    append_invoker(s, &owned);
    struct err *e = schema_event_rewrite((const char *)owned.data, owned.len, s->session.sql_mode,
                                         "DISABLE ON SLAVE", &sql, &status);
    buf_free(&owned);
    if (e) {
        buf_free(&sql);
        return e;
    }
    buf_free(&s->sql);
    s->sql = sql;
    return NULL;
}

/* What ccr.kept says of an event; NULL where it has none. */
static struct err *kept_status(const struct schema_change *s, const struct schema_object *o, char **status)
{
    char *job = sql_string_dup(s->a->job->name);
    char *db = sql_string_dup(o->db);
    char *name = sql_string_dup(o->name);
    struct err *e =
        conn_value(s->a->conn, status,
                   "SELECT status FROM ccr.kept WHERE job = %s AND kind = 'event' AND db = %s AND "
                   "name = %s",
                   job, db, name);

    free(job);
    free(db);
    free(name);
    return e;
}

static const char *status_clause(const char *status)
{
    if (strcmp(status, "DISABLED") == 0)
        return "DISABLE";
    return strcmp(status, "SLAVESIDE_DISABLED") == 0 ? "DISABLE ON SLAVE" : "ENABLE";
}

/* As the target's server now prints it, but for the status. */
static struct err *event_put(const struct schema_change *s, const struct schema_object *o, const char *status)
{
    struct result *r = NULL;
    struct buf definition = BUF_INIT;
    const char *shown;
    char *event = sql_table_dup(o->db, o->name);
    struct err *e = conn_query(s->a->conn, &r, "SHOW CREATE EVENT %s", event);
    char **row = e ? NULL : result_next(r, NULL);

    if (row)
        e = schema_event_rewrite(row[3], strlen(row[3]), s->session.sql_mode, status_clause(status),
                                 &definition, &shown);
    if (row && !e) {
        const struct job_kept kept = {
            .kind = "event",
            .db = o->db,
            .name = o->name,
            .sql = buf_str(&definition),
            .sql_mode = row[1],
            .time_zone = row[2],
            .character_set_client = row[4],
            .collation_connection = row[5],
            .database_collation = row[6],
            .status = status,
        };
        e = job_kept_put(s->a->conn, s->a->job->name, &kept);
    }
    result_free(r);
    buf_free(&definition);
    free(event);
    return e;
}

/* An event that is not there: dropped, or its time was over when it was made. */
static struct err *event_remove(const struct schema_change *s, const struct schema_object *o)
{
    const struct job_kept kept = {.kind = "event", .db = o->db, .name = o->name};

    return job_kept_put(s->a->conn, s->a->job->name, &kept);
}

struct err *schema_event_keep(struct schema_change *s)
{
    const struct schema_object *from = &s->objects.items[0];
    const struct schema_object *to = &s->objects.items[s->objects.count - 1]; /* the same, or RENAME TO's */
    json_t *state = NULL;
    char *before = NULL;
    struct buf ignored = BUF_INIT;
    const char *said = NULL;

    struct err *e = schema_state_read(s->a->conn, &s->objects, &state);
    if (!e)
        e = kept_status(s, from, &before);
    if (!e && s->statement.action != STATEMENT_DROP)
        e = schema_event_rewrite(s->query->sql, s->query->sql_len, s->session.sql_mode, "", &ignored, &said);
    for (size_t i = 0; !e && i < s->objects.count; i++)
        if (!schema_state_exists(state, i))
            e = event_remove(s, &s->objects.items[i]);
    bool there = !e && schema_state_exists(state, s->objects.count - 1);
    bool left_alone = s->statement.if_not_exists && before; /* it was there already */
    if (there && !left_alone)
        e = event_put(s, to,
                      said                                               ? said
                      : s->statement.action == STATEMENT_ALTER && before ? before
                                                                         : "ENABLED");
    json_decref(state);
    free(before);
    buf_free(&ignored);
    return e;
}
