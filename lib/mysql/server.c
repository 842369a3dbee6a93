#include "mysql/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

unsigned server_version_number(const char *version)
{
    unsigned major = 0;
    unsigned minor = 0;
    unsigned patch = 0;

    if (sscanf(version, "%u.%u.%u", &major, &minor, &patch) != 3)
        return 0;
    return major * 10000 + minor * 100 + patch;
}

/* @@wsrep_on does not exist in every build. */
#define IS_GALERA                                                                                            \
    "(SELECT COUNT(*) FROM information_schema.global_variables "                                             \
    "WHERE variable_name = 'wsrep_on' AND variable_value = 'ON')"

struct err *server_is_galera(struct conn *c, bool *is)
{
    uint64_t n = 0;
    struct err *e = conn_number(c, &n, "SELECT " IS_GALERA);

    *is = n > 0;
    return e;
}

struct err *server_info_read(struct conn *c, struct server_info *out)
{
    struct result *r = NULL;

    *out = (struct server_info){0};
    TRY(conn_query(
        c, &r,
        "SELECT @@version, @@server_id, @@hostname, @@log_bin, @@binlog_format, @@binlog_row_image,"
        " @@max_allowed_packet,"
        " " IS_GALERA ", @@log_slave_updates"));
    char **row = result_next(r, NULL);
    unsigned number = row && row[0] ? server_version_number(row[0]) : 0;
    if (number) {
        *out = (struct server_info){
            .version = mem_strdup(row[0]),
            .number = number,
            .server_id = (uint32_t)strtoul(row[1], NULL, 10),
            .hostname = mem_strdup(row[2] ? row[2] : ""),
            .log_bin = row[3][0] == '1',
            .binlog_format = mem_strdup(row[4]),
            .binlog_row_image = mem_strdup(row[5]),
            .max_allowed_packet = strtoull(row[6], NULL, 10),
            .is_galera = row[7][0] != '0',
            .log_slave_updates = row[8][0] != '0',
        };
    }
    result_free(r);
    return out->version ? NULL : err_new(conn_code(c), "the server does not say its version");
}

struct err *server_lacks_replicated(struct conn *c, bool *lacks)
{
    uint64_t n = 0;
    struct err *e = conn_number(
        c, &n,
        "SELECT @@global.log_bin AND @@global.gtid_slave_pos <> '' AND NOT @@global.log_slave_updates");

    *lacks = n != 0;
    return e;
}

void server_info_free(struct server_info *info)
{
    free(info->version);
    free(info->hostname);
    free(info->binlog_format);
    free(info->binlog_row_image);
    *info = (struct server_info){0};
}

static struct err *server_read_pos(struct conn *c, char *text, struct gtid_pos *out)
{
    struct err *e = gtid_pos_parse(text ? text : "", conn_code(c), out);

    free(text);
    return e;
}

struct err *server_binlog_pos(struct conn *c, struct gtid_pos *out)
{
    char *text = NULL;

    TRY(conn_value(c, &text, "SELECT @@gtid_binlog_pos"));
    return server_read_pos(c, text, out);
}

struct err *server_oldest_pos(struct conn *c, struct gtid_pos *out, char **file)
{
    char *name = NULL;
    char *text = NULL;

    TRY(conn_value(c, &name, "SHOW BINARY LOGS"));
    if (!name)
        return err_hint(err_new(conn_code(c), "the server has no binlog"),
                        "set log_bin and restart the server");
    char *quoted = sql_string_dup(name);
    struct err *e = conn_value(c, &text, "SELECT BINLOG_GTID_POS(%s, 4)", quoted);
    free(quoted);
    if (!e)
        e = server_read_pos(c, text, out);
    if (e || !file)
        free(name);
    else
        *file = name;
    return e;
}
