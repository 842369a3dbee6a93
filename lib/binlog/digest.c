#include "binlog/digest.h"

#include <string.h>

void digest_begin(struct digest *d)
{
    hash_free(d->hash);
    d->hash = hash_new();
    d->run_tag = 0;
}

static void trailer(struct digest *d, uint8_t tag, uint64_t len)
{
    uint8_t bytes[9];

    le_put(bytes, len, 8);
    bytes[8] = tag;
    hash_update(d->hash, bytes, sizeof(bytes));
}

void digest_end(struct digest *d)
{
    if (d->run_tag)
        trailer(d, d->run_tag, d->run_len);
    d->run_tag = 0;
}

void digest_record(struct digest *d, uint8_t tag, const struct buf *payload)
{
    digest_end(d);
    if (payload->len)
        hash_update(d->hash, payload->data, payload->len);
    trailer(d, tag, payload->len);
}

static bool buf_same(const struct buf *a, const struct buf *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

void digest_run(struct digest *d, uint8_t tag, const struct buf *header, const void *bytes, size_t len)
{
    if (d->run_tag != tag || !buf_same(&d->run, header)) {
        digest_end(d);
        d->run_tag = tag;
        buf_clear(&d->run);
        buf_append(&d->run, header->data, header->len);
        hash_update(d->hash, header->data, header->len);
        d->run_len = header->len;
    }
    if (len)
        hash_update(d->hash, bytes, len);
    d->run_len += len;
}

void digest_copy(struct digest *to, const struct digest *from)
{
    hash_free(to->hash);
    to->hash = hash_copy(from->hash);
    to->run_tag = from->run_tag;
    to->run_len = from->run_len;
    buf_clear(&to->run);
    buf_append(&to->run, from->run.data, from->run.len);
}

void digest_hex(const struct digest *d, char out[HASH_HEX_SIZE])
{
    hash_hex(d->hash, out);
}

void digest_free(struct digest *d)
{
    hash_free(d->hash);
    buf_free(&d->run);
    *d = (struct digest)DIGEST_INIT;
}
