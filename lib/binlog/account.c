#include "binlog/account.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/sql_ident.h"

static const char everybody[] = "PUBLIC";

void account_free(struct account *a)
{
    free(a->user);
    free(a->host);
    *a = (struct account){0};
}

struct account account_copy(const struct account *a)
{
    return (struct account){mem_strdup(a->user), a->host ? mem_strdup(a->host) : NULL};
}

int account_compare(const struct account *a, const struct account *b)
{
    int order = strcmp(a->user, b->user);

    if (order || (!a->host && !b->host))
        return order;
    return !a->host ? -1 : !b->host ? 1 : strcmp(a->host, b->host);
}

bool account_equal(const struct account *a, const struct account *b)
{
    return account_compare(a, b) == 0;
}

bool account_is_public(const struct account *a)
{
    return !a->host && strcmp(a->user, everybody) == 0;
}

/* The host of "@`host`" or "@host". */
static char *host_of(const struct sql_token *t)
{
    char quote = t->len > 1 ? t->text[1] : 0;
    bool quoted = quote == '`' || quote == '\'' || quote == '"';

    return sql_token_name(&(struct sql_token){quoted ? SQL_QUOTED : SQL_WORD, t->text + 1, t->len - 1});
}

/* A name cannot hold one, and a C string would end there. */
static bool has_nul(const struct sql_token *t)
{
    return memchr(t->text, 0, t->len) != NULL;
}

bool account_take(struct sql_lexer *l, struct account *out)
{
    struct sql_token user = sql_lexer_next(l);
    struct sql_lexer behind = *l;

    *out = (struct account){0};
    if ((!sql_token_is_name(&user) && user.type != SQL_STRING) || has_nul(&user))
        return false;
    out->user = sql_token_name(
        &(struct sql_token){user.type == SQL_WORD ? SQL_WORD : SQL_QUOTED, user.text, user.len});
    struct sql_token host = sql_lexer_next(&behind);
    if (host.type != SQL_VARIABLE || has_nul(&host))
        return true;
    out->host = host_of(&host);
    *l = behind;
    return true;
}

void account_sql(struct buf *out, const struct account *a)
{
    if (account_is_public(a)) {
        buf_append_str(out, everybody);
        return;
    }
    sql_ident(out, a->user);
    if (a->host) {
        buf_append_byte(out, '@');
        sql_ident(out, a->host);
    }
}

char *account_sql_dup(const struct account *a)
{
    struct buf b = BUF_INIT;

    account_sql(&b, a);
    return buf_steal(&b);
}

char *account_text(const struct account *a)
{
    return a->host ? mem_printf("%s@%s", a->user, a->host) : mem_strdup(a->user);
}

bool definer_find(const char *sql, uint64_t sql_mode, struct definer *out)
{
    struct sql_lexer l;
    struct sql_token t;

    *out = (struct definer){0};
    sql_lexer_init(&l, sql, strlen(sql), sql_mode);
    /* CREATE [OR REPLACE] [ALGORITHM=x] DEFINER=... */
    do {
        t = sql_lexer_next(&l);
        if (t.type != SQL_WORD && !sql_token_is_symbol(&t, '='))
            return false;
    } while (!sql_token_is(&t, "DEFINER"));
    t = sql_lexer_next(&l);
    if (!sql_token_is_symbol(&t, '='))
        return false;
    out->start = (size_t)(l.p - sql);
    if (!account_take(&l, &out->account))
        return false;
    out->end = (size_t)(l.p - sql);
    return true;
}
