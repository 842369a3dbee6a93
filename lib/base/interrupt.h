/*
 * interrupt - SIGINT and SIGTERM become a flag that long work asks for at points where stopping is safe.
 *
 * The flag is process-wide state, as little else in ccr (failpoint.h): a signal handler takes no argument. A
 * second signal ends the process at once, which is as safe as kill -9.
 */
#ifndef CCR_BASE_INTERRUPT_H
#define CCR_BASE_INTERRUPT_H

#include <stdbool.h>

#include "base/err.h"

void interrupt_install(void); /* also ignores SIGPIPE */
bool interrupt_requested(void);
/* ERR_INTERRUPTED once a signal has arrived, NULL before. */
struct err *interrupt_check(void) CHECKED;

#endif
