/* A statement's text, behind one byte that chooses the sql_mode: what it names, and its rewritten forms. */
#include "binlog/sql_lex.h"
#include "binlog/statement.h"
#include "tests/fuzz/fuzz.h"

static uint64_t mode_of(uint8_t choice)
{
    return (choice & 1 ? SQL_MODE_ANSI_QUOTES : 0) | (choice & 2 ? SQL_MODE_NO_BACKSLASH_ESCAPES : 0);
}

/* Each rewritten form must still be the same kind of statement. */
static void reparse(const struct statement *first, const struct buf *sql, uint64_t mode)
{
    struct statement again;

    statement_parse((const char *)sql->data, sql->len, mode, &again);
    if (again.action != first->action || again.name_count != first->name_count)
        abort();
    statement_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char names[][8] = {"d1", "other", "a`b", "c", "t1"};
    static struct statement_rename items[] = {{names[0], NULL, names[1], NULL},
                                              {names[2], NULL, names[3], NULL},
                                              {names[0], names[4], names[3], names[1]}};
    static const struct statement_renames renames = {items, 3};
    struct statement s;
    struct buf out = BUF_INIT;

    if (size == 0)
        return 0;
    uint64_t mode = mode_of(data[0]);
    const char *sql = (const char *)data + 1;
    size_t len = size - 1;
    statement_parse(sql, len, mode, &s);
    if (!statement_name_of(&s)[0])
        abort();
    statement_add_if_exists(sql, len, mode, &out);
    reparse(&s, &out, mode);
    buf_clear(&out);
    struct err *e = statement_rename(sql, len, mode, "d1", &renames, &out);
    if (!e && s.action != STATEMENT_UNKNOWN)
        reparse(&s, &out, mode);
    fuzz_done(e);
    statement_free(&s);
    buf_free(&out);
    return 0;
}
