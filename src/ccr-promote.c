/* ccr-promote: the end of a job: its target becomes a server of its own (lib/promote/promote.h). */
#include "base/run.h"
#include "promote/promote.h"

int main(int argc, char **argv)
{
    struct run *run;
    int status;

    if (!run_start(PROGRAM_PROMOTE, argc, argv, &run, &status))
        return status;
    return run_finish(run, promote_run(run));
}
