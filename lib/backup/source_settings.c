#include "backup/source_settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "mysql/zone.h"

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
    "old_mode",
};

static struct err *read_variables(struct conn *c, json_t *object)
{
    struct result *r = NULL;
    char **row;

    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        TRY(conn_query(c, &r, "SHOW GLOBAL VARIABLES LIKE '%s'", settings[i]));
        row = result_next(r, NULL);
        if (row && row[1])
            json_object_set_new(object, settings[i], json_from_bytes(row[1], strlen(row[1])));
        result_free(r);
    }
    return NULL;
}

struct err *source_settings_read(struct conn *c, json_t **out)
{
    char *rules = NULL;
    json_t *object = json_object();

    struct err *e = read_variables(c, object);
    if (!e)
        e = zone_rules(c, &rules);
    if (e) {
        json_decref(object);
        return e;
    }
    if (rules)
        json_object_set_new(object, "system_time_zone_rules", json_string(rules));
    free(rules);
    *out = object;
    return NULL;
}
