/* ccr-cycle: what is due on one side, by the binaries that do it (lib/cycle/cycle.h). */
#include "base/run.h"
#include "cycle/cycle.h"

int main(int argc, char **argv)
{
    struct run *run;
    int status;

    if (!run_start(PROGRAM_CYCLE, argc, argv, &run, &status))
        return status;
    return run_finish(run, cycle_run(run, argc, argv));
}
