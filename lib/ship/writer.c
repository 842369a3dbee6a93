#include "ship/writer.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "format/chain.h"

struct writer {
    struct store *store;
    const char *stream;
    pthread_t thread;
    bool busy; /* the thread exists, and what follows is its own */
    struct segment_footer *footer;
    struct buf content;
    size_t len;
    uint64_t stored;
    struct err *error;
};

struct writer *writer_new(struct store *store, const char *stream)
{
    struct writer *w = mem_zalloc(1, sizeof(*w));

    w->store = store;
    w->stream = stream;
    return w;
}

static struct err *lost_race(const struct segment_footer *footer)
{
    return err_hint(err_new(ERR_LOCKED, "another ccr-ship has written object %" PRIu64 " of epoch %" PRIu64,
                            footer->number, footer->epoch),
                    "one shipper per stream is enough; the next run goes on behind it");
}

static struct err *write_object(struct writer *w)
{
    struct buf object = BUF_INIT;
    enum chain_created outcome = CHAIN_TAKEN;

    struct err *e = segment_encode(w->footer, w->content.data, w->len, &object);
    if (!e)
        e = chain_create(w->store, w->stream, w->footer, &object, &outcome);
    if (!e && outcome == CHAIN_TAKEN)
        e = lost_race(w->footer);
    w->stored = object.len;
    buf_free(&object);
    return e;
}

static void *writer_work(void *arg)
{
    struct writer *w = arg;

    w->error = write_object(w);
    return NULL;
}

struct err *writer_start(struct writer *w, struct segment_footer *footer, struct buf *content, size_t len)
{
    struct buf empty = w->content;

    buf_clear(&empty);
    w->content = *content;
    *content = empty;
    w->footer = footer;
    w->len = len;
    int status = pthread_create(&w->thread, NULL, writer_work, w);
    w->busy = status == 0;
    if (w->busy)
        return NULL;
    segment_footer_free(w->footer);
    w->footer = NULL;
    return err_errno(ERR_INTERNAL, status, "starting the thread that writes segments");
}

const struct buf *writer_content(const struct writer *w)
{
    return &w->content;
}

struct err *writer_wait(struct writer *w, struct segment_footer **footer, uint64_t *stored)
{
    *footer = NULL;
    *stored = 0;
    if (!w->busy)
        return NULL;
    pthread_join(w->thread, NULL);
    w->busy = false;
    struct err *e = w->error;
    w->error = NULL;
    if (e) {
        segment_footer_free(w->footer);
    } else {
        *footer = w->footer;
        *stored = w->stored;
    }
    w->footer = NULL;
    return e;
}

void writer_free(struct writer *w)
{
    struct segment_footer *footer;
    uint64_t stored;

    if (!w)
        return;
    err_free(writer_wait(w, &footer, &stored));
    segment_footer_free(footer);
    buf_free(&w->content);
    free(w);
}
