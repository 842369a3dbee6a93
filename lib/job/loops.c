#include "job/loops.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "format/chain.h"
#include "format/manifest.h"
#include "format/reported.h"
#include "job/job_state.h"
#include "mysql/source_check.h"
#include "snapshot/names.h"

/* Nobody chains more servers; a path this long has lost its way, and is taken for a circle. */
enum { PATH_MAX_STEPS = 32 };
/* Of one who follows: the jobs are read so often, and the tables and the target's log at the latest then. */
enum { READ_EVERY_S = 10, LOOK_EVERY_S = 600 };

struct edge {
    size_t from; /* the stream that is followed, */
    size_t to;   /* and the one that the job's target writes */
    struct job *job;
};

struct stream {
    char *name;
    char *id;
    bool own; /* written by the target */
};

/* The streams from which the job's own one gets tables, itself first. */
struct graph {
    const struct loops_params *p;
    struct stream *streams;
    size_t stream_count;
    struct edge *edges;
    size_t edge_count;
    struct buf said; /* of the jobs, by those that ship: equal texts, equal edges */
};

struct step {
    size_t stream;
    struct scope_name table;
    const char *job; /* that comes from there; NULL: not yet */
};

json_t *loops_incoming(struct conn *c)
{
    json_t *list = json_array();
    struct result *r = NULL;
    char **row;
    struct err *e =
        conn_query_if_there(c, &r,
                            "SELECT j.name FROM ccr.jobs j LEFT JOIN ccr.states s ON s.job = "
                            "j.name WHERE COALESCE(s.state, '') <> '" JOB_PROMOTED "' ORDER BY j.name");

    while (!e && r && (row = result_next(r, NULL)) != NULL) {
        struct job *job = NULL;
        e = job_load(c, row[0], &job);
        if (!e && job)
            json_array_append_new(list, job_to_json(job));
        job_free(job);
    }
    result_free(r);
    err_free(e);
    return list;
}

/* The one that a job follows. */
static size_t add_stream(struct graph *g, const struct job *job)
{
    for (size_t i = 0; i < g->stream_count; i++)
        if (strcmp(g->streams[i].name, job->stream) == 0)
            return i;
    g->streams = mem_resize(g->streams, g->stream_count + 1, sizeof(*g->streams));
    g->streams[g->stream_count] =
        (struct stream){mem_strdup(job->stream), mem_strdup(job->stream_id ? job->stream_id : ""), false};
    return g->stream_count++;
}

/* Jobs of another store follow streams that are not known here. */
static struct err *add_edge(struct graph *g, const struct json_doc *doc, const json_t *incoming, size_t to)
{
    struct job *job = NULL;

    TRY(job_from_json(doc, incoming, &job));
    if (strcmp(job->store_id, g->p->job->store_id) != 0) {
        job_free(job);
        return NULL;
    }
    g->edges = mem_resize(g->edges, g->edge_count + 1, sizeof(*g->edges));
    g->edges[g->edge_count].job = job;
    g->edges[g->edge_count].to = to;
    g->edges[g->edge_count++].from = add_stream(g, job);
    return NULL;
}

static struct err *add_edges_of(struct graph *g, const struct alive *alive, size_t to)
{
    const struct json_doc doc = {"alive.json", ERR_INTEGRITY};

    for (size_t i = 0; i < json_array_size(alive->jobs); i++) {
        const json_t *incoming = json_array_get(alive->jobs, i);
        char *text = json_text(incoming);
        buf_printf(&g->said, "%zu %s", to, text);
        free(text);
        TRY(add_edge(g, &doc, incoming, to));
    }
    return NULL;
}

static struct err *load_edges_to(struct graph *g, size_t to)
{
    const struct origin expected = {g->p->job->store_id, g->streams[to].id};
    struct alive alive;
    bool found = false;

    if (to == 0 && g->p->alive)
        return add_edges_of(g, g->p->alive, to);
    struct err *e = alive_load(g->p->store, g->streams[to].name, &expected, &alive, &found);
    if (!e)
        e = add_edges_of(g, &alive, to);
    alive_free(&alive);
    return e;
}

/* Nothing depends on alive.json: one that is damaged, or another's, tells nothing. */
static struct err *add_edges_to(struct graph *g, size_t to)
{
    struct err *e = load_edges_to(g, to);

    if (err_code(e) != ERR_INTEGRITY && err_code(e) != ERR_UNSUPPORTED)
        return e;
    err_free(e);
    return NULL;
}

static struct err *is_same_server(const struct graph *g, const struct manifest *m, bool *same)
{
    const char *id = json_string_value(json_object_get(m->source, "server_id"));
    const char *host = json_string_value(json_object_get(m->source, "hostname"));
    struct result *r = NULL;

    TRY(conn_query(g->p->conn, &r, "SELECT @@GLOBAL.server_id, @@GLOBAL.hostname"));
    char **row = result_next(r, NULL);
    *same = row && id && host && row[0] && row[1] && strcmp(id, row[0]) == 0 && strcmp(host, row[1]) == 0;
    result_free(r);
    return NULL;
}

/* Whether the target's log has the stream's last transactions, where the one is there and the other known. */
static struct err *compare_last(const struct source_check_params *params, bool *compared, bool *equal)
{
    struct fingerprint *there = NULL;
    size_t count = 0;

    TRY(source_fingerprints(params, &there, &count));
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < params->fingerprint_count; k++) {
            const struct fingerprint *last = &params->fingerprints[k];
            if (memcmp(&last->gtid, &there[i].gtid, sizeof(last->gtid)) != 0)
                continue;
            *compared = true;
            *equal = *equal || strcmp(last->digest, there[i].digest) == 0;
        }
        fingerprint_free(&there[i]);
    }
    free(there);
    return NULL;
}

/* Has the target ever logged one of these, or a later one of the same server? (RESET MASTER forgets that.) */
static struct err *has_logged(const struct graph *g, const struct gtid_pos *pos, bool *has)
{
    char *state = NULL;
    char *rest = NULL;

    *has = false;
    TRY(conn_value(g->p->conn, &state, "SELECT @@GLOBAL.gtid_binlog_state"));
    for (char *one = state ? strtok_r(state, ", ", &rest) : NULL; one; one = strtok_r(NULL, ", ", &rest)) {
        struct gtid gtid;
        if (!gtid_parse(one, &gtid))
            continue;
        for (size_t i = 0; i < pos->count; i++)
            *has = *has || (pos->items[i].domain == gtid.domain && pos->items[i].server == gtid.server &&
                            pos->items[i].seq <= gtid.seq);
    }
    free(state);
    return NULL;
}

/* *unsure: it may have them, but they cannot be read (any more). */
static struct err *has_last(const struct graph *g, const struct source_check_params *params, bool *has,
                            bool *unsure)
{
    bool logged = false, compared = false;

    TRY(has_logged(g, params->position, &logged));
    struct err *e = logged ? compare_last(params, &compared, has) : NULL;
    if (e && err_code(e) != ERR_INTERRUPTED && !conn_is_lost(g->p->conn)) {
        err_free(e); /* this user may not read the log, say */
        e = NULL;
    }
    *unsure = logged && !compared;
    return e;
}

/* Another node of the source's cluster has its transactions, too. Where they cannot be compared, the server
 * that the newest snapshot was taken from counts. (All manifests are read for that, so not without need.) */
static struct err *is_own(const struct graph *g, const char *stream, bool *own)
{
    struct source_check_params params = {.conn = g->p->conn, .params = g->p->conn_params};
    struct segment_footer *footer = NULL;
    struct manifest *m = NULL;
    bool unsure = false;
    struct err *e = chain_newest(g->p->store, stream, &footer);

    *own = false;
    if (!e && footer) {
        params.position = &footer->end;
        params.fingerprints = footer->fingerprints;
        params.fingerprint_count = footer->fingerprint_count;
    } else if (!e) {
        e = manifest_newest(g->p->store, stream, &m);
    }
    if (!e && m) {
        params.position = &m->position;
        params.fingerprints = m->fingerprints;
        params.fingerprint_count = m->fingerprint_count;
    }
    if (!e && params.position)
        e = has_last(g, &params, own, &unsure);
    if (!e && unsure && !m)
        e = manifest_newest(g->p->store, stream, &m);
    if (!e && unsure && m)
        e = is_same_server(g, m, own);
    segment_footer_free(footer);
    manifest_free(m);
    return e;
}

static struct err *find_own(struct graph *g, bool *any)
{
    uint64_t log_bin = 0;

    *any = false;
    TRY(conn_number(g->p->conn, &log_bin, "SELECT @@GLOBAL.log_bin"));
    for (size_t i = 0; log_bin && i < g->stream_count; i++) {
        TRY(is_own(g, g->streams[i].name, &g->streams[i].own));
        *any = *any || g->streams[i].own;
    }
    return NULL;
}

static bool goes_round(const struct graph *g, struct step *path, size_t count);

/* The path, with one step more behind it by `job`. */
static bool goes_on(const struct graph *g, struct step *path, size_t count, const char *job, struct step to)
{
    path[count - 1].job = job;
    path[count] = to;
    return goes_round(g, path, count + 1);
}

/* Does the last step of the path lead to where the path has been? Then its jobs are those on the way. */
static bool goes_round(const struct graph *g, struct step *path, size_t count)
{
    const struct step *last = &path[count - 1];

    for (size_t i = 0; i + 1 < count; i++)
        if (path[i].stream == last->stream && strcmp(path[i].table.db, last->table.db) == 0 &&
            strcmp(path[i].table.name, last->table.name) == 0)
            return true;
    if (count == PATH_MAX_STEPS)
        return true;
    for (size_t i = 0; i < g->edge_count; i++) {
        const struct scope *scope = &g->edges[i].job->scope;
        if (g->edges[i].from != last->stream || !scope_table(scope, last->table.db, last->table.name))
            continue;
        const struct step to = {g->edges[i].to, scope_target_table(scope, last->table.db, last->table.name),
                                NULL};
        if (goes_on(g, path, count, g->edges[i].job->name, to))
            return true;
    }
    const struct scope *scope = &g->p->job->scope;
    for (size_t own = 0; last->stream == 0 && own < g->stream_count; own++) {
        if (!g->streams[own].own || !scope_table(scope, last->table.db, last->table.name))
            continue;
        const struct step to = {own, scope_target_table(scope, last->table.db, last->table.name), NULL};
        if (goes_on(g, path, count, g->p->job->name, to))
            return true;
    }
    return false;
}

struct looking {
    const struct graph *g;
    struct names tables;
    char *way; /* of the first one */
};

static void look_at(struct looking *l, struct scope_name table)
{
    struct step path[PATH_MAX_STEPS + 1];
    struct buf way = BUF_INIT;

    for (size_t own = 0; own < l->g->stream_count; own++) {
        path[0] = (struct step){own, table, NULL};
        if (!l->g->streams[own].own || !goes_round(l->g, path, 1))
            continue;
        names_add(&l->tables, table.db, table.name, NULL);
        for (size_t i = 0; !l->way && i < PATH_MAX_STEPS && path[i].job; i++)
            buf_printf(&way, "%s%s", i ? ", " : "", path[i].job);
        if (!l->way)
            l->way = buf_steal(&way);
        return;
    }
}

static struct err *look_at_target(struct looking *l)
{
    struct result *r = NULL;
    char **row;
    struct err *e = conn_query(l->g->p->conn, &r,
                               "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE "
                               "TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', "
                               "'sys', 'ccr') ORDER BY TABLE_SCHEMA, TABLE_NAME");

    while (!e && (row = result_next(r, NULL)) != NULL)
        look_at(l, (struct scope_name){row[0], row[1]});
    result_free(r);
    return e;
}

/* Databases that the job names, whatever is in them today. */
static void look_at_databases(struct looking *l)
{
    const struct scope *scope = &l->g->p->job->scope;

    for (size_t i = 0; i < scope->databases.count; i++) {
        if (!scope_pattern_is_exact(scope->databases.items[i].db))
            continue;
        char *db = scope_pattern_name(scope->databases.items[i].db);
        look_at(l, (struct scope_name){scope_target_database(scope, db), "*"});
        free(db);
    }
}

static struct err *look(const struct graph *g, char **found)
{
    struct looking l = {.g = g};
    struct err *e = look_at_target(&l);

    bool any = l.tables.count > 0;
    for (size_t i = 0; !any && i < g->p->table_count; i++)
        look_at(&l, g->p->tables[i]);
    if (!l.tables.count)
        look_at_databases(&l);
    if (!e && l.tables.count)
        *found = mem_printf("changes of %s would go round in a circle, by the jobs %s", names_text(&l.tables),
                            l.way);
    names_free(&l.tables);
    free(l.way);
    return e;
}

static struct err *read_graph(const struct loops_params *p, struct graph *g)
{
    struct err *e = NULL;

    *g = (struct graph){.p = p, .said = BUF_INIT};
    add_stream(g, p->job);
    for (size_t i = 0; !e && i < g->stream_count; i++)
        e = add_edges_to(g, i);
    return e;
}

static struct err *find_in(struct graph *g, char **found)
{
    bool any = false;

    if (g->edge_count || g->p->of_itself)
        TRY(find_own(g, &any));
    return any ? look(g, found) : NULL;
}

static void graph_free(struct graph *g)
{
    for (size_t i = 0; i < g->edge_count; i++)
        job_free(g->edges[i].job);
    free(g->edges);
    for (size_t i = 0; i < g->stream_count; i++) {
        free(g->streams[i].name);
        free(g->streams[i].id);
    }
    free(g->streams);
    buf_free(&g->said);
}

static struct err *in_looking(struct err *e)
{
    return e ? err_context(e, "looking whether jobs go round in a circle") : NULL;
}

struct err *loops_find(const struct loops_params *p, char **found)
{
    struct graph g;
    struct err *e = read_graph(p, &g);

    *found = NULL;
    if (!e)
        e = find_in(&g, found);
    graph_free(&g);
    return in_looking(e);
}

const char *loops_hint(void)
{
    return "of the jobs in the circle, let each follow tables that no other one brings (--databases, "
           "--exclude-tables), or end one (ccr-job delete, or ccr-promote)";
}

/* `found` is freed. */
static struct err *refusal(char *found)
{
    struct err *e = found ? err_hint(err_new(ERR_UNSAFE, "%s", found), "%s", loops_hint()) : NULL;

    free(found);
    return e;
}

struct err *loops_refuse(const struct loops_params *p)
{
    char *found = NULL;

    TRY(loops_find(p, &found));
    return refusal(found);
}

static bool has_news(const struct loops_seen *seen, struct graph *g, int64_t now_us)
{
    return !seen->said || strcmp(seen->said, buf_str(&g->said)) != 0 ||
           now_us - seen->looked_us >= LOOK_EVERY_S * CLOCK_US_PER_S;
}

struct err *loops_refuse_again(const struct loops_params *p, struct loops_seen *seen)
{
    int64_t now_us = clock_monotonic_us();
    struct graph g;
    char *found = NULL;

    if (seen->read_us && now_us - seen->read_us < READ_EVERY_S * CLOCK_US_PER_S)
        return NULL;
    seen->read_us = now_us;
    struct err *e = read_graph(p, &g);
    if (!e && has_news(seen, &g, now_us)) {
        free(seen->said);
        seen->said = mem_strdup(buf_str(&g.said));
        seen->looked_us = now_us;
        e = find_in(&g, &found);
    }
    graph_free(&g);
    return e ? in_looking(e) : refusal(found);
}

void loops_seen_free(struct loops_seen *seen)
{
    free(seen->said);
    *seen = (struct loops_seen){0};
}
