#include "base/interrupt.h"

#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t interrupt_signal;

static void interrupt_handler(int signal_number)
{
    if (interrupt_signal)
        _exit(ERR_INTERRUPTED);
    interrupt_signal = signal_number;
}

void interrupt_install(void)
{
    struct sigaction action = {.sa_handler = interrupt_handler};
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    sigemptyset(&action.sa_mask);
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

bool interrupt_requested(void)
{
    return interrupt_signal != 0;
}

struct err *interrupt_check(void)
{
    if (!interrupt_signal)
        return NULL;
    return err_hint(
        err_new(ERR_INTERRUPTED, "stopped by %s", interrupt_signal == SIGINT ? "SIGINT" : "SIGTERM"),
        "nothing is lost: the next run does what this one did not");
}
