/*
 * state_folder - where this machine keeps what is of use to it alone, and may be lost: notes of what was
 * reported (run.h), locks.
 */
#ifndef CCR_BASE_STATE_FOLDER_H
#define CCR_BASE_STATE_FOLDER_H

/* $XDG_STATE_HOME/ccr or ~/.local/state/ccr, made where it is missing; NULL without either. malloc'ed. */
char *state_folder(void);

#endif
