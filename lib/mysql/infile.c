#include "mysql/infile.h"

#include <stdio.h>

#include <mysqld_error.h>

struct infile {
    infile_fn *read;
    void *arg;
    struct err *error; /* why the file ended early */
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

    if (!f->error)
        f->error = f->read(f->arg, out, cap, &len);
    return f->error ? -1 : (int)len;
}

static void infile_end(void *handle)
{
    (void)handle;
}

static int infile_error(void *handle, char *message, unsigned cap)
{
    const struct infile *f = handle;

    snprintf(message, cap, "%s", f->error ? err_message(f->error) : "the file ended early");
    return ER_UNKNOWN_ERROR;
}

struct err *infile_exec(struct conn *c, const struct buf *sql, infile_fn *read, void *arg)
{
    struct infile infile = {.read = read, .arg = arg};

    mysql_set_local_infile_handler(conn_handle(c), infile_begin, infile_read, infile_end, infile_error,
                                   &infile);
    struct err *e = conn_exec_bytes(c, sql->data, sql->len);
    mysql_set_local_infile_default(conn_handle(c));
    if (!infile.error)
        return e;
    err_free(e);
    return infile.error;
}
