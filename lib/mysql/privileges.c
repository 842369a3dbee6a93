#include "mysql/privileges.h"

#include <stdlib.h>
#include <string.h>

/* The pattern of "`db_pattern`.*", which is malloc'ed; NULL for a grant of another level. */
static char *grant_pattern(const char *level)
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
    if (strncmp(p, "`.* ", 4) == 0)
        return buf_steal(&b);
    buf_free(&b);
    return NULL;
}

static struct err *level_covers(struct conn *c, const char *level, const char *db, bool *covers)
{
    uint64_t like = 0;

    *covers = strncmp(level, "*.* ", 4) == 0;
    char *pattern = *covers || !db ? NULL : grant_pattern(level);
    if (!pattern)
        return NULL;
    char *db_text = sql_string_dup(db);
    char *pattern_text = sql_string_dup(pattern);
    struct err *e = conn_number(c, &like, "SELECT %s LIKE %s", db_text, pattern_text);
    *covers = like != 0;
    free(db_text);
    free(pattern_text);
    free(pattern);
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

/* Reads the result anew for each question: there are few. */
struct err *privileges_have(struct conn *c, const char *privilege, const char *db, bool *has)
{
    struct result *r = NULL;
    char **row;
    struct err *e = NULL;

    *has = false;
    TRY(conn_query(c, &r, "SHOW GRANTS"));
    while (!e && !*has && (row = result_next(r, NULL)) != NULL) {
        const char *on = row[0] ? strstr(row[0], " ON ") : NULL;
        if (on && strncmp(row[0], "GRANT ", 6) == 0 && list_names(row[0] + 6, on, privilege))
            e = level_covers(c, on + 4, db, has);
    }
    result_free(r);
    return e;
}
