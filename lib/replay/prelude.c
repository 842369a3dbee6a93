#include "replay/prelude.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

struct prelude {
    struct binlog_event *events; /* copies */
    size_t count;
    size_t cap;
    FILE *file;
    bool has_file;
    uint32_t file_id;
};

struct prelude *prelude_new(void)
{
    return mem_zalloc(1, sizeof(struct prelude));
}

static void events_drop(struct prelude *p)
{
    for (size_t i = 0; i < p->count; i++)
        free((void *)(uintptr_t)p->events[i].data);
    p->count = 0;
}

void prelude_clear(struct prelude *p)
{
    events_drop(p);
    if (p->file)
        fclose(p->file);
    p->file = NULL;
    p->has_file = false;
}

void prelude_free(struct prelude *p)
{
    if (!p)
        return;
    prelude_clear(p);
    free(p->events);
    free(p);
}

static void event_keep(struct prelude *p, const struct binlog_event *e)
{
    struct buf bytes = BUF_INIT;

    buf_append(&bytes, e->data, e->len);
    p->events = mem_grow(p->events, p->count, &p->cap, sizeof(*p->events));
    p->events[p->count] = *e;
    p->events[p->count].data = bytes.data;
    p->events[p->count].body = bytes.data + (e->body - e->data);
    p->count++;
}

static struct err *file_write(struct prelude *p, const struct binlog_event *e)
{
    struct binlog_file_block block;

    TRY(binlog_file_block_parse(e, &block));
    if (e->type == BINLOG_BEGIN_LOAD_QUERY) {
        if (p->file)
            fclose(p->file);
        p->file = tmpfile();
        if (!p->file)
            return err_errno(ERR_STORE, errno, "making a temporary file for LOAD DATA");
        p->has_file = true;
        p->file_id = block.file_id;
    }
    if (!p->has_file || p->file_id != block.file_id)
        return err_new(ERR_INTEGRITY, "a block of a LOAD DATA file that was not begun");
    if (block.len > 0 && fwrite(block.bytes, block.len, 1, p->file) != 1)
        return err_errno(ERR_STORE, errno, "writing a temporary file for LOAD DATA");
    return NULL;
}

struct err *prelude_take(struct prelude *p, const struct binlog_event *e)
{
    switch (e->type) {
    case BINLOG_BEGIN_LOAD_QUERY:
    case BINLOG_APPEND_BLOCK:
        return file_write(p, e);
    case BINLOG_DELETE_FILE:
        p->has_file = false;
        return NULL;
    default:
        event_keep(p, e);
        return NULL;
    }
}

/* _utf8mb4 X'61' COLLATE utf8mb4_bin */
static struct err *append_text(struct conn *c, const struct binlog_user_var *v, struct buf *sql)
{
    struct result *r = NULL;

    TRY(conn_query(c, &r,
                   "SELECT CHARACTER_SET_NAME, FULL_COLLATION_NAME FROM "
                   "information_schema.COLLATION_CHARACTER_SET_APPLICABILITY WHERE ID = %u",
                   v->collation));
    char **row = result_next(r, NULL);
    if (!row) {
        result_free(r);
        return err_new(ERR_UNSUPPORTED, "a user variable has collation %u, which the target does not know",
                       v->collation);
    }
    buf_printf(sql, "_%s X'", row[0]);
    for (size_t i = 0; i < v->value_len; i++)
        buf_printf(sql, "%02X", v->value[i]);
    buf_printf(sql, "' COLLATE `%s`", row[1]);
    result_free(r);
    return NULL;
}

static struct err *append_user_var(struct conn *c, const struct binlog_event *e, struct buf *sql)
{
    struct binlog_user_var v;

    TRY(binlog_user_var_parse(e, &v));
    char *name = mem_strndup(v.name, v.name_len);
    buf_append_byte(sql, '@');
    sql_ident(sql, name);
    buf_append_str(sql, " = ");
    free(name);
    if (v.type == USER_VAR_NULL)
        buf_append_str(sql, "NULL");
    else if (v.type == USER_VAR_NUMBER)
        binlog_user_var_number(&v, sql);
    else
        return append_text(c, &v, sql);
    return NULL;
}

static struct err *append_one(struct conn *c, const struct binlog_event *e, struct buf *sql)
{
    struct binlog_intvar intvar;
    uint64_t seeds[2];

    if (e->type == BINLOG_USER_VAR)
        return append_user_var(c, e, sql);
    if (e->type == BINLOG_RAND) {
        TRY(binlog_rand_parse(e, seeds));
        buf_printf(sql, "rand_seed1 = %llu, rand_seed2 = %llu", (unsigned long long)seeds[0],
                   (unsigned long long)seeds[1]);
        return NULL;
    }
    TRY(binlog_intvar_parse(e, &intvar));
    buf_printf(sql, "%s = %llu", intvar.insert_id ? "insert_id" : "last_insert_id",
               (unsigned long long)intvar.value);
    return NULL;
}

struct err *prelude_set(const struct prelude *p, struct conn *c)
{
    struct buf sql = BUF_INIT;
    struct err *e = NULL;

    for (size_t i = 0; i < p->count && !e; i++) {
        buf_append_str(&sql, i ? ", " : "SET ");
        e = append_one(c, &p->events[i], &sql);
    }
    if (!e && p->count)
        e = conn_exec_bytes(c, sql.data, sql.len);
    buf_free(&sql);
    return e;
}

struct err *prelude_file_open(struct prelude *p, uint32_t file_id)
{
    if (!p->has_file || p->file_id != file_id)
        return err_new(ERR_INTEGRITY, "a LOAD DATA whose file is not in the log before it");
    if (fflush(p->file) != 0 || fseek(p->file, 0, SEEK_SET) != 0)
        return err_errno(ERR_STORE, errno, "writing a temporary file for LOAD DATA");
    return NULL;
}

struct err *prelude_file_read(struct prelude *p, void *out, size_t cap, size_t *len)
{
    *len = fread(out, 1, cap, p->file);
    if (*len == 0 && ferror(p->file))
        return err_errno(ERR_STORE, errno, "reading a temporary file of LOAD DATA");
    return NULL;
}
