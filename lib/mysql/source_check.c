#include "mysql/source_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mysql/server.h"
#include "mysql/source_probe.h"

/* One domain under examination. */
struct domain_check {
    const struct source_check_params *p;
    const struct gtid_pos *server;         /* where the server's log ends, */
    const struct gtid_pos *oldest;         /* and where it begins */
    struct gtid last;                      /* the store's last transaction of the domain */
    const struct fingerprint *fingerprint; /* its fingerprint, or NULL */
    struct source_check *out;
};

/* Keeps the heavier verdict; takes `detail`. */
static void check_note(struct source_check *out, enum source_verdict verdict, char *detail)
{
    if (verdict < out->verdict || (verdict == out->verdict && out->detail)) {
        free(detail);
        return;
    }
    free(out->detail);
    out->verdict = verdict;
    out->detail = detail;
}

static struct source_probe probe_for(const struct domain_check *c, struct gtid wanted)
{
    return (struct source_probe){
        .params = c->p->params,
        .server = c->server,
        /* with the transaction's own server id: whoever wrote the one before it, the next one the server
         * sends is this one, if it has it at all */
        .behind = {wanted.domain, wanted.server, wanted.seq - 1},
        .wanted = wanted,
    };
}

/* The log does not reach back to the transaction: does it begin right behind it? */
static struct err *check_without_it(const struct domain_check *c)
{
    struct source_probe probe = {c->p->params, c->server, c->last, c->last};
    struct source_found found;
    char gtid[GTID_TEXT_SIZE];

    gtid_format(c->last, gtid);
    TRY(source_probe(&probe, &found));
    if (found.refusal == DUMP_UNKNOWN)
        check_note(c->out, SOURCE_FORK, mem_printf("the server's log does not hold %s", gtid));
    else if (found.refusal == DUMP_PURGED)
        check_note(c->out, SOURCE_GAP, mem_printf("the binlogs behind %s are purged", gtid));
    else
        check_note(c->out, SOURCE_UNCHECKED,
                   mem_printf("the server's log begins behind %s, which could not be compared", gtid));
    return NULL;
}

static void check_other_transaction(const struct domain_check *c, struct gtid found)
{
    char here[GTID_TEXT_SIZE];
    char last[GTID_TEXT_SIZE];

    gtid_format(found, here);
    gtid_format(c->last, last);
    if (found.seq <= c->last.seq)
        check_note(c->out, SOURCE_FORK, mem_printf("the server has %s where the store has %s", here, last));
    else if (found.seq == c->last.seq + 1)
        check_note(c->out, SOURCE_UNCHECKED,
                   mem_printf("the server's log begins behind %s, which could not be compared", last));
    else
        check_note(c->out, SOURCE_GAP,
                   mem_printf("the server's log holds nothing between %s and %s", last, here));
}

static void check_digest(const struct domain_check *c, const struct source_found *found)
{
    char gtid[GTID_TEXT_SIZE];

    gtid_format(c->last, gtid);
    if (!c->fingerprint)
        check_note(c->out, SOURCE_UNCHECKED, mem_printf("the store has no fingerprint of %s", gtid));
    else if (strcmp(found->digest, c->fingerprint->digest) != 0)
        check_note(c->out, SOURCE_FORK,
                   mem_printf("%s is another transaction on the server than in the store", gtid));
}

static struct err *check_domain(const struct domain_check *c)
{
    const struct gtid *end = gtid_pos_find(c->server, c->last.domain);
    const struct gtid *oldest = gtid_pos_find(c->oldest, c->last.domain);
    struct source_found found;
    char last[GTID_TEXT_SIZE];
    char other[GTID_TEXT_SIZE];

    gtid_format(c->last, last);
    if (end->seq < c->last.seq) {
        check_note(
            c->out, SOURCE_BEHIND,
            mem_printf("the server's log ends at %s, the store's at %s", gtid_format(*end, other), last));
        return NULL;
    }
    if (oldest && oldest->seq > c->last.seq) {
        check_note(
            c->out, SOURCE_GAP,
            mem_printf("the transactions behind %s up to %s are purged", last, gtid_format(*oldest, other)));
        return NULL;
    }
    if (oldest && oldest->seq == c->last.seq && gtid_equal(*oldest, c->last)) {
        check_note(c->out, SOURCE_UNCHECKED,
                   mem_printf("%s itself is purged and could not be compared", last));
        return NULL;
    }
    struct source_probe probe = probe_for(c, c->last);
    TRY(source_probe(&probe, &found));
    if (found.refusal != DUMP_ACCEPTED)
        return check_without_it(c);
    if (!found.any)
        check_note(c->out, SOURCE_FORK, mem_printf("the server's log does not hold %s", last));
    else if (gtid_equal(found.first, c->last))
        check_digest(c, &found);
    else
        check_other_transaction(c, found.first);
    return NULL;
}

/* Domains that came up and were purged since: nothing of them is in the store. */
static void check_unseen_domains(const struct source_check_params *p, const struct gtid_pos *oldest,
                                 struct source_check *out)
{
    char gtid[GTID_TEXT_SIZE];

    for (size_t i = 0; i < oldest->count; i++)
        if (!gtid_pos_find(p->position, oldest->items[i].domain))
            check_note(out, SOURCE_GAP,
                       mem_printf("domain %u is new, and its transactions up to %s are purged",
                                  (unsigned)oldest->items[i].domain, gtid_format(oldest->items[i], gtid)));
}

static const struct fingerprint *find_fingerprint(const struct source_check_params *p, struct gtid gtid)
{
    for (size_t i = 0; i < p->fingerprint_count; i++)
        if (gtid_equal(p->fingerprints[i].gtid, gtid))
            return &p->fingerprints[i];
    return NULL;
}

static struct err *check_domains(const struct source_check_params *p, const struct gtid_pos *oldest,
                                 struct source_check *out)
{
    const struct gtid *absent = NULL;
    size_t present = 0;
    char gtid[GTID_TEXT_SIZE];

    for (size_t i = 0; i < p->position->count; i++) {
        struct domain_check c = {
            .p = p,
            .server = &out->server,
            .oldest = oldest,
            .last = p->position->items[i],
            .fingerprint = find_fingerprint(p, p->position->items[i]),
            .out = out,
        };
        if (gtid_pos_find(&out->server, c.last.domain)) {
            TRY(check_domain(&c));
            present++;
        } else {
            absent = &p->position->items[i];
        }
    }
    /* a domain that this server never saw is no obstacle while another one shows who the server is */
    if (absent)
        check_note(
            out, present == 0 ? SOURCE_BEHIND : SOURCE_UNCHECKED,
            mem_printf("the server's log has nothing of the domain of %s", gtid_format(*absent, gtid)));
    return NULL;
}

struct err *source_check(const struct source_check_params *p, struct source_check *out)
{
    struct gtid_pos oldest = GTID_POS_INIT;
    struct err *e;

    *out = (struct source_check){.verdict = SOURCE_EQUAL, .server = GTID_POS_INIT};
    TRY_GOTO(e, done, server_binlog_pos(p->conn, &out->server));
    TRY_GOTO(e, done, server_oldest_pos(p->conn, &oldest, NULL));
    check_unseen_domains(p, &oldest, out);
    TRY_GOTO(e, done, check_domains(p, &oldest, out));
done:
    gtid_pos_free(&oldest);
    if (e)
        source_check_free(out);
    return e;
}

void source_check_free(struct source_check *c)
{
    free(c->detail);
    gtid_pos_free(&c->server);
    *c = (struct source_check){.verdict = SOURCE_EQUAL, .server = GTID_POS_INIT};
}

static struct err *fingerprint_read(const struct source_check_params *p, const struct gtid_pos *server,
                                    struct gtid gtid, struct fingerprint *out, bool *found)
{
    struct domain_check c = {.p = p, .server = server, .last = gtid};
    struct source_probe probe = probe_for(&c, gtid);
    struct source_found got;

    TRY(source_probe(&probe, &got));
    *found = got.refusal == DUMP_ACCEPTED && got.any && gtid_equal(got.first, gtid);
    if (!*found)
        return NULL;
    *out = (struct fingerprint){.gtid = gtid, .time = got.time, .before = GTID_POS_INIT};
    memcpy(out->digest, got.digest, sizeof(out->digest));
    for (size_t i = 0; i < p->position->count; i++)
        if (p->position->items[i].domain != gtid.domain)
            gtid_pos_set(&out->before, p->position->items[i]);
    if (probe.behind.seq != 0)
        gtid_pos_set(&out->before, probe.behind);
    return NULL;
}

struct err *source_fingerprint(const struct source_check_params *p, struct gtid gtid, struct fingerprint *out,
                               bool *found)
{
    struct gtid_pos server = GTID_POS_INIT;
    struct err *e = server_binlog_pos(p->conn, &server);

    if (!e)
        e = fingerprint_read(p, &server, gtid, out, found);
    gtid_pos_free(&server);
    return e;
}

struct err *source_fingerprints(const struct source_check_params *p, struct fingerprint **out, size_t *count)
{
    struct fingerprint *list = mem_zalloc(p->position->count, sizeof(*list));
    size_t have = 0;

    for (size_t i = 0; i < p->position->count; i++) {
        bool found;
        struct err *e = source_fingerprint(p, p->position->items[i], &list[have], &found);
        if (e) {
            while (have > 0)
                fingerprint_free(&list[--have]);
            free(list);
            return e;
        }
        have += found ? 1 : 0;
    }
    *out = list;
    *count = have;
    return NULL;
}
