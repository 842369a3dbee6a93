/* ccr-apply: the log's segments behind the target's position, applied (lib/replay/apply.h). */
#include "base/run.h"
#include "replay/apply.h"

int main(int argc, char **argv)
{
    struct run *run;
    int status;

    if (!run_start(PROGRAM_APPLY, argc, argv, &run, &status))
        return status;
    return run_finish(run, apply_run(run));
}
