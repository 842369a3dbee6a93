/*
 * run - one start of one binary, from argv to exit code.
 *
 *     int main(int argc, char **argv)
 *     {
 *         struct run *run;
 *         int status;
 *
 *         if (!run_start(PROGRAM_SHIP, argc, argv, &run, &status))
 *             return status;
 *         return run_finish(run, ship_run(run));
 *     }
 *
 * run_start parses the options, opens the log and installs the signal handlers; it answers --help and
 * --version. run_finish shows the error and its hint on stderr (an error of usage without one points to
 * --help), prints the result on stdout and returns the exit code. With --json stdout is one object, also on
 * failure: program, version, ok, code, code_name, changed, the members that the binary put into `result`, and
 * on failure `error` with message and hint. Without it, the binary's text goes to stdout by run_say. Under
 * --cron, a run that is well or locked is silent, and a failure of the same cause is shown once a day (a
 * stamp in $XDG_STATE_HOME/ccr or ~/.local/state/ccr; where none can be written every failure is shown).
 *
 * Members of the result mean the same in every binary, where they apply: `seconds` (a real), `rows` and
 * `bytes` (of table text, or of binlog), `stored_bytes` (as compressed in the store), `objects` (written or
 * read), `transactions`, `position` (GTID position reached), `snapshot`, `epoch`, `number` (last log object),
 * `lag_seconds` (ccr-apply: now minus the commit time of the last applied transaction).
 */
#ifndef CCR_BASE_RUN_H
#define CCR_BASE_RUN_H

#include <stdbool.h>

#include <jansson.h>

#include "base/err.h"
#include "base/log.h"
#include "base/opt.h"

#define CCR_VERSION "0.1.0"

struct run {
    enum program program;
    struct opts *opts;
    struct log *log;
    json_t *result; /* members for --json; the binary adds to it */
    bool changed;   /* something was written: "changed" in the result */
};

/* False: the run is over, *status is the exit code. */
bool run_start(enum program program, int argc, char **argv, struct run **out, int *status) CHECKED;

/* A line of the result for people: to stdout, unless --json, --quiet or --cron. */
void run_say(struct run *run, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A warning about how the run was set up: message and hint of `e`, which is freed; NULL is none. Under --cron
 * the same one is shown once a day, as a failure is. */
void run_warn(struct run *run, struct err *e);

/* Takes e (NULL for success), frees run, and returns the exit code. */
int run_finish(struct run *run, struct err *e);

#endif
