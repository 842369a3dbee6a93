#include "restore/load_insert.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "snapshot/row_text.h"

/* A piece of the clause, which it points into. */
struct piece {
    const char *at;
    size_t len;
};

/* What becomes of one field of the text. */
struct field {
    struct piece column; /* quoted; empty as long as only the variable is known */
    struct piece type;   /* of the CAST; empty: none */
    unsigned variable;   /* @vN; 0: none */
};

struct fields {
    struct field *items;
    size_t count;
    size_t cap;
};

static bool take(const char **p, const char *text)
{
    size_t len = strlen(text);

    if (strncmp(*p, text, len) != 0)
        return false;
    *p += len;
    return true;
}

static bool take_name(const char **p, struct piece *name)
{
    const char *start = *p;
    const char *end = start;

    if (*end != '`')
        return false;
    do {
        end = strchr(end + 1, '`');
        if (!end)
            return false;
        end++;
    } while (*end == '`'); /* doubled: part of the name */
    *name = (struct piece){start, (size_t)(end - start)};
    *p = end;
    return true;
}

static bool take_variable(const char **p, unsigned *number)
{
    char *end;

    if (!take(p, "@v"))
        return false;
    if (**p < '1' || **p > '9')
        return false;
    *number = (unsigned)strtoul(*p, &end, 10);
    *p = end;
    return true;
}

/* UNSIGNED, BINARY(16) */
static bool take_type(const char **p, struct piece *type)
{
    size_t len = strspn(*p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

    *type = (struct piece){*p, len};
    if (len && (*p)[len] == '(') {
        len += 1 + strspn(*p + len + 1, "0123456789");
        if ((*p)[len] != ')')
            return false;
        type->len = ++len;
    }
    *p += len;
    return len > 0;
}

static bool parse_list(const char **p, struct fields *f)
{
    if (!take(p, "("))
        return false;
    do {
        struct field field = {0};
        if (!take_name(p, &field.column) && !take_variable(p, &field.variable))
            return false;
        f->items = mem_grow(f->items, f->count, &f->cap, sizeof(*f->items));
        f->items[f->count++] = field;
    } while (take(p, ", "));
    return take(p, ")");
}

static bool parse_assignment(const char **p, struct fields *f)
{
    struct piece column;
    struct piece type = {0};
    unsigned variable;

    if (!take_name(p, &column) || !take(p, " = "))
        return false;
    if (take(p, "CAST(")) {
        if (!take_variable(p, &variable) || !take(p, " AS ") || !take_type(p, &type) || !take(p, ")"))
            return false;
    } else if (!take_variable(p, &variable)) {
        return false;
    }
    for (size_t i = 0; i < f->count; i++) {
        struct field *field = &f->items[i];
        if (field->variable != variable || field->column.len)
            continue;
        field->column = column;
        field->type = type;
        return true;
    }
    return false;
}

static bool parse(const char *clause, struct fields *f)
{
    const char *p = clause;

    if (!take(&p, ROW_TEXT_LOAD) || !parse_list(&p, f))
        return false;
    if (take(&p, " SET "))
        do
            if (!parse_assignment(&p, f))
                return false;
        while (take(&p, ", "));
    return *p == 0;
}

static void append_piece(struct buf *out, struct piece piece)
{
    buf_append(out, piece.at, piece.len);
}

static void write_insert(const struct fields *f, struct buf *out)
{
    buf_append_byte(out, '(');
    for (size_t i = 0; i < f->count; i++) {
        buf_append_str(out, i ? ", " : "");
        append_piece(out, f->items[i].column);
    }
    buf_append_str(out, ") VALUES (");
    for (size_t i = 0; i < f->count; i++) {
        const struct piece type = f->items[i].type;
        buf_append_str(out, i ? ", " : "");
        buf_append_str(out, type.len ? "CAST(? AS " : "?");
        append_piece(out, type);
        buf_append_str(out, type.len ? ")" : "");
    }
    buf_append_byte(out, ')');
}

bool load_insert_parse(const char *clause, struct load_insert *out)
{
    struct fields f = {0};
    bool understood = parse(clause, &f);
    bool thrown = understood && f.count == 1 && f.items[0].column.len == 0;

    *out = (struct load_insert){.fields = (unsigned)f.count, .parameters = thrown ? 0 : (unsigned)f.count};
    for (size_t i = 0; i < f.count && !thrown; i++)
        understood = understood && f.items[i].column.len;
    if (thrown)
        buf_append_str(&out->text, "() VALUES ()");
    else if (understood)
        write_insert(&f, &out->text);
    free(f.items);
    return understood;
}

void load_insert_free(struct load_insert *i)
{
    buf_free(&i->text);
}
