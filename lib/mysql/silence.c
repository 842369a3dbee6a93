#include "mysql/silence.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <errmsg.h>
#include <mysqld_error.h>

#include "base/clock.h"

enum { DOUBTS = 3, WITHIN_ANSWER = 10, PROBES = 3, MS_PER_S = 1000 };

/* Also when the connection has ended: then reading tells. */
static bool answers_within(int fd, unsigned seconds)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int ready;

    do
        ready = poll(&p, 1, (int)seconds * MS_PER_S);
    while (ready < 0 && errno == EINTR);
    return ready != 0;
}

static bool number_is_librarys(unsigned number)
{
    return number >= CR_MIN_ERROR && number <= CR_MAX_ERROR;
}

static struct err *look_at_session(MYSQL *mysql, struct conn *asked, bool end_it, uint64_t *working)
{
    unsigned long id = mysql_thread_id(mysql);

    TRY(conn_number(
        asked, working,
        "SELECT COUNT(*) FROM information_schema.processlist WHERE id = %lu AND command <> 'Sleep' "
        "AND user = SUBSTRING_INDEX(USER(), '@', 1)",
        id));
    return *working || !end_it ? NULL : conn_exec(asked, "KILL CONNECTION %lu", id);
}

/*
 * A server that refuses (it has too many connections, say) is there, and may be at work; so may one that
 * cannot be asked for a reason of our own. end_it: a session that is not at work is ended, or it would keep
 * its locks.
 */
static bool is_at_work(MYSQL *mysql, const struct conn_params *like, bool end_it)
{
    struct conn_params params = *like;
    struct conn *asked = NULL;
    uint64_t working = 0;
    unsigned number;

    params.local_infile = false;
    params.skip_binlog = false;
    params.read_timeout_s = like->connect_timeout_s ? like->connect_timeout_s : like->server_timeout_s;
    struct err *e = conn_try(&params, &asked, &number);
    if (!e) {
        e = look_at_session(mysql, asked, end_it, &working);
        number = conn_errno(asked);
    }
    bool at_work = e && number != ER_NO_SUCH_THREAD ? !number_is_librarys(number) : working > 0;
    err_free(e);
    conn_close(asked);
    return at_work;
}

unsigned silence_wait(MYSQL *mysql, const struct conn_params *params)
{
    int fd = mysql_get_socket(mysql);
    int64_t start_us = clock_monotonic_us();

    if (fd < 0) /* closed by now */
        return 0;
    for (int doubts = 0; doubts < DOUBTS;) {
        if (answers_within(fd, params->server_timeout_s))
            return 0;
        doubts = is_at_work(mysql, params, doubts == DOUBTS - 1) ? 0 : doubts + 1;
    }
    if (answers_within(fd, 0))
        return 0;
    shutdown(fd, SHUT_RDWR);
    return (unsigned)((clock_monotonic_us() - start_us) / CLOCK_US_PER_S);
}

unsigned silence_within_answer_s(const struct conn_params *params)
{
    return params->server_timeout_s * WITHIN_ANSWER;
}

void silence_keep_alive(MYSQL *mysql, const struct conn_params *params)
{
    int fd = mysql_get_socket(mysql);
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    int on = 1;
    int after_s = (int)params->server_timeout_s;
    int probes = PROBES;

    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0 ||
        (address.ss_family != AF_INET && address.ss_family != AF_INET6))
        return;
    /* what cannot be set leaves the system's values */
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &after_s, sizeof(after_s));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &after_s, sizeof(after_s));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}
