#include "backup/backup.h"

#include <stdlib.h>
#include <string.h>

#include "backup/backup_log.h"
#include "backup/backup_manifest.h"
#include "backup/dump.h"
#include "backup/relayed.h"
#include "backup/source_marks.h"
#include "backup/source_partitions.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "format/layout.h"
#include "format/object.h"

/* DDL that keeps coming between the two readings of the definitions. */
enum { OPENING_TRIES = 10 };

enum { LEAST_OBJECT_SIZE = 1 << 20 };

struct backup {
    const struct backup_params *params;
    struct opening opening;
    struct source_schema schema;
    struct source_users users; /* --with-users */
    struct volume_shelf shelf;
    struct log_end log_end;
    struct manifest *manifest;
    bool manifest_sent; /* it may be in the store, whatever the store said: then its volumes have to stay */
};

static struct err *check_params(const struct backup_params *p)
{
    if (p->object_size < LEAST_OBJECT_SIZE || p->object_size > STORE_MAX_OBJECT)
        return err_new(ERR_USAGE, "--object-size must be between 1M and 64M");
    if (p->threads < 1 || p->threads > 256)
        return err_new(ERR_USAGE, "--threads must be between 1 and 256");
    if (p->chunk_size == 0)
        return err_new(ERR_USAGE, "--chunk-size must not be 0");
    return NULL;
}

/* Takes the names that the snapshot will have in the store. */
static struct err *prepare_store(struct backup *b)
{
    const struct backup_params *p = b->params;
    struct manifest *m = b->manifest = manifest_new();
    char time_text[CLOCK_TEXT_SIZE];
    char random[9];

    TRY(layout_check_name("stream", p->stream));
    TRY(layout_open_store(p->store, true, &m->store_id));
    TRY(layout_open_stream(p->store, p->stream, true, &m->stream_id));
    m->started_us = clock_now_us();
    hash_random_hex(random, 8);
    m->id = mem_printf("%s-%s", clock_format_compact(m->started_us, time_text), random);
    m->stream = mem_strdup(p->stream);
    b->shelf.store = p->store;
    b->shelf.stream = p->stream;
    b->shelf.snapshot = m->id;
    b->shelf.object_size = p->object_size;
    b->shelf.mtime = m->started_us / CLOCK_US_PER_S;
    return NULL;
}

static struct err *connect_source(struct backup *b)
{
    const struct backup_params *p = b->params;
    struct opening_params opening = {
        .conn = p->conn,
        .threads = p->threads,
        .lock_wait_s = p->lock_wait_s,
        .xa_wait_s = p->xa_wait_s,
        .log = p->log,
    };

    return opening_new(&opening, &b->opening);
}

/* The accounts too belong to the snapshot's moment: read before and after, they must be the same. */
static struct err *read_users(struct backup *b, char **changed)
{
    struct source_users now = {0};

    if (!b->params->with_users)
        return NULL;
    struct err *e = source_users_read(b->opening.control, &now);
    if (!e && changed && !*changed && !source_users_equal(&b->users, &now))
        *changed = mem_strdup("what is known of users and privileges");
    source_users_free(&b->users);
    b->users = now;
    return e;
}

/*
 * Reads the definitions, locks, opens, and reads them again; *changed tells what is another one now, or NULL.
 * The second reading is the one that counts: sequences may have gone on.
 */
static struct err *try_open(struct backup *b, char **changed)
{
    const struct source_scope *scope = b->params->scope;
    struct opening *o = &b->opening;
    struct source_schema after = {0};

    *changed = NULL;
    source_schema_free(&b->schema);
    TRY(source_scope_resolve(o->control, b->params->scope));
    TRY(source_schema_read(o->control, scope, true, &b->schema));
    TRY(read_users(b, NULL));
    TRY(opening_lock_tables(o, &b->schema));
    TRY(opening_snapshot(o));
    TRY(source_scope_resolve(o->control, b->params->scope));
    TRY(source_schema_read(o->control, scope, false, &after));
    *changed = source_schema_difference(&b->schema, &after);
    if (!*changed)
        source_schema_take_tables(&after, &b->schema);
    source_schema_free(&b->schema);
    b->schema = after;
    TRY(read_users(b, changed));
    return *changed ? opening_unlock_tables(o) : NULL;
}

static struct err *open_snapshot(struct backup *b)
{
    char *changed = NULL;

    for (int i = 0; i < OPENING_TRIES; i++) {
        free(changed);
        TRY(interrupt_check());
        TRY(try_open(b, &changed));
        if (!changed)
            return NULL;
        log_debug(b->params->log, "%s was changed while the snapshot was opened: opening it again", changed);
    }
    struct err *e = err_hint(err_new(ERR_SOURCE,
                                     "source: definitions change all the time while the snapshot is opened, "
                                     "the last one was %s",
                                     changed),
                             "run the backup when no DDL is under way");
    free(changed);
    return e;
}

static void warn_of_history(struct log *log, const struct source_object *o)
{
    if (o->table->versioned && !catalog_versioned_by_time(o->table))
        log_warn(
            log,
            "%s.%s is versioned by transaction ids, which every server gives by itself: only its current "
            "rows are in the snapshot",
            o->entry.db, o->entry.name);
    if (strstr(o->sql, "\n PARTITION BY SYSTEM_TIME LIMIT "))
        log_warn(
            log,
            "%s.%s divides its history by numbers of rows (SYSTEM_TIME LIMIT): it is in the snapshot, but "
            "a restore may put it into other partitions",
            o->entry.db, o->entry.name);
}

/* Characters that the server does not show in definitions. */
static struct err *complete_definitions(struct backup *b)
{
    for (size_t i = 0; i < b->schema.count; i++)
        if (b->schema.objects[i].entry.kind == OBJECT_TABLE)
            TRY(source_marks_fill(b->opening.control, b->params->log, &b->schema.objects[i]));
    return NULL;
}

/* What an operator should know before relying on this snapshot. */
static void warn_of_tables(const struct backup *b)
{
    struct log *log = b->params->log;

    for (size_t i = 0; i < b->schema.count; i++) {
        const struct source_object *o = &b->schema.objects[i];
        if (source_object_needs_lock(o))
            log_warn(log,
                     "%s.%s has an engine without transactions (%s): it is locked for writing until it "
                     "has been copied",
                     o->entry.db, o->entry.name, o->table->engine);
        else if (o->entry.kind == OBJECT_TABLE && !source_object_has_rows(o))
            log_warn(log, "%s.%s keeps its rows elsewhere (%s): only its definition is in the snapshot",
                     o->entry.db, o->entry.name, o->table->engine);
        if (o->table)
            warn_of_history(log, o);
    }
}

static struct err *copy_rows(struct backup *b)
{
    uint64_t rows = 0;
    uint64_t bytes = 0;

    for (size_t i = 0; i < b->schema.count; i++) {
        if (!source_object_has_rows(&b->schema.objects[i]))
            continue;
        rows += b->schema.objects[i].table->rows_estimate;
        bytes += b->schema.objects[i].table->bytes_estimate;
    }
    struct dump_params dump = {
        .log = b->params->log,
        .opening = &b->opening,
        .schema = &b->schema,
        .shelf = &b->shelf,
        .progress = progress_start(b->params->log, "backup", rows, bytes),
        .chunk_bytes = b->params->chunk_size,
        .partitions = &b->params->scope->partitions,
    };
    struct brake brake;
    progress_set_every(dump.progress, b->params->bounds.progress_every_s);
    struct err *e = brake_start(&b->params->bounds, b->params->conn, (unsigned)b->params->threads,
                                b->params->log, &brake);
    dump.pace = brake.pace;
    if (!e)
        e = dump_run(&dump, b->manifest);
    brake_stop(&brake);
    progress_end(dump.progress);
    return e;
}

static struct err *write_manifest(struct backup *b)
{
    struct manifest *m = b->manifest;
    bool created = false;

    TRY(interrupt_check());
    if (b->params->last_look)
        TRY(b->params->last_look(b->params->last_look_arg));
    m->finished_us = clock_now_us();
    backup_manifest_volumes(m, &b->shelf);
    char *key = layout_manifest_key(m->stream, m->id);
    char *text = manifest_encode(m);
    b->manifest_sent = true;
    struct err *e = object_create_alone(b->params->store, key, text, strlen(text), &created);
    if (!e && !created)
        e = err_new(ERR_INTEGRITY, "%s is there already, and is not of this run", key);
    if (e)
        e = err_context(e, "whether snapshot %s is in the store is not known", m->id);
    free(text);
    free(key);
    return e;
}

static struct err *backup_steps(struct backup *b)
{
    const struct backup_params *p = b->params;

    TRY(check_params(p));
    TRY(connect_source(b));
    if (!p->relay)
        TRY(relayed_refuse(b->opening.control, &p->scope->scope));
    TRY(prepare_store(b));
    TRY(log_end_read(p, b->opening.control, &b->log_end));
    TRY(open_snapshot(b));
    TRY(source_partitions_check(b->opening.control, &b->schema, &p->scope->partitions));
    warn_of_tables(b);
    TRY(complete_definitions(b));
    if (p->with_users)
        source_users_tell(&b->users, p->log);
    TRY(opening_position(&b->opening));
    TRY(log_end_check_position(&b->log_end, &b->opening.position));
    TRY(backup_manifest_describe(b->manifest, p, &b->opening, &b->log_end));
    TRY(backup_manifest_objects(b->manifest, &b->schema, &b->users, &b->shelf));
    if (p->begun)
        *p->begun = true;
    TRY(copy_rows(b));
    return write_manifest(b);
}

struct err *backup_run(const struct backup_params *params, struct manifest **out)
{
    struct backup b = {.params = params};

    *out = NULL;
    volume_shelf_init(&b.shelf);
    struct err *e = backup_steps(&b);
    opening_free(&b.opening);
    source_schema_free(&b.schema);
    source_users_free(&b.users);
    log_end_free(&b.log_end);
    if (e) {
        if (!b.manifest_sent)
            volume_shelf_discard(&b.shelf);
        manifest_free(b.manifest);
    } else {
        *out = b.manifest;
    }
    volume_shelf_free(&b.shelf);
    return e;
}
