#include "ship/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ship/stored.h"

/* Compares the server's last transaction of one domain with the store's of the same number. */
static struct err *verify_end(const struct verify_params *p, const struct source_check_params *check,
                              struct gtid end, struct source_check *out)
{
    struct fingerprint server = {.before = GTID_POS_INIT};
    char digest[HASH_HEX_SIZE];
    char here[GTID_TEXT_SIZE];
    char there[GTID_TEXT_SIZE];
    struct gtid stored;
    bool found;

    TRY(stored_transaction(p->store, p->stream, p->place->epoch, p->place->number - 1, end, &stored, digest,
                           &found));
    if (!found)
        return NULL;
    TRY(source_fingerprint(check, end, &server, &found));
    if (!found)
        return NULL;
    if (!gtid_equal(stored, end) || strcmp(digest, server.digest) != 0) {
        free(out->detail);
        out->verdict = SOURCE_FORK;
        out->detail = mem_printf("the server ends at %s, which is another transaction than the store's %s",
                                 gtid_format(end, here), gtid_format(stored, there));
    }
    fingerprint_free(&server);
    return NULL;
}

struct err *verify_source(const struct verify_params *p, struct source_check *out)
{
    struct source_check_params check = {
        .conn = p->conn,
        .params = p->source,
        .position = &p->place->position,
        .fingerprints = p->place->fingerprints,
        .fingerprint_count = p->place->fingerprint_count,
    };

    TRY(source_check(&check, out));
    for (size_t i = 0; out->verdict == SOURCE_BEHIND && i < out->server.count; i++) {
        struct gtid end = out->server.items[i];
        const struct gtid *stored_end = gtid_pos_find(&p->place->position, end.domain);
        if (!stored_end || end.seq >= stored_end->seq)
            continue;
        struct err *e = verify_end(p, &check, end, out);
        if (e) {
            source_check_free(out);
            return e;
        }
    }
    return NULL;
}
