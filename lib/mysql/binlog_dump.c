#include "mysql/binlog_dump.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mysql/silence.h"

/* Of COM_BINLOG_DUMP: end at the end of the log; send annotations too. */
enum { FLAG_NON_BLOCK = 1, FLAG_ANNOTATE_ROWS = 2 };

/* What the library returns when a packet could not be read, or is an error packet. */
#define NO_PACKET ((unsigned long)(unsigned)-1)

/*
 * A follower hears from the server at every heartbeat; this many of them missing, or this many seconds, is a
 * lost connection. A one-shot dump may wait for the server to search its log for the position.
 */
enum { HEARTBEATS_MISSED = 10, FOLLOW_TIMEOUT_MIN_S = 10, WRITE_TIMEOUT_S = 600 };

struct binlog_dump {
    struct conn *conn;
    bool checksum;
    enum dump_refusal refusal;
};

static const struct {
    const char *text;
    enum dump_refusal refusal;
} refusals[] = {
    /* the server's words; what is checked first comes first */
    {"required binlog files have been purged", DUMP_PURGED},
    {"is not in the master's binlog", DUMP_UNKNOWN},
    {"missing the GTID", DUMP_UNKNOWN},
    {"same server_uuid/server_id", DUMP_KICKED},
    {"did not pass crc check", DUMP_CORRUPT},
    {"bogus data in log event", DUMP_CORRUPT},
    {"truncated in the middle of event", DUMP_CORRUPT},
    {"could not find next log", DUMP_CORRUPT},
};

static enum dump_refusal dump_classify(MYSQL *mysql)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        if (strstr(mysql_error(mysql), refusals[i].text))
            return refusals[i].refusal;
    return DUMP_OTHER;
}

static struct err *dump_set_session(struct binlog_dump *d, const struct binlog_dump_params *p)
{
    char *checksum = NULL;

    TRY(conn_value(d->conn, &checksum, "SELECT @@global.binlog_checksum"));
    d->checksum = checksum && strcmp(checksum, "NONE") != 0;
    free(checksum);

    char *from = gtid_pos_text(p->from);
    char *quoted = sql_string_dup(from);
    /* capability 4: GTID events as they are. The holes that strict mode would complain of are the caller's to
     * judge (source_check). */
    struct err *e = conn_exec(d->conn,
                              "SET @master_binlog_checksum = @@global.binlog_checksum,"
                              " @mariadb_slave_capability = 4, @slave_connect_state = %s,"
                              " @slave_gtid_strict_mode = 0, @slave_gtid_ignore_duplicates = 0,"
                              " net_write_timeout = %d",
                              quoted, WRITE_TIMEOUT_S);
    if (!e && p->follow)
        e = conn_exec(d->conn, "SET @master_heartbeat_period = %llu",
                      (unsigned long long)p->heartbeat_ms * 1000000ULL);
    free(quoted);
    free(from);
    return e;
}

/*
 * The library's own mariadb_rpl_open sends server id 1 where it is told 0, which would end the real replica
 * of that number; and its fetch would parse and check the events in its own way.
 */
static struct err *dump_command(struct binlog_dump *d, enum enum_server_command command,
                                const struct buf *arg, bool answered, const char *what)
{
    MYSQL *mysql = conn_handle(d->conn);

    if (mysql->methods->db_command(mysql, command, (const char *)arg->data, arg->len, !answered, NULL) != 0)
        return conn_error(d->conn, what);
    return NULL;
}

/* So that SHOW SLAVE HOSTS shows who reads. */
static struct err *dump_register(struct binlog_dump *d, uint32_t server_id)
{
    static const char host[] = "ccr-ship";
    struct buf arg = BUF_INIT;

    buf_append_le(&arg, server_id, 4);
    buf_append_byte(&arg, sizeof(host) - 1);
    buf_append_str(&arg, host);
    buf_append_le(&arg, 0, 2); /* no user, no password */
    buf_append_le(&arg, 0, 2); /* port */
    buf_append_le(&arg, 0, 8); /* rank, id of the master */
    struct err *e = dump_command(d, COM_REGISTER_SLAVE, &arg, true, "registering as a replica");
    buf_free(&arg);
    return e;
}

static struct err *dump_start(struct binlog_dump *d, const struct binlog_dump_params *p)
{
    struct buf arg = BUF_INIT;

    if (p->follow)
        TRY(dump_register(d, p->server_id));
    buf_append_le(&arg, 4, 4); /* the offset counts for nothing beside a GTID position */
    buf_append_le(&arg, FLAG_ANNOTATE_ROWS | (p->follow ? 0 : FLAG_NON_BLOCK), 2);
    buf_append_le(&arg, p->follow ? p->server_id : 0, 4);
    struct err *e = dump_command(d, COM_BINLOG_DUMP, &arg, false, "asking for the binlog");
    buf_free(&arg);
    return e;
}

struct err *binlog_dump_open(const struct binlog_dump_params *p, struct binlog_dump **out)
{
    struct conn_params params = p->conn;
    struct binlog_dump *d = mem_zalloc(1, sizeof(*d));
    struct err *e;

    params.read_timeout_s = silence_within_answer_s(&params);
    if (p->follow) {
        params.read_timeout_s = p->heartbeat_ms * HEARTBEATS_MISSED / 1000;
        if (params.read_timeout_s < FOLLOW_TIMEOUT_MIN_S)
            params.read_timeout_s = FOLLOW_TIMEOUT_MIN_S;
    }
    TRY_GOTO(e, fail, conn_open(&params, &d->conn));
    TRY_GOTO(e, fail, dump_set_session(d, p));
    TRY_GOTO(e, fail, dump_start(d, p));
    *out = d;
    return NULL;
fail:
    binlog_dump_close(d);
    return e;
}

static struct err *dump_failed(struct binlog_dump *d)
{
    MYSQL *mysql = conn_handle(d->conn);

    d->refusal = dump_classify(mysql);
    if (d->refusal == DUMP_KICKED)
        return err_hint(conn_error(d->conn, "reading the binlog"),
                        "give --server-id a number that no replica and no other ccr-ship uses");
    return conn_error(d->conn, "reading the binlog");
}

struct err *binlog_dump_next(struct binlog_dump *d, const uint8_t **event, size_t *len)
{
    MYSQL *mysql = conn_handle(d->conn);
    unsigned long got = mysql_net_read_packet(mysql);

    *len = 0;
    if (got == NO_PACKET)
        return dump_failed(d);
    const uint8_t *packet = mysql->net.read_pos;
    /* an EOF packet is 0xfe and four bytes; an event comes behind a byte 0 */
    if (got >= 1 && packet[0] == 0xfe && got < 9)
        return NULL;
    if (got < 2 || packet[0] != 0)
        return err_new(conn_code(d->conn), "the server sent a packet of %lu bytes that is no binlog event",
                       got);
    *event = packet + 1;
    *len = got - 1;
    return NULL;
}

enum dump_refusal binlog_dump_refusal(const struct binlog_dump *d)
{
    return d->refusal;
}

bool binlog_dump_checksum(const struct binlog_dump *d)
{
    return d->checksum;
}

bool binlog_dump_is_lost(const struct binlog_dump *d)
{
    return conn_is_lost(d->conn);
}

void binlog_dump_close(struct binlog_dump *d)
{
    if (!d)
        return;
    conn_close(d->conn);
    free(d);
}
