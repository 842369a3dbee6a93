#include "restore/load_text.h"

#include "mysql/infile.h"
#include "restore/load_warnings.h"

static struct err *read_part(void *part, void *out, size_t cap, size_t *len)
{
    return load_part_read(part, out, cap, len);
}

struct err *load_text_part(struct conn *c, const struct restore_table *t, uint64_t chunk,
                           struct load_part *part, uint64_t *rows)
{
    struct buf sql = BUF_INIT;

    buf_printf(&sql, "LOAD DATA LOCAL INFILE 'chunk %llu' INTO TABLE ", (unsigned long long)chunk);
    sql_table(&sql, t->db->stage, t->name);
    buf_append_byte(&sql, ' ');
    buf_append_str(&sql, t->rows->load);
    struct err *e = infile_exec(c, &sql, read_part, part);
    buf_free(&sql);
    *rows = conn_affected(c);
    if (!e && mysql_warning_count(conn_handle(c)) > 0)
        e = load_warnings_check(c, t);
    return e;
}
