#include "base/failpoint.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of the one point that is named. */
static atomic_ulong passings;

/* One write, so that the lines of several threads do not mix. Without the file the list is short, as tests
 * see. */
static void note(const char *file, const char *name)
{
    char line[128];
    int len = snprintf(line, sizeof(line), "%s\n", name);
    int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);

    if (fd < 0)
        return;
    if (write(fd, line, (size_t)len) < 0)
        perror(file);
    close(fd);
}

void failpoint(const char *name)
{
    const char *log = getenv("CCR_FAILPOINT_LOG");
    const char *wanted = getenv("CCR_FAILPOINT");
    size_t len = strlen(name);
    unsigned long nth = 1;
    char *rest = NULL;

    if (log)
        note(log, name);
    if (!wanted || strncmp(wanted, name, len) != 0 || (wanted[len] && wanted[len] != ':'))
        return;
    if (wanted[len])
        nth = strtoul(wanted + len + 1, &rest, 10);
    if (atomic_fetch_add(&passings, 1) + 1 == nth)
        raise(rest && strcmp(rest, ":stop") == 0 ? SIGSTOP : SIGKILL);
}
