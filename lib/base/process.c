#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"

enum { HOST_DIGITS = 16, STAT_FIELDS_TO_START = 19 /* from the state on */ };

/* The first bytes of a file, or what a link names; "" where there is none. */
static void read_text(const char *path, bool is_link, char *out, size_t size)
{
    ssize_t n = -1;

    if (is_link) {
        n = readlink(path, out, size - 1);
    } else {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
            n = read(fd, out, size - 1);
            close(fd);
        }
    }
    out[n > 0 ? n : 0] = 0;
}

/* False where the machine does not tell enough of itself. The name is part of it for machines that were
 * copied while they ran. */
static bool host_of(char out[HASH_HEX_SIZE])
{
    char boot[64], pids[64], times[64];
    struct utsname u;

    read_text("/proc/sys/kernel/random/boot_id", false, boot, sizeof(boot));
    read_text("/proc/self/ns/pid", true, pids, sizeof(pids));
    read_text("/proc/self/ns/time", true, times, sizeof(times)); /* START counts in it; older kernels: none */
    if (!*boot || !*pids || uname(&u) != 0)
        return false;
    char *all = mem_printf("%s %s %s %s", boot, pids, times, u.nodename);
    hash_bytes_hex(all, strlen(all), out);
    out[HOST_DIGITS] = 0;
    free(all);
    return true;
}

/* Of /proc/PID/stat; false where it cannot be read. The name, in parentheses, may hold anything. */
static bool read_stat(long pid, char *state, uint64_t *start)
{
    char path[64], text[1024];

    snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
    read_text(path, false, text, sizeof(text));
    const char *p = strrchr(text, ')');
    if (!p || p[1] != ' ')
        return false;
    *state = p[2];
    p += 2;
    for (int i = 0; p && i < STAT_FIELDS_TO_START; i++)
        p = strchr(p + 1, ' ');
    return p && sscanf(p, " %" SCNu64, start) == 1;
}

char *process_name(void)
{
    char host[HASH_HEX_SIZE], state;
    uint64_t start = 0;

    if (!host_of(host) || !read_stat((long)getpid(), &state, &start))
        hash_random_hex(host, HOST_DIGITS); /* nobody will know it */
    return mem_printf("%s-%ld-%" PRIu64, host, (long)getpid(), start);
}

bool process_has_ended(const char *name)
{
    char host[HASH_HEX_SIZE], state;
    uint64_t start, start_now;
    long pid;

    if (!host_of(host) || strncmp(name, host, HOST_DIGITS) != 0 ||
        sscanf(name + HOST_DIGITS, "-%ld-%" SCNu64, &pid, &start) != 2 || pid <= 0)
        return false;
    if (kill((pid_t)pid, 0) != 0 && errno == ESRCH)
        return true;
    /* who may not look at others' processes does not know */
    return read_stat(pid, &state, &start_now) && (start_now != start || state == 'Z' || state == 'X');
}
