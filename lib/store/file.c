#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

char *file_path(const struct file_store *f, const char *key)
{
    return mem_printf("%s/%s", f->root, key);
}

static const struct store_ops file_ops;

struct err *file_read_failed(int errnum, const char *path)
{
    struct err *e = err_errno(ERR_STORE, errnum, "%s", path);

    return errnum == EACCES || errnum == EPERM
               ? err_hint(e, "the user that runs ccr needs read access to the store's folder")
               : e;
}

static struct err *file_open(const struct store_settings *settings, const struct store_ops **ops, void **self)
{
    const char *url = settings->url;
    const char *path = url + strlen("file://");
    struct stat st;

    if (path[0] != '/')
        return err_hint(err_new(ERR_USAGE, "the store %s does not name an absolute path", url),
                        "use three slashes: file:///FOLDER");
    size_t len = strlen(path);
    while (len > 0 && path[len - 1] == '/')
        len--;
    char *root = mem_strndup(path, len);
    int failure = len > 0 && stat(root, &st) != 0 ? errno : 0;
    if (failure && failure != ENOENT) {
        free(root);
        return err_context(file_read_failed(failure, path), "opening the store %s", url);
    }
    if (len > 0 && !failure && !S_ISDIR(st.st_mode)) {
        free(root);
        return err_hint(err_errno(ERR_STORE, ENOTDIR, "opening the store %s", url),
                        "the URL of a file:// store names a folder");
    }
    struct file_store *f = mem_zalloc(1, sizeof(*f));
    f->root = root;
    atomic_flag_clear(&f->swept);
    *ops = &file_ops;
    *self = f;
    return NULL;
}

static void file_close(void *self)
{
    struct file_store *f = self;

    free(f->root);
    free(f);
}

/* Errors that mean "no such object": it, or a folder on the way to it, is not there. */
static bool is_absent(int errnum)
{
    return errnum == ENOENT || errnum == ENOTDIR;
}

static struct err *read_range(int fd, const char *path, uint64_t offset, size_t len, struct buf *out)
{
    size_t before = out->len;

    buf_reserve(out, len);
    while (len > 0) {
        ssize_t n = pread(fd, out->data + out->len, len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            out->len = before;
            return file_read_failed(n < 0 ? errno : EIO, path);
        }
        out->len += (size_t)n;
        offset += (uint64_t)n;
        len -= (size_t)n;
    }
    return NULL;
}

static struct err *get_open_file(int fd, const char *path, struct store_range range, struct buf *out,
                                 bool *found)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return err_errno(ERR_STORE, errno, "%s", path);
    *found = S_ISREG(st.st_mode);
    if (!*found)
        return NULL;
    uint64_t size = (uint64_t)st.st_size;
    uint64_t from = range.from_end ? (range.length < size ? size - range.length : 0) : range.offset;
    uint64_t left = from < size ? size - from : 0;
    uint64_t len = range.length < left ? range.length : left;
    if (len > STORE_MAX_OBJECT)
        return err_errno(ERR_STORE, EFBIG, "%s", path);
    return read_range(fd, path, from, (size_t)len, out);
}

static struct err *file_get(void *self, const char *key, struct store_range range, struct buf *out,
                            bool *found)
{
    char *path = file_path(self, key);
    struct err *e = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    *found = false;
    if (fd >= 0) {
        e = get_open_file(fd, path, range, out, found);
        close(fd);
    } else if (!is_absent(errno)) {
        e = file_read_failed(errno, path);
    }
    free(path);
    return e;
}

static struct err *file_head(void *self, const char *key, struct store_stat *out, bool *found)
{
    char *path = file_path(self, key);
    struct err *e = NULL;
    struct stat st;

    *found = false;
    if (stat(path, &st) == 0) {
        *found = S_ISREG(st.st_mode);
        if (*found)
            *out = (struct store_stat){(uint64_t)st.st_size,
                                       st.st_mtim.tv_sec * CLOCK_US_PER_S + st.st_mtim.tv_nsec / 1000};
    } else if (!is_absent(errno)) {
        e = file_read_failed(errno, path);
    }
    free(path);
    return e;
}

static const struct store_ops file_ops = {
    .close = file_close,
    .create = file_create,
    .put = file_put,
    .get = file_get,
    .head = file_head,
    .list = file_list,
    .remove = file_remove,
};

const struct store_backend store_file = {.scheme = "file", .open = file_open};
