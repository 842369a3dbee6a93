#include "mysql/bulk.h"

#include <stdlib.h>

#include <mysqld_error.h>

#include "base/failpoint.h"
#include "base/mem.h"

/* A cell costs 17 bytes of arrays, and may bring a warning, of which a server keeps at most 65,535. */
enum { CELLS = 32768 };

/* Of a packet: command, statement and flags; of a parameter: its type. */
enum { HEADER_BYTES = 16, TYPE_BYTES = 2 };

struct bulk {
    struct conn *conn;
    MYSQL_STMT *statement;
    unsigned parameters;
    unsigned capacity;
    char **values; /* per parameter `capacity` of them, one row after the other */
    unsigned long *lengths;
    char *indicators;
    uint64_t bytes; /* of the cells that are set, as they are sent */
    MYSQL_BIND *binds;
};

bool bulk_is_offered(struct conn *c)
{
    unsigned long server = 0;
    unsigned long capabilities = 0;

    /* the upper half of what the server said, which only MariaDB's library knows of */
    if (mariadb_get_infov(conn_handle(c), MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES, &capabilities) ||
        mariadb_get_infov(conn_handle(c), MARIADB_CONNECTION_SERVER_CAPABILITIES, &server))
        return false;
    return !(server & CLIENT_MYSQL) && (capabilities & (MARIADB_CLIENT_STMT_BULK_OPERATIONS >> 32));
}

/* A failure of the library itself is only known to the statement. */
static struct err *bulk_error(const struct bulk *b, const char *what)
{
    if (conn_errno(b->conn) == ER_MAX_PREPARED_STMT_COUNT_REACHED)
        return err_hint(conn_error(b->conn, what),
                        "raise the server's max_prepared_stmt_count, or --load text");
    if (conn_errno(b->conn))
        return conn_error(b->conn, what);
    return err_new(conn_code(b->conn), "%s: error %u: %s", what, mysql_stmt_errno(b->statement),
                   mysql_stmt_error(b->statement));
}

/* The arrays stay where they are, so the library is told of them once. */
static struct err *bulk_lay_out(struct bulk *b)
{
    b->capacity = b->parameters < CELLS ? CELLS / b->parameters : 1;
    size_t cells = (size_t)b->capacity * b->parameters;
    b->values = mem_zalloc(cells, sizeof(*b->values));
    b->lengths = mem_zalloc(cells, sizeof(*b->lengths));
    b->indicators = mem_zalloc(cells, 1);
    b->binds = mem_zalloc(b->parameters, sizeof(*b->binds));
    for (size_t i = 0; i < b->parameters; i++) {
        b->binds[i].buffer_type = MYSQL_TYPE_BLOB;
        b->binds[i].buffer = b->values + i * b->capacity;
        b->binds[i].length = b->lengths + i * b->capacity;
        b->binds[i].u.indicator = b->indicators + i * b->capacity;
    }
    if (mysql_stmt_attr_set(b->statement, STMT_ATTR_ARRAY_SIZE, &b->capacity) ||
        mysql_stmt_bind_param(b->statement, b->binds))
        return bulk_error(b, "binding the parameters of an INSERT");
    return NULL;
}

struct err *bulk_prepare(struct conn *c, const struct buf *sql, unsigned parameters, struct bulk **out)
{
    struct bulk *b = mem_zalloc(1, sizeof(*b));
    struct err *e = NULL;

    b->conn = c;
    b->parameters = parameters;
    b->statement = mysql_stmt_init(conn_handle(c));
    if (!b->statement)
        e = err_new(ERR_INTERNAL, "the client library gave no statement");
    else if (mysql_stmt_prepare(b->statement, (const char *)sql->data, (unsigned long)sql->len))
        e = bulk_error(b, "preparing an INSERT");
    else if (parameters == 0 || mysql_stmt_param_count(b->statement) != parameters)
        e = err_new(ERR_INTERNAL, "an INSERT has %lu parameters, not %u",
                    mysql_stmt_param_count(b->statement), parameters);
    else
        e = bulk_lay_out(b);
    if (e) {
        bulk_free(b);
        return e;
    }
    *out = b;
    return NULL;
}

unsigned bulk_capacity(const struct bulk *b)
{
    return b->capacity;
}

void bulk_clear(struct bulk *b)
{
    b->bytes = 0;
}

/* Bytes of the protocol's length before a value. */
static unsigned length_bytes(unsigned long len)
{
    return len < 251 ? 1 : len < 1 << 16 ? 3 : len < 1 << 24 ? 4 : 9;
}

void bulk_set(struct bulk *b, unsigned row, unsigned parameter, char *value, unsigned long len)
{
    size_t cell = (size_t)parameter * b->capacity + row;

    b->values[cell] = value;
    b->lengths[cell] = len;
    b->indicators[cell] = value ? STMT_INDICATOR_NONE : STMT_INDICATOR_NULL;
    b->bytes += 1 + (value ? length_bytes(len) + len : 0);
}

uint64_t bulk_packet_size(const struct bulk *b)
{
    return HEADER_BYTES + (uint64_t)b->parameters * TYPE_BYTES + b->bytes;
}

struct err *bulk_execute(struct bulk *b, unsigned rows, uint64_t *affected)
{
    failpoint("statement");
    if (mysql_stmt_attr_set(b->statement, STMT_ATTR_ARRAY_SIZE, &rows) || mysql_stmt_execute(b->statement))
        return bulk_error(b, "inserting rows");
    *affected = mysql_stmt_affected_rows(b->statement);
    return NULL;
}

void bulk_free(struct bulk *b)
{
    if (!b)
        return;
    if (b->statement)
        mysql_stmt_close(b->statement);
    free(b->values);
    free(b->lengths);
    free(b->indicators);
    free(b->binds);
    free(b);
}
