/*
 * Writing: the bytes go to a temporary file, are forced to disk, and then get their name in one step, by
 * link() where the name must be new and by rename() where it may be replaced. The name is durable when the
 * folders from its own up to the root are forced to disk too; they are always all forced, because a folder
 * that is there already may have been made by another writer a moment ago.
 */
#include "store/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"

enum {
    FILE_MODE = 0640,
    FOLDER_MODE = 0750,
    RACES = 100,          /* attempts while others keep removing the folder */
    LEFTOVER_AGE_S = 3600 /* no write of one object takes as long */
};

static struct err *write_failed(int errnum, const char *path)
{
    struct err *e = err_errno(ERR_STORE, errnum, "%s", path);

    if (errnum == ENOSPC || errnum == EDQUOT)
        return err_hint(
            e, "make room under the store (ccr-prune, say); the next run does what this one could not");
    if (errnum == EACCES || errnum == EPERM || errnum == EROFS)
        return err_hint(e, "the user that runs ccr needs write access to the store's folder");
    return e;
}

static int sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return errno;
    int failure = fsync(fd) == 0 || errno == EINVAL ? 0 : errno; /* EINVAL: folders need no sync here */
    close(fd);
    return failure;
}

/*
 * Makes the folder `path` and what lies above it, each forced to disk in its parent before it is used.
 * Returns 0 or an errno; ENOENT where somebody removes folders at the same time (try again).
 */
static int make_folders(const char *path)
{
    char *partial = mem_strdup(path);
    char *slash = strchr(partial + 1, '/');
    int failure = 0;

    for (;;) {
        if (slash)
            *slash = 0;
        if (mkdir(partial, FOLDER_MODE) == 0) {
            char *parent = mem_printf("%s/..", partial);
            failure = sync_folder(parent);
            free(parent);
        } else if (errno != EEXIST) {
            failure = errno;
        }
        if (failure || !slash)
            break;
        *slash = '/';
        slash = strchr(slash + 1, '/');
    }
    free(partial);
    return failure;
}

/* Forces the folders that lead to an object to disk, from its own up to the root. */
static int sync_folders_of(const struct file_store *f, const char *path)
{
    char *folder = mem_strdup(path);
    size_t root_len = strlen(f->root);
    int failure = 0;

    do {
        *strrchr(folder, '/') = 0;
        failure = sync_folder(*folder ? folder : "/");
        if (failure == ENOENT || failure == ENOTDIR)
            failure = 0; /* removed again by somebody: nothing left to keep */
    } while (!failure && strlen(folder) > root_len);
    free(folder);
    return failure;
}

/* Removes what killed writers left behind. `now` is the file system's own clock. */
static void sweep_leftovers(const char *folder, time_t now)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    struct stat st;

    while (dir && (entry = readdir(dir)))
        if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
            st.st_mtime < now - LEFTOVER_AGE_S)
            unlinkat(dirfd(dir), entry->d_name, 0); /* in vain or done by another: the next run tries again */
    if (dir)
        closedir(dir);
}

static int write_all(int fd, const void *bytes, size_t len)
{
    const char *p = bytes;

    while (len > 0) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno != EINTR)
            return errno;
        if (n > 0) {
            p += n;
            len -= (size_t)n;
        }
    }
    return fsync(fd) == 0 ? 0 : errno;
}

/* Writes the bytes durably under a temporary name; on failure nothing is left. *temp is malloc'ed. */
static int write_temp(struct file_store *f, const void *bytes, size_t len, char **temp)
{
    char *folder = file_path(f, FILE_TEMP_FOLDER);
    char random[33];
    struct stat st;
    int failure = 0;

    hash_random_hex(random, sizeof(random) - 1);
    char *path = mem_printf("%s/%ld-%s", folder, (long)getpid(), random);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    if (fd < 0 && errno == ENOENT) {
        failure = make_folders(folder);
        if (!failure)
            fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    }
    if (fd < 0) {
        failure = failure ? failure : errno;
    } else {
        failure = write_all(fd, bytes, len);
        if (!failure && !atomic_flag_test_and_set(&f->swept) && fstat(fd, &st) == 0)
            sweep_leftovers(folder, st.st_mtime);
        if (close(fd) != 0 && !failure)
            failure = errno;
        if (failure)
            unlink(path);
    }
    free(folder);
    if (failure)
        free(path);
    else
        *temp = path;
    return failure;
}

/* Gives `temp` its name if nobody has that name yet: 0, EEXIST or another errno. */
static int name_new(const char *temp, const char *path)
{
    struct stat st;

    if (link(temp, path) == 0)
        return 0;
    int failure = errno;
    /* NFS: the answer to a link that worked may be lost, and its repetition says EEXIST */
    if (failure == EEXIST && stat(temp, &st) == 0 && st.st_nlink > 1)
        return 0;
    /* file systems without hard links */
    if (failure == EPERM || failure == EOPNOTSUPP || failure == ENOSYS || failure == EMLINK)
        return renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_NOREPLACE) == 0 ? 0 : errno;
    return failure;
}

static int name_over(const char *temp, const char *path)
{
    return rename(temp, path) == 0 ? 0 : errno;
}

/* Names the object; makes its folder as often as others remove it. */
static int name_object(const char *temp, const char *path, int (*name)(const char *temp, const char *path))
{
    char *folder = mem_strndup(path, (size_t)(strrchr(path, '/') - path));
    int failure = name(temp, path);

    for (int i = 0; failure == ENOENT && i < RACES; i++) {
        failure = make_folders(folder);
        if (!failure)
            failure = name(temp, path);
    }
    free(folder);
    return failure;
}

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

struct err *file_create(void *self, const char *key, const void *bytes, size_t len, bool *created)
{
    struct file_store *f = self;
    char *path = file_path(f, key);
    char *temp = NULL;
    int failure = write_temp(f, bytes, len, &temp);

    *created = false;
    if (!failure) {
        failure = name_object(temp, path, name_new);
        unlink(temp);
        *created = failure == 0;
        if (failure == EEXIST)
            failure = is_folder(path) ? EISDIR : 0;
    }
    /* also where the object was there: whoever made it may not have come so far yet */
    if (!failure)
        failure = sync_folders_of(f, path);
    struct err *e = failure ? write_failed(failure, path) : NULL;
    free(temp);
    free(path);
    return e;
}

struct err *file_put(void *self, const char *key, const void *bytes, size_t len)
{
    struct file_store *f = self;
    char *path = file_path(f, key);
    char *temp = NULL;
    int failure = write_temp(f, bytes, len, &temp);

    if (!failure) {
        failure = name_object(temp, path, name_over);
        if (failure)
            unlink(temp);
    }
    if (!failure)
        failure = sync_folders_of(f, path);
    struct err *e = failure ? write_failed(failure, path) : NULL;
    free(temp);
    free(path);
    return e;
}

struct err *file_remove(void *self, const char *key)
{
    struct file_store *f = self;
    char *path = file_path(f, key);
    size_t root_len = strlen(f->root);
    struct err *e = NULL;

    /* a folder is no object: then there is nothing to delete */
    if (unlink(path) != 0 && errno != ENOENT && errno != ENOTDIR && errno != EISDIR) {
        e = write_failed(errno, path);
        goto out;
    }
    int failure = sync_folders_of(f, path);
    if (failure) {
        e = write_failed(failure, path);
        goto out;
    }
    /* folders exist for the sake of their objects; one that is in use again does not go */
    for (char *slash = strrchr(path, '/'); (size_t)(slash - path) > root_len; slash = strrchr(path, '/')) {
        *slash = 0;
        if (rmdir(path) != 0)
            break;
    }
out:
    free(path);
    return e;
}
