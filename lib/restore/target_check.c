#include "restore/target_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mysql/bulk.h"
#include "mysql/server.h"
#include "snapshot/source_differs.h"

/* The first version whose RENAME TABLE is undone, or done, as a whole after a crash. */
enum { ATOMIC_RENAME = 100600 };
/* The first one whose TIMESTAMP reaches 2106. */
enum { LONG_TIMESTAMP = 110500 };

/* Rows travel in small pieces; statements do not. */
#define SMALLEST_PACKET ((uint64_t)1 << 20)
/* What surrounds a text or a row. */
enum { PACKET_REST = 4096 };

static struct err *check_version(struct conn *c)
{
    struct server_info info;
    struct err *e = server_info_read(c, &info);

    if (!e && info.number < ATOMIC_RENAME)
        e = err_hint(
            err_new(ERR_TARGET, "target: server %s cannot swap many tables in one atomic step", info.version),
            "a target needs MariaDB 10.6 or later");
    server_info_free(&info);
    return e;
}

static struct err *check_way(struct conn *c, enum load_way way, bool *bulk)
{
    uint64_t on = 0;
    bool offered = bulk_is_offered(c);

    if (way == LOAD_BULK && !offered)
        return err_hint(
            err_new(ERR_TARGET, "target: the server, or a proxy before it, offers no bulk execution"),
            "--load text");
    *bulk = offered && way != LOAD_TEXT;
    if (*bulk)
        return NULL;
    TRY(conn_number(c, &on, "SELECT @@GLOBAL.local_infile"));
    return on ? NULL
              : err_hint(err_new(ERR_TARGET, "target: local_infile is off, and rows are to be loaded by LOAD "
                                             "DATA LOCAL"),
                         "SET GLOBAL local_infile = 1, and local_infile = 1 in the server's option file");
}

struct err *target_check_server(struct conn *c, enum load_way way, bool *bulk)
{
    uint64_t n;

    TRY(check_version(c));
    TRY(check_way(c, way, bulk));
    struct err *e = conn_number(c, &n, "SELECT COUNT(*) FROM information_schema.INNODB_TRX");
    return e ? err_hint(
                   err_context(e, "looking at the target's open transactions"),
                   "grant PROCESS: the swap must wait for transactions that are older than the new tables")
             : NULL;
}

struct err *target_check_engine(struct conn *c, const char *engine, const char *db, const char *table)
{
    char *quoted = sql_string_dup(engine);
    uint64_t n = 0;
    struct err *e = conn_number(c, &n,
                                "SELECT COUNT(*) FROM information_schema.ENGINES WHERE ENGINE = %s AND "
                                "SUPPORT IN ('YES', 'DEFAULT')",
                                quoted);

    free(quoted);
    if (e || n > 0)
        return e;
    return err_hint(err_new(ERR_TARGET, "target: the server lacks the storage engine %s of table %s.%s",
                            engine, db, table),
                    "install the engine's plugin on the target, or leave the table out (--tables, "
                    "--databases)");
}

static struct err *check_engines(struct conn *c, const struct restore_plan *p)
{
    const char *last = ""; /* seen to be there; nearly all tables have the same */

    for (size_t i = 0; i < p->table_count; i++) {
        const struct manifest_table *t = p->tables[i].rows;
        if (!t || strcmp(t->engine, last) == 0)
            continue;
        TRY(target_check_engine(c, t->engine, t->db, t->name));
        last = t->engine;
    }
    return NULL;
}

/* What the largest statement needs, or the largest row, which no client could write or read with less. */
struct packet_need {
    uint64_t bytes;
    char *what;
};

static void packet_need_raise(struct packet_need *n, uint64_t bytes, const char *kind, const char *db,
                              const char *name)
{
    if (bytes <= n->bytes)
        return;
    n->bytes = (bytes + 1023) / 1024 * 1024;
    free(n->what);
    n->what = mem_printf("%s %s%s%s", kind, db, name ? "." : "", name ? name : "");
}

static struct packet_need find_packet_need(const struct restore_plan *p, char *const *definitions)
{
    struct packet_need need = {SMALLEST_PACKET, mem_strdup("statements")};

    for (size_t i = 0; i < p->manifest->object_count; i++) {
        const struct manifest_object *o = &p->manifest->objects[i];
        /* twice: what is kept for promotion is stored in hexadecimal */
        if (definitions[i])
            packet_need_raise(&need, 2 * strlen(definitions[i]) + PACKET_REST, "the definition of", o->db,
                              o->name);
    }
    for (size_t i = 0; i < p->table_count; i++) {
        const struct manifest_table *t = p->tables[i].rows;
        if (t && t->largest_row)
            packet_need_raise(&need, t->largest_row + PACKET_REST, "a row of", t->db, t->name);
    }
    return need;
}

static struct err *check_packet(struct conn *c, const struct restore_plan *p, char *const *definitions,
                                struct log *log)
{
    uint64_t packet = 0;

    TRY(conn_number(c, &packet, "SELECT @@GLOBAL.max_allowed_packet"));
    struct packet_need need = find_packet_need(p, definitions);
    struct err *e = NULL;
    if (packet < need.bytes)
        e = err_hint(err_new(ERR_TARGET, "target: max_allowed_packet is %llu, too small for %s",
                             (unsigned long long)packet, need.what),
                     "SET GLOBAL max_allowed_packet = %llu or more, and in the server's option file",
                     (unsigned long long)need.bytes);
    free(need.what);
    const char *source = json_string_value(json_object_get(p->manifest->source, "max_allowed_packet"));
    if (!e && !p->standalone && source && strtoull(source, NULL, 10) > packet)
        log_warn(log,
                 "max_allowed_packet of the target (%llu) is smaller than the source's (%s): a row that is "
                 "written later can be too large to be applied",
                 (unsigned long long)packet, source);
    return e;
}

struct err *target_check_functions(struct conn *c)
{
    uint64_t untrusted = 0;
    uint64_t super = 0;

    TRY(conn_number(c, &untrusted,
                    "SELECT @@GLOBAL.log_bin AND NOT @@GLOBAL.log_bin_trust_function_creators"));
    TRY(conn_number(c, &super,
                    "SELECT COUNT(*) FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = 'SUPER' "
                    "AND GRANTEE = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')"));
    if (!untrusted || super)
        return NULL;
    return err_hint(err_new(ERR_TARGET,
                            "target: its binlog is on and log_bin_trust_function_creators is off, so "
                            "functions and triggers cannot be created"),
                    "SET GLOBAL log_bin_trust_function_creators = 1");
}

static struct err *check_functions(struct conn *c, const struct restore_plan *p)
{
    bool needed = false;

    for (size_t i = 0; i < p->manifest->object_count; i++) {
        enum object_kind kind = p->manifest->objects[i].kind;
        if (p->in_scope[i])
            needed |= kind == OBJECT_FUNCTION || (kind == OBJECT_TRIGGER && p->standalone);
    }
    return needed && !p->skip_binlog ? target_check_functions(c) : NULL;
}

static const struct manifest_table *find_history(const struct restore_plan *p)
{
    for (size_t i = 0; i < p->table_count; i++)
        if (p->tables[i].rows && p->tables[i].rows->history)
            return p->tables[i].rows;
    return NULL;
}

/*
 * A current row ends at the largest TIMESTAMP, 2106 in newer servers and 2038 in older ones: to the other
 * kind it would be a row of the past, or one of the future.
 */
static struct err *check_row_ends(const char *source, const char *db, const char *table,
                                  const struct server_info *target)
{
    if (!source || (server_version_number(source) >= LONG_TIMESTAMP) == (target->number >= LONG_TIMESTAMP))
        return NULL;
    return err_hint(
        err_new(ERR_TARGET,
                "target: server %s and the source, %s, have another largest TIMESTAMP, by which "
                "the current rows of system-versioned tables are told, such as %s.%s",
                target->version, source, db, table),
        "restore to a server of the same kind (before 11.5, or from 11.5 on), or leave such tables "
        "out (--exclude-tables)");
}

struct err *target_check_history(struct conn *c, const char *source, const char *db, const char *table)
{
    struct server_info info;

    TRY(server_info_read(c, &info));
    struct err *e = check_row_ends(source, db, table, &info);
    server_info_free(&info);
    TRY(e);
    e = conn_exec(c, "SET SESSION system_versioning_insert_history = 1, timestamp = @@timestamp");
    if (e)
        return err_hint(err_context(e, "the history of system-versioned tables such as %s.%s", db, table),
                        "a target needs MariaDB 10.11 or later and secure_timestamp=NO to take it; or leave "
                        "such tables out (--exclude-tables)");
    return conn_exec(c, "SET SESSION system_versioning_insert_history = 0, timestamp = DEFAULT");
}

static struct err *check_history(struct conn *c, const struct restore_plan *p)
{
    const struct manifest_table *t = find_history(p);

    if (!t)
        return NULL;
    return target_check_history(c, json_string_value(json_object_get(p->manifest->source, "version")), t->db,
                                t->name);
}

static bool may_have_upper_case(const char *name)
{
    for (; *name; name++)
        if ((*name >= 'A' && *name <= 'Z') || (unsigned char)*name >= 0x80)
            return true;
    return false;
}

/* A server that stores names in lower case must not store another one. `db` is shown before it; NULL: it is
 * one. */
static struct err *check_folded(struct conn *c, enum object_kind kind, const char *db, const char *name,
                                uint64_t setting)
{
    uint64_t same = 1;

    if (!may_have_upper_case(name))
        return NULL;
    char *text = sql_string_dup(name);
    struct err *e = conn_number(c, &same, "SELECT BINARY LOWER(CONVERT(%s USING utf8)) = %s", text, text);
    free(text);
    if (e || same)
        return e;
    return err_hint(
        err_new(ERR_TARGET, "target: lower_case_table_names is %llu, so %s %s%s%s would change its name",
                (unsigned long long)setting, object_kind_name(kind), db ? db : "", db ? "." : "", name),
        "set up the target with the source's lower_case_table_names");
}

/* Databases, tables and views are files. */
static struct err *check_folding(struct conn *c, const struct restore_plan *p, uint64_t setting)
{
    for (size_t i = 0; i < p->manifest->object_count; i++) {
        const struct manifest_object *o = &p->manifest->objects[i];
        if (!p->in_scope[i])
            continue;
        struct scope_name to = restore_plan_target_name(p, o);
        if (o->kind == OBJECT_TABLE || o->kind == OBJECT_SEQUENCE || o->kind == OBJECT_VIEW)
            TRY(check_folded(c, o->kind, to.db, to.name, setting));
        TRY(check_folded(c, OBJECT_DATABASE, NULL, to.db, setting));
    }
    return NULL;
}

static bool has_programs(const struct restore_plan *p)
{
    for (size_t i = 0; i < p->manifest->object_count; i++) {
        enum object_kind kind = p->manifest->objects[i].kind;
        if (p->in_scope[i] && kind != OBJECT_DATABASE && kind != OBJECT_SEQUENCE && kind != OBJECT_TABLE &&
            kind != OBJECT_VIEW)
            return true;
    }
    return false;
}

/* With lower_case_table_names = 1 the server stores another name than it is given. */
static struct err *check_name_case(struct conn *c, const struct restore_plan *p)
{
    uint64_t setting = 0;

    TRY(conn_number(c, &setting, "SELECT @@GLOBAL.lower_case_table_names"));
    if (!p->standalone && (setting != 0) != p->job->scope.fold_case)
        return err_hint(
            err_new(ERR_TARGET,
                    "target: lower_case_table_names is %llu, unlike the source's: names in the log would "
                    "mean other tables here",
                    (unsigned long long)setting),
            "set up the target with the source's lower_case_table_names, or restore with --standalone");
    if (!setting && p->job->scope.fold_case && has_programs(p))
        return err_hint(
            err_new(ERR_TARGET,
                    "target: lower_case_table_names is 0, unlike the source's: routines, triggers and "
                    "events that spell a table's name in capitals would not find it"),
            "set up the target with the source's lower_case_table_names");
    return setting ? check_folding(c, p, setting) : NULL;
}

struct err *target_check_time_zone(struct conn *c, const char *name)
{
    char *zone = sql_string_dup(name);
    struct err *e = conn_exec(c, "SET STATEMENT time_zone = %s FOR DO 1", zone);

    free(zone);
    return e;
}

/* Events know their zone by name. */
static struct err *check_time_zones(struct conn *c, const struct restore_plan *p)
{
    const char *last = NULL;

    for (size_t i = 0; i < p->manifest->object_count; i++) {
        const struct manifest_object *o = &p->manifest->objects[i];
        if (!p->in_scope[i] || !o->time_zone || (last && strcmp(o->time_zone, last) == 0))
            continue;
        last = o->time_zone;
        struct err *e = target_check_time_zone(c, o->time_zone);
        if (e)
            return err_context(e, "creating %s %s.%s will fail", object_kind_name(o->kind), o->db, o->name);
    }
    return NULL;
}

/* The log does not say which engine a CREATE TABLE without one has meant. */
static struct err *warn_of_default_engine(struct conn *c, const struct restore_plan *p, struct log *log)
{
    const char *source = json_string_value(json_object_get(p->manifest->source, "default_storage_engine"));
    char *target = NULL;

    if (p->standalone || !source)
        return NULL;
    TRY(conn_value(c, &target, "SELECT @@GLOBAL.default_storage_engine"));
    if (target && strcmp(target, source) != 0)
        log_warn(
            log,
            "default_storage_engine of the target is %s, the source's is %s: a table that is created later "
            "without ENGINE gets the target's",
            target, source);
    free(target);
    return NULL;
}

/* Nor in which zone a statement ran whose zone was the server's own, nor what it took utf8 for. */
static struct err *warn_of_differences(struct conn *c, const struct restore_plan *p, struct log *log)
{
    bool zone = false;
    bool utf8 = false;

    if (p->standalone)
        return NULL;
    TRY(source_zone_differs(c, p->manifest->source, &zone));
    TRY(source_utf8_differs(c, p->manifest->source, &utf8));
    if (zone)
        log_warn(log, "%s", source_zone_warning);
    if (utf8)
        log_warn(log, "%s", source_utf8_warning);
    return NULL;
}

struct err *target_check_plan(struct conn *c, const struct restore_plan *p, char *const *definitions,
                              struct log *log)
{
    TRY(check_name_case(c, p));
    TRY(check_engines(c, p));
    TRY(check_packet(c, p, definitions, log));
    TRY(check_history(c, p));
    TRY(check_time_zones(c, p));
    TRY(warn_of_default_engine(c, p, log));
    TRY(warn_of_differences(c, p, log));
    return check_functions(c, p);
}
