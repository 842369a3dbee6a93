/*
 * query - the session in which a statement ran: the status variables of a query event.
 *
 * Codes and lengths: MariaDB sql/log_event.h (Q_FLAGS2_CODE and following). An unknown code is
 * ERR_UNSUPPORTED, since the length of what follows is not known. Pointers lead into the event's bytes.
 */
#ifndef CCR_BINLOG_QUERY_H
#define CCR_BINLOG_QUERY_H

#include "binlog/event.h"

enum query_flags2 {
    QUERY_NOT_FOREIGN_KEY_CHECKS = 1u << 26,
    QUERY_RELAXED_UNIQUE_CHECKS = 1u << 27,
    QUERY_AUTO_IS_NULL = 1u << 14,
    QUERY_NOT_AUTOCOMMIT = 1u << 19,
    QUERY_IF_EXISTS = 1u << 28, /* MariaDB: sql_if_exists was on */
    QUERY_EXPLICIT_DEFAULTS_FOR_TIMESTAMP = 1u << 24,
    QUERY_INSERT_HISTORY = 1u << 30,
};

struct query_session {
    bool has_flags2;
    uint32_t flags2;
    bool has_sql_mode;
    uint64_t sql_mode;                 /* bits as in @@sql_mode, which takes the number */
    uint16_t auto_increment_increment; /* 0: not given */
    uint16_t auto_increment_offset;
    bool has_charset;
    uint16_t character_set_client; /* collation ids, which SET takes as numbers */
    uint16_t collation_connection;
    uint16_t collation_server;
    const char *time_zone;
    size_t time_zone_len; /* 0: not given */
    uint16_t lc_time_names;
    bool has_charset_database;
    uint16_t charset_database;
    uint32_t microseconds; /* of the statement's time */
    bool has_microseconds;
    const char *user; /* invoker, for DEFINER and CURRENT_USER */
    size_t user_len;
    const char *host;
    size_t host_len;
    uint64_t xid;              /* Q_XID, DDL log; 0: none */
    const uint8_t *collations; /* @@character_set_collations (11.3): pairs of ids (2 bytes each) */
    size_t collation_count;    /* of pairs */
};

struct err *query_session_parse(const uint8_t *status, size_t len, struct query_session *out) CHECKED;

/*
 * Can the statement be read byte by byte (sql_lex.h)? Not where the client's character set is big5, sjis, gbk
 * or cp932, in which the second byte of a character can be a quote or a backslash, and there is such a
 * character.
 */
bool query_text_is_plain(const struct query_session *s, const char *sql, size_t len);

#endif
