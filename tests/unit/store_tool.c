/*
 * store_tool COMMAND KEY [ccr options]: one operation of store.h, for tests. Commands: get (to stdout), tail
 * (the last 10 bytes), put and create (from stdin; create prints yes or no), head (prints the size), delete,
 * list (keys below the prefix KEY), folders (so, up to the next slash), atomic (KEY is not used). Exits as
 * ccr's binaries do.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/store.h"

static void read_stdin(struct buf *b)
{
    char block[65536];

    for (size_t n; (n = fread(block, 1, sizeof(block), stdin)) > 0;)
        buf_append(b, block, n);
}

static struct err *print_entry(const struct store_entry *entry, void *arg)
{
    (void)arg;
    printf("%s\n", entry->key);
    return NULL;
}

static struct err *read_object(struct store *s, const char *key, struct store_range range)
{
    struct buf b = BUF_INIT;
    struct err *e = store_get(s, key, range, &b, NULL);

    if (!e)
        fwrite(b.data, 1, b.len, stdout);
    buf_free(&b);
    return e;
}

static struct err *write_object(struct store *s, const char *key, bool create)
{
    struct buf b = BUF_INIT;
    bool created = true;

    read_stdin(&b);
    struct err *e = create ? store_create(s, key, b.data, b.len, &created) : store_put(s, key, b.data, b.len);
    if (!e)
        puts(created ? "yes" : "no");
    buf_free(&b);
    return e;
}

static struct err *head_object(struct store *s, const char *key)
{
    struct store_stat stat;

    TRY(store_head(s, key, &stat, NULL));
    printf("%" PRIu64 "\n", stat.size);
    return NULL;
}

static struct err *print_atomic(struct store *s)
{
    bool atomic;

    TRY(store_is_atomic(s, &atomic));
    puts(atomic ? "yes" : "no");
    return NULL;
}

static struct err *command(struct store *s, const char *name, const char *key)
{
    struct store_list list = {.prefix = key, .folders = strcmp(name, "folders") == 0};

    if (strcmp(name, "get") == 0)
        return read_object(s, key, STORE_ALL);
    if (strcmp(name, "tail") == 0)
        return read_object(s, key, (struct store_range){0, 10, true});
    if (strcmp(name, "put") == 0 || strcmp(name, "create") == 0)
        return write_object(s, key, name[0] == 'c');
    if (strcmp(name, "head") == 0)
        return head_object(s, key);
    if (strcmp(name, "delete") == 0)
        return store_delete(s, key);
    if (strcmp(name, "list") == 0 || strcmp(name, "folders") == 0)
        return store_list(s, &list, print_entry, NULL);
    if (strcmp(name, "atomic") == 0)
        return print_atomic(s);
    return err_new(ERR_USAGE, "no command '%s'", name);
}

int main(int argc, char **argv)
{
    struct opts *opts = NULL;
    struct store *s = NULL;

    if (argc < 3)
        return ERR_USAGE;
    struct err *e = opts_parse(PROGRAM_SHIP, argc - 2, argv + 2, &opts);
    bool verbose = !e && opts_flag(opts, OPT_VERBOSE);
    struct log *log = log_open(&(struct log_params){"store_tool", false, verbose ? LOG_DEBUG : LOG_INFO});
    if (!e)
        e = store_open_opts(opts, log, &s);
    if (!e)
        e = command(s, argv[1], argv[2]);
    store_close(s);
    int status = (int)err_code(e);
    if (e)
        log_err(log, e);
    err_free(e);
    opts_free(opts);
    log_close(log);
    return status;
}
