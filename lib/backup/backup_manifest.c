#include "backup/backup_manifest.h"

#include <stdlib.h>
#include <string.h>

#include "backup/source_settings.h"
#include "base/mem.h"
#include "format/layout.h"
#include "mysql/source_check.h"

static bool is_exact(const struct scope_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        if (!scope_pattern_is_exact(l->items[i].db) ||
            (l->items[i].name && !scope_pattern_is_exact(l->items[i].name)))
            return false;
    return true;
}

/* Two lists of names, nothing where everything is in scope; or, with patterns and exclusions, the scope
 * itself. */
static void describe_scope(struct manifest *m, const struct scope *s)
{
    if (s->exclude_databases.count || s->exclude_tables.count || !is_exact(&s->databases) ||
        !is_exact(&s->tables)) {
        m->scope = scope_to_json(s);
        return;
    }
    m->databases = mem_zalloc(s->databases.count + 1, sizeof(*m->databases));
    for (size_t i = 0; i < s->databases.count; i++)
        m->databases[m->database_count++] = scope_pattern_name(s->databases.items[i].db);
    m->only_tables = mem_zalloc(s->tables.count + 1, sizeof(*m->only_tables));
    for (size_t i = 0; i < s->tables.count; i++) {
        char *db = scope_pattern_name(s->tables.items[i].db);
        char *name = scope_pattern_name(s->tables.items[i].name);
        char *db_escaped = layout_escape(db);
        char *name_escaped = layout_escape(name);
        m->only_tables[m->only_table_count++] = mem_printf("%s/%s", db_escaped, name_escaped);
        free(db);
        free(name);
        free(db_escaped);
        free(name_escaped);
    }
}

struct err *backup_manifest_describe(struct manifest *m, const struct backup_params *p, struct opening *o,
                                     const struct log_end *log_end)
{
    struct source_check_params check = {.conn = o->control, .params = p->conn, .position = &o->position};

    gtid_pos_copy(&m->position, &o->position);
    m->source_file = mem_strdup(o->file);
    m->source_offset = o->offset;
    m->epoch = log_end->epoch;
    m->last_object = log_end->last_object;
    describe_scope(m, &p->scope->scope);
    m->answers = mem_zalloc(p->answer_count + 1, sizeof(*m->answers));
    for (; m->answer_count < p->answer_count; m->answer_count++)
        m->answers[m->answer_count] = mem_strdup(p->answers[m->answer_count]);
    m->reason = p->reason ? mem_strdup(p->reason) : NULL;
    json_decref(m->source);
    m->source = NULL;
    TRY(source_settings_read(o->control, &m->source));
    return source_fingerprints(&check, &m->fingerprints, &m->fingerprint_count);
}

/* What is no table has its kind in the name. */
static char *member_of_program(const struct manifest_object *o, const char *suffix)
{
    char *db = layout_escape(o->db);
    char *name = layout_escape(o->name);
    char *member = mem_printf("%s/%s.%s.sql", db, name, suffix);

    free(db);
    free(name);
    return member;
}

static char *member_of_database(const struct manifest_object *o)
{
    char *db = layout_escape(o->db);
    char *member = mem_printf("%s/schema.sql", db);

    free(db);
    return member;
}

static char *member_of_table(const struct manifest_object *o)
{
    char *folder = layout_table_folder(o->db, o->name);
    char *member = mem_printf("%s/schema.sql", folder);

    free(folder);
    return member;
}

static char *member_of_trigger(const struct manifest_object *o)
{
    char *folder = layout_table_folder(o->db, o->table);
    char *name = layout_escape(o->name);
    char *member = mem_printf("%s/%s.trigger.sql", folder, name);

    free(folder);
    free(name);
    return member;
}

static char *member_of(const struct manifest_object *o)
{
    switch (o->kind) {
    case OBJECT_DATABASE:
        return member_of_database(o);
    case OBJECT_SEQUENCE:
    case OBJECT_TABLE:
    case OBJECT_VIEW:
        return member_of_table(o);
    case OBJECT_TRIGGER:
        return member_of_trigger(o);
    case OBJECT_PACKAGE_BODY:
        return member_of_program(o, "package-body");
    case OBJECT_FUNCTION:
    case OBJECT_PROCEDURE:
    case OBJECT_PACKAGE:
    case OBJECT_EVENT:
        break;
    }
    return member_of_program(o, object_kind_name(o->kind));
}

static char *dup_or_null(const char *s)
{
    return s ? mem_strdup(s) : NULL;
}

static void copy_object(struct manifest_object *to, const struct manifest_object *from)
{
    *to = (struct manifest_object){
        .kind = from->kind,
        .db = mem_strdup(from->db),
        .name = dup_or_null(from->name),
        .table = dup_or_null(from->table),
        .member = member_of(from),
        .sql_mode = dup_or_null(from->sql_mode),
        .character_set_client = dup_or_null(from->character_set_client),
        .collation_connection = dup_or_null(from->collation_connection),
        .database_collation = dup_or_null(from->database_collation),
        .time_zone = dup_or_null(from->time_zone),
        .status = dup_or_null(from->status),
        .setval = dup_or_null(from->setval),
    };
}

struct err *backup_manifest_objects(struct manifest *m, const struct source_schema *schema,
                                    const struct source_users *users, struct volume_shelf *shelf)
{
    struct volume_filler *filler = volume_filler_new(shelf);
    struct err *e = NULL;

    m->objects = mem_zalloc(schema->count + 1, sizeof(*m->objects));
    for (size_t i = 0; i < schema->count && !e; i++) {
        const struct source_object *from = &schema->objects[i];
        struct manifest_object *to = &m->objects[m->object_count++];
        copy_object(to, &from->entry);
        e = volume_filler_add(filler, to->member, from->sql, from->sql_len, &to->volume);
    }
    if (!e)
        e = source_users_store(users, filler, &m->users);
    if (!e)
        e = volume_filler_finish(filler);
    volume_filler_free(filler);
    return e ? err_context(e, "storing the definitions") : NULL;
}

void backup_manifest_volumes(struct manifest *m, const struct volume_shelf *shelf)
{
    m->volumes = mem_zalloc(shelf->count + 1, sizeof(*m->volumes));
    if (shelf->count)
        memcpy(m->volumes, shelf->volumes, shelf->count * sizeof(*m->volumes));
    m->volume_count = shelf->count;
}
