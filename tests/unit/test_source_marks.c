/* What SHOW CREATE shows of a literal, and what it is. */
#include <string.h>

#include "backup/source_marks.h"
#include "tests/unit/unit.h"

static void check(const char *shown, const char *exact, const char *wanted)
{
    struct buf out = BUF_INIT;
    struct buf text = BUF_INIT;

    buf_append_str(&text, exact);
    bool same = source_marks_literal(shown, strlen(shown), &text, &out);
    CHECK(same == (wanted != NULL));
    if (wanted)
        CHECK_STR(buf_str(&out), wanted);
    buf_free(&out);
    buf_free(&text);
}

int main(void)
{
    check("'?'", "😀", "'😀'");
    check("'?'", "?", "'?'");
    check("'a?b?''?\\\\?\\n'", "a😀b?'🎉\\?\n", "'a😀b?''🎉\\\\?\\n'");
    check("'ü?中'", "ü🎉中", "'ü🎉中'");
    check("''", "", "''");
    /* another text */
    check("'?'", "a", NULL);
    check("'?'", "ü", NULL);
    check("'a?'", "😀?", NULL);
    check("'?'", "😀😀", NULL);
    check("'?a'", "😀", NULL);
    check("'?'", "", NULL);
    check("'?'", "\xF0\x9F", NULL);
    check("'''?'", "ü😀", NULL);
    return UNIT_END;
}
