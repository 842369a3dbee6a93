#include "replay/components.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct node {
    char *db;
    char *name;
    size_t up;        /* a node of the same component, itself at the root */
    size_t component; /* of a root */
};

struct components {
    struct node *nodes; /* sorted by name */
    size_t node_count;
    size_t count;
};

static int compare_names(const char *db, const char *name, const struct node *n)
{
    int order = strcmp(db, n->db);

    return order ? order : strcmp(name, n->name);
}

static int compare_nodes(const void *a, const void *b)
{
    const struct node *x = a;

    return compare_names(x->db, x->name, b);
}

static size_t node_find(const struct components *cs, const char *db, const char *name)
{
    size_t low = 0, high = cs->node_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_names(db, name, &cs->nodes[middle]);
        if (order == 0)
            return middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return cs->node_count;
}

static size_t node_root(const struct components *cs, size_t node)
{
    while (cs->nodes[node].up != node)
        node = cs->nodes[node].up = cs->nodes[cs->nodes[node].up].up;
    return node;
}

/* Every table that the edges name, once, in order. */
static void nodes_make(struct components *cs, char *(*edges)[4], size_t edge_count)
{
    size_t kept = 0;

    cs->nodes = mem_zalloc(2 * edge_count + 1, sizeof(*cs->nodes));
    for (size_t i = 0; i < 2 * edge_count; i++)
        cs->nodes[i] = (struct node){.db = edges[i / 2][i % 2 * 2], .name = edges[i / 2][i % 2 * 2 + 1]};
    qsort(cs->nodes, 2 * edge_count, sizeof(*cs->nodes), compare_nodes);
    for (size_t i = 0; i < 2 * edge_count; i++)
        if (kept == 0 || compare_nodes(&cs->nodes[i], &cs->nodes[kept - 1]) != 0)
            cs->nodes[kept++] = cs->nodes[i];
    cs->node_count = kept;
    for (size_t i = 0; i < kept; i++) { /* the edges are the result's */
        cs->nodes[i].db = mem_strdup(cs->nodes[i].db);
        cs->nodes[i].name = mem_strdup(cs->nodes[i].name);
        cs->nodes[i].up = i;
    }
}

static void nodes_join(struct components *cs, char *(*edges)[4], size_t edge_count)
{
    for (size_t i = 0; i < edge_count; i++) {
        size_t child = node_root(cs, node_find(cs, edges[i][0], edges[i][1]));
        size_t parent = node_root(cs, node_find(cs, edges[i][2], edges[i][3]));
        cs->nodes[child].up = parent;
    }
    for (size_t i = 0; i < cs->node_count; i++)
        if (cs->nodes[i].up == i)
            cs->nodes[i].component = cs->count++;
}

/* A part of a name in InnoDB's spelling ("db/table", in the server's encoding of file names), decoded. */
#define PART(column, part)                                                                                   \
    "CONVERT(CONVERT(CAST(SUBSTRING_INDEX(" column ", '/', " part                                            \
    ") AS BINARY) USING filename) USING utf8mb4)"

struct err *components_read(struct conn *c, struct components **out)
{
    struct result *r = NULL;
    char **row;
    size_t count = 0;

    TRY(conn_query(
        c, &r,
        "SELECT " PART("FOR_NAME", "1") ", " PART("FOR_NAME", "-1") ", " PART("REF_NAME", "1") ", " PART(
            "REF_NAME", "-1") " FROM information_schema.INNODB_SYS_FOREIGN"));
    struct components *cs = mem_zalloc(1, sizeof(*cs));
    char *(*edges)[4] = mem_zalloc(result_count(r) + 1, sizeof(*edges));
    while ((row = result_next(r, NULL)) != NULL)
        if (row[0] && row[1] && row[2] && row[3])
            memcpy(edges[count++], row, sizeof(*edges));
    nodes_make(cs, edges, count);
    nodes_join(cs, edges, count);
    free(edges);
    result_free(r);
    *out = cs;
    return NULL;
}

void components_free(struct components *cs)
{
    if (!cs)
        return;
    for (size_t i = 0; i < cs->node_count; i++) {
        free(cs->nodes[i].db);
        free(cs->nodes[i].name);
    }
    free(cs->nodes);
    free(cs);
}

size_t components_count(const struct components *cs)
{
    return cs->count;
}

size_t components_find(const struct components *cs, const char *db, const char *name)
{
    size_t node = node_find(cs, db, name);

    return node == cs->node_count ? cs->count : cs->nodes[node_root(cs, node)].component;
}

bool components_member(const struct components *cs, size_t component, size_t *at, const char **db,
                       const char **name)
{
    while (*at < cs->node_count) {
        size_t node = (*at)++;
        if (cs->nodes[node_root(cs, node)].component != component)
            continue;
        *db = cs->nodes[node].db;
        *name = cs->nodes[node].name;
        return true;
    }
    return false;
}
