/*
 * account - a user or a role, as statements name it: `user`@`host`, `role`, or PUBLIC.
 *
 * And the definer of a view or program, which is one. Works on what the server itself prints, under the
 * sql_mode that it was printed in. Pure; names are the bytes that stand there.
 */
#ifndef CCR_BINLOG_ACCOUNT_H
#define CCR_BINLOG_ACCOUNT_H

#include "base/buf.h"
#include "binlog/sql_lex.h"

struct account {
    char *user; /* malloc'ed; "PUBLIC" for everybody */
    char *host; /* malloc'ed; NULL: a role, or PUBLIC */
};

void account_free(struct account *a); /* its members */
struct account account_copy(const struct account *a);
bool account_equal(const struct account *a, const struct account *b);
/* By user, then by host; roles first. */
int account_compare(const struct account *a, const struct account *b);
bool account_is_public(const struct account *a);

/* The account at the lexer's place; false, with *out empty, where none stands. */
bool account_take(struct sql_lexer *l, struct account *out);
/* Appends it as SQL has it, in backticks; or as a text of its own, malloc'ed. */
void account_sql(struct buf *out, const struct account *a);
char *account_sql_dup(const struct account *a);
/* user@host for messages, malloc'ed. */
char *account_text(const struct account *a);

/* Behind "DEFINER=" in a CREATE statement, from `start` to `end`. */
struct definer {
    struct account account;
    size_t start;
    size_t end;
};

/* False where the statement has no such clause. account_free(&out->account) ends it. */
bool definer_find(const char *sql, uint64_t sql_mode, struct definer *out);

#endif
