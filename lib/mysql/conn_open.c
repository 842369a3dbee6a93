/* Connecting: what a connection is opened with, and its end. */
#include "mysql/conn_parts.h"

#include <stdlib.h>

#include <errmsg.h>

#include "base/mem.h"
#include "mysql/flavour.h"
#include "mysql/option_file.h"
#include "mysql/silence.h"

/* The library counts milliseconds, in an int. */
enum { TIMEOUT_MOST_S = 86400 };

static unsigned timeout_from_opts(const struct opts *opts, enum opt_id id)
{
    uint64_t seconds = opts_number(opts, id);

    return seconds < TIMEOUT_MOST_S ? (unsigned)seconds : TIMEOUT_MOST_S;
}

void conn_params_from_opts(const struct opts *opts, enum conn_side side, struct conn_params *params)
{
    *params = (struct conn_params){
        .side = side,
        .host = opts_string(opts, OPT_HOST),
        .socket = opts_string(opts, OPT_SOCKET),
        .user = opts_string(opts, OPT_USER),
        .defaults_file = opts_string(opts, OPT_DEFAULTS_FILE),
        .defaults_group = opts_string(opts, OPT_DEFAULTS_GROUP),
        .port = (unsigned)opts_number(opts, OPT_PORT),
        .connect_timeout_s = timeout_from_opts(opts, OPT_CONNECT_TIMEOUT),
        .server_timeout_s = timeout_from_opts(opts, OPT_SERVER_TIMEOUT),
    };
}

/* A connection that is lost before it is there has nothing to go on from. */
static struct err *connect_error(const struct conn *c)
{
    if (mysql_errno(c->mysql) != CR_SERVER_LOST)
        return conn_error(c, "connecting");
    return err_hint(err_new(conn_code(c), "%s: connecting: error %u: %s", conn_side_name(c),
                            mysql_errno(c->mysql), mysql_error(c->mysql)),
                    "something listens there and does not answer: is the server hung, starting or shutting "
                    "down, or is it none?");
}

static void conn_set_timeouts(MYSQL *mysql, const struct conn_params *p)
{
    unsigned within_answer_s = p->read_timeout_s ? p->read_timeout_s : silence_within_answer_s(p);

    if (p->connect_timeout_s)
        mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &p->connect_timeout_s);
    if (within_answer_s) {
        mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &within_answer_s);
        mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &within_answer_s);
    }
}

static void conn_set_options(MYSQL *mysql, const struct conn_params *p)
{
    unsigned local_infile = p->local_infile;
    unsigned protocol = MYSQL_PROTOCOL_TCP;
    unsigned no_files = 0;

    conn_set_timeouts(mysql, p);
    mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    /* global limits would cut results short without a word, or refuse statements, and DEFAULT would mean
     * those; a COMMIT ends a transaction, and begins none */
    mysql_options(mysql, MYSQL_INIT_COMMAND,
                  "SET SESSION sql_select_limit = 18446744073709551615, sql_big_selects = 1, "
                  "sql_safe_updates = 0, completion_type = 'NO_CHAIN'");
    if (p->skip_binlog)
        mysql_options(mysql, MYSQL_INIT_COMMAND, "SET SESSION sql_log_bin = 0");
    if (p->lock_wait_s) {
        char *sql = mem_printf("SET SESSION lock_wait_timeout = %u", p->lock_wait_s);
        mysql_options(mysql, MYSQL_INIT_COMMAND, sql);
        free(sql);
    }
    mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, local_infile ? (const void *)&local_infile : &no_files);
    if (p->defaults_file)
        mysql_options(mysql, MYSQL_READ_DEFAULT_FILE, p->defaults_file);
    mysql_options(mysql, MYSQL_READ_DEFAULT_GROUP, p->defaults_group ? p->defaults_group : "client");
    /* a port means TCP, also for "localhost", which the library takes for the socket */
    if (p->port && !p->socket)
        mysql_options(mysql, MYSQL_OPT_PROTOCOL, &protocol);
}

static struct conn *conn_new(const struct conn_params *p)
{
    struct conn *c = mem_zalloc(1, sizeof(*c));
    const char **strings[] = {&c->params.host, &c->params.socket, &c->params.user, &c->params.defaults_file,
                              &c->params.defaults_group};

    c->side = p->side;
    c->params = *p;
    for (size_t i = 0; i < CONN_PARAM_STRINGS; i++)
        if (*strings[i])
            *strings[i] = c->strings[i] = mem_strdup(*strings[i]);
    return c;
}

static void conn_free(struct conn *c)
{
    for (size_t i = 0; i < CONN_PARAM_STRINGS; i++)
        free(c->strings[i]);
    free(c->shown);
    free(c);
}

struct err *conn_try(const struct conn_params *p, struct conn **out, unsigned *number)
{
    *number = 0;
    TRY(option_file_check(p->defaults_file, p->defaults_group));
    struct conn *c = conn_new(p);
    c->mysql = mysql_init(NULL);
    if (!c->mysql) {
        conn_free(c);
        return err_new(ERR_INTERNAL, "the client library could not be initialised");
    }
    conn_set_options(c->mysql, p);
    if (!mysql_real_connect(c->mysql, p->host, p->user, NULL, NULL, p->port, p->socket,
                            CLIENT_REMEMBER_OPTIONS)) {
        struct err *e = connect_error(c);
        *number = conn_errno(c);
        conn_close(c);
        return e;
    }
    if (p->server_timeout_s)
        silence_keep_alive(c->mysql, p);
    struct err *e = flavour_check(c);
    if (e) {
        conn_close(c);
        return e;
    }
    *out = c;
    return NULL;
}

struct err *conn_open(const struct conn_params *p, struct conn **out)
{
    unsigned number;

    return conn_try(p, out, &number);
}

void conn_close(struct conn *c)
{
    if (!c)
        return;
    mysql_close(c->mysql);
    conn_free(c);
}
