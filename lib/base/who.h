/*
 * who - who starts a binary: the user of the machine.
 */
#ifndef CCR_BASE_WHO_H
#define CCR_BASE_WHO_H

/* "root", or "user 1000" where the number has no name; malloc'ed. */
char *who_user(void);

#endif
