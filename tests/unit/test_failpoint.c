#include "base/failpoint.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

/* Three passings of one point and one of another, under `wanted`. */
static int pass(const char *wanted)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        if (wanted)
            setenv("CCR_FAILPOINT", wanted, 1);
        failpoint("commit-before");
        failpoint("commit");
        failpoint("commit-before");
        failpoint("commit-before");
        _exit(0);
    }
    CHECK(waitpid(pid, &status, WUNTRACED) == pid);
    if (WIFSTOPPED(status)) {
        kill(pid, SIGCONT);
        CHECK(waitpid(pid, NULL, 0) == pid);
    }
    return status;
}

static bool killed(const char *wanted)
{
    int status = pass(wanted);

    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static bool ended(const char *wanted)
{
    int status = pass(wanted);

    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(void)
{
    CHECK(ended(NULL));
    CHECK(ended("commit-before:4"));
    CHECK(ended("comm"));
    CHECK(ended("commit-before-all"));
    CHECK(killed("commit-before"));
    CHECK(killed("commit-before:3"));
    CHECK(killed("commit:1"));
    CHECK(WIFSTOPPED(pass("commit-before:2:stop")));
    return UNIT_END;
}
