#include "check/check_list.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/mem.h"
#include "format/document.h"

static const char *const weights[] = {"error", "warning", "note"};

/* Takes both texts. */
static void append(struct check_list *l, struct check_finding finding)
{
    l->items = mem_resize(l->items, l->count + 1, sizeof(*l->items));
    l->items[l->count++] = finding;
}

void check_add(struct check_list *l, enum check_weight weight, const char *what, const char *where,
               const char *hint, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    char *message = mem_vprintf(fmt, ap);
    va_end(ap);
    append(l, (struct check_finding){weight, what, where, message, hint ? mem_strdup(hint) : NULL});
}

struct err *check_take(struct check_list *l, enum check_weight weight, const char *what, const char *where,
                       struct conn *c, struct err *e)
{
    if (!e || err_code(e) == ERR_INTERRUPTED || (c && conn_is_lost(c)))
        return e;
    check_add(l, weight, what, where, err_hint_text(e), "%s", err_message(e));
    err_free(e);
    return NULL;
}

void check_list_free(struct check_list *l)
{
    for (size_t i = 0; i < l->count; i++) {
        free(l->items[i].message);
        free(l->items[i].hint);
    }
    free(l->items);
    *l = (struct check_list){0};
}

size_t check_count(const struct check_list *l, enum check_weight weight)
{
    size_t count = 0;

    for (size_t i = 0; i < l->count; i++)
        count += l->items[i].weight == weight;
    return count;
}

static json_t *say_one(const struct check_finding *f, struct run *run)
{
    json_t *finding = json_object();

    document_set_bytes(finding, "severity", weights[f->weight]);
    document_set_bytes(finding, "what", f->what);
    document_set_bytes(finding, "where", f->where);
    document_set_bytes(finding, "message", f->message);
    document_set_bytes(finding, "hint", f->hint);
    run_say(run, "%s: %s: %s", weights[f->weight], f->what, f->message);
    if (f->hint)
        run_say(run, "  hint: %s", f->hint);
    return finding;
}

void check_say(const struct check_list *l, struct run *run)
{
    json_t *list = json_array();

    for (int weight = CHECK_ERROR; weight <= CHECK_NOTE; weight++)
        for (size_t i = 0; i < l->count; i++)
            if ((int)l->items[i].weight == weight)
                json_array_append_new(list, say_one(&l->items[i], run));
    json_object_set_new(run->result, "findings", list);
}
