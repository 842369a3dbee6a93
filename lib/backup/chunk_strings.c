#include "backup/chunk_strings.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

/* The distance to go, at least one and at most all of it. */
static uint64_t part_of(uint64_t distance, double share)
{
    double part = (double)distance * share;

    return part < 1 ? 1 : part >= (double)distance ? distance : (uint64_t)part;
}

/* `count` bytes from `at` on as a number; what is not there counts as 0. */
static uint64_t number_at(const struct chunk_value *v, size_t at, size_t count)
{
    uint64_t number = 0;

    for (size_t i = at; i < at + count; i++)
        number = number << 8 | (i < v->len ? (uint8_t)v->bytes[i] : 0);
    return number;
}

/* Eight bytes behind those that both have in common; values of one length keep it. */
bool chunk_middle_bytes(const struct chunk_value *low, const struct chunk_value *high, double share,
                        struct chunk_value *out)
{
    bool fixed = low->len == high->len;
    size_t common = 0;

    while (common < low->len && common < high->len && low->bytes[common] == high->bytes[common])
        common++;
    size_t count = fixed && low->len - common < 8 ? low->len - common : 8;
    uint64_t from = number_at(low, common, count);
    uint64_t to = number_at(high, common, count);
    if (to <= from)
        return false;
    uint64_t at = from + part_of(to - from, share);
    out->len = fixed ? low->len : common + count;
    out->bytes = mem_zalloc(out->len + 1, 1);
    memcpy(out->bytes, low->bytes, common);
    for (size_t i = 0; i < count; i++)
        out->bytes[common + i] = (char)(uint8_t)(at >> 8 * (count - 1 - i));
    return true;
}

/* Where the bytes of a UUID of version 1 to 5 lie in an index: node, clock, then the time from its end. */
static const uint8_t uuid_places[16] = {10, 11, 12, 13, 14, 15, 8, 9, 6, 7, 4, 5, 0, 1, 2, 3};

static bool uuid_is_turned(const struct chunk_value *v)
{
    return v->len == 16 && (uint8_t)v->bytes[6] > 0 && (uint8_t)v->bytes[6] < 0x60 && (v->bytes[8] & 0x80);
}

static void uuid_turn(const struct chunk_value *v, char out[17])
{
    for (size_t i = 0; i < 16; i++)
        out[i] = v->bytes[uuid_places[i]];
    out[16] = 0;
}

bool chunk_middle_uuid(const struct chunk_value *low, const struct chunk_value *high, double share,
                       struct chunk_value *out)
{
    char from[17];
    char to[17];
    struct chunk_value at;

    if (low->len != 16 || high->len != 16 || uuid_is_turned(low) != uuid_is_turned(high))
        return false;
    if (!uuid_is_turned(low))
        return chunk_middle_bytes(low, high, share, out);
    uuid_turn(low, from);
    uuid_turn(high, to);
    if (!chunk_middle_bytes(&(struct chunk_value){from, 16}, &(struct chunk_value){to, 16}, share, &at))
        return false;
    at.bytes[6] = (char)(at.bytes[6] | 0x80); /* variant and version decide about the order */
    memcpy(at.bytes + 8, from + 8, 2);
    out->bytes = mem_zalloc(17, 1);
    out->len = 16;
    for (size_t i = 0; i < 16; i++)
        out->bytes[uuid_places[i]] = at.bytes[i];
    free(at.bytes);
    return true;
}

/* The character at `at`, and its length; 0 at the end, or where the bytes are no character. */
static uint32_t character_at(const struct chunk_value *v, size_t at, bool utf8, size_t *len)
{
    static const uint8_t masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};

    *len = 0;
    if (at >= v->len)
        return 0;
    uint8_t first = (uint8_t)v->bytes[at];
    size_t need = !utf8 || first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (at + need > v->len)
        return 0;
    *len = need;
    uint32_t code = utf8 ? first & masks[need] : first;
    for (size_t i = 1; i < need; i++)
        code = code << 6 | ((uint8_t)v->bytes[at + i] & 0x3f);
    return code;
}

static void append_character(struct buf *out, uint32_t code, bool utf8)
{
    if (!utf8 || code < 0x80) {
        buf_append_byte(out, (uint8_t)code);
    } else if (code < 0x800) {
        buf_append_byte(out, (uint8_t)(0xc0 | code >> 6));
        buf_append_byte(out, (uint8_t)(0x80 | (code & 0x3f)));
    } else {
        if (code < 0x10000) {
            buf_append_byte(out, (uint8_t)(0xe0 | code >> 12));
        } else {
            buf_append_byte(out, (uint8_t)(0xf0 | code >> 18));
            buf_append_byte(out, (uint8_t)(0x80 | (code >> 12 & 0x3f)));
        }
        buf_append_byte(out, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
        buf_append_byte(out, (uint8_t)(0x80 | (code & 0x3f)));
    }
}

/* Digits and letters, by which most keys are told apart, follow one another in nearly every collation. */
static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* Three characters from `at` on as a number in that alphabet; -1 where another one is among them. */
static int64_t letters_at(const struct chunk_value *v, size_t at, bool fold, int64_t base)
{
    int64_t number = 0;

    for (size_t i = at; i < at + 3; i++) {
        int c = i < v->len ? (uint8_t)v->bytes[i] : '0';
        const char *place = c ? strchr(letters, fold ? toupper(c) : c) : NULL;
        if (!place)
            return -1;
        number = number * base + (place - letters);
    }
    return number;
}

static bool middle_letters(struct buf *out, int64_t from, int64_t to, int64_t base, double share)
{
    if (to <= from)
        return false;
    int64_t at = from + (int64_t)part_of((uint64_t)(to - from), share);
    buf_append_byte(out, (uint8_t)letters[at / base / base]);
    buf_append_byte(out, (uint8_t)letters[at / base % base]);
    buf_append_byte(out, (uint8_t)letters[at % base]);
    return true;
}

static bool middle_character(struct buf *out, uint32_t from, uint32_t to, bool utf8, double share)
{
    if (to <= from)
        return false;
    uint32_t at = from + (uint32_t)part_of(to - from, share);
    if (at >= 0xd800 && at < 0xe000)
        at = to < 0xe000 ? to : 0xe000;
    append_character(out, at, utf8);
    return true;
}

bool chunk_middle_text(const struct chunk_value *low, const struct chunk_value *high, bool utf8, bool fold,
                       double share, struct chunk_value *out)
{
    struct buf b = BUF_INIT;
    int64_t base = fold ? 36 : 62;
    size_t common = 0;
    size_t low_len = 1;
    size_t high_len = 1;
    uint32_t from;
    uint32_t to;

    for (;; common += low_len) {
        from = character_at(low, common, utf8, &low_len);
        to = character_at(high, common, utf8, &high_len);
        if (from != to || low_len == 0 || high_len == 0)
            break;
    }
    buf_append(&b, low->bytes, common);
    int64_t low_letters = letters_at(low, common, fold, base);
    int64_t high_letters = letters_at(high, common, fold, base);
    bool letters_only = low_letters >= 0 && high_letters >= 0;
    bool found = letters_only ? middle_letters(&b, low_letters, high_letters, base, share)
                              : high_len > 0 && middle_character(&b, from, to, utf8, share);
    out->len = found ? b.len : 0;
    out->bytes = found ? buf_steal(&b) : NULL;
    buf_free(&b);
    return found;
}
