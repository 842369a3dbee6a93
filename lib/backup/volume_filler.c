#include "backup/volume_filler.h"

#include <stdlib.h>

#include "base/mem.h"
#include "format/layout.h"
#include "format/object.h"
#include "format/volume.h"

struct volume_filler {
    struct volume_shelf *shelf;
    struct volume_writer *writer; /* NULL between volumes */
    uint64_t number;
};

void volume_shelf_init(struct volume_shelf *s)
{
    pthread_mutex_init(&s->mutex, NULL);
    s->next_number = 1;
}

void volume_shelf_free(struct volume_shelf *s)
{
    pthread_mutex_destroy(&s->mutex);
    free(s->volumes);
}

void volume_shelf_discard(struct volume_shelf *s)
{
    for (size_t i = 0; i < s->count; i++) {
        char *key = layout_volume_key(s->stream, s->snapshot, s->volumes[i].number);
        err_free(store_delete(s->store, key));
        free(key);
    }
    s->count = 0;
}

size_t volume_shelf_member_limit(const struct volume_shelf *s)
{
    return s->object_size / 4;
}

struct volume_filler *volume_filler_new(struct volume_shelf *shelf)
{
    struct volume_filler *f = mem_zalloc(1, sizeof(*f));

    f->shelf = shelf;
    return f;
}

void volume_filler_free(struct volume_filler *f)
{
    if (!f)
        return;
    volume_writer_free(f->writer);
    free(f);
}

static struct err *begin_volume(struct volume_filler *f)
{
    TRY(volume_writer_new(f->shelf->mtime, &f->writer));
    pthread_mutex_lock(&f->shelf->mutex);
    f->number = f->shelf->next_number++;
    pthread_mutex_unlock(&f->shelf->mutex);
    return NULL;
}

static void note_volume(struct volume_shelf *s, const struct manifest_volume *volume)
{
    pthread_mutex_lock(&s->mutex);
    s->volumes = mem_grow(s->volumes, s->count, &s->cap, sizeof(*s->volumes));
    s->volumes[s->count++] = *volume;
    pthread_mutex_unlock(&s->mutex);
}

static struct err *store_volume(struct volume_filler *f, const struct buf *object)
{
    struct volume_shelf *s = f->shelf;
    struct manifest_volume volume = {.number = f->number, .size = object->len};
    char *key = layout_volume_key(s->stream, s->snapshot, f->number);
    bool created = false;

    hash_bytes_hex(object->data, object->len, volume.sha256);
    struct err *e = object_create_alone(s->store, key, object->data, object->len, &created);
    if (!e && !created)
        e = err_new(ERR_INTEGRITY, "volume %s is there already, and is not of this run", key);
    if (!e)
        note_volume(s, &volume);
    free(key);
    return e;
}

struct err *volume_filler_finish(struct volume_filler *f)
{
    struct buf object = BUF_INIT;

    if (!f->writer)
        return NULL;
    struct err *e = volume_writer_finish(f->writer, &object);
    volume_writer_free(f->writer);
    f->writer = NULL;
    if (!e)
        e = store_volume(f, &object);
    buf_free(&object);
    return e;
}

struct err *volume_filler_add(struct volume_filler *f, const char *member, const void *bytes, size_t len,
                              uint64_t *volume)
{
    if (f->writer && volume_writer_bound(f->writer, len) > f->shelf->object_size)
        TRY(volume_filler_finish(f));
    if (!f->writer)
        TRY(begin_volume(f));
    if (volume_writer_bound(f->writer, len) > f->shelf->object_size)
        return err_hint(err_new(ERR_UNSAFE, "%s, %zu bytes, does not fit into one object", member, len),
                        "raise --object-size");
    *volume = f->number;
    return volume_writer_add(f->writer, member, bytes, len);
}

struct err *volume_filler_pause(struct volume_filler *f)
{
    if (!f->writer || volume_writer_bound(f->writer, 0) < f->shelf->object_size / 2)
        return NULL;
    return volume_filler_finish(f);
}
