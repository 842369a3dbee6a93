/*
 * grant - the statements by which a server tells of its users, roles and privileges.
 *
 * What SHOW CREATE USER and SHOW GRANTS print, and CREATE ROLE: one clause order, names in backticks,
 * sql_mode
 * ''. Read no further than needed to know whom a statement is about, and what it names. Pure; offsets lead
 * into the caller's text.
 */
#ifndef CCR_BINLOG_GRANT_H
#define CCR_BINLOG_GRANT_H

#include "base/err.h"
#include "binlog/account.h"

enum grant_kind {
    GRANT_CREATE,       /* CREATE USER, CREATE ROLE */
    GRANT_ALTER,        /* ALTER USER, which says what CREATE USER cannot */
    GRANT_ROLE,         /* GRANT `role` TO ... */
    GRANT_DEFAULT_ROLE, /* SET DEFAULT ROLE `role` FOR ... */
    GRANT_PROXY,        /* GRANT PROXY ON `user`@`host` TO ... */
    GRANT_GLOBAL,       /* ON *.* */
    GRANT_DATABASE,     /* ON `pattern`.* */
    GRANT_TABLE,        /* ON `db`.`table`, columns of it too */
    GRANT_ROUTINE,      /* ON PROCEDURE `db`.`name`, FUNCTION, PACKAGE, PACKAGE BODY */
};

struct grant {
    enum grant_kind kind;
    struct account grantee;
    char *role;   /* of GRANT_ROLE and GRANT_DEFAULT_ROLE */
    char *db;     /* of GRANT_DATABASE (the pattern), GRANT_TABLE, GRANT_ROUTINE */
    char *name;   /* of GRANT_TABLE and GRANT_ROUTINE */
    bool columns; /* privileges on columns are among them */
    bool package; /* can be read in sql_mode ORACLE only */
    bool option;  /* WITH GRANT OPTION, WITH ADMIN OPTION */
    /* where stand the privileges, the object behind ON without the kind of a routine; where the grantee ends
     */
    size_t privileges_start, privileges_end;
    size_t object_start, object_end;
    size_t grantee_end;
};

/* ERR_UNSUPPORTED for a statement of another form. grant_free(out) ends it, also after an error. */
struct err *grant_parse(const char *sql, struct grant *out) CHECKED;
void grant_free(struct grant *g); /* its members */

/* One privilege of a GRANT. */
struct grant_privilege {
    const char *name; /* without columns: "SELECT", "ALL PRIVILEGES" */
    const char *text; /* as it stands there, with them; borrowed from the statement */
    size_t len;
};
typedef struct err *grant_privilege_fn(const struct grant_privilege *privilege, void *arg);

struct err *grant_each_privilege(const char *sql, const struct grant *g, grant_privilege_fn *fn,
                                 void *arg) CHECKED;
/*
 * The statement with its privileges and their columns in alphabetical order, whatever the order in which the
 * server has them; malloc'ed. For comparing, not for running.
 */
struct err *grant_sorted(const char *sql, char **out) CHECKED;

/* Calls fn with the name of each authentication plugin that a CREATE USER names behind VIA. */
struct err *grant_each_plugin(const char *sql, struct err *(*fn)(const char *name, void *arg),
                              void *arg) CHECKED;

/* The name of a database as a pattern that means nothing else: `_`, `%` and `\` escaped; malloc'ed. */
char *grant_pattern_of(const char *db);
/* The one database that a pattern means; malloc'ed, NULL where it has wildcards. */
char *grant_pattern_name(const char *pattern);

#endif
