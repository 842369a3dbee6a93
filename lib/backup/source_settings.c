#include "backup/source_settings.h"

#include <string.h>

#include "base/json.h"

/* Settings that decide what definitions and values mean, or how the log is written. */
static const char *const settings[] = {
    "version",
    "version_comment",
    "hostname",
    "server_id",
    "gtid_domain_id",
    "sql_mode",
    "time_zone",
    "system_time_zone",
    "character_set_server",
    "collation_server",
    "binlog_format",
    "binlog_row_image",
    "binlog_row_metadata",
    "lower_case_table_names",
    "innodb_page_size",
    "max_allowed_packet",
    "explicit_defaults_for_timestamp",
    "default_storage_engine",
};

struct err *source_settings_read(struct conn *c, json_t **out)
{
    struct result *r = NULL;
    char **row;
    json_t *object = json_object();

    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        struct err *e = conn_query(c, &r, "SHOW GLOBAL VARIABLES LIKE '%s'", settings[i]);
        if (e) {
            json_decref(object);
            return e;
        }
        row = result_next(r, NULL);
        if (row && row[1])
            json_object_set_new(object, settings[i], json_from_bytes(row[1], strlen(row[1])));
        result_free(r);
    }
    *out = object;
    return NULL;
}
