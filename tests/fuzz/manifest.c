/* A manifest without its seal: it gets the right one, so that mutations reach the members. */
#include "base/buf.h"
#include "base/hash.h"
#include "format/manifest.h"
#include "tests/fuzz/fuzz.h"

static const char id[] = "20260101T000000Z-00000000";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct manifest *m = NULL;
    struct buf text = BUF_INIT;
    char sha256[HASH_HEX_SIZE];

    buf_append(&text, data, size);
    hash_bytes_hex(data, size, sha256);
    buf_printf(&text, "  \"sha256\": \"%s\"\n}\n", sha256);
    struct err *e = manifest_decode(id, text.data, text.len, &m);
    if (!e) {
        free(manifest_encode(m));
        manifest_free(m);
    }
    fuzz_done(e);
    buf_free(&text);
    return 0;
}
