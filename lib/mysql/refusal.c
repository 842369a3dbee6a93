#include "mysql/refusal.h"

#include <stdlib.h>
#include <string.h>

#include <errmsg.h>
#include <mysqld_error.h>

#include "base/mem.h"

/* What an operator can do about the failures that every site meets. */
static struct err *add_hint(struct err *e, unsigned number)
{
    switch (number) {
    case ER_ACCESS_DENIED_ERROR:
    case ER_ACCESS_DENIED_NO_PASSWORD_ERROR:
        return err_hint(e, "check user and password in the option file (--defaults-file)");
    case ER_DBACCESS_DENIED_ERROR:
    case ER_TABLEACCESS_DENIED_ERROR:
    case ER_COLUMNACCESS_DENIED_ERROR:
    case ER_SPECIFIC_ACCESS_DENIED_ERROR:
    case ER_PROCACCESS_DENIED_ERROR:
        return err_hint(e, "the README lists the privileges that each side needs, as GRANT statements");
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
    case CR_UNKNOWN_HOST:
        return err_hint(e, "is the server up, and are host, port or socket right?");
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
        return err_hint(e, "the connection was lost; the next run goes on from what is committed");
    case ER_UNKNOWN_TIME_ZONE:
        return err_hint(e, "load the time zones: mariadb-tzinfo-to-sql /usr/share/zoneinfo | mariadb mysql");
    case ER_RECORD_FILE_FULL:
        return err_hint(e, "is the disk of the server's datadir full? Then make room there, and the next run "
                           "goes on (a MEMORY table is at max_heap_table_size)");
    default:
        return e;
    }
}

/*
 * InnoDB says of a full disk that the table is full, which other engines say of their tables' limits, too.
 * The others' numbers depend on what was to be written; their texts carry the errno, in any language.
 */
static struct err *note_room(struct err *e, unsigned number, const char *text)
{
    const char *name = strchr(text, '\'');

    if (number == ER_RECORD_FILE_FULL) {
        char *table = name ? mem_strndup(name + 1, strcspn(name + 1, "'")) : mem_strdup("");
        e = err_no_room(e, table);
        free(table);
    } else if (number == ER_DISK_FULL || strstr(text, "28 \"No space left on device\"") ||
               strstr(text, "122 \"Disk quota exceeded\"")) {
        e = err_hint(err_no_room(e, NULL),
                     "the disk of the server is full; make room there, and the next run goes on");
    }
    return e;
}

struct err *refusal_explain(struct err *e, unsigned number, const char *text)
{
    return add_hint(note_room(e, number, text), number);
}
