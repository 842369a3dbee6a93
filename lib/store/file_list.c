/*
 * Listing. Keys in the order of their bytes come from walking each folder in the order of its names, where a
 * folder's name counts with the '/' behind it. A folder without any object below it is not reported: killed
 * or failed writers may leave one, and other backends have no folders at all.
 */
#include "store/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

struct names {
    char **items; /* folders with '/' at the end */
    size_t count;
    size_t cap;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_free(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
}

/* The name as it is listed, or NULL for what is neither file nor folder, or gone. */
static char *listed_name(DIR *dir, const struct dirent *entry)
{
    struct stat st;
    unsigned char type = entry->d_type;

    if (entry->d_name[0] == '.')
        return NULL;
    if (type != DT_REG && type != DT_DIR) { /* unknown to the file system, or a link */
        if (fstatat(dirfd(dir), entry->d_name, &st, 0) != 0)
            return NULL;
        type = S_ISDIR(st.st_mode) ? DT_DIR : S_ISREG(st.st_mode) ? DT_REG : DT_UNKNOWN;
    }
    if (type == DT_DIR)
        return mem_printf("%s/", entry->d_name);
    return type == DT_REG ? mem_strdup(entry->d_name) : NULL;
}

/* Reads and sorts one folder; a folder that is not there is empty. */
static struct err *read_folder(const char *path, struct names *names)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;

    if (!dir)
        return errno == ENOENT || errno == ENOTDIR ? NULL : file_read_failed(errno, path);
    for (errno = 0; (entry = readdir(dir)); errno = 0) {
        char *name = listed_name(dir, entry);
        if (!name)
            continue;
        names->items = mem_grow(names->items, names->count, &names->cap, sizeof(*names->items));
        names->items[names->count++] = name;
    }
    struct err *e = errno ? err_errno(ERR_STORE, errno, "%s", path) : NULL;
    closedir(dir);
    if (names->count > 0)
        qsort(names->items, names->count, sizeof(*names->items), compare_names);
    return e;
}

static struct err *list_folder(const struct file_store *f, const struct store_list *what, const char *folder,
                               store_list_fn *fn, void *arg);

/* Ends a listing at its first object. */
static struct err *stop_at_first(const struct store_entry *entry, void *arg)
{
    bool *any = arg;

    (void)entry;
    *any = true;
    return err_new(ERR_INTERNAL, "found");
}

static struct err *has_objects(const struct file_store *f, const char *folder, bool *any)
{
    struct store_list all = {.prefix = folder};

    *any = false;
    struct err *e = list_folder(f, &all, folder, stop_at_first, any);
    if (!*any)
        return e;
    err_free(e);
    return NULL;
}

static struct err *list_object(const struct file_store *f, const char *key, store_list_fn *fn, void *arg)
{
    char *path = file_path(f, key);
    struct stat st;
    int failure = stat(path, &st) == 0 ? 0 : errno;

    free(path);
    if (failure == ENOENT || failure == ENOTDIR)
        return NULL;
    if (failure)
        return err_errno(ERR_STORE, failure, "%s", key);
    struct store_entry entry = {
        .key = key,
        .stat = {(uint64_t)st.st_size, st.st_mtim.tv_sec * CLOCK_US_PER_S + st.st_mtim.tv_nsec / 1000}};
    return fn(&entry, arg);
}

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* `key` is an object's, or with '/' at its end a folder's. */
static struct err *list_entry(const struct file_store *f, const struct store_list *what, const char *key,
                              store_list_fn *fn, void *arg)
{
    bool is_folder = key[strlen(key) - 1] == '/';
    bool is_behind = !what->start_after || strcmp(key, what->start_after) > 0;
    bool any;

    if (!is_folder)
        return begins_with(key, what->prefix) && is_behind ? list_object(f, key, fn, arg) : NULL;
    if (!begins_with(key, what->prefix) && !begins_with(what->prefix, key))
        return NULL;
    bool is_cut = what->folders && begins_with(key, what->prefix) && strlen(key) > strlen(what->prefix);
    if (!is_cut) {
        bool may_hold = is_behind || begins_with(what->start_after, key);
        return may_hold ? list_folder(f, what, key, fn, arg) : NULL;
    }
    if (!is_behind)
        return NULL;
    TRY(has_objects(f, key, &any));
    return any ? fn(&(struct store_entry){.key = key, .is_prefix = true}, arg) : NULL;
}

/* `folder` is "" or ends in '/'. */
static struct err *list_folder(const struct file_store *f, const struct store_list *what, const char *folder,
                               store_list_fn *fn, void *arg)
{
    struct names names = {NULL, 0, 0};
    char *path = file_path(f, folder);
    struct err *e = read_folder(path, &names);

    free(path);
    for (size_t i = 0; !e && i < names.count; i++) {
        char *key = mem_printf("%s%s", folder, names.items[i]);
        e = list_entry(f, what, key, fn, arg);
        free(key);
    }
    names_free(&names);
    return e;
}

struct err *file_list(void *self, const struct store_list *what, store_list_fn *fn, void *arg)
{
    const char *slash = strrchr(what->prefix, '/');
    char *folder = mem_strndup(what->prefix, slash ? (size_t)(slash - what->prefix) + 1 : 0);
    struct err *e = list_folder(self, what, folder, fn, arg);

    free(folder);
    return e;
}
