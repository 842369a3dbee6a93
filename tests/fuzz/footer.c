/*
 * A segment's end. First byte even: what follows is the footer's JSON, and gets a right frame and SHA-256
 * around it (formats/segment.md), so that mutations reach the members; odd: it is the object as it is.
 */
#include "base/buf.h"
#include "base/hash.h"
#include "format/segment.h"
#include "tests/fuzz/fuzz.h"

static const char name[] = "streams/main/log/0001/000000000/000000000001";

static void frame(struct buf *out, const uint8_t *text, size_t len)
{
    char sha256[HASH_HEX_SIZE];

    hash_bytes_hex(text, len, sha256);
    buf_append_le(out, 0x184D2A5C, 4);
    buf_append_le(out, len + 64 + 4 + 8, 4);
    buf_append(out, text, len);
    buf_append(out, sha256, 64);
    buf_append_le(out, len, 4);
    buf_append(out, "CCRFOOT1", 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct segment_footer *footer = NULL;
    struct buf object = BUF_INIT;
    struct buf content = BUF_INIT;

    if (size == 0)
        return 0;
    if (data[0] % 2 == 0)
        frame(&object, data + 1, size - 1);
    else
        buf_append(&object, data + 1, size - 1);
    buf_reserve(&object, 1);
    struct err *e = segment_decode_footer(name, object.data, object.len, &footer);
    if (!e)
        segment_footer_free(footer);
    fuzz_done(e);
    e = segment_decode(name, object.data, object.len, &footer, &content);
    if (!e)
        segment_footer_free(footer);
    fuzz_done(e);
    buf_free(&content);
    buf_free(&object);
    return 0;
}
