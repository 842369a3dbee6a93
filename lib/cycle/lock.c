#include "cycle/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/state_folder.h"

static struct err *is_taken(int fd, const char *path)
{
    char who[32] = "";
    ssize_t n = pread(fd, who, sizeof(who) - 1, 0);

    who[n > 0 ? n : 0] = 0;
    who[strcspn(who, "\n")] = 0;
    return err_new(ERR_LOCKED, "another cycle is at work (process %s, lock %s)", who[0] ? who : "unknown",
                   path);
}

/* For the message of others only: it is the lock that counts, and that the disk under it is full stops
 * nothing. */
static void write_owner(int fd)
{
    if (ftruncate(fd, 0) == 0)
        (void)!dprintf(fd, "%ld\n", (long)getpid());
}

struct err *lock_take(const char *path, int *fd)
{
    /* not closed on exec: the binaries hold it too */
    *fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    if (*fd < 0)
        return err_hint(err_errno(ERR_CONFIG, errno, "opening the lock file %s", path),
                        "name a file that this user may write with lock-file");
    struct err *e = NULL;
    if (flock(*fd, LOCK_EX | LOCK_NB) != 0)
        e = errno == EWOULDBLOCK ? is_taken(*fd, path)
                                 : err_errno(ERR_CONFIG, errno, "locking the file %s", path);
    if (e)
        close(*fd);
    else
        write_owner(*fd);
    return e;
}

struct err *lock_default_path(const char *config, const char *kind, const char *section, char **path)
{
    char hex[HASH_HEX_SIZE];
    char *folder = state_folder();
    char *full = realpath(config, NULL); /* one file may be named in several ways */

    if (!folder) {
        free(full);
        return err_hint(
            err_new(ERR_CONFIG, "there is no place for the lock of [%s %s]: no home", kind, section),
            "set lock-file in the section, or HOME or XDG_STATE_HOME");
    }
    char *what = mem_printf("%s|%s|%s", full ? full : config, kind, section);
    hash_bytes_hex(what, strlen(what), hex);
    *path = mem_printf("%s/cycle-%s-%.32s.lock", folder, kind, hex);
    free(what);
    free(full);
    free(folder);
    return NULL;
}
