#include "backup/source_marks.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "binlog/sql_lex.h"

struct marks {
    struct conn *conn;
    struct log *log;
    struct source_object *object;
    char *table;  /* in SQL */
    char *column; /* whose definition is at hand; NULL: that of something else */
    const char *charset;
    struct buf out;     /* the corrected text */
    const char *copied; /* object->sql is in `out` up to here */
};

static bool has_mark(const struct sql_token *t)
{
    return t->type == SQL_STRING && memchr(t->text, '?', t->len);
}

/* Bytes of the UTF-8 character at p; 0 where there is none. */
static size_t character_length(const uint8_t *p, size_t left)
{
    size_t len = left == 0 ? 0 : *p < 0x80 ? 1 : *p < 0xE0 ? 2 : *p < 0xF0 ? 3 : 4;

    return len <= left ? len : 0;
}

bool source_marks_literal(const char *shown, size_t len, const struct buf *exact, struct buf *out)
{
    const uint8_t *p = (const uint8_t *)shown + 1;
    const uint8_t *end = (const uint8_t *)shown + len - 1;
    size_t at = 0;

    buf_append_byte(out, '\'');
    while (p < end) {
        bool escaped = *p == '\\' || *p == '\'';
        size_t shown_len = escaped ? 2 : character_length(p, (size_t)(end - p));
        size_t exact_len = character_length(exact->data + at, exact->len - at);
        bool is_mark = exact_len == 4 && *p == '?';
        bool same =
            escaped ? exact_len == 1 : exact_len == shown_len && memcmp(p, exact->data + at, exact_len) == 0;
        if (shown_len == 0 || exact_len == 0 || !(is_mark || same))
            return false;
        if (is_mark)
            buf_append(out, exact->data + at, exact_len);
        else
            buf_append(out, p, shown_len);
        p += shown_len;
        at += exact_len;
    }
    buf_append_byte(out, '\'');
    return p == end && at == exact->len;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The bytes of one text of a list, from *p up to a comma or the end. */
static void take_hex(const char **p, struct buf *out)
{
    buf_clear(out);
    for (; hex_digit((*p)[0]) >= 0 && hex_digit((*p)[1]) >= 0; *p += 2)
        buf_append_byte(out, (uint8_t)(hex_digit((*p)[0]) << 4 | hex_digit((*p)[1])));
    if (**p == ',')
        (*p)++;
}

static void warn_not_told(const struct marks *m)
{
    log_warn(
        m->log,
        "%s.%s has a '?' in the members or the default of column %s: if it stands for a character beyond "
        "U+FFFF, which the server does not tell, the copy will have the '?'",
        m->object->entry.db, m->object->entry.name, m->column);
}

static void correct(struct marks *m, const struct sql_token *t, const struct buf *exact)
{
    struct buf literal = BUF_INIT;

    if (source_marks_literal(t->text, t->len, exact, &literal)) {
        buf_append(&m->out, m->copied, (size_t)(t->text - m->copied));
        buf_append(&m->out, literal.data, literal.len);
        m->copied = t->text + t->len;
    } else {
        warn_not_told(m);
    }
    buf_free(&literal);
}

/* In the place of a text that is other bytes when it has been UTF-8. */
#define NO_TEXT "!"

/* SQL for the bytes of a value in UTF-8; malloc'ed. */
static char *told_sql(const struct marks *m, const char *value)
{
    return mem_printf("IF(HEX(%s) <> HEX(CONVERT(CONVERT(%s USING utf8mb4) USING %s)), '" NO_TEXT "', "
                      "HEX(CONVERT(%s USING utf8mb4)))",
                      value, value, m->charset, value);
}

/* ALTER TABLE ... CONVERT TO of an empty table keeps the bytes of its members, whatever they are then. */
static struct err *refuse(const struct marks *m)
{
    return err_hint(
        err_new(ERR_UNSUPPORTED,
                "%s.%s: the members or the default of column %s hold bytes that are no text in %s, and the "
                "server shows '?' for them",
                m->object->entry.db, m->object->entry.name, m->column, m->charset),
        "ALTER TABLE ... MODIFY that column with its members written out; MariaDB's ALTER TABLE ... CONVERT "
        "TO CHARACTER SET leaves such bytes in an empty table");
}

/* *told is NULL where the server does not know how to: an older one, or an engine that cannot open its table.
 */
static struct err *judge(struct marks *m, struct err *e, char **told)
{
    if (e && conn_is_lost(m->conn))
        return e;
    if (e || !*told)
        warn_not_told(m);
    err_free(e);
    if (!*told || !strstr(*told, NO_TEXT))
        return NULL;
    free(*told);
    *told = NULL;
    return refuse(m);
}

/* A number becomes the member when it is assigned. */
static struct err *read_members(struct marks *m, bool is_set, size_t count, char **told)
{
    char *column = sql_ident_dup(m->column);
    char *text = told_sql(m, "v");
    struct err *e =
        conn_exec(m->conn,
                  "BEGIN NOT ATOMIC DECLARE i INT DEFAULT 0; DECLARE v TYPE OF %s.%s; SET @ccr_members = ''; "
                  "WHILE i < %zu DO SET v = %s; SET i = i + 1; SET @ccr_members = "
                  "CONCAT(@ccr_members, %s, ','); END WHILE; END",
                  m->table, column, count, is_set ? "1 << i" : "i + 1", text);

    if (!e)
        e = conn_value(m->conn, told, "SELECT @ccr_members");
    free(text);
    free(column);
    return judge(m, e, told);
}

static struct err *read_default(struct marks *m, char **told)
{
    char *column = sql_ident_dup(m->column);
    char *value = mem_printf("DEFAULT(ccr_t.%s)", column);
    char *text = told_sql(m, value);
    struct err *e = conn_value(m->conn, told, "SELECT %s FROM (SELECT 1) ccr_one LEFT JOIN %s ccr_t ON FALSE",
                               text, m->table);

    free(text);
    free(value);
    free(column);
    return judge(m, e, told);
}

/* Behind the word ENUM or SET: its members, if these follow. */
static struct err *fill_members(struct marks *m, struct sql_lexer l, bool is_set)
{
    struct sql_lexer again = l;
    struct sql_token t = sql_lexer_next(&l);
    size_t count = 0;
    bool marked = false;
    char *told = NULL;

    if (!sql_token_is_symbol(&t, '('))
        return NULL;
    while (t = sql_lexer_next(&l), t.type == SQL_STRING || sql_token_is_symbol(&t, ',')) {
        count += t.type == SQL_STRING;
        marked = marked || has_mark(&t);
    }
    if (!marked)
        return NULL;
    TRY(read_members(m, is_set, count, &told));
    struct buf exact = BUF_INIT;
    const char *p = told;
    for (sql_lexer_next(&again); told && count > 0;) {
        t = sql_lexer_next(&again);
        if (t.type != SQL_STRING)
            continue;
        take_hex(&p, &exact);
        if (has_mark(&t))
            correct(m, &t, &exact);
        count--;
    }
    buf_free(&exact);
    free(told);
    return NULL;
}

/* Behind the word DEFAULT. */
static struct err *fill_default(struct marks *m, struct sql_lexer l)
{
    struct sql_token t = sql_lexer_next(&l);
    char *told = NULL;

    if (!has_mark(&t))
        return NULL;
    TRY(read_default(m, &told));
    if (told) {
        struct buf exact = BUF_INIT;
        const char *p = told;
        take_hex(&p, &exact);
        correct(m, &t, &exact);
        buf_free(&exact);
    }
    free(told);
    return NULL;
}

/* NULL: no column of text. */
static const char *charset_of(const struct marks *m)
{
    const struct catalog_table *t = m->object->table;

    for (size_t i = 0; i < t->column_count; i++)
        if (strcmp(t->columns[i].name, m->column) == 0)
            return t->columns[i].charset;
    return NULL;
}

/* The words of one column's definition that stand in front of a literal. */
static struct err *fill_behind(struct marks *m, const struct sql_token *t, struct sql_lexer l)
{
    m->charset = m->column ? charset_of(m) : NULL;
    if (!m->charset)
        return NULL;
    if (sql_token_is(t, "enum") || sql_token_is(t, "set"))
        return fill_members(m, l, sql_token_is(t, "set"));
    return sql_token_is(t, "default") ? fill_default(m, l) : NULL;
}

/* Between the parentheses behind the table's name: columns and whatever else, divided by commas. */
static struct err *fill_columns(struct marks *m)
{
    struct sql_lexer l;
    unsigned depth = 0;
    bool begins = false;

    sql_lexer_init(&l, m->object->sql, m->object->sql_len, 0);
    for (;;) {
        struct sql_token t = sql_lexer_next(&l);
        if (t.type == SQL_END || t.type == SQL_BAD)
            return NULL;
        if (begins) {
            free(m->column);
            m->column = t.type == SQL_QUOTED ? sql_token_name(&t) : NULL;
        } else if (depth == 1) {
            TRY(fill_behind(m, &t, l));
        }
        begins = sql_token_is_symbol(&t, '(') ? depth++ == 0 : depth == 1 && sql_token_is_symbol(&t, ',');
        if (sql_token_is_symbol(&t, ')') && --depth == 0)
            return NULL;
    }
}

struct err *source_marks_fill(struct conn *c, struct log *log, struct source_object *table)
{
    struct marks m = {.conn = c, .log = log, .object = table, .out = BUF_INIT, .copied = table->sql};

    if (!memchr(table->sql, '?', table->sql_len))
        return NULL;
    m.table = sql_table_dup(table->entry.db, table->entry.name);
    struct err *e = fill_columns(&m);
    if (!e && m.out.len > 0) {
        buf_append_str(&m.out, m.copied);
        table->sql_len = m.out.len;
        free(table->sql);
        table->sql = buf_steal(&m.out);
    }
    buf_free(&m.out);
    free(m.table);
    free(m.column);
    return e;
}
