#include "backup/answer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backup/backup_log.h"
#include "backup/relayed.h"
#include "backup/source_partitions.h"
#include "backup/source_session.h"
#include "base/clock.h"
#include "base/mem.h"
#include "format/layout.h"
#include "mysql/server.h"

/* What a snapshot taken now would be. */
struct place {
    struct conn *conn;
    uint64_t epoch;
    struct gtid_pos position; /* at least */
};

static bool is_kind(const struct queue_item *item, const char *kind)
{
    return strcmp(item->request->kind, kind) == 0;
}

/* --- can this one be answered? --- */

static bool kind_is_allowed(const char *const *kinds, const char *kind)
{
    bool allowed = !*kinds;

    for (; *kinds && !allowed; kinds++)
        allowed = strcmp(*kinds, kind) == 0;
    return allowed;
}

static struct err *check_kinds(const char *const *kinds)
{
    static const char *const known[] = {REQUEST_FULL, REQUEST_TABLES, REQUEST_PARTITIONS, NULL};

    for (; *kinds; kinds++)
        if (!kind_is_allowed(known, *kinds))
            return err_new(ERR_USAGE, "--allow-requests: '%s' is none of full, tables, partitions", *kinds);
    return NULL;
}

/* An epoch or position that no snapshot of now has; NULL where this one will do. malloc'ed. */
static char *out_of_place(const struct place *place, const struct queue_item *item)
{
    const struct request *r = item->request;

    if (r->epoch > place->epoch)
        return mem_printf("it is for epoch %" PRIu64 ", and a snapshot would be of epoch %" PRIu64, r->epoch,
                          place->epoch);
    if (r->epoch < place->epoch && !is_kind(item, REQUEST_FULL))
        return mem_printf("epoch %" PRIu64
                          " of the log has ended: only a full copy leads into epoch %" PRIu64,
                          r->epoch, place->epoch);
    if (r->epoch == place->epoch && !gtid_pos_reaches(&place->position, &item->position))
        return mem_printf("the source has not got to %s", r->position);
    return NULL;
}

/* Has the job had it once? What is not there any more was dropped or renamed, and the snapshot is to say so.
 */
static bool may_lack(const struct request *r)
{
    return strcmp(r->kind, REQUEST_TABLES) == 0 || (strcmp(r->kind, REQUEST_FULL) == 0 && r->generation > 0);
}

static void note_missing(struct queue_item *item, const struct source_schema *schema)
{
    struct buf names = BUF_INIT;

    source_schema_missing(&item->wanted, schema, &names);
    if (names.len)
        item->gone = buf_steal(&names);
    buf_free(&names);
}

/* All that was named is there, this user sees it, and it is the source's own. */
static struct err *check_on_source(struct conn *c, bool relay, struct queue_item *item)
{
    struct source_scope *wanted = &item->wanted;
    struct source_schema schema = {0};

    wanted->may_lack = may_lack(item->request);
    TRY(source_scope_resolve(c, wanted));
    if (!relay)
        TRY(relayed_refuse(c, &wanted->scope));
    struct err *e = source_schema_read(c, wanted, wanted->partitions.count > 0, &schema);
    if (!e)
        e = source_partitions_check(c, &schema, &wanted->partitions);
    if (!e)
        note_missing(item, &schema);
    source_schema_free(&schema);
    return e;
}

/* Sets item->because where it cannot be answered. */
static struct err *judge(const struct answer_params *p, const struct place *place, struct queue_item *item)
{
    if (!kind_is_allowed(p->kinds, item->request->kind)) {
        item->because = mem_printf("requests of the kind %s are not allowed here (--allow-requests)",
                                   item->request->kind);
        return NULL;
    }
    if (!scope_covers(&p->limit->scope, &item->wanted.scope)) {
        item->because = mem_strdup("it lies outside of --databases and --tables, or is excluded here");
        return NULL;
    }
    item->because = out_of_place(place, item);
    if (item->because)
        return NULL;
    struct err *e = check_on_source(place->conn, p->backup->relay, item);
    if (e && ((err_code(e) != ERR_SOURCE && err_code(e) != ERR_UNSAFE) || conn_is_lost(place->conn)))
        return e;
    item->because = e ? mem_strdup(err_message(e)) : NULL;
    err_free(e);
    return NULL;
}

/* --- the union --- */

static bool has_all(const struct scope *s)
{
    return s->databases.count == 0 && s->tables.count == 0;
}

static bool covers_chosen(const struct answer *a)
{
    for (size_t i = 0; i < a->queue.count; i++)
        if (a->chosen[i] && !scope_covers(&a->scope.scope, &a->queue.items[i].wanted.scope))
            return false;
    return true;
}

/* An exclusion stays where none of the chosen wants what it takes away. */
static void try_exclusion(struct answer *a, const struct scope_pattern *p)
{
    struct scope_list *to = p->name ? &a->scope.scope.exclude_tables : &a->scope.scope.exclude_databases;
    size_t before = to->count;

    scope_list_add(to, p->db, p->name);
    if (to->count > before && !covers_chosen(a)) {
        to->count--;
        free(to->items[to->count].db);
        free(to->items[to->count].name);
    }
}

static void add_list(struct scope_list *to, const struct scope_list *from)
{
    for (size_t i = 0; i < from->count; i++)
        scope_list_add(to, from->items[i].db, from->items[i].name);
}

static void unite(struct answer *a)
{
    struct scope *to = &a->scope.scope;
    bool all = false;

    for (size_t i = 0; i < a->queue.count; i++)
        all |= a->chosen[i] && has_all(&a->queue.items[i].wanted.scope);
    for (size_t i = 0; i < a->queue.count; i++) {
        const struct scope *from = &a->queue.items[i].wanted.scope;
        if (!a->chosen[i])
            continue;
        a->scope.may_lack |= a->queue.items[i].wanted.may_lack;
        to->fold_case |= from->fold_case;
        if (!all) { /* no list at all is everything */
            add_list(&to->databases, &from->databases);
            add_list(&to->tables, &from->tables);
        }
    }
    for (size_t i = 0; i < a->queue.count; i++) {
        const struct scope *from = &a->queue.items[i].wanted.scope;
        for (size_t k = 0; a->chosen[i] && k < from->exclude_databases.count; k++)
            try_exclusion(a, &from->exclude_databases.items[k]);
        for (size_t k = 0; a->chosen[i] && k < from->exclude_tables.count; k++)
            try_exclusion(a, &from->exclude_tables.items[k]);
    }
}

static struct err *unite_partitions(struct answer *a)
{
    struct err *e = NULL;

    for (size_t i = 0; i < a->queue.count && !e; i++) {
        const json_t *list = a->queue.items[i].request->partitions;
        for (size_t k = 0; a->chosen[i] && k < json_array_size(list) && !e; k++) {
            const char *const texts[] = {json_string_value(json_array_get(list, k)), NULL};
            e = partitions_parse(texts, &a->scope.partitions);
        }
    }
    return e;
}

/* --- the choice --- */

static bool is_waiting(const struct answer *a, size_t i)
{
    return a->queue.items[i].state == QUEUE_OPEN && !a->queue.items[i].because;
}

static bool list_has_database(const struct scope_list *l, const char *db)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->items[i].db, db) == 0)
            return true;
    return false;
}

static bool names_only_databases_of(const struct scope *s, const struct scope *of)
{
    const struct scope_list *lists[] = {&s->databases, &s->tables};

    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < lists[k]->count; i++)
            if (!list_has_database(&of->databases, lists[k]->items[i].db) &&
                !list_has_database(&of->tables, lists[k]->items[i].db))
                return false;
    return true;
}

static bool goes_with(const struct queue_item *item, const struct queue_item *head)
{
    if (strcmp(item->request->kind, head->request->kind) != 0)
        return false;
    return !is_kind(head, REQUEST_TABLES) ||
           names_only_databases_of(&item->wanted.scope, &head->wanted.scope);
}

/* What is open besides, and the snapshot holds all the same. */
static void choose_covered(struct answer *a)
{
    for (size_t i = 0; i < a->queue.count; i++) {
        const struct source_scope *wanted = &a->queue.items[i].wanted;
        if (is_waiting(a, i) && scope_covers(&a->scope.scope, &wanted->scope) &&
            (!a->scope.partitions.count ||
             (wanted->partitions.count && partitions_cover(&a->scope.partitions, &wanted->partitions))))
            a->chosen[i] = true;
    }
}

static void name_chosen(struct answer *a)
{
    struct buf reason = BUF_INIT;

    a->ids = mem_zalloc(a->queue.count + 1, sizeof(*a->ids));
    for (size_t i = 0; i < a->queue.count; i++) {
        const struct request *r = a->queue.items[i].request;
        if (!a->chosen[i])
            continue;
        a->ids[a->chosen_count++] = mem_strdup(r->id);
        buf_printf(&reason, "%sasked for by job %s (request %s): %s", reason.len ? "; " : "", r->job, r->id,
                   r->reason);
        if (a->queue.items[i].gone)
            buf_printf(&reason, " (not there any more: %s)", a->queue.items[i].gone);
    }
    a->reason = buf_steal(&reason);
}

static struct err *choose(struct answer *a)
{
    const struct queue_item *head = NULL;

    for (size_t i = 0; i < a->queue.count && !head; i++)
        head = is_waiting(a, i) ? &a->queue.items[i] : NULL;
    if (!head)
        return NULL;
    for (size_t i = 0; i < a->queue.count; i++)
        a->chosen[i] = is_waiting(a, i) && goes_with(&a->queue.items[i], head);
    unite(a);
    if (is_kind(head, REQUEST_PARTITIONS))
        TRY(unite_partitions(a));
    if (!covers_chosen(a)) { /* patterns that do not show it: one after the other, then */
        scope_free(&a->scope.scope);
        for (size_t i = 0; i < a->queue.count; i++)
            a->chosen[i] = &a->queue.items[i] == head;
        unite(a);
    }
    choose_covered(a);
    name_chosen(a);
    return NULL;
}

/* --- the whole --- */

static struct err *judge_all(const struct answer_params *p, struct answer *a)
{
    struct place place = {0};
    struct log_end end = {0};
    struct err *e;

    TRY_GOTO(e, out, source_session_open(p->backup->conn, p->backup->lock_wait_s, &place.conn));
    TRY_GOTO(e, out, log_end_read(p->backup, place.conn, &end));
    TRY_GOTO(e, out, server_binlog_pos(place.conn, &place.position));
    place.epoch = end.epoch;
    for (size_t i = 0; i < a->queue.count && !e; i++)
        if (a->queue.items[i].state == QUEUE_OPEN)
            e = judge(p, &place, &a->queue.items[i]);
out:
    conn_close(place.conn);
    gtid_pos_free(&place.position);
    log_end_free(&end);
    return e;
}

static void tell(const struct answer_params *p, const struct answer *a)
{
    for (size_t i = 0; i < a->requests.damaged_count; i++)
        log_warn(p->backup->log, "a request cannot be read, and is left alone: %s",
                 a->requests.damaged[i].message);
    for (size_t i = 0; i < a->queue.count; i++) {
        const struct queue_item *item = &a->queue.items[i];
        if (item->because && (item->state == QUEUE_OPEN || item->state == QUEUE_UNREADABLE))
            log_warn(p->backup->log, "request %s of job %s is left: %s", item->request->id,
                     item->request->job, item->because);
    }
}

/* Where nobody has written a snapshot yet, nobody can ask for one. */
static struct err *read_queue(const struct answer_params *p, struct answer *a)
{
    char *stream_id = NULL;

    TRY(request_list(p->backup->store, NULL, &a->requests));
    if (a->requests.count == 0)
        return NULL;
    TRY(layout_open_stream(p->backup->store, p->backup->stream, false, &stream_id));
    queue_make(&a->requests, p->backup->stream, stream_id, clock_now_us(), &a->queue);
    free(stream_id);
    a->chosen = mem_zalloc(a->queue.count + 1, sizeof(*a->chosen));
    return queue_see_all(&a->queue, p->backup->store, p->backup->stream);
}

struct err *answer_choose(const struct answer_params *p, struct answer *out)
{
    *out = (struct answer){0};
    TRY(check_kinds(p->kinds));
    TRY(read_queue(p, out));
    if (queue_open(&out->queue) > 0)
        TRY(judge_all(p, out));
    tell(p, out);
    return choose(out);
}

void answer_free(struct answer *a)
{
    for (size_t i = 0; i < a->chosen_count; i++)
        free(a->ids[i]);
    free(a->ids);
    free(a->chosen);
    free(a->reason);
    source_scope_free(&a->scope);
    queue_free(&a->queue);
    requests_free(&a->requests);
}
