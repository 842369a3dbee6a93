#include "binlog/sql_lex.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"

void sql_lexer_init(struct sql_lexer *l, const char *sql, size_t len, uint64_t sql_mode)
{
    *l = (struct sql_lexer){.p = sql, .end = len ? sql + len : sql, .sql_mode = sql_mode};
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
           (unsigned char)c >= 0x80;
}

static bool starts(const struct sql_lexer *l, const char *text)
{
    size_t n = strlen(text);

    return (size_t)(l->end - l->p) >= n && memcmp(l->p, text, n) == 0;
}

/* The opening (with ! or M!) and a version of five or six digits maybe; false where MariaDB skips it. */
static bool executable_open(struct sql_lexer *l)
{
    const char *at = l->p + (starts(l, "/*M!") ? 4 : 3);
    unsigned long version = 0;
    unsigned digits = 0;

    while (at + digits < l->end && digits < 6 && is_digit(at[digits]))
        version = version * 10 + (unsigned)(at[digits++] - '0');
    if (digits >= 5 && at[-2] != 'M' && version >= 50700 && version <= 99999)
        return false;
    l->p = digits >= 5 ? at + digits : at;
    l->in_executable = true;
    return true;
}

static bool comment_skip(struct sql_lexer *l)
{
    if ((starts(l, "/*!") || starts(l, "/*M!")) && executable_open(l))
        return true;
    const char *close = memmem(l->p + 2, (size_t)(l->end - l->p) - 2, "*/", 2);
    if (!close)
        return false;
    l->p = close + 2;
    return true;
}

static void line_skip(struct sql_lexer *l)
{
    const char *newline = memchr(l->p, '\n', (size_t)(l->end - l->p));

    l->p = newline ? newline + 1 : l->end;
}

/* "--" begins a comment only before white space, a control byte, or the end. */
static bool is_dash_comment(const struct sql_lexer *l)
{
    return starts(l, "--") && (l->end - l->p == 2 || (unsigned char)l->p[2] <= ' ');
}

/* White space and comments; false for a comment without end. */
static bool blank_skip(struct sql_lexer *l)
{
    while (l->p < l->end) {
        if (is_space(*l->p)) {
            l->p++;
        } else if (*l->p == '#' || is_dash_comment(l)) {
            line_skip(l);
        } else if (starts(l, "/*")) {
            if (!comment_skip(l))
                return false;
        } else if (l->in_executable && starts(l, "*/")) {
            l->in_executable = false;
            l->p += 2;
        } else {
            return true;
        }
    }
    return !l->in_executable;
}

/* From an opening quote to behind its closing one; NULL where there is none. */
static const char *quoted_end(const char *p, const char *end, bool backslash)
{
    char quote = *p++;

    while (p < end) {
        if (backslash && *p == '\\')
            p += p + 1 < end ? 2 : 1;
        else if (*p != quote)
            p++;
        else if (p + 1 < end && p[1] == quote)
            p += 2;
        else
            return p + 1;
    }
    return NULL;
}

static struct sql_token token_to(struct sql_lexer *l, enum sql_token_type type, const char *to)
{
    struct sql_token t = {type, l->p, 0};

    if (!to) {
        t.type = SQL_BAD;
        return t;
    }
    t.len = (size_t)(to - l->p);
    l->p = to;
    return t;
}

static struct sql_token quoted(struct sql_lexer *l)
{
    bool is_name = *l->p == '`' || (*l->p == '"' && (l->sql_mode & SQL_MODE_ANSI_QUOTES));
    bool backslash = !is_name && !(l->sql_mode & SQL_MODE_NO_BACKSLASH_ESCAPES);
    const char *to = quoted_end(l->p, l->end, backslash);

    if (is_name && to && memchr(l->p, 0, (size_t)(to - l->p)))
        to = NULL;
    return token_to(l, is_name ? SQL_QUOTED : SQL_STRING, to);
}

static size_t span(const char *p, size_t len, const char *set)
{
    size_t n = 0;

    while (n < len && p[n] && strchr(set, p[n]))
        n++;
    return n;
}

/* Digits, hexadecimal, binary, or a number with an exponent; anything else of these bytes is a name. */
static bool is_number(const char *p, size_t len)
{
    static const char decimal[] = "0123456789";
    size_t digits = span(p, len, decimal);

    if (digits == len)
        return true;
    if (digits == 0 || len < digits + 2)
        return false;
    if (digits == 1 && p[0] == '0' && p[1] == 'x')
        return span(p + 2, len - 2, "0123456789abcdefABCDEF") == len - 2;
    if (digits == 1 && p[0] == '0' && p[1] == 'b')
        return span(p + 2, len - 2, "01") == len - 2;
    return (p[digits] == 'e' || p[digits] == 'E') &&
           span(p + digits + 1, len - digits - 1, decimal) == len - digits - 1;
}

static struct sql_token word(struct sql_lexer *l)
{
    const char *p = l->p;

    while (p < l->end && is_word(*p))
        p++;
    return token_to(l, is_number(l->p, (size_t)(p - l->p)) ? SQL_NUMBER : SQL_WORD, p);
}

static struct sql_token variable(struct sql_lexer *l)
{
    const char *p = l->p;

    while (p < l->end && *p == '@')
        p++;
    if (p < l->end && (*p == '`' || *p == '\'' || *p == '"'))
        return token_to(l, SQL_VARIABLE,
                        quoted_end(p, l->end, *p != '`' && !(l->sql_mode & SQL_MODE_NO_BACKSLASH_ESCAPES)));
    while (p < l->end && (is_word(*p) || *p == '.'))
        p++;
    return token_to(l, SQL_VARIABLE, p);
}

struct sql_token sql_lexer_next(struct sql_lexer *l)
{
    if (!blank_skip(l))
        return token_to(l, SQL_BAD, NULL);
    if (l->p == l->end)
        return token_to(l, SQL_END, l->p);
    switch (*l->p) {
    case 0:
        return token_to(l, SQL_BAD, NULL);
    case '`':
    case '\'':
    case '"':
        return quoted(l);
    case '@':
        return variable(l);
    default:
        return is_word(*l->p) ? word(l) : token_to(l, SQL_SYMBOL, l->p + 1);
    }
}

bool sql_token_is(const struct sql_token *t, const char *text)
{
    return t->type == SQL_WORD && t->len == strlen(text) && strncasecmp(t->text, text, t->len) == 0;
}

bool sql_token_is_any(const struct sql_token *t, const char *const *words)
{
    for (; *words; words++)
        if (sql_token_is(t, *words))
            return true;
    return false;
}

bool sql_token_is_symbol(const struct sql_token *t, char symbol)
{
    return t->type == SQL_SYMBOL && *t->text == symbol;
}

bool sql_token_is_name(const struct sql_token *t)
{
    return t->type == SQL_WORD || t->type == SQL_QUOTED;
}

char *sql_token_name(const struct sql_token *t)
{
    if (t->type != SQL_QUOTED)
        return mem_strndup(t->text, t->len);
    char *name = mem_alloc(t->len);
    size_t n = 0;
    for (size_t i = 1; i + 1 < t->len; i++) {
        name[n++] = t->text[i];
        if (t->text[i] == t->text[0]) /* doubled */
            i++;
    }
    name[n] = 0;
    return name;
}
