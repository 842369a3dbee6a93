#include "mysql/privileges.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* The pattern of "`db_pattern`.* TO ...", which is malloc'ed, and what follows it; NULL for a grant of
 * another level. */
static char *grant_pattern(const char *level, const char **behind)
{
    struct buf b = BUF_INIT;
    const char *p = level;

    if (*p++ != '`')
        return NULL;
    for (; *p && (*p != '`' || p[1] == '`'); p++) {
        if (*p == '`')
            p++;
        buf_append_byte(&b, (uint8_t)*p);
    }
    *behind = p + 4;
    if (strncmp(p, "`.* ", 4) == 0)
        return buf_steal(&b);
    buf_free(&b);
    return NULL;
}

/* As the server compares: byte by byte, unless it folds names. */
static struct err *pattern_covers(struct conn *c, const char *pattern, const char *db, bool *covers)
{
    uint64_t like = 0;
    char *db_text = sql_string_dup(db);
    char *pattern_text = sql_string_dup(pattern);
    struct err *e = conn_number(
        c, &like, "SELECT IF(@@GLOBAL.lower_case_table_names = 0, BINARY %s LIKE BINARY %s, %s LIKE %s)",
        db_text, pattern_text, db_text, pattern_text);

    *covers = like != 0;
    free(db_text);
    free(pattern_text);
    return e;
}

/* "SELECT, SHOW VIEW (col)" up to `end`: does it name the privilege as a whole? */
static bool list_names(const char *list, const char *end, const char *privilege)
{
    size_t len = strlen(privilege);

    if (strncmp(list, "ALL PRIVILEGES", 14) == 0)
        return true;
    while (list < end) {
        const char *comma = memchr(list, ',', (size_t)(end - list));
        const char *stop = comma ? comma : end;
        if ((size_t)(stop - list) == len && memcmp(list, privilege, len) == 0)
            return true;
        list = stop + strspn(stop, ", ");
    }
    return false;
}

struct search {
    const char *privilege;
    const char *db;
    char *decided; /* the grantee of the last grant that covers the database */
    bool has;
};

/* "TO `a`@`b` WITH GRANT OPTION" without its end; malloc'ed. */
static char *grantee_of(const char *text)
{
    static const char option[] = " WITH GRANT OPTION";
    size_t len = strlen(text);
    size_t end = sizeof(option) - 1;

    return mem_strndup(text, len > end && strcmp(text + len - end, option) == 0 ? len - end : len);
}

/*
 * Of a grantee's grants on databases only the first one that covers ours counts, the one with the least
 * wildcards. SHOW GRANTS has them in the server's own order.
 */
static struct err *consider_database(struct conn *c, struct search *s, const char *level, bool named)
{
    const char *behind = NULL;
    char *pattern = s->db ? grant_pattern(level, &behind) : NULL;
    bool covers = false;

    if (!pattern)
        return NULL;
    char *grantee = grantee_of(behind);
    bool decided = s->decided && strcmp(s->decided, grantee) == 0;
    struct err *e = decided ? NULL : pattern_covers(c, pattern, s->db, &covers);
    if (covers) {
        s->has |= named;
        free(s->decided);
        s->decided = grantee;
    } else {
        free(grantee);
    }
    free(pattern);
    return e;
}

static struct err *consider(struct conn *c, struct search *s, const char *grant)
{
    const char *on = strstr(grant, " ON ");

    if (!on || strncmp(grant, "GRANT ", 6) != 0)
        return NULL;
    bool named = list_names(grant + 6, on, s->privilege);
    if (strncmp(on + 4, "*.* ", 4) != 0)
        return consider_database(c, s, on + 4, named);
    s->has |= named;
    return NULL;
}

/* Reads the result anew for each question: there are few. */
struct err *privileges_have(struct conn *c, const char *privilege, const char *db, bool *has)
{
    struct search s = {.privilege = privilege, .db = db};
    struct result *r = NULL;
    char **row;
    struct err *e = NULL;

    *has = false;
    TRY(conn_query(c, &r, "SHOW GRANTS"));
    while (!e && !s.has && (row = result_next(r, NULL)) != NULL)
        e = row[0] ? consider(c, &s, row[0]) : NULL;
    result_free(r);
    free(s.decided);
    *has = s.has;
    return e;
}
