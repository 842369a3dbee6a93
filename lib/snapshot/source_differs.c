#include "snapshot/source_differs.h"

#include <stdlib.h>
#include <string.h>

#include "mysql/zone.h"

const char source_zone_warning[] = "the target's own time zone (SYSTEM) is not the source's: statements that "
                                   "depend on it stop ccr-apply, and "
                                   "events in it keep the hours of the clock";
const char source_zone_hint[] =
    "give the target's server the source's time zone (TZ, timedatectl), or the source a default_time_zone "
    "that the log can name: an offset, or a name that the target knows";
const char source_utf8_warning[] =
    "old_mode of only one of source and target has UTF8_IS_UTF8MB3: ccr-apply goes by the source's, but a "
    "table that is created on the target itself with the character set utf8 gets another one than on the "
    "source";
const char source_utf8_hint[] = "set old_mode to the source's";

static const char utf8_flag[] = "UTF8_IS_UTF8MB3";

static const char *setting(const json_t *source, const char *name)
{
    return json_string_value(json_object_get(source, name));
}

struct err *source_zone_differs(struct conn *target, const json_t *source, bool *out)
{
    const char *rules = setting(source, "system_time_zone_rules");
    char *own = NULL;

    *out = false;
    if (!rules)
        return NULL;
    TRY(zone_rules(target, &own));
    *out = !own || strcmp(own, rules) != 0;
    free(own);
    return NULL;
}

struct err *source_utf8_differs(struct conn *target, const json_t *source, bool *out)
{
    const char *mode = setting(source, "old_mode");
    uint64_t own = 0;

    *out = false;
    if (!mode)
        return NULL;
    TRY(conn_number(target, &own, "SELECT FIND_IN_SET('UTF8_IS_UTF8MB3', @@GLOBAL.old_mode) > 0"));
    *out = (own != 0) != (strstr(mode, utf8_flag) != NULL);
    return NULL;
}

const char *source_utf8_mode(const json_t *source)
{
    const char *mode = setting(source, "old_mode");

    return mode && !strstr(mode, utf8_flag) ? "" : utf8_flag;
}
