/*
 * source_users - a source's users, roles and privileges as SQL (ccr-backup --with-users).
 *
 * Everybody's, whatever the scope of the snapshot; but for the accounts that every server has for itself,
 * root and mariadb.sys. The text makes them on an empty server, in this order: roles and users, who has which
 * role, privileges. It holds password hashes.
 */
#ifndef CCR_BACKUP_SOURCE_USERS_H
#define CCR_BACKUP_SOURCE_USERS_H

#include "backup/volume_filler.h"
#include "base/log.h"
#include "format/manifest.h"
#include "mysql/accounts.h"

struct source_users {
    struct buf *pieces; /* of the text: each is a script of its own */
    size_t piece_count;
    size_t accounts;
    char **role_grants; /* of the accounts that are left out */
    size_t role_grant_count;
    char **unknown; /* accounts that the server itself ignores (skip_name_resolve): left out */
    size_t unknown_count;
};

/* *out is empty before, and owned by the caller, also after an error. */
struct err *source_users_read(struct conn *c, struct source_users *out) CHECKED;
void source_users_free(struct source_users *u); /* its members */
bool source_users_equal(const struct source_users *a, const struct source_users *b);

/* What was left out; how many hashes the store will hold. */
void source_users_tell(const struct source_users *u, struct log *log);
/* Writes the text into volumes, and lists it. */
struct err *source_users_store(const struct source_users *u, struct volume_filler *filler,
                               struct manifest_users *out) CHECKED;

#endif
