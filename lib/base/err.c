#include "base/err.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct err {
    enum err_code code;
    char *message;
    char *hint;
    char *db; /* of the table that it is about; NULL for none */
    char *table;
    bool no_room;
    char *full_table;
};

static const struct {
    enum err_code code;
    const char *name;
    const char *meaning;
} codes[] = {
    {ERR_OK, "ok", "success, also when there was nothing to do"},
    {ERR_INTERNAL, "internal", "a bug in ccr, or the machine refused memory or a thread"},
    {ERR_USAGE, "usage", "the command line is wrong"},
    {ERR_CONFIG, "config", "the config file is wrong or unreadable"},
    {ERR_STORE, "store", "the store cannot be read or written, or lacks what was asked for"},
    {ERR_SOURCE, "source", "the source server refused, failed, or is not set up for replication"},
    {ERR_TARGET, "target", "the target server refused or failed"},
    {ERR_INTEGRITY, "integrity", "a checksum, a gap or a broken chain: the store is not as it was written"},
    {ERR_RESYNC, "needs-resync", "going on needs a new snapshot"},
    {ERR_UNSAFE, "unsafe", "refused, because it could lose or change data silently"},
    {ERR_INTERRUPTED, "interrupted", "stopped by a signal; the next run goes on"},
    {ERR_UNSUPPORTED, "unsupported", "a format, event, statement or type that this version does not know"},
    {ERR_LOCKED, "locked", "another run is at work; try again later"},
};

static struct err *err_make(enum err_code code, char *message)
{
    struct err *e = mem_zalloc(1, sizeof(*e));

    e->code = code;
    e->message = message;
    return e;
}

struct err *err_new(enum err_code code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    char *message = mem_vprintf(fmt, ap);
    va_end(ap);
    return err_make(code, message);
}

struct err *err_errno(enum err_code code, int errnum, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    char *what = mem_vprintf(fmt, ap);
    va_end(ap);
    struct err *e = err_make(code, mem_printf("%s: %s", what, strerror(errnum)));
    free(what);
    return e;
}

struct err *err_context(struct err *e, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    char *context = mem_vprintf(fmt, ap);
    va_end(ap);
    char *message = mem_printf("%s: %s", context, e->message);
    free(context);
    free(e->message);
    e->message = message;
    return e;
}

struct err *err_hint(struct err *e, const char *fmt, ...)
{
    va_list ap;

    if (e->hint)
        return e;
    va_start(ap, fmt);
    e->hint = mem_vprintf(fmt, ap);
    va_end(ap);
    return e;
}

struct err *err_about(struct err *e, const char *db, const char *table)
{
    if (e->table)
        return e;
    e->db = mem_strdup(db);
    e->table = mem_strdup(table);
    return e;
}

struct err *err_no_room(struct err *e, const char *table)
{
    free(e->full_table);
    e->no_room = true;
    e->full_table = table ? mem_strdup(table) : NULL;
    return e;
}

struct err *err_recode(struct err *e, enum err_code code)
{
    e->code = code;
    return e;
}

struct err *err_first(struct err *first, struct err *second)
{
    if (!first)
        return second;
    err_free(second);
    return first;
}

enum err_code err_code(const struct err *e)
{
    return e ? e->code : ERR_OK;
}

const char *err_message(const struct err *e)
{
    return e->message;
}

const char *err_hint_text(const struct err *e)
{
    return e->hint;
}

bool err_table(const struct err *e, const char **db, const char **table)
{
    if (!e || !e->table)
        return false;
    *db = e->db;
    *table = e->table;
    return true;
}

bool err_is_no_room(const struct err *e, const char **full_table)
{
    if (!e || !e->no_room)
        return false;
    *full_table = e->full_table;
    return true;
}

void err_free(struct err *e)
{
    if (!e)
        return;
    free(e->db);
    free(e->table);
    free(e->full_table);
    free(e->message);
    free(e->hint);
    free(e);
}

const char *err_code_name(enum err_code code)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i].code == code)
            return codes[i].name;
    return "unknown";
}

const char *err_code_meaning(enum err_code code)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i].code == code)
            return codes[i].meaning;
    return "unknown";
}

void err_code_each(void (*fn)(enum err_code code, const char *name, const char *meaning, void *arg),
                   void *arg)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        fn(codes[i].code, codes[i].name, codes[i].meaning, arg);
}
