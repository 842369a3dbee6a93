#include "replay/ahead.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "replay/fetch.h"

enum ahead_state {
    AHEAD_IDLE,   /* nothing to do until the next call */
    AHEAD_WANTED, /* the thread is to read, or is reading */
    AHEAD_READY,  /* footer, content and error are there */
    AHEAD_ENDING,
};

struct ahead {
    struct chain_reader *reader;
    struct fetch *fetch; /* where it reads from */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    enum ahead_state state; /* guarded by mutex; what follows belongs to the thread while WANTED */
    struct segment_footer *footer;
    struct buf content;
    struct err *error;
};

static void *ahead_work(void *arg)
{
    struct ahead *a = arg;

    pthread_mutex_lock(&a->mutex);
    while (a->state != AHEAD_ENDING) {
        if (a->state != AHEAD_WANTED) {
            pthread_cond_wait(&a->changed, &a->mutex);
            continue;
        }
        pthread_mutex_unlock(&a->mutex);
        buf_clear(&a->content);
        a->footer = NULL;
        a->error = chain_reader_next(a->reader, &a->footer, &a->content);
        pthread_mutex_lock(&a->mutex);
        if (a->state == AHEAD_WANTED)
            a->state = AHEAD_READY;
        pthread_cond_broadcast(&a->changed);
    }
    pthread_mutex_unlock(&a->mutex);
    return NULL;
}

struct err *ahead_new(struct store *s, const char *stream, uint64_t epoch, uint64_t number,
                      struct ahead **out)
{
    struct ahead *a = mem_zalloc(1, sizeof(*a));

    a->reader = chain_reader_new(s, stream, epoch, number, NULL);
    a->fetch = fetch_new(s, stream);
    chain_reader_read_by(a->reader, fetch_get, a->fetch);
    pthread_mutex_init(&a->mutex, NULL);
    pthread_cond_init(&a->changed, NULL);
    a->state = AHEAD_WANTED;
    int status = pthread_create(&a->thread, NULL, ahead_work, a);
    if (status != 0) {
        chain_reader_free(a->reader);
        fetch_free(a->fetch);
        free(a);
        return err_errno(ERR_INTERNAL, status, "starting the thread that reads the log");
    }
    *out = a;
    return NULL;
}

static void ahead_want(struct ahead *a)
{
    a->state = AHEAD_WANTED;
    pthread_cond_broadcast(&a->changed);
}

static void ahead_wait(struct ahead *a)
{
    while (a->state != AHEAD_READY)
        pthread_cond_wait(&a->changed, &a->mutex);
}

struct err *ahead_next(struct ahead *a, struct segment_footer **footer, struct buf *content)
{
    struct err *e;

    pthread_mutex_lock(&a->mutex);
    bool looked = a->state == AHEAD_IDLE;
    if (looked)
        ahead_want(a);
    ahead_wait(a);
    if (!looked && !a->error && !a->footer) { /* the end was seen ahead of time: it may have moved */
        ahead_want(a);
        ahead_wait(a);
    }
    e = a->error;
    *footer = a->footer;
    struct buf theirs = *content;
    *content = a->content;
    a->content = theirs;
    a->error = NULL;
    a->footer = NULL;
    /* behind the end of the log, looking again is the caller's decision */
    a->state = !e && *footer && (*footer)->kind != SEGMENT_TERMINATOR ? AHEAD_WANTED : AHEAD_IDLE;
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->mutex);
    return e;
}

void ahead_free(struct ahead *a)
{
    if (!a)
        return;
    pthread_mutex_lock(&a->mutex);
    a->state = AHEAD_ENDING;
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->mutex);
    pthread_join(a->thread, NULL);
    pthread_cond_destroy(&a->changed);
    pthread_mutex_destroy(&a->mutex);
    chain_reader_free(a->reader);
    fetch_free(a->fetch);
    segment_footer_free(a->footer);
    err_free(a->error);
    buf_free(&a->content);
    free(a);
}
