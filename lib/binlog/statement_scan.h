/*
 * statement_scan - the reading of a statement's names at work: the tokens, where it stands, what it expects.
 *
 * For statement_refs.c, which follows names and parentheses, and statement_words.c, which knows what keywords
 * lead to.
 */
#ifndef CCR_BINLOG_STATEMENT_SCAN_H
#define CCR_BINLOG_STATEMENT_SCAN_H

#include "binlog/sql_lex.h"
#include "binlog/statement_refs.h"

/* What the next name stands for. */
enum expect {
    EXPECT_NOTHING,
    EXPECT_TABLE,  /* in a query: an alias may follow */
    EXPECT_OBJECT, /* a table as DDL, INSERT or HANDLER name it: no alias */
    EXPECT_TARGET,
    EXPECT_PROGRAM,
    EXPECT_TRIGGER,
    EXPECT_DATABASE,
};

/* Between two parentheses, or outside of all. */
struct level {
    enum expect expect;
    enum expect list;   /* what follows a comma */
    bool from_item;     /* a derived table or a join in parentheses: an alias may follow */
    bool from_function; /* EXTRACT(x FROM y): FROM leads to no table */
    bool item_next;     /* the next parenthesis is one: JSON_TABLE(...) AS name */
    bool with;          /* behind WITH: names of common table expressions */
};

struct scan {
    struct sql_token *t;
    size_t count; /* the last one is SQL_END */
    size_t i;
    struct level *levels;
    size_t depth;
    size_t level_cap;
    struct sql_token verb; /* CREATE, ALTER, DROP, ... of the statement at hand */
    bool renames;          /* RENAME TABLE: TO leads to a table */
    bool await_on;         /* CREATE TRIGGER, CREATE INDEX: ON leads to the table */
    bool opaque;           /* up to the next semicolon */
    bool changes;          /* the tables of this clause are changed */
    bool deletes;
    struct statement_refs *out;
};

/* The token i, or the end; and the one n before the current one. */
const struct sql_token *scan_at(const struct scan *s, size_t i);
const struct sql_token *scan_before(const struct scan *s, size_t n);
struct level *scan_level(struct scan *s);
void scan_push(struct scan *s, struct level l);
/* Parts of a.b.c or a.b.* from token i on. */
size_t scan_chain(const struct scan *s, size_t i);
/* Adds the name at token `first`, with its database before it (`first` and `first` + 2) or without. */
struct statement_ref *scan_add(struct scan *s, enum ref_kind kind, size_t first, bool with_db);

/* statement_words.c: a keyword that changes what follows; false for anything else. */
bool scan_word(struct scan *s);
bool scan_is_reserved(const struct sql_token *t); /* a name only in quotes */
bool scan_is_clause(const struct sql_token *t);   /* can stand behind a table, and is no alias there */
bool scan_is_modifier(const struct sql_token *t); /* between a verb and the name it leads to */

#endif
