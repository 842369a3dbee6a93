/*
 * statement_parser - one statement being read: the current token, what comes behind it, and the result.
 *
 * For the files of lib/binlog/statement*.c only. A function that returns bool tells whether the text was as
 * expected; after false the statement is unknown.
 */
#ifndef CCR_BINLOG_STATEMENT_PARSER_H
#define CCR_BINLOG_STATEMENT_PARSER_H

#include "binlog/sql_lex.h"
#include "binlog/statement.h"

struct parser {
    struct sql_lexer lexer; /* stands behind `token` */
    struct sql_token token;
    bool after_dot; /* the token before it was a dot: a reserved word is a name there */
    struct statement *out;
    size_t name_cap;
};

void parser_init(struct parser *p, const char *sql, size_t len, uint64_t sql_mode, struct statement *out);
void parser_next(struct parser *p);
struct sql_token parser_peek(const struct parser *p);                 /* the token behind the current one */
bool parser_is(const struct parser *p, const char *word);             /* the current token is this keyword */
bool parser_is_any(const struct parser *p, const char *const *words); /* one of a NULL-ended list */
bool parser_is_symbol(const struct parser *p, char symbol);
bool parser_at_end(const struct parser *p); /* the end, or a last semicolon before it */
/* Moves on if the current token is this. */
bool parser_accept(struct parser *p, const char *word);
bool parser_accept_symbol(struct parser *p, char symbol);
/* [db .] name */
bool parser_name(struct parser *p, enum statement_role role);
bool parser_database(struct parser *p, enum statement_role role);
/* A name without either part: the session's default database. */
bool parser_default_database(struct parser *p);
/* Moves on by one token of a table's definition; what names another table, with that name. */
bool parser_definition(struct parser *p);
/* IF EXISTS, IF NOT EXISTS; false only for an IF with anything else behind it. */
bool parser_if(struct parser *p);
/* Skips DEFINER, ALGORITHM, SQL SECURITY, AGGREGATE: what stands before the kind of a view or program. */
bool parser_attributes(struct parser *p);
/* Moves on to behind the closing parenthesis of the one that is current. */
bool parser_skip_parentheses(struct parser *p);

/* CREATE, ALTER, DROP, RENAME, TRUNCATE: the verb is behind the parser. False for anything unknown. */
bool parse_create(struct parser *p);
bool parse_alter(struct parser *p);
bool parse_drop(struct parser *p);
bool parse_rename(struct parser *p);
bool parse_truncate(struct parser *p);
/* ALTER TABLE from behind the table's name. */
bool parse_table_specs(struct parser *p);
/* CREATE INDEX and DROP INDEX from behind INDEX. */
bool parse_index(struct parser *p);

/* SET STATEMENT a = 1, b = 2 FOR ...: moves to the statement behind it. */
bool parser_set_statement(struct parser *p);

#endif
