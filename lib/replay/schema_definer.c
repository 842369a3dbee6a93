#include "replay/schema_definer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "binlog/account.h"
#include "mysql/charset.h"

static bool has_definer(enum statement_kind kind)
{
    return kind == STATEMENT_VIEW || kind == STATEMENT_FUNCTION || kind == STATEMENT_PROCEDURE ||
           kind == STATEMENT_PACKAGE || kind == STATEMENT_PACKAGE_BODY || kind == STATEMENT_EVENT;
}

/* A name that stands in the statement as a text of SQL in UTF-8; NULL, a role's host, is stored empty. */
static struct err *name_literal(const struct schema_change *s, const char *name, char **out)
{
    struct buf text = BUF_INIT;
    struct result *r = NULL;
    struct err *e = NULL;
    bool exact = true;

    if (name && s->session.has_charset && !charset_is_ascii(name, strlen(name))) {
        e = conn_query(s->a->conn, &r,
                       "SELECT CHARACTER_SET_NAME FROM information_schema.COLLATIONS WHERE ID = %u",
                       s->session.character_set_client);
        char **row = e ? NULL : result_next(r, NULL);
        if (row)
            e = charset_convert(s->a->conn, row[0], "utf8mb4", name, strlen(name), &text, &exact);
        result_free(r);
    }
    char *converted = text.len && exact ? buf_steal(&text) : NULL;
    if (!e)
        *out = sql_string_dup(converted ? converted : name ? name : "");
    free(converted);
    buf_free(&text);
    return e;
}

/* Words that stand for who runs the statement: servers log the name instead, but for ALTER EVENT. */
static bool is_whoever(const struct account *a)
{
    return !a->host && (strcasecmp(a->user, "CURRENT_USER") == 0 || strcasecmp(a->user, "CURRENT_ROLE") == 0);
}

static struct err *account_is_there(const struct schema_change *s, const struct account *a, bool *there)
{
    char *user = NULL;
    char *host = NULL;
    uint64_t count = 0;

    TRY(batch_flush(&s->a->batch)); /* the connection is used */
    struct err *e = name_literal(s, a->user, &user);
    if (!e)
        e = name_literal(s, a->host, &host);
    if (!e)
        e = conn_number(s->a->conn, &count,
                        "SELECT COUNT(*) FROM mysql.global_priv WHERE User = %s AND Host = %s", user, host);
    *there = count > 0;
    free(user);
    free(host);
    return e;
}

struct err *schema_definer_check(const struct schema_change *s)
{
    struct definer d = {0};
    struct err *e = NULL;
    bool there = true;

    if (!has_definer(s->statement.kind) || s->statement.action == STATEMENT_DROP)
        return NULL;
    char *sql = mem_strndup(s->query->sql, s->query->sql_len);
    if (definer_find(sql, s->session.sql_mode, &d) && !is_whoever(&d.account))
        e = account_is_there(s, &d.account, &there);
    if (!e && !there && !d.account.host) {
        e = err_hint(
            schema_change_stop(s, ERR_UNSAFE,
                               "the role that defines it does not exist on the target, where a user of that "
                               "name would become its definer"),
            "CREATE ROLE %s on the target", d.account.user);
    } else if (!e && !there) {
        char *who = account_text(&d.account);
        log_warn(s->a->log,
                 "%s defines what a statement of the log makes, and does not exist on the target: it fails "
                 "there when it is used (%.*s)",
                 who, (int)(s->query->sql_len < 200 ? s->query->sql_len : 200), s->query->sql);
        free(who);
    }
    account_free(&d.account);
    free(sql);
    return e;
}
