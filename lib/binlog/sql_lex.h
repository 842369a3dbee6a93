/*
 * sql_lex - the tokens of a MariaDB statement.
 *
 * Bytes in, tokens out; tokens point into the caller's text. Comments and white space are left out; what
 * stands in executable comments (the server logs only those that it executed) is read as text, except
 * MySQL-only ones (50700 to 99999), which MariaDB skips. Bytes from 0x80 on belong to
 * identifiers. Text in big5, gbk, sjis or cp932, whose characters can hold a backslash or a quote as second
 * byte, cannot be read; query_text_is_plain() (query.h) tells. Pure.
 */
#ifndef CCR_BINLOG_SQL_LEX_H
#define CCR_BINLOG_SQL_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bits of sql_mode that change how text is read. */
#define SQL_MODE_ANSI_QUOTES          ((uint64_t)1 << 2)
#define SQL_MODE_NO_BACKSLASH_ESCAPES ((uint64_t)1 << 20)

enum sql_token_type {
    SQL_END,
    SQL_WORD,     /* unquoted: a keyword or a name */
    SQL_QUOTED,   /* a name in backticks, or in double quotes under ANSI_QUOTES */
    SQL_STRING,   /* '...' or "..."; an introducer (_utf8mb4, N, X, B) is a word before it */
    SQL_NUMBER,   /* digits, 0x..., 0b..., 1e5; "1.5" is three tokens */
    SQL_VARIABLE, /* @name, @@name, and the host of an account: @'%' */
    SQL_SYMBOL,   /* one byte */
    SQL_BAD,      /* a string, name or comment without end, or a NUL that stands in no string */
};

struct sql_token {
    enum sql_token_type type;
    const char *text; /* as it stands there, with its quotes */
    size_t len;
};

struct sql_lexer {
    const char *p;
    const char *end;
    uint64_t sql_mode;
    bool in_executable; /* between an executable comment's opening and its end */
};

void sql_lexer_init(struct sql_lexer *l, const char *sql, size_t len, uint64_t sql_mode);
/* The next token; SQL_END again and again at the end. Stays at a SQL_BAD. */
struct sql_token sql_lexer_next(struct sql_lexer *l);

/* An unquoted word, whatever its case. */
bool sql_token_is(const struct sql_token *t, const char *word);
bool sql_token_is_any(const struct sql_token *t, const char *const *words); /* one of a NULL-ended list */
bool sql_token_is_symbol(const struct sql_token *t, char symbol);
/* A word or a quoted name. */
bool sql_token_is_name(const struct sql_token *t);
/* The name that a token stands for, without quotes; malloc'ed. */
char *sql_token_name(const struct sql_token *t);

#endif
