/*
 * model_history SEED TRANSACTIONS: a random schema in the database m, made anew, and a random history on it.
 *
 * Blocks begin with a line "-- transaction N" (the schema with "-- schema"), and any of them can be left out:
 * that is how `shrink` finds the few that matter.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/model/model.h"

static void session_print(struct model *m)
{
    static const char *const modes[] = {"STRICT_TRANS_TABLES", "STRICT_TRANS_TABLES", "",
                                        "NO_AUTO_VALUE_ON_ZERO"};

    printf("SET NAMES utf8mb4;\nSET SESSION sql_mode = '%s';\n", modes[below(m, 4)]);
    printf("SET time_zone = '%s';\n", chance(m, 50) ? "+00:00" : "-03:30");
}

int main(int argc, char **argv)
{
    struct model m = {0};

    if (argc != 3) {
        fprintf(stderr, "usage: %s SEED TRANSACTIONS\n", argv[0]);
        return 2;
    }
    m.random = strtoull(argv[1], NULL, 10) * 2654435761u + 88172645463325252u;
    unsigned count = (unsigned)strtoul(argv[2], NULL, 10);
    for (unsigned i = 0; i < 20; i++) /* seeds are small: far from each other only after some steps */
        below(&m, 2);
    schema_make(&m);
    printf("-- schema of seed %s\n", argv[1]);
    printf("DROP DATABASE IF EXISTS m;\nCREATE DATABASE m;\nUSE m;\n");
    session_print(&m);
    schema_print(&m);
    for (unsigned i = 1; i <= count; i++) {
        printf("-- transaction %u\n", i);
        if (i == 1)
            rows_print(&m);
        else if (chance(&m, 3))
            definition_change_print(&m);
        else
            transaction_print(&m);
    }
    return 0;
}
