#include "binlog/query.h"

#include "binlog/internal.h"

/* Codes of status variables; 12, 13 and 16 to 20 are MySQL's. */
enum query_code {
    CODE_FLAGS2 = 0,
    CODE_SQL_MODE = 1,
    CODE_CATALOG = 2, /* before MySQL 5.0.4: with a NUL behind it */
    CODE_AUTO_INCREMENT = 3,
    CODE_CHARSET = 4,
    CODE_TIME_ZONE = 5,
    CODE_CATALOG_NZ = 6,
    CODE_LC_TIME_NAMES = 7,
    CODE_CHARSET_DATABASE = 8,
    CODE_TABLE_MAP_FOR_UPDATE = 9,
    CODE_MASTER_DATA_WRITTEN = 10,
    CODE_INVOKER = 11,
    CODE_UPDATED_DB_NAMES = 12,
    CODE_MICROSECONDS = 13,
    CODE_EXPLICIT_DEFAULTS_FOR_TIMESTAMP = 16,
    CODE_DDL_LOGGED_WITH_XID = 17,
    CODE_DEFAULT_COLLATION_FOR_UTF8MB4 = 18,
    CODE_SQL_REQUIRE_PRIMARY_KEY = 19,
    CODE_DEFAULT_TABLE_ENCRYPTION = 20,
    CODE_HRNOW = 128,
    CODE_XID = 129,
    CODE_GTID_FLAGS3 = 130,
    CODE_CHARACTER_SET_COLLATIONS = 131, /* MariaDB 11.3 and later */
};

/* More databases than this, and the event names none. */
enum { UPDATED_DBS_MANY = 254 };

enum { GTID_FLAGS3_HAS_SEQ = 0x04 | 0x08 };

static bool text_read(struct cursor *c, const char **text, size_t *text_len)
{
    uint8_t len;
    const uint8_t *bytes;

    if (!cursor_u8(c, &len) || !cursor_bytes(c, len, &bytes))
        return false;
    *text = (const char *)bytes;
    *text_len = len;
    return true;
}

static bool text_skip(struct cursor *c, size_t behind)
{
    const char *text;
    size_t len;

    return text_read(c, &text, &len) && cursor_skip(c, behind);
}

static bool charset_read(struct cursor *c, struct query_session *s)
{
    s->has_charset = true;
    return cursor_u16(c, &s->character_set_client) && cursor_u16(c, &s->collation_connection) &&
           cursor_u16(c, &s->collation_server);
}

static bool microseconds_read(struct cursor *c, struct query_session *s)
{
    uint64_t value;

    if (!cursor_uint(c, 3, &value) || value > 999999)
        return false;
    s->has_microseconds = true;
    s->microseconds = (uint32_t)value;
    return true;
}

static bool updated_dbs_skip(struct cursor *c)
{
    uint8_t count;

    if (!cursor_u8(c, &count))
        return false;
    for (unsigned i = 0; count != UPDATED_DBS_MANY && i < count; i++) {
        uint8_t byte;
        do {
            if (!cursor_u8(c, &byte))
                return false;
        } while (byte != 0);
    }
    return true;
}

static bool gtid_flags3_skip(struct cursor *c)
{
    uint8_t flags;

    return cursor_u8(c, &flags) && (!(flags & GTID_FLAGS3_HAS_SEQ) || cursor_skip(c, 8));
}

/* A count, then pairs of collation ids; what a session made the default collations of character sets. */
static bool collations_read(struct cursor *c, struct query_session *s)
{
    uint8_t count;

    if (!cursor_u8(c, &count))
        return false;
    s->collations = c->p;
    s->collation_count = count;
    return cursor_skip(c, 4u * count);
}

/* False where too few bytes are left; *known says whether the code has a meaning at all. */
static bool variable_read(uint8_t code, struct cursor *c, struct query_session *s, bool *known)
{
    switch (code) {
    case CODE_FLAGS2:
        s->has_flags2 = true;
        return cursor_u32(c, &s->flags2);
    case CODE_SQL_MODE:
        s->has_sql_mode = true;
        return cursor_uint(c, 8, &s->sql_mode);
    case CODE_CATALOG:
        return text_skip(c, 1);
    case CODE_AUTO_INCREMENT:
        return cursor_u16(c, &s->auto_increment_increment) && cursor_u16(c, &s->auto_increment_offset);
    case CODE_CHARSET:
        return charset_read(c, s);
    case CODE_TIME_ZONE:
        return text_read(c, &s->time_zone, &s->time_zone_len);
    case CODE_CATALOG_NZ:
        return text_skip(c, 0);
    case CODE_LC_TIME_NAMES:
        return cursor_u16(c, &s->lc_time_names);
    case CODE_CHARSET_DATABASE:
        s->has_charset_database = true;
        return cursor_u16(c, &s->charset_database);
    case CODE_TABLE_MAP_FOR_UPDATE:
    case CODE_DDL_LOGGED_WITH_XID:
        return cursor_skip(c, 8);
    case CODE_MASTER_DATA_WRITTEN:
        return cursor_skip(c, 4);
    case CODE_INVOKER:
        return text_read(c, &s->user, &s->user_len) && text_read(c, &s->host, &s->host_len);
    case CODE_UPDATED_DB_NAMES:
        return updated_dbs_skip(c);
    case CODE_MICROSECONDS:
    case CODE_HRNOW:
        return microseconds_read(c, s);
    case CODE_EXPLICIT_DEFAULTS_FOR_TIMESTAMP:
    case CODE_SQL_REQUIRE_PRIMARY_KEY:
    case CODE_DEFAULT_TABLE_ENCRYPTION:
        return cursor_skip(c, 1);
    case CODE_DEFAULT_COLLATION_FOR_UTF8MB4:
        return cursor_skip(c, 2);
    case CODE_XID:
        return cursor_uint(c, 8, &s->xid);
    case CODE_GTID_FLAGS3:
        return gtid_flags3_skip(c);
    case CODE_CHARACTER_SET_COLLATIONS:
        return collations_read(c, s);
    default:
        *known = false;
        return true;
    }
}

struct err *query_session_parse(const uint8_t *status, size_t len, struct query_session *out)
{
    struct cursor c = cursor_of(status, len);
    struct query_session s = {0};
    uint8_t code;

    while (cursor_u8(&c, &code)) {
        bool known = true;
        if (!variable_read(code, &c, &s, &known))
            return binlog_malformed(BINLOG_QUERY, "damaged status variables");
        if (!known)
            return err_new(ERR_UNSUPPORTED, "a query event with the unknown status variable %u", code);
    }
    *out = s;
    return NULL;
}

static bool charset_is_plain(uint16_t collation)
{
    static const uint16_t others[] = {
        1,  84, 1025, 1108, /* big5 */
        13, 88, 1037, 1112, /* sjis */
        28, 87, 1052, 1111, /* gbk */
        95, 96, 1119, 1120, /* cp932 */
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (others[i] == collation)
            return false;
    return true;
}

bool query_text_is_plain(const struct query_session *s, const char *sql, size_t len)
{
    if (!s->has_charset || charset_is_plain(s->character_set_client))
        return true;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)sql[i] >= 0x80)
            return false;
    return true;
}
