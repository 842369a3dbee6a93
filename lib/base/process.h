/*
 * process - a name for a running process, by which others on its machine can tell later that it has ended.
 *
 * HOST-PID-START: HOST stands for the machine since its boot and, of containers, for the namespace in which
 * the number counts; START is when the process was started, since numbers are used again. Letters, digits and
 * '-' only.
 */
#ifndef CCR_BASE_PROCESS_H
#define CCR_BASE_PROCESS_H

#include <stdbool.h>

/* Of this process; malloc'ed. */
char *process_name(void);

/*
 * True: the process of that name runs no more. False also where that cannot be known: it is another
 * machine's, or the text is no such name.
 */
bool process_has_ended(const char *name);

#endif
