#include "backup/view_order.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Behind the closing quote of the text that begins at p, which is an opening one; its content goes to `out`.
 */
static const char *read_quoted(const char *p, struct buf *out)
{
    char quote = *p++;

    if (out)
        buf_clear(out);
    while (*p) {
        if (quote == '\'' && *p == '\\' && p[1]) {
            p += 2;
            continue;
        }
        if (*p == quote) {
            if (p[1] != quote)
                return p + 1;
            p++;
        }
        if (out)
            buf_append_byte(out, (uint8_t)*p);
        p++;
    }
    return p;
}

void view_names_each(const char *sql, void (*fn)(const char *a, const char *b, void *arg), void *arg)
{
    struct buf last = BUF_INIT;
    struct buf name = BUF_INIT;
    bool joined = false; /* the last token was a dot behind `last` */

    for (const char *p = sql; *p;) {
        if (*p == '\'') {
            p = read_quoted(p, NULL);
            joined = false;
        } else if (*p == '`') {
            p = read_quoted(p, &name);
            if (joined)
                fn(buf_str(&last), buf_str(&name), arg);
            struct buf swap = last;
            last = name;
            name = swap;
            joined = *p == '.';
            p += joined;
        } else {
            joined = false;
            p++;
        }
    }
    buf_free(&last);
    buf_free(&name);
}

struct node {
    struct source_object *view;
    size_t *uses; /* other nodes */
    size_t use_count;
    size_t use_cap;
    bool seen;
};

struct graph {
    struct node *nodes;
    size_t count;
    struct node *reader;          /* whose text is being read */
    struct source_object *sorted; /* filled by visit() */
    size_t sorted_count;
};

static void note_use(const char *db, const char *name, void *arg)
{
    struct graph *g = arg;

    for (size_t i = 0; i < g->count; i++) {
        const struct manifest_object *view = &g->nodes[i].view->entry;
        if (&g->nodes[i] == g->reader || strcmp(view->name, name) != 0 || strcmp(view->db, db) != 0)
            continue;
        struct node *n = g->reader;
        n->uses = mem_grow(n->uses, n->use_count, &n->use_cap, sizeof(*n->uses));
        n->uses[n->use_count++] = i;
    }
}

static struct err *read_uses(struct conn *c, struct graph *g, struct node *n)
{
    char *db = sql_string_dup(n->view->entry.db);
    char *name = sql_string_dup(n->view->entry.name);
    char *text = NULL;
    struct err *e = conn_value(c, &text,
                               "SELECT VIEW_DEFINITION FROM information_schema.VIEWS "
                               "WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s",
                               db, name);

    g->reader = n;
    if (text)
        view_names_each(text, note_use, g);
    free(text);
    free(db);
    free(name);
    return e;
}

static void visit(struct graph *g, struct node *n)
{
    if (n->seen)
        return;
    n->seen = true;
    for (size_t i = 0; i < n->use_count; i++)
        visit(g, &g->nodes[n->uses[i]]);
    g->sorted[g->sorted_count++] = *n->view;
}

struct err *view_order(struct conn *c, struct source_object *views, size_t count)
{
    struct graph g = {.nodes = mem_zalloc(count + 1, sizeof(struct node)), .count = count};
    struct err *e = NULL;

    for (size_t i = 0; i < count; i++)
        g.nodes[i].view = &views[i];
    for (size_t i = 0; i < count && !e; i++)
        e = read_uses(c, &g, &g.nodes[i]);
    if (!e) {
        g.sorted = mem_zalloc(count + 1, sizeof(*g.sorted));
        for (size_t i = 0; i < count; i++)
            visit(&g, &g.nodes[i]);
        if (count)
            memcpy(views, g.sorted, count * sizeof(*views));
        free(g.sorted);
    }
    for (size_t i = 0; i < count; i++)
        free(g.nodes[i].uses);
    free(g.nodes);
    return e;
}
