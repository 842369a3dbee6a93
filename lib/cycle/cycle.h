/*
 * cycle - what is due on one side, done by the binaries that do it (ccr-cycle).
 *
 * Every section of the side has its turn, one after another: a chain of runs of the other binaries, which
 * stand in the same folder and get the same config file. A turn decides by their exit codes alone what comes
 * next (turns.h); what they say on stderr is theirs, their JSON goes into the result as a step. A failure
 * ends its own turn, and no other. Each turn has its lock (lock.h), so that one that takes hours keeps no
 * other from its own: where another cycle has it, the section is left out, and counts as ERR_LOCKED.
 *
 * The error returned has the code of the turn that ended worst:
 *
 *     internal, integrity, unsafe, unsupported, config, usage, target, source, store, needs-resync,
 * interrupted, locked
 *
 * from the worst on. A signal is passed on to the binary at work, which ends in order; then the cycle ends
 * with ERR_INTERRUPTED, whatever came before.
 */
#ifndef CCR_CYCLE_CYCLE_H
#define CCR_CYCLE_CYCLE_H

#include "base/buf.h"
#include "base/run.h"

/* `argc` and `argv` are main's: with the name of a section behind them they are the options of its turn. */
struct err *cycle_run(struct run *run, int argc, char **argv) CHECKED;

/* One cycle, for its turns. */
struct cycle {
    struct run *run;
    int argc;
    char **argv;
    char *folder;        /* of the binaries */
    const char *kind;    /* "source" or "target": the side, and its sections */
    bool source;         /* the former */
    const char *section; /* whose turn it is */
    const char *job;     /* target: whose turn it is within the section; NULL before that is known */
    json_t *steps;
    struct buf failed; /* "[target db2] ccr-apply: needs-resync" */
    enum err_code worst;
};

/*
 * One run of a binary for the section (and job) whose turn it is. `flag` goes along where it is not NULL;
 * `reason` says why it runs, where that is not a matter of course. `code` is how it ended, `changed` what it
 * says of itself. ERR_INTERRUPTED where a signal has come, ERR_INTERNAL where it could not be started.
 */
struct cycle_step {
    enum program program;
    const char *flag;
    const char *reason; /* of a snapshot: it has it in its manifest */
    enum err_code code;
    bool changed;
    const json_t
        *result; /* what it has printed; NULL where that is no object. It lasts as long as the cycle */
};
struct err *cycle_step(struct cycle *c, struct cycle_step *step) CHECKED;

/* The error that a step has ended with, as it has printed it; NULL where it went well. */
struct err *cycle_step_error(const struct cycle_step *step) CHECKED;

/* The outcome of a turn, or of a part of it, that counts. */
void cycle_note(struct cycle *c, const char *program, enum err_code code);

#endif
