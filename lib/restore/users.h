/*
 * users - the users, roles and privileges of a snapshot, on their way to a target (ccr-restore --with-users).
 *
 * Read from the snapshot as statements, with the names that databases and tables have on the target. A
 * privilege on a database goes along where that is in scope as a whole, one on a table where the table is,
 * one on a pattern where it covers a database of the plan; those of the system's own databases always.
 *
 * Accounts that the target does not have are made. One that it has, with the same definition and the same
 * privileges, needs nothing; one that differs is for the operator to decide (--existing-users). The accounts
 * root and mariadb.sys, and the one that ccr itself uses, are left alone.
 */
#ifndef CCR_RESTORE_USERS_H
#define CCR_RESTORE_USERS_H

#include "base/log.h"
#include "mysql/accounts.h"
#include "restore/restore_plan.h"
#include "store/store.h"

enum user_fate {
    USER_MAKE,    /* is not there */
    USER_REPLACE, /* differs; becomes the source's */
    USER_KEPT,    /* differs; stays as it is */
    USER_SAME,
    USER_OWN, /* ccr's own */
};

struct user_account {
    struct account account;
    enum user_fate fate;
};

struct user_statement {
    char *sql;
    struct grant grant;
    struct user_account *of; /* whom it makes or gives something to */
};

struct users {
    struct user_statement *statements; /* as they can be run */
    size_t count;
    struct user_account *accounts; /* sorted */
    size_t account_count;
    struct user_statement *left_out_roles; /* of accounts that are not in the snapshot; `of` is NULL */
    size_t left_out_count;
    size_t out_of_scope; /* privileges that do not go along */
};

/* ERR_USAGE where the snapshot was taken without users. `log` (may be NULL) hears of what is not as it seems.
 * *out is the caller's. */
struct err *users_read(struct store *s, const struct restore_plan *p, struct log *log,
                       struct users **out) CHECKED;
void users_free(struct users *u); /* NULL is allowed */

struct user_account *users_find(const struct users *u, const struct account *a);

/*
 * Before anything is loaded: decides each account's fate, and refuses what would fail or overwrite later
 * (ERR_UNSAFE, ERR_TARGET, with names). Says what stays as it is.
 */
struct err *users_check(struct conn *c, const struct restore_plan *p, struct users *u,
                        struct log *log) CHECKED;

/* The accounts that will exist once this restore is done; for account_list_find. Borrows from *u; free(items)
 * ends it. */
struct account_list users_coming(const struct users *u);

/* What is to be made and replaced, as it lies in the pending list; and back into the fates. */
json_t *users_to_json(const struct users *u);
struct err *users_from_json(const struct json_doc *doc, const json_t *array, struct users *u) CHECKED;

/*
 * Accounts, roles and privileges but for those on tables and routines; then those. Everything can be
 * repeated. A privilege on a column or a routine that is not there is warned of and left out.
 */
struct err *users_make(struct conn *c, const struct users *u) CHECKED;
struct err *users_make_privileges(struct conn *c, const struct users *u, struct log *log) CHECKED;
/* Who makes a role is its administrator: ccr gives up those that the source does not give to it. */
struct err *users_give_up_roles(struct conn *c, const struct users *u) CHECKED;

/* How many have this fate. */
size_t users_count(const struct users *u, enum user_fate fate);

#endif
