#include "replay/fetch.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "format/layout.h"
#include "format/object.h"

enum {
    SLOTS = 8,        /* objects at most */
    THREADS = 4,      /* at work on them */
    STREAK = 2,       /* objects in a row before it is worth a listing */
    LISTED_MOST = 990 /* of one listing: a page of S3 has 1,000 */
};

enum slot_state { SLOT_WANTED, SLOT_READING, SLOT_READY };

/* An object on its way. */
struct slot {
    enum slot_state state;
    uint64_t number;
    uint64_t size;
    struct buf bytes;
    bool found;
    struct err *error;
};

struct fetch {
    struct store *store;
    const char *stream;
    uint64_t epoch;
    uint64_t next;    /* the number that comes next, where objects are asked for in order */
    unsigned streak;  /* how many came in order */
    uint64_t *listed; /* sizes of the objects from `next_listed` on */
    size_t listed_count;
    size_t listed_at;
    uint64_t next_listed;
    uint64_t bytes; /* of all slots */
    pthread_t threads[THREADS];
    unsigned thread_count;
    pthread_mutex_t mutex; /* over what follows */
    pthread_cond_t changed;
    bool is_ending;
    struct slot slots[SLOTS]; /* a ring; the contents of a slot belong to its thread while it is READING */
    unsigned first;
    unsigned used;
};

struct fetch *fetch_new(struct store *s, const char *stream)
{
    struct fetch *f = mem_zalloc(1, sizeof(*f));

    f->store = s;
    f->stream = stream;
    pthread_mutex_init(&f->mutex, NULL);
    pthread_cond_init(&f->changed, NULL);
    return f;
}

static struct err *read_now(struct fetch *f, uint64_t epoch, uint64_t number, struct buf *bytes, bool *found)
{
    char *key = layout_segment_key(f->stream, epoch, number);
    struct err *e = object_get(f->store, key, bytes, found);

    free(key);
    return e;
}

static struct slot *slot_at(struct fetch *f, unsigned i)
{
    return &f->slots[(f->first + i) % SLOTS];
}

static struct slot *wanted_slot(struct fetch *f)
{
    for (unsigned i = 0; i < f->used; i++)
        if (slot_at(f, i)->state == SLOT_WANTED)
            return slot_at(f, i);
    return NULL;
}

static void *fetch_work(void *arg)
{
    struct fetch *f = arg;

    pthread_mutex_lock(&f->mutex);
    while (!f->is_ending) {
        struct slot *slot = wanted_slot(f);
        if (!slot) {
            pthread_cond_wait(&f->changed, &f->mutex);
            continue;
        }
        slot->state = SLOT_READING;
        pthread_mutex_unlock(&f->mutex);
        buf_clear(&slot->bytes);
        slot->error = read_now(f, f->epoch, slot->number, &slot->bytes, &slot->found);
        pthread_mutex_lock(&f->mutex);
        slot->state = SLOT_READY;
        pthread_cond_broadcast(&f->changed);
    }
    pthread_mutex_unlock(&f->mutex);
    return NULL;
}

/* Without any thread objects are read when they are asked for. */
static bool start_threads(struct fetch *f)
{
    while (f->thread_count < THREADS &&
           pthread_create(&f->threads[f->thread_count], NULL, fetch_work, f) == 0)
        f->thread_count++;
    return f->thread_count > 0;
}

/* Takes the first slot out of the ring; its bytes go to `bytes`, in exchange. */
static struct err *take_first(struct fetch *f, struct buf *bytes, bool *found)
{
    pthread_mutex_lock(&f->mutex);
    struct slot *slot = slot_at(f, 0);
    while (slot->state != SLOT_READY)
        pthread_cond_wait(&f->changed, &f->mutex);
    struct err *e = slot->error;
    struct buf mine = *bytes;
    *bytes = slot->bytes;
    *found = slot->found;
    slot->bytes = mine;
    slot->error = NULL;
    f->first = (f->first + 1) % SLOTS;
    f->used--;
    f->bytes -= slot->size;
    pthread_mutex_unlock(&f->mutex);
    return e;
}

/* Nothing that is under way is wanted any more. */
static void forget(struct fetch *f)
{
    struct buf bytes = BUF_INIT;
    bool found;

    while (f->used > 0) {
        buf_clear(&bytes);
        err_free(take_first(f, &bytes, &found));
    }
    buf_free(&bytes);
    f->listed_count = f->listed_at = 0;
    f->streak = 0;
}

static struct err *add_listed(const struct store_entry *entry, void *arg)
{
    struct fetch *f = arg;
    struct layout_place place;

    layout_parse(entry->key, &place);
    if (f->listed_count == LISTED_MOST || place.kind != LAYOUT_LOG || place.epoch != f->epoch ||
        place.number != f->next_listed + f->listed_count)
        return err_new(ERR_INTERNAL, "enough");
    f->listed[f->listed_count++] = entry->stat.size;
    return NULL;
}

/* A listing that fails is no matter here: who reads the objects finds out what is wrong. */
static void list_next(struct fetch *f)
{
    char *log = layout_log_prefix(f->stream), *after = layout_segment_key(f->stream, f->epoch, f->next - 1);
    struct store_list what = {.prefix = log, .start_after = after};

    if (!f->listed)
        f->listed = mem_zalloc(LISTED_MOST, sizeof(*f->listed));
    f->listed_count = f->listed_at = 0;
    f->next_listed = f->next;
    err_free(store_list(f->store, &what, add_listed, f));
    if (f->listed_count == 0)
        f->streak = 0;
    free(after);
    free(log);
}

/* As many as fit. */
static void want_more(struct fetch *f)
{
    if (f->used == 0 && f->listed_at == f->listed_count && f->streak >= STREAK)
        list_next(f);
    if (f->listed_at == f->listed_count || !start_threads(f))
        return;
    pthread_mutex_lock(&f->mutex);
    while (f->used < SLOTS && f->listed_at < f->listed_count &&
           f->bytes + f->listed[f->listed_at] <= FETCH_BYTES) {
        struct slot *slot = slot_at(f, f->used++);
        slot->state = SLOT_WANTED;
        slot->number = f->next_listed++;
        slot->size = f->listed[f->listed_at++];
        f->bytes += slot->size;
    }
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->mutex);
}

struct err *fetch_get(void *arg, uint64_t epoch, uint64_t number, struct buf *object, bool *found)
{
    struct fetch *f = arg;
    struct err *e;

    if (epoch != f->epoch || number != f->next)
        forget(f);
    if (f->used > 0) {
        e = take_first(f, object, found);
    } else {
        e = read_now(f, epoch, number, object, found);
        if (f->listed_at < f->listed_count) { /* it was too large to be read ahead of time */
            f->listed_at++;
            f->next_listed++;
        }
    }
    f->epoch = epoch;
    f->next = number + 1;
    if (e || !*found) {
        forget(f);
        return e;
    }
    f->streak++;
    want_more(f);
    return NULL;
}

void fetch_free(struct fetch *f)
{
    if (!f)
        return;
    pthread_mutex_lock(&f->mutex);
    f->is_ending = true;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->mutex);
    for (unsigned i = 0; i < f->thread_count; i++)
        pthread_join(f->threads[i], NULL);
    for (unsigned i = 0; i < SLOTS; i++) {
        buf_free(&f->slots[i].bytes);
        err_free(f->slots[i].error);
    }
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->mutex);
    free(f->listed);
    free(f);
}
