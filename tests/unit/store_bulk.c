/*
 * store_bulk COMMAND ... [ccr options]: many objects at once, by as many threads as --connections, for
 * tests and measurements:
 *
 *   up DIR PREFIX      every file of DIR as PREFIX/NAME
 *   down PREFIX DIR    every object below PREFIX/ into DIR; "-": to nowhere
 *   log STREAM         numbers from stdin, one per line: for each the object of that number in the log of
 *                      STREAM, with a sound footer of its own and the content of the newest object of now.
 *                      They do not continue one another
 */
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "format/chain.h"
#include "format/layout.h"
#include "keep/pool.h"

enum { MOST_THREADS = 64, PIECE = 128 << 10 };

struct bulk {
    struct store *store;
    const char *from;
    const char *to;
    char **names;
    uint64_t *numbers;
    size_t count;
    const struct segment_footer *footer; /* of the object that is repeated */
    struct buf content;
    struct buf buffers[MOST_THREADS]; /* that nobody uses now: memory is kept for the next object */
    size_t buffer_count;
    pthread_mutex_t mutex;
    struct err *errors[MOST_THREADS]; /* of the first things that failed */
    size_t error_count;
};

static void fail(struct bulk *b, struct err *e)
{
    size_t at = e ? __atomic_fetch_add(&b->error_count, 1, __ATOMIC_RELAXED) : MOST_THREADS;

    if (at < MOST_THREADS)
        b->errors[at] = e;
    else
        err_free(e);
}

static struct buf borrow(struct bulk *b)
{
    struct buf buffer = BUF_INIT;

    pthread_mutex_lock(&b->mutex);
    if (b->buffer_count > 0)
        buffer = b->buffers[--b->buffer_count];
    pthread_mutex_unlock(&b->mutex);
    buf_clear(&buffer);
    return buffer;
}

static void give_back(struct bulk *b, struct buf buffer)
{
    pthread_mutex_lock(&b->mutex);
    b->buffers[b->buffer_count++] = buffer;
    pthread_mutex_unlock(&b->mutex);
}

static struct err *read_file(const char *path, struct buf *out)
{
    FILE *file = fopen(path, "rb");
    size_t n;

    if (!file)
        return err_new(ERR_USAGE, "%s cannot be opened", path);
    setvbuf(file, NULL, _IONBF, 0);
    do {
        buf_reserve(out, 1 << 20);
        n = fread(out->data + out->len, 1, 1 << 20, file);
        out->len += n;
    } while (n > 0);
    fclose(file);
    return NULL;
}

/* In pieces: of a large one Linux makes large pages, which a virtual machine seldom has at hand. */
static struct err *write_file(const char *path, const struct buf *b)
{
    FILE *file = fopen(path, "wb");
    size_t done = 0, n = 1;

    if (file)
        setvbuf(file, NULL, _IONBF, 0);
    for (; file && n > 0 && done < b->len; done += n)
        n = fwrite(b->data + done, 1, b->len - done < PIECE ? b->len - done : PIECE, file);
    if (!file || fclose(file) != 0 || done < b->len)
        return err_new(ERR_USAGE, "%s cannot be written", path);
    return NULL;
}

static void up_one(void *arg, size_t i)
{
    struct bulk *b = arg;
    struct buf bytes = borrow(b);
    char *path = mem_printf("%s/%s", b->from, b->names[i]), *key = mem_printf("%s/%s", b->to, b->names[i]);
    struct err *e = read_file(path, &bytes);

    if (!e)
        e = store_put(b->store, key, bytes.data, bytes.len);
    fail(b, e);
    give_back(b, bytes);
    free(key);
    free(path);
}

static void down_one(void *arg, size_t i)
{
    struct bulk *b = arg;
    struct buf bytes = borrow(b);
    char *path = mem_printf("%s/%s", b->to, b->names[i] + strlen(b->from) + 1);
    struct err *e = store_get(b->store, b->names[i], STORE_ALL, &bytes, NULL);

    if (!e && strcmp(b->to, "-") != 0)
        e = write_file(path, &bytes);
    fail(b, e);
    give_back(b, bytes);
    free(path);
}

static void log_one(void *arg, size_t i)
{
    struct bulk *b = arg;
    struct segment_footer footer = *b->footer;
    struct buf object = BUF_INIT;
    char *key = layout_segment_key(b->to, footer.epoch, b->numbers[i]);

    footer.number = b->numbers[i];
    footer.name = layout_segment_name(b->to, footer.epoch, footer.number);
    struct err *e = segment_encode(&footer, b->content.data, b->content.len, &object);
    if (!e)
        e = store_put(b->store, key, object.data, object.len);
    fail(b, e);
    free(footer.name);
    buf_free(&object);
    free(key);
}

static void add_name(struct bulk *b, const char *name)
{
    b->names = mem_resize(b->names, b->count + 1, sizeof(*b->names));
    b->names[b->count++] = mem_strdup(name);
}

static struct err *add_entry(const struct store_entry *entry, void *arg)
{
    add_name(arg, entry->key);
    return NULL;
}

static struct err *find_files(struct bulk *b)
{
    DIR *dir = opendir(b->from);
    struct dirent *entry;

    if (!dir)
        return err_new(ERR_USAGE, "%s cannot be opened", b->from);
    while ((entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            add_name(b, entry->d_name);
    closedir(dir);
    return NULL;
}

static struct err *find_objects(struct bulk *b)
{
    char *prefix = mem_printf("%s/", b->from);
    struct store_list list = {.prefix = prefix};
    struct err *e = store_list(b->store, &list, add_entry, b);

    free(prefix);
    return e;
}

static struct err *read_numbers(struct bulk *b, struct segment_footer **footer)
{
    char line[32];

    TRY(chain_newest(b->store, b->to, footer));
    if (!*footer)
        return err_new(ERR_USAGE, "stream %s has no log", b->to);
    uint64_t epoch = (*footer)->epoch, number = (*footer)->number;
    segment_footer_free(*footer);
    TRY(chain_read(b->store, b->to, epoch, number, footer, &b->content));
    b->footer = *footer;
    while (fgets(line, sizeof(line), stdin)) {
        b->numbers = mem_resize(b->numbers, b->count + 1, sizeof(*b->numbers));
        b->numbers[b->count++] = strtoull(line, NULL, 10);
    }
    return NULL;
}

static struct err *command(struct bulk *b, char **argv, unsigned threads)
{
    struct segment_footer *footer = NULL;
    pool_fn *work = NULL;
    struct err *e = NULL;

    if (strcmp(argv[0], "up") == 0) {
        b->from = argv[1];
        b->to = argv[2];
        work = up_one;
        e = find_files(b);
    } else if (strcmp(argv[0], "down") == 0) {
        b->from = argv[1];
        b->to = argv[2];
        work = down_one;
        e = find_objects(b);
    } else {
        b->to = argv[1];
        work = log_one;
        e = read_numbers(b, &footer);
    }
    if (!e)
        e = pool_run(threads, b->count, work, b);
    for (size_t i = 0; i < b->error_count && i < MOST_THREADS; i++)
        e = err_first(e, b->errors[i]);
    segment_footer_free(footer);
    return e;
}

int main(int argc, char **argv)
{
    struct bulk bulk = {.content = BUF_INIT, .mutex = PTHREAD_MUTEX_INITIALIZER};
    struct opts *opts = NULL;
    int own = argc > 1 && strcmp(argv[1], "log") == 0 ? 2 : 3;

    if (argc <= own)
        return ERR_USAGE;
    struct err *e = opts_parse(PROGRAM_SHIP, argc - own, argv + own, &opts);
    bool verbose = !e && opts_flag(opts, OPT_VERBOSE);
    struct log *log = log_open(&(struct log_params){"store_bulk", false, verbose ? LOG_DEBUG : LOG_INFO});
    if (!e)
        e = store_open_opts(opts, log, &bulk.store);
    if (!e)
        e = command(&bulk, argv + 1, (unsigned)opts_number(opts, OPT_CONNECTIONS));
    store_close(bulk.store);
    for (size_t i = 0; bulk.names && i < bulk.count; i++)
        free(bulk.names[i]);
    free(bulk.names);
    free(bulk.numbers);
    buf_free(&bulk.content);
    for (size_t i = 0; i < bulk.buffer_count; i++)
        buf_free(&bulk.buffers[i]);
    int status = (int)err_code(e);
    if (e)
        log_err(log, e);
    err_free(e);
    opts_free(opts);
    log_close(log);
    return status;
}
