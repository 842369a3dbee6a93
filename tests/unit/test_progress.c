#include "base/progress.h"

#include <stdlib.h>

#include "tests/unit/unit.h"

static void check(struct progress_state state, const char *expected)
{
    char *text = progress_text(&state);

    CHECK_STR(text, expected);
    free(text);
}

int main(void)
{
    check((struct progress_state){1200000, 240000000, 4000000, 800000000, 3},
          "1200000 of 4000000 rows (30%), 240.0 of 800.0 MB (30%), 400000 rows/s, 80.0 MB/s, 7 s left");
    /* the slower of both tells what is left */
    check((struct progress_state){50, 10000000, 100, 100000000, 10},
          "50 of 100 rows (50%), 10.0 of 100.0 MB (10%), 5 rows/s, 1.0 MB/s, 1 min 30 s left");
    check((struct progress_state){1, 1000000, 1000, 0, 10},
          "1 of 1000 rows (0%), 1.0 MB, 0 rows/s, 0.1 MB/s, 2 h 46 min left");
    /* an estimate that was passed is none */
    check((struct progress_state){20, 2000000, 10, 1000000, 1}, "20 rows, 2.0 MB, 20 rows/s, 2.0 MB/s");
    check((struct progress_state){20, 2000000, 10, 4000000, 1},
          "20 rows, 2.0 of 4.0 MB (50%), 20 rows/s, 2.0 MB/s, 1 s left");
    /* bytes only; nothing yet */
    check((struct progress_state){0, 2000000, 0, 0, 2}, "2.0 MB, 1.0 MB/s");
    check((struct progress_state){0}, "0.0 MB, 0.0 MB/s");
    return UNIT_END;
}
