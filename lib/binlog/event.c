/* Headers, checksums, and the format description event that says which of the two are there. */
#include "binlog/event.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "binlog/internal.h"

/* Set while the file is open for writing, cleared in place when it is closed: never part of the checksum. */
enum { FLAG_BINLOG_IN_USE = 0x01 };

/* Format description: version 2, server version 50, created 4, header length 1, then a byte per event type,
 * and from checksum-aware servers the algorithm (and, behind the body, always a checksum). */
enum { FORMAT_VERSION_AT = 2, FORMAT_VERSION_LEN = 50, FORMAT_CREATED_AT = 52, FORMAT_TYPES_AT = 57 };

enum { CHECKSUM_NONE = 0, CHECKSUM_CRC32 = 1 };

const uint8_t binlog_magic[BINLOG_MAGIC_SIZE] = {0xfe, 'b', 'i', 'n'};

struct err *binlog_malformed(uint8_t type, const char *what)
{
    return err_new(ERR_INTEGRITY, "%s event (type %u): %s", binlog_type_name(type), type, what);
}

size_t binlog_event_length(const uint8_t *bytes, size_t len)
{
    return len < BINLOG_HEADER_SIZE ? 0 : le_get(bytes + HEADER_LENGTH_AT, 4);
}

/* Servers before MariaDB 5.3 and MySQL 5.6.1 wrote neither checksums nor the byte that tells of them. */
static bool version_knows_checksums(const char *version)
{
    unsigned long part[3] = {0, 0, 0};
    const char *at = version;

    for (unsigned i = 0; i < 3; i++) {
        char *end;
        part[i] = strtoul(at, &end, 10);
        if (part[i] > 999)
            part[i] = 999;
        if (end == at || *end != '.')
            break;
        at = end + 1;
    }
    unsigned long number = part[0] * 1000000 + part[1] * 1000 + part[2];
    return number >= (strstr(version, "MariaDB") ? 5003000 : 5006001);
}

/* `body` without checksum, or with it: the version lies in front of both. */
static struct err *format_version(const uint8_t *body, size_t len, char out[FORMAT_VERSION_LEN + 1])
{
    if (len < FORMAT_TYPES_AT)
        return binlog_malformed(BINLOG_FORMAT_DESCRIPTION, "too short");
    memcpy(out, body + FORMAT_VERSION_AT, FORMAT_VERSION_LEN);
    out[FORMAT_VERSION_LEN] = 0;
    return NULL;
}

/* The event's CRC32 as it should be; that of a file's format description is made without the in-use flag. */
static uint32_t event_crc(const uint8_t *bytes, size_t len)
{
    uint8_t header[BINLOG_HEADER_SIZE];

    memcpy(header, bytes, sizeof(header));
    if (bytes[HEADER_TYPE_AT] == BINLOG_FORMAT_DESCRIPTION)
        header[HEADER_FLAGS_AT] &= (uint8_t)~FLAG_BINLOG_IN_USE;
    uLong crc = crc32(0, header, sizeof(header));
    const uint8_t *p = bytes + sizeof(header);
    for (size_t left = len - sizeof(header); left > 0;) {
        uInt step = left > (1u << 30) ? (1u << 30) : (uInt)left;
        crc = crc32(crc, p, step);
        p += step;
        left -= step;
    }
    return (uint32_t)crc;
}

static struct err *has_checksum(const struct binlog_format *fmt, const struct binlog_event *e, bool *out)
{
    char version[FORMAT_VERSION_LEN + 1];

    if (e->type != BINLOG_FORMAT_DESCRIPTION) {
        *out = fmt && fmt->checksum;
        return NULL;
    }
    TRY(format_version(e->data + BINLOG_HEADER_SIZE, e->len - BINLOG_HEADER_SIZE, version));
    *out = version_knows_checksums(version);
    return NULL;
}

struct err *binlog_event_parse(const struct binlog_format *fmt, const uint8_t *bytes, size_t len,
                               struct binlog_event *out)
{
    struct binlog_event e = {.data = bytes, .len = len};
    bool checksum;

    if (len < BINLOG_HEADER_SIZE)
        return err_new(ERR_INTEGRITY, "a binlog event of %zu bytes is shorter than its header", len);
    e.time = (uint32_t)le_get(bytes, 4);
    e.type = bytes[HEADER_TYPE_AT];
    e.server_id = (uint32_t)le_get(bytes + 5, 4);
    e.next_pos = (uint32_t)le_get(bytes + HEADER_NEXT_AT, 4);
    e.flags = (uint16_t)le_get(bytes + HEADER_FLAGS_AT, 2);
    if (binlog_event_length(bytes, len) != len)
        return binlog_malformed(e.type, "its length is not the one that its header tells");
    if (!fmt && e.type != BINLOG_FORMAT_DESCRIPTION)
        return binlog_malformed(e.type, "comes before a format description");
    TRY(has_checksum(fmt, &e, &checksum));
    size_t tail = checksum ? BINLOG_CHECKSUM_SIZE : 0;
    if (len < BINLOG_HEADER_SIZE + tail)
        return binlog_malformed(e.type, "too short for its checksum");
    if (checksum && event_crc(bytes, len - tail) != le_get(bytes + len - tail, 4))
        return binlog_malformed(e.type, "wrong checksum");
    e.body = bytes + BINLOG_HEADER_SIZE;
    e.body_len = len - BINLOG_HEADER_SIZE - tail;
    *out = e;
    return NULL;
}

struct err *binlog_format_parse(const struct binlog_event *e, struct binlog_format *out)
{
    struct binlog_format f = {0};

    if (e->type != BINLOG_FORMAT_DESCRIPTION)
        return binlog_malformed(e->type, "is not a format description");
    TRY(format_version(e->body, e->body_len, f.server_version));
    unsigned version = (unsigned)le_get(e->body, 2);
    unsigned header_len = e->body[FORMAT_TYPES_AT - 1];
    if (version != 4 || header_len != BINLOG_HEADER_SIZE)
        return err_new(ERR_UNSUPPORTED, "binlog format version %u with headers of %u bytes (server %s)",
                       version, header_len, f.server_version);
    size_t types = e->body_len - FORMAT_TYPES_AT;
    if (version_knows_checksums(f.server_version)) {
        if (types == 0)
            return binlog_malformed(e->type, "too short for its checksum algorithm");
        types--;
        uint8_t algorithm = e->body[FORMAT_TYPES_AT + types];
        if (algorithm > CHECKSUM_CRC32)
            return err_new(ERR_UNSUPPORTED, "binlog checksum algorithm %u", algorithm);
        f.checksum = algorithm == CHECKSUM_CRC32;
    }
    if (types >= sizeof(f.post_header_len))
        return binlog_malformed(e->type, "too many event types");
    memcpy(f.post_header_len + 1, e->body + FORMAT_TYPES_AT, types);
    f.created = (uint32_t)le_get(e->body + FORMAT_CREATED_AT, 4);
    *out = f;
    return NULL;
}

void binlog_format_renew(const uint8_t *bytes, size_t len, struct buf *out)
{
    const size_t tail = BINLOG_CHECKSUM_SIZE;
    char version[FORMAT_VERSION_LEN + 1];

    buf_append(out, bytes, len);
    if (len < BINLOG_HEADER_SIZE + FORMAT_TYPES_AT + 1 + tail || bytes[len - tail - 1] != CHECKSUM_NONE)
        return;
    memcpy(version, bytes + BINLOG_HEADER_SIZE + FORMAT_VERSION_AT, FORMAT_VERSION_LEN);
    version[FORMAT_VERSION_LEN] = 0;
    if (version_knows_checksums(version))
        le_put(out->data + out->len - tail, event_crc(bytes, len - tail), tail);
}

size_t binlog_event_begin(struct buf *out, uint8_t type, uint32_t time, uint32_t server_id, uint16_t flags)
{
    size_t start = out->len;

    buf_append_le(out, time, 4);
    buf_append_byte(out, type);
    buf_append_le(out, server_id, 4);
    buf_append_le(out, 0, 8); /* length and next position: binlog_event_finish */
    buf_append_le(out, flags, 2);
    return start;
}

void binlog_event_finish(struct buf *out, size_t start)
{
    le_put(out->data + start + HEADER_LENGTH_AT, out->len - start, 4);
    le_put(out->data + start + HEADER_NEXT_AT, out->len, 4);
}
