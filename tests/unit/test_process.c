/* Names of processes: alive, dead, not yet collected, of other machines, and numbers that are used again. */
#include "base/process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/unit/unit.h"

/* A child that tells its name and waits to be killed. */
static pid_t start_child(char *name, size_t size)
{
    int fds[2];

    CHECK(pipe(fds) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        char *own = process_name();
        if (write(fds[1], own, strlen(own)) > 0)
            pause();
        _exit(1);
    }
    ssize_t n = read(fds[0], name, size - 1);
    CHECK(n > 0);
    name[n > 0 ? n : 0] = 0;
    close(fds[0]);
    close(fds[1]);
    return pid;
}

static void test_life(void)
{
    char name[128];
    siginfo_t info;
    pid_t pid = start_child(name, sizeof(name));

    CHECK(!process_has_ended(name));
    CHECK(kill(pid, SIGSTOP) == 0);
    CHECK(!process_has_ended(name));
    CHECK(kill(pid, SIGKILL) == 0);
    CHECK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0);
    CHECK(process_has_ended(name)); /* a zombie */
    CHECK(waitpid(pid, NULL, 0) == pid);
    CHECK(process_has_ended(name));
}

static void test_names(void)
{
    char *own = process_name(), *again = process_name();
    char *other = mem_strdup(own), *used_again = mem_strdup(own);

    CHECK_STR(own, again);
    CHECK(!process_has_ended(own));
    CHECK(strspn(own, "0123456789abcdef-") == strlen(own));
    used_again[strlen(own) - 1] ^= 1; /* the same number, started at another time */
    CHECK(process_has_ended(used_again));
    other[0] = other[0] == '0' ? '1' : '0';
    CHECK(!process_has_ended(other));
    CHECK(!process_has_ended(""));
    CHECK(!process_has_ended("-1-1"));
    own[16] = 0; /* only the host */
    CHECK(!process_has_ended(own));
    free(own);
    free(again);
    free(other);
    free(used_again);
}

int main(void)
{
    test_life();
    test_names();
    return UNIT_END;
}
