/*
 * binlog_dump - reading a server's binlog over the replication protocol, from a GTID position.
 *
 * One-shot (server id 0): the server sends what it has and ends the stream. Following: the server keeps the
 * connection and sends a heartbeat when nothing happened for a while, so that the caller gets to act on time.
 * Events arrive raw, as they stand in the binlog (decrypted if it is encrypted at rest); artificial ones are
 * marked by their flag. The connection is used up by a dump: nothing else can run on it.
 */
#ifndef CCR_MYSQL_BINLOG_DUMP_H
#define CCR_MYSQL_BINLOG_DUMP_H

#include "format/position.h"
#include "mysql/conn.h"

struct binlog_dump;

struct binlog_dump_params {
    struct conn_params conn;
    const struct gtid_pos *from; /* the first transaction sent is the one behind it */
    bool follow;
    uint32_t server_id;    /* with follow: an id no other reader uses */
    unsigned heartbeat_ms; /* with follow */
};

/* Why a server refused to send from a position: its errors are all 1236, told apart by their text. */
enum dump_refusal {
    DUMP_ACCEPTED,
    DUMP_PURGED,  /* the position lies in binlogs that are gone */
    DUMP_UNKNOWN, /* the position is not in the server's binlog: a fork, or a server that is behind */
    DUMP_CORRUPT, /* the server found its own binlog damaged */
    DUMP_KICKED,  /* another reader took the same server id */
    DUMP_OTHER,
};

struct err *binlog_dump_open(const struct binlog_dump_params *params, struct binlog_dump **out) CHECKED;
/*
 * The next event; valid until the next call. *len is 0 at the end of a one-shot dump. On failure
 * binlog_dump_refusal tells what kind it was.
 */
struct err *binlog_dump_next(struct binlog_dump *d, const uint8_t **event, size_t *len) CHECKED;
enum dump_refusal binlog_dump_refusal(const struct binlog_dump *d);
/* The server's binlog_checksum when the dump began: what comes before the first format description event has
 * a CRC32 if it is on. */
bool binlog_dump_checksum(const struct binlog_dump *d);
/* After a failure: the connection broke, and trying again may help. */
bool binlog_dump_is_lost(const struct binlog_dump *d);
void binlog_dump_close(struct binlog_dump *d); /* NULL is allowed */

#endif
