/*
 * scope - what a job follows, or a snapshot holds, and how it is called on the target.
 *
 * Four lists of patterns: databases and tables to include, and to exclude. One rule: a table is in scope if
 * its database or itself is included (without any include list everything is), and neither its database nor
 * itself is excluded. Exclusion wins, the order does not matter. Routines, packages and events have no list
 * of their own: they are in scope where their database is included as a whole and not excluded. System
 * schemas, ccr's own databases and the marks of restores in place never are. The answer depends on names
 * only, so it holds for what does not exist yet.
 *
 * In a pattern `*` stands for any characters, `?` for one; a backslash takes the special meaning from the
 * character behind it. As an option, a name in backticks stands for itself (a backtick in it is doubled), a
 * backslash is special only before `*`, `?` and itself, and database and table are divided by the first dot
 * outside of backticks.
 *
 * Renames are exact names. That of a table wins over that of its database. Source names go in, target names
 * come out. With `fold_case` (a source whose lower_case_table_names is not 0) names are compared without
 * regard to the case of ASCII letters.
 *
 * Pure; a struct scope owns its members (scope_free). Read-only, it may be shared by threads.
 */
#ifndef CCR_SNAPSHOT_SCOPE_H
#define CCR_SNAPSHOT_SCOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "base/opt.h"
#include "binlog/statement.h"
#include "format/manifest.h"

struct scope_pattern {
    char *db;
    char *name; /* NULL in a list of databases */
};

struct scope_list {
    struct scope_pattern *items;
    size_t count;
};

struct scope {
    struct scope_list databases; /* this and `tables` empty: everything */
    struct scope_list tables;
    struct scope_list exclude_databases;
    struct scope_list exclude_tables;
    struct scope_list behind; /* of exclude_tables: those that are only waiting for a copy */
    struct statement_renames renames;
    bool fold_case;
};

/* Options as given: --databases, ... Each ends with NULL. */
struct scope_texts {
    const char *const *databases;
    const char *const *tables;
    const char *const *exclude_databases;
    const char *const *exclude_tables;
};

enum scope_extent {
    SCOPE_OUT,    /* nothing in it can be followed */
    SCOPE_TABLES, /* single tables of it */
    SCOPE_HOLES,  /* all of it but some tables */
    SCOPE_WHOLE,
};

/* Appends to the lists of *out. ERR_USAGE, naming the option, for what is no pattern. */
struct err *scope_parse(const struct scope_texts *texts, struct scope *out) CHECKED;
/* "A:B", "A.T:B.U". Appends. ERR_USAGE for what is none, for a database that cannot be ccr's to write, and
 * where two names become one. */
struct err *scope_parse_renames(const char *const *databases, const char *const *tables,
                                struct scope *out) CHECKED;
/* One name that stands for itself, up to `end` or the end of the text; *text moves to there. malloc'ed; NULL
 * where there is none, or a pattern. */
char *scope_take_name(const char **text, char end);
/* The options of a run; borrowed. */
struct scope_texts scope_texts_of(const struct opts *opts);
/* Any of --databases, ... was given. */
bool scope_texts_given(const struct scope_texts *texts);

/* Left out for the time until a copy has brought it in. */
bool scope_is_behind(const struct scope *s, const char *db, const char *name);
/* Appends copies, of what is not listed yet; `name` may be NULL. */
void scope_list_add(struct scope_list *l, const char *db, const char *name);
/* The same of names that stand for themselves. */
void scope_list_add_literal(struct scope_list *l, const char *db, const char *name);
/* The pattern of a name that stands for itself; malloc'ed. */
char *scope_literal(const char *name);
/* Appends a character that shall stand for itself in a pattern. */
void scope_add_literal(struct buf *pattern, char c);
void scope_free(struct scope *s); /* its members */
/* Appends copies of the patterns, or of the renames. */
void scope_copy_patterns(const struct scope *from, struct scope *to);
void scope_copy_renames(const struct scope *from, struct scope *to);
void scope_add_excludes(const struct scope *from, struct scope *to); /* those that are not there */

enum scope_extent scope_database(const struct scope *s, const char *db);
/* A table, view or sequence. */
bool scope_table(const struct scope *s, const char *db, const char *name);
/* Routines, packages and events of this database. */
bool scope_programs(const struct scope *s, const char *db);
/* Without any wildcard: what it names must exist. */
bool scope_pattern_is_exact(const char *pattern);
bool scope_pattern_covers(const struct scope *s, const char *pattern, const char *name);
char *scope_pattern_name(const char *pattern); /* the name of an exact pattern; malloc'ed */
/* Does any include list hold a pattern that can stand for databases nobody has named? */
bool scope_is_open(const struct scope *s);
/*
 * Everything that `inner` follows, and ever will, is followed by `outer`. Told from the patterns: false where
 * they do not show it. Names are compared as outer's.
 */
bool scope_covers(const struct scope *outer, const struct scope *inner);
/* All tables of a pattern, whatever `s` itself excludes of them. */
bool scope_covers_tables(const struct scope *s, const char *db, const char *name);
/* Appends it for a message: "everything but *.audit", "shop, crm.person". */
void scope_describe(const struct scope *s, struct buf *out);

struct scope_name {
    const char *db;
    const char *name;
};

/* The names on the target; borrowed from the scope or from the arguments. */
const char *scope_target_database(const struct scope *s, const char *db);
struct scope_name scope_target_table(const struct scope *s, const char *db, const char *name);
/* The other way round; false where no source name leads there. `name` may be NULL: only the database counts.
 */
bool scope_source_table(const struct scope *s, const char *db, const char *name, struct scope_name *out);
/* Another table, which the scope renames, has or will have the target name of this one: following both would
 * mix them up. The same for a database (`name` NULL). */
bool scope_clashes(const struct scope *s, const char *db, const char *name);

/*
 * JSON, as in ccr.jobs and in manifests (formats/target.md). The first version of these (literal names,
 * renames of databases only) is read as well.
 */
json_t *scope_to_json(const struct scope *s);
json_t *scope_renames_to_json(const struct scope *s);
/* `renames` may be NULL. *out must be empty; it is set also on failure. */
struct err *scope_from_json(const struct json_doc *doc, const json_t *scope, json_t *renames,
                            struct scope *out) CHECKED;
/* What a snapshot was asked for. *out must be empty. */
struct err *scope_from_manifest(const struct manifest *m, struct scope *out) CHECKED;

#endif
