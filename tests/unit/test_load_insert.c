#include "restore/load_insert.h"

#include <stdlib.h>

#include "base/mem.h"
#include "snapshot/row_text.h"
#include "tests/unit/unit.h"

/* What stands behind ROW_TEXT_LOAD; the INSERT that it becomes, NULL for none; its fields and parameters. */
static const struct {
    const char *clause;
    const char *insert;
    unsigned fields;
    unsigned parameters;
} cases[] = {
    {"(`id`)", "(`id`) VALUES (?)", 1, 1},
    {"(`id`, `a b`, `c`)", "(`id`, `a b`, `c`) VALUES (?, ?, ?)", 3, 3},
    {"(`a``b`, `), (`, `@v1`)", "(`a``b`, `), (`, `@v1`) VALUES (?, ?, ?)", 3, 3},
    {"(@v1, `n`, @v3) SET `e` = CAST(@v1 AS UNSIGNED), `u` = CAST(@v3 AS BINARY(16))",
     "(`e`, `n`, `u`) VALUES (CAST(? AS UNSIGNED), ?, CAST(? AS BINARY(16)))", 3, 3},
    {"(@v1, @v2) SET `id` = @v1, ` SET ` = CAST(@v2 AS UNSIGNED)",
     "(`id`, ` SET `) VALUES (?, CAST(? AS UNSIGNED))", 2, 2},
    {"(@v1)", "() VALUES ()", 1, 0},
    {"(`id`, @v2)", NULL, 0, 0},
    {"(@v1, @v2)", NULL, 0, 0},
    {"(@v1) SET `a` = @v2", NULL, 0, 0},
    {"(@v1) SET `a` = @v1, `b` = @v1", NULL, 0, 0},
    {"(@v1) SET `a` = UNHEX(@v1)", NULL, 0, 0},
    {"(@v1) SET `a` = CAST(@v1 AS BINARY(16)", NULL, 0, 0},
    {"(@v1) SET `a` = CAST(@v1 AS BINARY(16) CHARSET utf8)", NULL, 0, 0},
    {"(@v1) SET `a` = CAST(@v1 AS )", NULL, 0, 0},
    {"(@v0) SET `a` = @v0", NULL, 0, 0},
    {"(@v) SET `a` = @v", NULL, 0, 0},
    {"(`id`) ", NULL, 0, 0},
    {"(`id`", NULL, 0, 0},
    {"(`id)", NULL, 0, 0},
    {"()", NULL, 0, 0},
    {"", NULL, 0, 0},
};

int main(void)
{
    struct load_insert insert;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *clause = mem_printf("%s%s", ROW_TEXT_LOAD, cases[i].clause);
        bool understood = load_insert_parse(clause, &insert);
        CHECK(understood == (cases[i].insert != NULL));
        if (understood && cases[i].insert) {
            CHECK_STR(buf_str(&insert.text), cases[i].insert);
            CHECK(insert.fields == cases[i].fields && insert.parameters == cases[i].parameters);
        }
        load_insert_free(&insert);
        free(clause);
    }
    CHECK(!load_insert_parse("CHARACTER SET utf8mb4 (`id`)", &insert));
    load_insert_free(&insert);
    return UNIT_END;
}
