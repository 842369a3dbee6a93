#include "cycle/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/interrupt.h"

struct child {
    pid_t pid;
    int output;      /* our end of its standard output */
    sigset_t before; /* our signals as they were: SIGINT and SIGTERM wait meanwhile, but for ppoll */
    bool told;       /* of a signal */
};

static void pass_on(struct child *c)
{
    if (!interrupt_requested() || c->told)
        return;
    c->told = true;
    kill(c->pid, SIGTERM);
}

static int spawn(struct child *c, int output, char *const *argv)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;

    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &c->before);
    int rc = posix_spawn(&c->pid, argv[0], &files, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return rc;
}

static struct err *start(struct child *c, char *const *argv)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_errno(ERR_INTERNAL, errno, "making a pipe for the output of %s", argv[0]);
    int rc = spawn(c, ends[1], argv);
    close(ends[1]);
    c->output = ends[0];
    if (rc == 0)
        return NULL;
    close(c->output);
    return err_hint(err_errno(ERR_INTERNAL, rc, "starting %s", argv[0]),
                    "ccr-cycle starts the binaries that stand beside it");
}

/* To the end of its output, or until that cannot be read. */
static struct err *collect(struct child *c, struct buf *output)
{
    uint8_t bytes[4096];
    struct pollfd fd = {.fd = c->output, .events = POLLIN};

    for (;;) {
        pass_on(c);
        if (ppoll(&fd, 1, NULL, &c->before) < 0) {
            if (errno != EINTR)
                return err_errno(ERR_INTERNAL, errno, "waiting for the output of a run");
            continue;
        }
        ssize_t n = read(c->output, bytes, sizeof(bytes));
        if (n == 0)
            return NULL;
        if (n < 0 && errno != EINTR)
            return err_errno(ERR_INTERNAL, errno, "reading the output of a run");
        if (n > 0)
            buf_append(output, bytes, (size_t)n);
    }
}

static struct err *reap(struct child *c, int *status)
{
    while (waitpid(c->pid, status, 0) < 0)
        if (errno != EINTR)
            return err_errno(ERR_INTERNAL, errno, "waiting for the end of a run");
    return NULL;
}

struct err *child_run(char *const *argv, struct buf *output, int *status)
{
    struct child c = {0};
    sigset_t waiting;

    sigemptyset(&waiting);
    sigaddset(&waiting, SIGINT);
    sigaddset(&waiting, SIGTERM);
    sigprocmask(SIG_BLOCK, &waiting, &c.before);
    struct err *e = start(&c, argv);
    if (!e) {
        e = collect(&c, output);
        e = err_first(e, reap(&c, status));
        close(c.output);
    }
    sigprocmask(SIG_SETMASK, &c.before, NULL);
    return e;
}
