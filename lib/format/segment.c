#include "format/segment.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "base/json.h"
#include "base/mem.h"
#include "format/document.h"
#include "format/footer_json.h"

/*
 * The end of an object: a skippable frame (magic, length), the footer's JSON, its SHA-256 in hexadecimal, its
 * length, the magic. The JSON is kept so short that all of it fits into SEGMENT_TAIL even inside an envelope.
 */
enum {
    COMPRESSION_LEVEL = 3,
    FRAME_HEADER = 8,
    HASH_DIGITS = HASH_HEX_SIZE - 1,
    LENGTH_BYTES = 4,
    MAGIC_BYTES = 8,
    TRAILER = HASH_DIGITS + LENGTH_BYTES + MAGIC_BYTES,
    FOOTER_LIMIT = 48 * 1024,
};

#define SKIPPABLE_MAGIC 0x184D2A5Cu

static const char footer_magic[] = "CCRFOOT1";

void fingerprint_free(struct fingerprint *f)
{
    gtid_pos_free(&f->before);
}

void fingerprint_copy(struct fingerprint *to, const struct fingerprint *from)
{
    struct gtid_pos before = GTID_POS_INIT;

    gtid_pos_copy(&before, &from->before);
    *to = *from;
    to->before = before;
}

static void free_tables_from(struct segment_footer *f, size_t first)
{
    for (size_t i = first; i < f->table_count; i++)
        free(f->tables[i]);
    f->table_count = first;
}

void segment_footer_free(struct segment_footer *f)
{
    if (!f)
        return;
    free(f->store_id);
    free(f->stream_id);
    free(f->name);
    gtid_pos_free(&f->start);
    gtid_pos_free(&f->end);
    free(f->source.start_file);
    free(f->source.end_file);
    free_tables_from(f, 0);
    free(f->tables);
    for (size_t i = 0; i < f->fingerprint_count; i++)
        fingerprint_free(&f->fingerprints[i]);
    free(f->fingerprints);
    free(f->reason);
    free(f->writer);
    free(f);
}

static bool has_end(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* What contradicts itself in a footer, or NULL. */
static const char *find_contradiction(const struct segment_footer *f)
{
    bool is_part = f->kind == SEGMENT_PART || f->kind == SEGMENT_LAST_PART;
    bool moves = !gtid_pos_equal(&f->start, &f->end);
    bool is_end = f->kind == SEGMENT_TERMINATOR;
    char *tail =
        mem_printf("/%04" PRIu64 "/%09" PRIu64 "/%012" PRIu64, f->epoch, f->number / 1000, f->number);
    bool is_named = has_end(f->name, tail);

    free(tail);
    if (!is_named || f->epoch < 1 || f->number < 1)
        return "its name is not that of its epoch and number";
    if (is_part != (f->part > 0))
        return "its kind and its part number do not fit";
    if (!gtid_pos_reaches(&f->end, &f->start))
        return "its end lies before its start";
    if (moves && (f->kind == SEGMENT_PART || is_end))
        return "it moves the position without completing a transaction";
    if (f->content_bytes > SEGMENT_MAX_CONTENT)
        return "its content is larger than any segment's";
    if ((f->content_bytes == 0) != is_end)
        return "its kind and the length of its content do not fit";
    if (is_end && (!f->reason || f->next_epoch <= f->epoch))
        return "it ends an epoch without reason or successor";
    return NULL;
}

static struct err *check_footer(const char *name, const struct segment_footer *f, enum err_code code)
{
    if (strcmp(f->name, name) != 0)
        return err_hint(err_new(code, "object %s holds the segment %s", name, f->name),
                        "objects of the store were swapped or copied; put the right one back");
    const char *wrong = find_contradiction(f);
    return wrong ? err_new(code, "footer of %s: %s", name, wrong) : NULL;
}

static struct err *compress(const void *content, size_t len, struct buf *out)
{
    ZSTD_CCtx *ctx = ZSTD_createCCtx();

    if (!ctx)
        return err_new(ERR_INTERNAL, "zstd gave no compression context");
    ZSTD_CCtx_setParameter(ctx, ZSTD_c_compressionLevel, COMPRESSION_LEVEL);
    ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 1);
    buf_reserve(out, ZSTD_compressBound(len));
    size_t n = ZSTD_compress2(ctx, out->data + out->len, out->cap - out->len, content, len);
    ZSTD_freeCCtx(ctx);
    if (ZSTD_isError(n))
        return err_new(ERR_INTERNAL, "compressing a segment: %s", ZSTD_getErrorName(n));
    out->len += n;
    return NULL;
}

/* The footer's JSON within its limit; gives up the rest of the table list for that, never anything else. */
static struct err *footer_text(struct segment_footer *f, const struct footer_body *body, char **out)
{
    for (;;) {
        if (f->table_count > SEGMENT_MAX_TABLES) {
            free_tables_from(f, SEGMENT_MAX_TABLES);
            f->tables_many = true;
        }
        char *text = footer_json_encode(f, body);
        size_t len = strlen(text);
        if (len <= FOOTER_LIMIT) {
            *out = text;
            return NULL;
        }
        free(text);
        if (f->table_count == 0)
            return err_hint(err_new(ERR_UNSUPPORTED,
                                    "footer of %s: %zu bytes are too many (%zu GTID domains)", f->name, len,
                                    f->fingerprint_count),
                            "remove unused domains: FLUSH BINARY LOGS DELETE_DOMAIN_ID=(...)");
        free_tables_from(f, f->table_count / 2);
        f->tables_many = true;
    }
}

static void append_footer(struct buf *object, const char *text, const char sha256[HASH_HEX_SIZE])
{
    size_t len = strlen(text);

    buf_append_le(object, SKIPPABLE_MAGIC, 4);
    buf_append_le(object, len + TRAILER, 4);
    buf_append(object, text, len);
    buf_append(object, sha256, HASH_DIGITS);
    buf_append_le(object, len, LENGTH_BYTES);
    buf_append(object, footer_magic, MAGIC_BYTES);
}

struct err *segment_encode(struct segment_footer *footer, const void *content, size_t len, struct buf *object)
{
    size_t start = object->len;
    struct footer_body body;
    char *text;
    struct err *e;

    footer->content_bytes = len;
    hash_bytes_hex(content, len, footer->content_sha256);
    TRY(check_footer(footer->name, footer, ERR_INTERNAL));
    TRY_GOTO(e, failed, compress(content, len, object));
    body.bytes = object->len - start;
    hash_bytes_hex(object->data + start, object->len - start, body.sha256);
    TRY_GOTO(e, failed, footer_text(footer, &body, &text));
    hash_bytes_hex(text, strlen(text), footer->sha256);
    append_footer(object, text, footer->sha256);
    free(text);
    return NULL;
failed:
    object->len = start;
    return e;
}

static struct err *damaged(const char *name, const char *what)
{
    return document_hint(err_new(ERR_INTEGRITY, "object %s %s", name, what));
}

/* Finds the JSON at the end of an object; *frame is the length of the whole skippable frame. */
static struct err *find_footer(const char *name, const uint8_t *tail, size_t len, const char **text,
                               size_t *text_len, size_t *frame)
{
    char sha256[HASH_HEX_SIZE];

    if (len < FRAME_HEADER + TRAILER || memcmp(tail + len - MAGIC_BYTES, footer_magic, MAGIC_BYTES) != 0)
        return damaged(name, "is cut short, or is no segment");
    size_t n = (size_t)le_get(tail + len - MAGIC_BYTES - LENGTH_BYTES, LENGTH_BYTES);
    if (n > FOOTER_LIMIT || n > len - FRAME_HEADER - TRAILER)
        return damaged(name, "has a footer of impossible length");
    const uint8_t *at = tail + len - TRAILER - n;
    if (le_get(at - FRAME_HEADER, 4) != SKIPPABLE_MAGIC || le_get(at - FRAME_HEADER + 4, 4) != n + TRAILER)
        return damaged(name, "has a damaged footer");
    hash_bytes_hex(at, n, sha256);
    if (memcmp(sha256, at + n, HASH_DIGITS) != 0)
        return damaged(name, "has a damaged footer (its SHA-256 is another)");
    *text = (const char *)at;
    *text_len = n;
    *frame = FRAME_HEADER + n + TRAILER;
    return NULL;
}

static struct err *decode_tail(const char *name, const void *tail, size_t len, struct segment_footer **out,
                               struct footer_body *body, size_t *frame)
{
    const char *text = NULL;
    size_t text_len = 0;

    TRY(find_footer(name, tail, len, &text, &text_len, frame));
    struct segment_footer *f = mem_zalloc(1, sizeof(*f));
    struct err *e = footer_json_decode(name, text, text_len, f, body);
    if (!e)
        e = check_footer(name, f, ERR_INTEGRITY);
    if (e) {
        segment_footer_free(f);
        return document_hint(e);
    }
    hash_bytes_hex(text, text_len, f->sha256);
    f->object_bytes = body->bytes + *frame;
    *out = f;
    return NULL;
}

struct err *segment_decode_footer(const char *name, const void *tail, size_t len, struct segment_footer **out)
{
    struct footer_body body;
    size_t frame;

    *out = NULL;
    return decode_tail(name, tail, len, out, &body, &frame);
}

static struct err *decompress(const struct segment_footer *f, const void *bytes, size_t len,
                              struct buf *content)
{
    char sha256[HASH_HEX_SIZE];
    size_t start = content->len, expected = (size_t)f->content_bytes;

    buf_reserve(content, expected + 1); /* never an empty buffer for zstd */
    size_t n = ZSTD_decompress(content->data + start, expected, bytes, len);
    if (ZSTD_isError(n))
        return err_context(damaged(f->name, "cannot be decompressed"), "%s", ZSTD_getErrorName(n));
    hash_bytes_hex(content->data + start, n, sha256);
    if (n != expected || strcmp(sha256, f->content_sha256) != 0)
        return damaged(f->name, "holds another content than its footer says");
    content->len += n;
    return NULL;
}

struct err *segment_decode(const char *name, const void *object, size_t len, struct segment_footer **footer,
                           struct buf *content)
{
    struct segment_footer *f = NULL;
    char sha256[HASH_HEX_SIZE];
    struct footer_body body;
    size_t frame;
    struct err *e;

    *footer = NULL;
    TRY(decode_tail(name, object, len, &f, &body, &frame));
    hash_bytes_hex(object, len - frame, sha256);
    if (len - frame != body.bytes || strcmp(sha256, body.sha256) != 0)
        e = damaged(name, "is damaged (its SHA-256 is not the one in its footer)");
    else
        e = decompress(f, object, len - frame, content);
    if (e) {
        segment_footer_free(f);
        return e;
    }
    *footer = f;
    return NULL;
}
