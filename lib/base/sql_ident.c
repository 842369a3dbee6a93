#include "base/sql_ident.h"

void sql_ident(struct buf *out, const char *name)
{
    buf_append_byte(out, '`');
    for (; *name; name++) {
        if (*name == '`')
            buf_append_byte(out, '`');
        buf_append_byte(out, (uint8_t)*name);
    }
    buf_append_byte(out, '`');
}
