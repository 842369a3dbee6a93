/*
 * accounts - a server's users and roles, each with the statements that make it.
 *
 * What SHOW CREATE USER and SHOW GRANTS say, without what they repeat: password, TLS and limits stand in
 * CREATE USER only, and a role's privileges with that role only. The statements hold password hashes: they
 * are not for messages. Reading accounts other than one's own needs SELECT on the database `mysql`.
 */
#ifndef CCR_MYSQL_ACCOUNTS_H
#define CCR_MYSQL_ACCOUNTS_H

#include "binlog/grant.h"
#include "mysql/conn.h"

struct account_entry {
    struct account account;
    char **statements; /* the CREATE first, of all but PUBLIC; then as the server has them */
    size_t count;
    bool unknown; /* is in the server's table, but the server ignores it (a host name under
                     skip_name_resolve): without statements */
};

struct account_list {
    struct account_entry *items; /* roles first; then by name and host */
    size_t count;
};

struct err *account_list_read(struct conn *c, struct account_list *out) CHECKED;
void account_list_free(struct account_list *l); /* its members */

/* The accounts' names only: no statements. */
struct err *account_list_names(struct conn *c, struct account_list *out) CHECKED;
/* Fills in the statements of one. */
struct err *account_entry_read(struct conn *c, struct account_entry *entry) CHECKED;
void account_entry_free(struct account_entry *entry); /* its members */

const struct account_entry *account_list_find(const struct account_list *l, const struct account *a);

/* Brings an account's names from the character set that they stand in into UTF-8, which the lists have. What
 * has no place there stays as it is. */
struct err *account_to_utf8(struct conn *c, const char *charset, struct account *a) CHECKED;

/* Who this connection is to the server, as in CURRENT_USER(). account_free() ends it. */
struct err *account_of_connection(struct conn *c, struct account *out) CHECKED;

#endif
