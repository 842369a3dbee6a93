/* What the target must have of what the source uses, and what should be the same on both. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "check/checking.h"
#include "mysql/accounts.h"
#include "mysql/server.h"
#include "replay/session.h"
#include "restore/target_check.h"
#include "snapshot/source_differs.h"

static struct err *check_engines(const struct checking *k)
{
    struct fact_names seen = {0};
    struct err *e = NULL;

    for (size_t i = 0; !e && i < k->facts->table_count; i++) {
        const struct fact_table *t = &k->facts->tables[i];
        size_t before = seen.count;
        if (t->engine)
            facts_add_name(&seen, t->engine, "table", t->db, t->name);
        if (seen.count > before)
            e = check_take(k->list, CHECK_ERROR, "engine", "target", k->p->target,
                           target_check_engine(k->p->target, t->engine, t->db, t->name));
    }
    facts_free_names(&seen);
    return e;
}

/* The character set is the beginning of the collation's name, or all of it. */
static struct err *check_collation(const struct checking *k, const struct fact_name *collation)
{
    const bool has_rest = strchr(collation->name, '_');
    char *charset = mem_strndup(collation->name, strcspn(collation->name, "_"));
    char *set = sql_ident_dup(charset);
    char *name = sql_ident_dup(collation->name);
    struct err *e = conn_exec(k->p->target, "DO CONVERT('' USING %s)%s%s", set, has_rest ? " COLLATE " : "",
                              has_rest ? name : "");

    if (e && !conn_is_lost(k->p->target)) {
        check_add(
            k->list, CHECK_ERROR, "collation", "target",
            "choose one that both servers have (ALTER TABLE ... CONVERT TO on the source), or a target of "
            "the source's version",
            "target: it does not know the %s %s of %s", has_rest ? "collation" : "character set",
            collation->name, collation->of);
        err_free(e);
        e = NULL;
    }
    free(charset);
    free(set);
    free(name);
    return e;
}

/* Of events it must know the zone; a session may use any that the source has. */
static struct err *check_zones(const struct checking *k)
{
    const struct facts *f = k->facts;
    const char *global = facts_setting(f, "time_zone");
    uint64_t known = 0;

    for (size_t i = 0; i < f->zones.count; i++) {
        struct err *e = target_check_time_zone(k->p->target, f->zones.items[i].name);
        if (e)
            e = err_context(e, "%s cannot be created", f->zones.items[i].of);
        TRY(check_take(k->list, CHECK_ERROR, "time-zone", "target", k->p->target, e));
    }
    TRY(conn_number(k->p->target, &known, "SELECT COUNT(*) FROM mysql.time_zone_name"));
    bool named = global && strcmp(global, "SYSTEM") != 0 && !strchr(global, ':');
    if (!known && (named || f->knows_zones))
        check_add(k->list, CHECK_WARNING, "time-zone", "target",
                  "load the time zones: mariadb-tzinfo-to-sql /usr/share/zoneinfo | mariadb mysql",
                  "target: it knows no time zones by name, and the source does: a statement whose session "
                  "uses one stops ccr-apply");
    return NULL;
}

static struct err *check_versioned(const struct checking *k)
{
    const struct facts *f = k->facts;

    for (size_t i = 0; i < f->table_count; i++)
        if (f->tables[i].versioned)
            return check_take(k->list, CHECK_ERROR, "versioned", "target", k->p->target,
                              target_check_history(k->p->target, facts_setting(f, "version"), f->tables[i].db,
                                                   f->tables[i].name));
    return NULL;
}

static bool has_account(const struct account_list *l, const char *name)
{
    bool found = false;

    for (size_t i = 0; !found && i < l->count; i++) {
        char *text = account_text(&l->items[i].account);
        found = strcmp(text, name) == 0;
        free(text);
    }
    return found;
}

/* Not an error: ccr-restore may be told to keep them, or to bring them along. */
static struct err *check_definers(const struct checking *k)
{
    const struct fact_names *definers = &k->facts->definers;
    struct account_list there = {0};
    struct buf missing = BUF_INIT;
    struct err *e = definers->count ? account_list_names(k->p->target, &there) : NULL;

    for (size_t i = 0; !e && i < definers->count; i++)
        if (!has_account(&there, definers->items[i].name))
            buf_printf(&missing, "%s%s (%s)", missing.len ? ", " : "", definers->items[i].name,
                       definers->items[i].of);
    account_list_free(&there);
    if (missing.len)
        check_add(
            k->list, CHECK_WARNING, "definer", "target",
            "create them on the target, or bring them along (ccr-backup and ccr-restore --with-users), or "
            "set missing-definer in the [target] section (keep, or USER@HOST)",
            "target: it does not have users who define what is in scope, and ccr-restore does not begin "
            "without them: %s",
            buf_str(&missing));
    buf_free(&missing);
    return check_take(k->list, CHECK_WARNING, "definer", "target", k->p->target, e);
}

static struct err *check_partitions(const struct checking *k)
{
    uint64_t active = 1;

    if (k->facts->partitioned)
        TRY(conn_number(k->p->target, &active,
                        "SELECT COUNT(*) FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'partition' AND "
                        "PLUGIN_STATUS = 'ACTIVE'"));
    if (!active)
        check_add(k->list, CHECK_ERROR, "partitions", "target",
                  "take partition=OFF or skip-partition out of its configuration and restart it",
                  "target: it runs without partitioning, and cannot have partitioned tables such as %s",
                  k->facts->partitioned);
    return NULL;
}

struct err *check_target_server(const struct checking *k)
{
    struct conn *c = k->p->target;
    bool bulk = false;

    TRY(check_take(k->list, CHECK_ERROR, "server", "target", c, target_check_server(c, LOAD_OFFERED, &bulk)));
    TRY(check_take(k->list, CHECK_ERROR, "server", "target", c, session_check_server(c)));
    TRY(check_engines(k));
    for (size_t i = 0; i < k->facts->collations.count; i++)
        TRY(check_collation(k, &k->facts->collations.items[i]));
    TRY(check_zones(k));
    TRY(check_versioned(k));
    TRY(check_partitions(k));
    TRY(check_definers(k));
    if (!k->facts->function)
        return NULL;
    struct err *e = target_check_functions(c);
    return check_take(k->list, CHECK_ERROR, "function", "target", c, e);
}

/* 10.11 of 101106: what differs between releases, not between their corrections. */
static unsigned release_of(unsigned number)
{
    return number / 100;
}

static void check_versions(const struct checking *k, const struct server_info *target)
{
    const char *source = facts_setting(k->facts, "version");

    if (!source || release_of(server_version_number(source)) <= release_of(target->number))
        return;
    check_add(k->list, CHECK_WARNING, "version", "target",
              "a target should be of the source's release, or a later one",
              "target: version %s is older than the source's, %s: what only newer ones know stops ccr-apply",
              target->version, source);
}

static void check_packet(const struct checking *k, const struct server_info *target)
{
    const char *source = facts_setting(k->facts, "max_allowed_packet");

    if (!source || strtoull(source, NULL, 10) <= target->max_allowed_packet)
        return;
    check_add(k->list, CHECK_WARNING, "max-allowed-packet", "target",
              "SET GLOBAL max_allowed_packet to the source's value, and in the server's option file",
              "target: max_allowed_packet is %llu, smaller than the source's %s: a large row may not fit",
              (unsigned long long)target->max_allowed_packet, source);
}

static struct err *check_engine_default(const struct checking *k)
{
    const char *source = facts_setting(k->facts, "default_storage_engine");
    char *target = NULL;

    TRY(conn_value(k->p->target, &target, "SELECT @@GLOBAL.default_storage_engine"));
    if (source && target && strcmp(source, target) != 0)
        check_add(k->list, CHECK_WARNING, "engine", "target", "set default_storage_engine to the source's",
                  "target: default_storage_engine is %s, the source's is %s: a table that is created later "
                  "without ENGINE gets the target's",
                  target, source);
    free(target);
    return NULL;
}

static struct err *check_differences(const struct checking *k)
{
    bool zone = false;
    bool utf8 = false;

    TRY(source_zone_differs(k->p->target, k->facts->settings, &zone));
    TRY(source_utf8_differs(k->p->target, k->facts->settings, &utf8));
    if (zone)
        check_add(k->list, CHECK_WARNING, "time-zone", "target", source_zone_hint, "target: %s",
                  source_zone_warning);
    if (utf8)
        check_add(k->list, CHECK_WARNING, "old-mode", "target", source_utf8_hint, "target: %s",
                  source_utf8_warning);
    return NULL;
}

static struct err *check_name_case(const struct checking *k)
{
    const char *source = facts_setting(k->facts, "lower_case_table_names");
    uint64_t target = 0;

    TRY(conn_number(k->p->target, &target, "SELECT @@GLOBAL.lower_case_table_names"));
    if (source && (target != 0) != (strcmp(source, "0") != 0))
        check_add(k->list, CHECK_ERROR, "name-case", "target",
                  "set up the target with the source's lower_case_table_names",
                  "target: lower_case_table_names is %llu, the source's is %s: names in the log would mean "
                  "other tables here",
                  (unsigned long long)target, source);
    return NULL;
}

struct err *check_both_servers(const struct checking *k)
{
    struct server_info target = {0};

    TRY(server_info_read(k->p->target, &target));
    check_versions(k, &target);
    check_packet(k, &target);
    server_info_free(&target);
    TRY(check_engine_default(k));
    TRY(check_differences(k));
    return check_name_case(k);
}
