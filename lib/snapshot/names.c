#include "snapshot/names.h"

enum { NAMES_SHOWN = 10 };

void names_add(struct names *n, const char *db, const char *name, const char *more)
{
    if (n->count++ < NAMES_SHOWN)
        buf_printf(&n->text, "%s%s.%s%s", n->text.len ? ", " : "", db, name, more ? more : "");
}

const char *names_text(struct names *n)
{
    if (n->count > NAMES_SHOWN)
        buf_printf(&n->text, " and %zu more", n->count - NAMES_SHOWN);
    return buf_str(&n->text);
}

void names_free(struct names *n)
{
    buf_free(&n->text);
    *n = (struct names){0};
}
