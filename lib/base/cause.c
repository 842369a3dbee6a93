#include "base/cause.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void cause_hash(const char *who, const struct err *e, char hex[HASH_HEX_SIZE])
{
    char *cause = mem_printf("%s|%s", who, err_message(e));
    char *to = cause;

    for (const char *from = cause; *from; from++)
        if (*from < '0' || *from > '9')
            *to++ = *from;
    *to = 0;
    char *whole = mem_printf("%d %s", (int)err_code(e), cause);
    hash_bytes_hex(whole, strlen(whole), hex);
    free(whole);
    free(cause);
}

bool cause_counts(const struct err *e)
{
    switch (err_code(e)) {
    case ERR_INTERNAL:
    case ERR_SOURCE:
    case ERR_TARGET:
    case ERR_INTEGRITY:
    case ERR_RESYNC:
    case ERR_UNSAFE:
    case ERR_UNSUPPORTED:
        return true;
    case ERR_OK:
    case ERR_USAGE:
    case ERR_CONFIG:
    case ERR_STORE:
    case ERR_INTERRUPTED:
    case ERR_LOCKED:
        break;
    }
    return false;
}
