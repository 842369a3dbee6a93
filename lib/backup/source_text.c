#include "backup/source_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "binlog/account.h"
#include "mysql/charset.h"

/* A run of bytes in a definition. */
struct run {
    size_t start;
    size_t end;
};

static bool has_mode(const struct source_object *object, const char *mode)
{
    return object->entry.sql_mode && strstr(object->entry.sql_mode, mode);
}

static uint64_t quoting_mode(const struct source_object *object)
{
    return has_mode(object, "ANSI_QUOTES") ? SQL_MODE_ANSI_QUOTES : 0;
}

static bool is_routine(enum object_kind kind)
{
    return kind == OBJECT_FUNCTION || kind == OBJECT_PROCEDURE || kind == OBJECT_PACKAGE ||
           kind == OBJECT_PACKAGE_BODY;
}

/* One column of the row that a program is in the server's own tables; bytes as stored. */
static struct err *stored_text(struct conn *c, const struct manifest_object *entry, const char *column,
                               struct buf *out)
{
    struct result *r = NULL;
    bool event = entry->kind == OBJECT_EVENT;
    char *db = sql_string_dup(entry->db);
    char *name = sql_string_dup(entry->name);
    char *type = event ? mem_strdup("") : mem_printf(" AND type = '%s'", object_kind_name(entry->kind));
    struct err *e = conn_query(c, &r, "SELECT %s FROM mysql.%s WHERE db = %s AND name = %s%s", column,
                               event ? "event" : "proc", db, name, type);
    unsigned long *lengths = NULL;
    char **row = e ? NULL : result_next(r, &lengths);

    if (row && row[0])
        buf_append(out, row[0], lengths[0]);
    result_free(r);
    free(db);
    free(name);
    free(type);
    return e;
}

/* Where the body begins, which is what the definition ends with; 0 where it does not. */
static struct err *find_body(struct conn *c, const struct source_object *object, size_t *out)
{
    struct buf body = BUF_INIT;
    struct err *e = stored_text(c, &object->entry, "body", &body);
    size_t start = object->sql_len - body.len;

    *out = 0;
    if (!e && body.len && body.len < object->sql_len && memcmp(object->sql + start, body.data, body.len) == 0)
        *out = start;
    buf_free(&body);
    return e;
}

/* Behind a routine's parameters, which are the client's. */
static struct err *find_parameters_end(struct conn *c, const struct source_object *object, size_t body,
                                       size_t *out)
{
    struct buf list = BUF_INIT;

    buf_append_byte(&list, '(');
    struct err *e = stored_text(c, &object->entry, "param_list", &list);
    buf_append_byte(&list, ')');
    const char *found = e ? NULL : memmem(object->sql, body, list.data, list.len);
    *out = found ? (size_t)(found - object->sql) + list.len : 0;
    buf_free(&list);
    return e;
}

/* A package has no parameters: its comment follows its name. */
static size_t find_package_comment(const struct source_object *object, size_t body)
{
    static const char comment[] = "    COMMENT '";
    const char *found = memmem(object->sql, body, comment, sizeof(comment) - 1);

    return found ? (size_t)(found - object->sql) : body;
}

/* What the server printed in UTF-8; an empty run where there is nothing. */
static struct err *find_printed(struct conn *c, const struct source_object *object, struct run *out)
{
    enum object_kind kind = object->entry.kind;
    struct definer definer;

    *out = (struct run){0};
    if (kind == OBJECT_TRIGGER) {
        if (definer_find(object->sql, quoting_mode(object), &definer))
            *out = (struct run){definer.start, definer.end};
        account_free(&definer.account);
        return NULL;
    }
    TRY(find_body(c, object, &out->end));
    if (kind == OBJECT_EVENT || !out->end)
        return NULL;
    if (kind == OBJECT_PACKAGE || kind == OBJECT_PACKAGE_BODY)
        out->start = find_package_comment(object, out->end);
    else
        TRY(find_parameters_end(c, object, out->end, &out->start));
    if (!out->start)
        out->end = 0;
    return NULL;
}

/* The string behind the word COMMENT, with its quotes. */
static struct run find_comment(const struct source_object *object, struct run in)
{
    struct sql_lexer l;
    struct sql_token t;

    sql_lexer_init(&l, object->sql + in.start, in.end - in.start, quoting_mode(object));
    do {
        t = sql_lexer_next(&l);
        if (!sql_token_is(&t, "COMMENT"))
            continue;
        t = sql_lexer_next(&l);
        if (t.type == SQL_STRING)
            return (struct run){(size_t)(t.text - object->sql), (size_t)(t.text - object->sql) + t.len};
    } while (t.type != SQL_END && t.type != SQL_BAD);
    return (struct run){in.end, in.end};
}

/* The server's escapes, for a session in which a backslash is nothing but one. */
static void append_without_escapes(struct buf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '\\' || i + 1 == len) {
            buf_append_byte(out, (uint8_t)text[i]);
            continue;
        }
        char c = text[++i];
        buf_append_byte(out, (uint8_t)(c == 'n' ? '\n' : c == 'r' ? '\r' : c == 'Z' ? '\032' : c));
    }
}

static struct err *append_converted(struct conn *c, const struct source_object *object, const void *text,
                                    size_t len, struct buf *out)
{
    const struct manifest_object *entry = &object->entry;
    bool exact = true;

    TRY(charset_convert(c, "utf8mb4", entry->character_set_client, text, len, out, &exact));
    if (exact)
        return NULL;
    return err_hint(err_new(ERR_UNSUPPORTED,
                            "source: %s %s.%s was made by a client that speaks %s, and its name, definer, "
                            "RETURNS or COMMENT cannot be written in it: no statement makes it again",
                            object_kind_name(entry->kind), entry->db, entry->name,
                            entry->character_set_client),
                    "create it again on the source through a client that speaks utf8mb4");
}

static struct err *settle_run(struct conn *c, struct source_object *object, struct run printed)
{
    struct run comment = {printed.end, printed.end};
    struct buf text = BUF_INIT;
    struct buf sql = BUF_INIT;

    if (has_mode(object, "NO_BACKSLASH_ESCAPES") && object->entry.kind != OBJECT_TRIGGER)
        comment = find_comment(object, printed);
    buf_append(&text, object->sql + printed.start, comment.start - printed.start);
    append_without_escapes(&text, object->sql + comment.start, comment.end - comment.start);
    buf_append(&text, object->sql + comment.end, printed.end - comment.end);
    buf_append(&sql, object->sql, printed.start);
    struct err *e = append_converted(c, object, text.data, text.len, &sql);
    buf_append(&sql, object->sql + printed.end, object->sql_len - printed.end);
    buf_free(&text);
    free(object->sql);
    object->sql_len = sql.len;
    object->sql = buf_steal(&sql);
    return e;
}

struct err *source_text_settle(struct conn *c, struct source_object *object)
{
    const struct manifest_object *entry = &object->entry;
    bool foreign =
        !charset_is_utf8(entry->character_set_client) && !charset_is_ascii(object->sql, object->sql_len);
    bool literal = has_mode(object, "NO_BACKSLASH_ESCAPES");
    struct run printed;

    if (!is_routine(entry->kind) && entry->kind != OBJECT_TRIGGER && entry->kind != OBJECT_EVENT)
        return NULL;
    if (!foreign && !literal)
        return NULL;
    TRY(find_printed(c, object, &printed));
    return printed.end ? settle_run(c, object, printed) : NULL;
}
