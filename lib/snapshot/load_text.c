#include "snapshot/load_text.h"

#include <stdio.h>

#include <mysqld_error.h>

#include "snapshot/load_warnings.h"

/* What the library reads the "file" from. */
struct infile {
    struct load_part *part;
    struct err *error; /* why the rows ended early */
};

/* The four functions of mysql_set_local_infile_handler. */

static int infile_begin(void **handle, const char *name, void *infile)
{
    (void)name;
    *handle = infile;
    return 0;
}

static int infile_read(void *handle, char *out, unsigned cap)
{
    struct infile *f = handle;
    size_t len = 0;

    f->error = load_part_read(f->part, out, cap, &len);
    return f->error ? -1 : (int)len;
}

static void infile_end(void *handle)
{
    (void)handle;
}

static int infile_error(void *handle, char *message, unsigned cap)
{
    const struct infile *f = handle;

    snprintf(message, cap, "%s", f->error ? err_message(f->error) : "the rows ended early");
    return ER_UNKNOWN_ERROR;
}

struct err *load_text_part(struct conn *c, const struct restore_table *t, uint64_t chunk,
                           struct load_part *part, uint64_t *rows)
{
    struct infile infile = {.part = part};
    struct buf sql = BUF_INIT;

    buf_printf(&sql, "LOAD DATA LOCAL INFILE 'chunk %llu' INTO TABLE ", (unsigned long long)chunk);
    sql_table(&sql, t->db->stage, t->name);
    buf_append_byte(&sql, ' ');
    buf_append_str(&sql, t->rows->load);
    mysql_set_local_infile_handler(conn_handle(c), infile_begin, infile_read, infile_end, infile_error,
                                   &infile);
    struct err *e = conn_exec_bytes(c, sql.data, sql.len);
    mysql_set_local_infile_default(conn_handle(c));
    buf_free(&sql);
    if (infile.error) {
        err_free(e);
        return infile.error;
    }
    *rows = conn_affected(c);
    if (!e && mysql_warning_count(conn_handle(c)) > 0)
        e = load_warnings_check(c, t);
    return e;
}
