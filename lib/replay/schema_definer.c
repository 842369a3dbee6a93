#include "replay/schema_definer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "mysql/accounts.h"

static bool has_definer(enum statement_kind kind)
{
    return kind == STATEMENT_VIEW || kind == STATEMENT_FUNCTION || kind == STATEMENT_PROCEDURE ||
           kind == STATEMENT_PACKAGE || kind == STATEMENT_PACKAGE_BODY || kind == STATEMENT_EVENT;
}

/* Words that stand for who runs the statement: servers log the name instead, but for ALTER EVENT. */
static bool is_whoever(const struct account *a)
{
    return !a->host && (strcasecmp(a->user, "CURRENT_USER") == 0 || strcasecmp(a->user, "CURRENT_ROLE") == 0);
}

/* Brings its names into UTF-8, if the statement could not be (schema_text.h). */
static struct err *account_is_there(const struct schema_change *s, struct account *a, bool *there)
{
    struct account_list list = {0};

    TRY(batch_flush(&s->a->batch)); /* the connection is used */
    struct err *e = account_to_utf8(s->a->conn, s->as_sent ? s->charset : NULL, a);
    if (!e)
        e = account_list_names(s->a->conn, &list);
    *there = account_list_find(&list, a) != NULL;
    account_list_free(&list);
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
