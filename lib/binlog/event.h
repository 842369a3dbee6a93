/*
 * event - binlog events as bytes: headers, checksums, and the small events that ccr understands.
 *
 * Pure: takes a buffer, does no I/O, keeps no copy (structs point into the caller's bytes unless said
 * otherwise). No length that comes from the bytes is used before it is checked. Anything malformed is
 * ERR_INTEGRITY naming the event type and what is wrong; the caller adds file and offset. Formats:
 * https://mariadb.com/kb/en/replication-protocol/ and MariaDB's sql/log_event.h.
 */
#ifndef CCR_BINLOG_EVENT_H
#define CCR_BINLOG_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "format/position.h"

enum binlog_type {
    BINLOG_START_V3 = 1,
    BINLOG_QUERY = 2,
    BINLOG_STOP = 3,
    BINLOG_ROTATE = 4,
    BINLOG_INTVAR = 5,
    BINLOG_APPEND_BLOCK = 9,
    BINLOG_DELETE_FILE = 11,
    BINLOG_RAND = 13,
    BINLOG_USER_VAR = 14,
    BINLOG_FORMAT_DESCRIPTION = 15,
    BINLOG_XID = 16,
    BINLOG_BEGIN_LOAD_QUERY = 17,
    BINLOG_EXECUTE_LOAD_QUERY = 18,
    BINLOG_TABLE_MAP = 19,
    BINLOG_WRITE_ROWS_V1 = 23,
    BINLOG_UPDATE_ROWS_V1 = 24,
    BINLOG_DELETE_ROWS_V1 = 25,
    BINLOG_INCIDENT = 26,
    BINLOG_HEARTBEAT = 27,
    BINLOG_IGNORABLE = 28,
    BINLOG_ROWS_QUERY = 29,
    BINLOG_WRITE_ROWS_V2 = 30,
    BINLOG_UPDATE_ROWS_V2 = 31,
    BINLOG_DELETE_ROWS_V2 = 32,
    BINLOG_MYSQL_GTID = 33,
    BINLOG_MYSQL_ANONYMOUS_GTID = 34,
    BINLOG_MYSQL_PREVIOUS_GTIDS = 35,
    BINLOG_XA_PREPARE = 38,
    BINLOG_ANNOTATE_ROWS = 160,
    BINLOG_CHECKPOINT = 161,
    BINLOG_GTID = 162,
    BINLOG_GTID_LIST = 163,
    BINLOG_START_ENCRYPTION = 164,
    BINLOG_QUERY_COMPRESSED = 165,
    BINLOG_WRITE_ROWS_COMPRESSED_V1 = 166,
    BINLOG_UPDATE_ROWS_COMPRESSED_V1 = 167,
    BINLOG_DELETE_ROWS_COMPRESSED_V1 = 168,
    BINLOG_WRITE_ROWS_COMPRESSED_V2 = 169,
    BINLOG_UPDATE_ROWS_COMPRESSED_V2 = 170,
    BINLOG_DELETE_ROWS_COMPRESSED_V2 = 171,
};

enum { BINLOG_HEADER_SIZE = 19, BINLOG_MAGIC_SIZE = 4, BINLOG_CHECKSUM_SIZE = 4 };

enum binlog_event_flags {
    BINLOG_FLAG_THREAD_SPECIFIC = 0x04, /* temporary tables, CONNECTION_ID(), DELETE of several tables */
    BINLOG_FLAG_ARTIFICIAL = 0x20,
    BINLOG_FLAG_IGNORABLE = 0x80,
};

/* No event is larger, compressed or not: max_allowed_packet ends at 1 GiB. */
#define BINLOG_EVENT_MAX (((size_t)1 << 30) + (1 << 16))

extern const uint8_t binlog_magic[BINLOG_MAGIC_SIZE];

/* "Query", "Table_map", ...; "unknown" for a number that no server writes. */
const char *binlog_type_name(uint8_t type);

/* What a format description event says of the events behind it. */
struct binlog_format {
    bool checksum; /* every event ends in a CRC32 */
    char server_version[51];
    uint32_t created;
    uint8_t post_header_len[256]; /* by type; 0 for a type the server does not know */
};

struct binlog_event {
    const uint8_t *data; /* the whole event, header and checksum included */
    size_t len;
    const uint8_t *body; /* behind the common header, without checksum */
    size_t body_len;
    uint32_t time;
    uint8_t type;
    uint32_t server_id;
    uint32_t next_pos;
    uint16_t flags;
};

/* Length of the event that begins at `bytes`, from its header; 0 where fewer than BINLOG_HEADER_SIZE bytes
 * are there. */
size_t binlog_event_length(const uint8_t *bytes, size_t len);

/*
 * Reads one event of exactly `len` bytes. Its CRC32 is checked where fmt says that there is one. A format
 * description event carries its own checksum rule; fmt may be NULL for it, and only for it.
 */
struct err *binlog_event_parse(const struct binlog_format *fmt, const uint8_t *bytes, size_t len,
                               struct binlog_event *out) CHECKED;

struct err *binlog_format_parse(const struct binlog_event *e, struct binlog_format *out) CHECKED;
/*
 * The bytes of a format description event as a server sent them, appended to `out`. A server sets the time
 * in it to 0 on the way, and renews its checksum only where the log has checksums: here an event that says
 * that there are none gets the right one.
 */
void binlog_format_renew(const uint8_t *bytes, size_t len, struct buf *out);

/* A rotate event: the next file (not NUL-terminated, *name_len bytes) and the position in it. */
struct err *binlog_rotate_parse(const struct binlog_event *e, const char **name, size_t *name_len,
                                uint64_t *pos) CHECKED;

enum binlog_gtid_flags {
    BINLOG_GTID_STANDALONE = 0x01, /* the group ends without COMMIT or XID */
    BINLOG_GTID_GROUP_COMMIT = 0x02,
    BINLOG_GTID_TRANSACTIONAL = 0x04,
    BINLOG_GTID_DDL = 0x20,
    BINLOG_GTID_PREPARED_XA = 0x40,
    BINLOG_GTID_COMPLETED_XA = 0x80,
};

struct binlog_gtid {
    struct gtid gtid;
    uint8_t flags;
    uint8_t extra_flags; /* 0 where the event has none */
    /* FL_EXTRA bits of extra_flags: */
    bool start_alter;
    bool commit_alter;
    bool rollback_alter;
    uint64_t alter_seq; /* COMMIT/ROLLBACK ALTER: seq_no of the START ALTER */
    const uint8_t *xid; /* PREPARED_XA, COMPLETED_XA: format id 4, two lengths of 1, the XA id; else NULL */
    size_t xid_len;
};

struct err *binlog_gtid_parse(const struct binlog_event *e, struct binlog_gtid *out) CHECKED;
struct err *binlog_gtid_list_parse(const struct binlog_event *e, struct gtid_pos *out) CHECKED;

/* A query event, compressed ones included. `db` and `sql` point into the event, or into `scratch` when
 * decompressed (it is cleared first). `db` is followed by a NUL. */
struct binlog_query {
    uint32_t thread_id;
    uint32_t exec_time;
    uint16_t error_code;
    const uint8_t *status; /* status variables, see query.h */
    size_t status_len;
    const char *db;
    size_t db_len;
    const char *sql;
    size_t sql_len;
};

struct err *binlog_query_parse(const struct binlog_event *e, struct buf *scratch,
                               struct binlog_query *out) CHECKED;

/* BINLOG_EXECUTE_LOAD_QUERY is read too: `sql` is the LOAD DATA statement as its server ran it. */

/* Is this exactly the statement `word` (BEGIN, COMMIT, ROLLBACK)? */
bool binlog_query_is(const struct binlog_query *q, const char *word);

/*
 * The uncompressed form of a compressed event (query or rows), as bytes of a whole event with a recomputed
 * length, the same next position and no checksum, appended to out; other events are an error. Inflated size
 * is limited to `limit` bytes.
 */
struct err *binlog_event_decompress(const struct binlog_event *e, size_t limit, struct buf *out) CHECKED;
bool binlog_type_is_compressed(uint8_t type);

/* Appends a common header; length and next position are filled in by binlog_event_finish, which also knows
 * its start. */
size_t binlog_event_begin(struct buf *out, uint8_t type, uint32_t time, uint32_t server_id, uint16_t flags);
void binlog_event_finish(struct buf *out, size_t start);

#endif
