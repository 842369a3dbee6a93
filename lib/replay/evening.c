#include "replay/evening.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

struct evening {
    struct job_position from;
    struct job_position until;
    json_t *done; /* an object: database, then table */
};

static const struct json_doc lanes_doc = {.name = "a row of ccr.lanes", .code = ERR_TARGET};

static bool same_place(const struct job_position *a, const struct job_position *b)
{
    return a->epoch == b->epoch && a->number == b->number && gtid_pos_equal(&a->pos, &b->pos);
}

/* {"db": ["table", ...], ...} */
static struct err *add_tables(struct evening *v, const char *text)
{
    json_t *root = NULL;
    json_t *tables, *name;
    const char *db;
    size_t i;

    TRY(json_parse(&lanes_doc, text, strlen(text), &root));
    json_object_foreach(root, db, tables)
    {
        if (!json_object_get(v->done, db))
            json_object_set_new(v->done, db, json_object());
        json_array_foreach(tables, i, name)
        {
            if (json_is_string(name))
                json_object_set_new(json_object_get(v->done, db), json_string_value(name), json_true());
        }
    }
    json_decref(root);
    return NULL;
}

static struct err *evening_fill(struct evening *v, const struct job_lane *lanes, size_t count)
{
    const struct job_position *until = &lanes[0].at;
    const struct job_position *from = NULL;

    for (size_t i = 0; i < count; i++) {
        if (same_place(&lanes[i].at, until)) {
            TRY(add_tables(v, lanes[i].tables));
            continue;
        }
        if ((from && !same_place(&lanes[i].at, from)) || !gtid_pos_reaches(&until->pos, &lanes[i].at.pos))
            return err_new(ERR_TARGET, "the rows of ccr.lanes are more than one batch apart");
        from = &lanes[i].at;
    }
    job_position_copy(&v->until, until);
    job_position_copy(&v->from, from ? from : until);
    return NULL;
}

static bool is_even(const struct job_lane *lanes, size_t count, const struct job_position *row)
{
    for (size_t i = 0; i < count; i++)
        if (!same_place(&lanes[i].at, row))
            return false;
    return true;
}

struct err *evening_read(struct conn *c, const struct job *job, const struct job_position *row,
                         struct evening **out)
{
    struct job_lane *lanes = NULL;
    size_t count = 0;
    struct evening *v = NULL;

    *out = NULL;
    struct err *e = job_lanes_read(c, job->name, row->nonce, &lanes, &count);
    if (!e && !is_even(lanes, count, row)) {
        v = mem_zalloc(1, sizeof(*v));
        v->done = json_object();
        e = same_place(&lanes[0].at, row)
                ? evening_fill(v, lanes, count)
                : err_new(ERR_TARGET, "the position row and the first row of ccr.lanes differ");
    }
    job_lanes_free(lanes, count);
    if (e)
        evening_free(v);
    else
        *out = v;
    return e;
}

void evening_free(struct evening *v)
{
    if (!v)
        return;
    job_position_free(&v->from);
    job_position_free(&v->until);
    json_decref(v->done);
    free(v);
}

const struct job_position *evening_from(const struct evening *v)
{
    return &v->from;
}

const struct job_position *evening_until(const struct evening *v)
{
    return &v->until;
}

bool evening_has_done(const struct evening *v, const struct table *table)
{
    return json_object_get(json_object_get(v->done, table->db), table->name) != NULL;
}
