/*
 * server - what kind of server this is, and where its log stands.
 */
#ifndef CCR_MYSQL_SERVER_H
#define CCR_MYSQL_SERVER_H

#include "format/position.h"
#include "mysql/conn.h"

struct server_info {
    char *version;   /* @@version */
    unsigned number; /* 101106 for 10.11.6 */
    uint32_t server_id;
    char *hostname;
    bool log_bin;
    char *binlog_format;
    char *binlog_row_image;
    uint64_t max_allowed_packet;
    bool is_galera;
    bool log_slave_updates;
};

/* 101106 for "10.11.6-MariaDB"; 0 for what is no version. */
unsigned server_version_number(const char *version);

struct err *server_info_read(struct conn *c, struct server_info *out) CHECKED;
struct err *server_is_galera(struct conn *c, bool *is) CHECKED;
void server_info_free(struct server_info *info); /* its members */

/* It is or was a replica, and log_slave_updates is off: its log lacks what it gets from its master. */
struct err *server_lacks_replicated(struct conn *c, bool *lacks) CHECKED;

/* @@gtid_binlog_pos. */
struct err *server_binlog_pos(struct conn *c, struct gtid_pos *out) CHECKED;

/* The GTID position at which the server's oldest binlog begins: what lies before it is purged. *file may be
 * NULL; malloc'ed otherwise. */
struct err *server_oldest_pos(struct conn *c, struct gtid_pos *out, char **file) CHECKED;

#endif
