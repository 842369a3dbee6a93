#include "replay/own_utf8.h"

#include <string.h>
#include <strings.h>

#include "format/manifest.h"
#include "snapshot/source_differs.h"

static const char alias[] = "utf8";

/* As a character set, or in front of a collation's name; anywhere in the text, for nothing is lost by too
 * many. */
static bool names_utf8(const char *sql, size_t len)
{
    static const char full[] = "mb";
    const size_t n = sizeof(alias) - 1;

    for (size_t i = 0; i + n <= len; i++)
        if (strncasecmp(sql + i, alias, n) == 0 &&
            (i + n + 2 > len || strncasecmp(sql + i + n, full, sizeof(full) - 1) != 0))
            return true;
    return false;
}

static struct err *learn_mode(struct apply *a)
{
    struct manifest *m = NULL;
    bool differs = false;

    TRY(manifest_newest(a->store, a->job->stream, &m));
    struct err *e = m ? source_utf8_differs(a->conn, m->source, &differs) : NULL;
    if (!e && differs)
        a->utf8_mode = source_utf8_mode(m->source);
    a->utf8_asked = e == NULL;
    manifest_free(m);
    return e;
}

struct err *own_utf8_mode(const struct schema_change *s, const char **mode)
{
    struct apply *a = s->a;

    *mode = NULL;
    if (!names_utf8(s->query->sql, s->query->sql_len))
        return NULL;
    if (!a->utf8_asked)
        TRY(learn_mode(a));
    *mode = a->utf8_mode;
    return NULL;
}
