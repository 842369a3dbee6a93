#include "mysql/server_file.h"

#include <stdlib.h>
#include <string.h>

#include <errmsg.h>
#include <mysqld_error.h>

#include "base/mem.h"

void server_file_params(const char *name, const struct conn_params *like, char **file,
                        struct conn_params *out)
{
    const char *colon = strrchr(name, ':');
    bool grouped = colon && !strchr(colon, '/'); /* or it is part of a path */

    *file = mem_strndup(name, grouped ? (size_t)(colon - name) : strlen(name));
    *out = (struct conn_params){
        .side = like->side,
        .defaults_file = *file,
        .defaults_group = grouped ? colon + 1 : NULL,
        .connect_timeout_s = like->connect_timeout_s,
        .server_timeout_s = like->server_timeout_s,
    };
}

struct err *server_file_open(const char *name, const struct conn_params *like, unsigned read_timeout_s,
                             struct conn **out)
{
    struct conn_params params;
    char *file;

    server_file_params(name, like, &file, &params);
    params.read_timeout_s = read_timeout_s;
    struct err *e = conn_open(&params, out);
    free(file);
    return e;
}

struct err *named_source_open(const struct opts *opts, struct named_source *out)
{
    const char *name = opts_string(opts, OPT_SOURCE);
    struct conn_params like;

    *out = (struct named_source){0};
    if (!name)
        return NULL;
    if (strchr(name, '/')) {
        conn_params_from_opts(opts, CONN_SOURCE, &like);
        server_file_params(name, &like, &out->file, &out->params);
    } else {
        TRY(opts_of_source(opts, name, &out->section));
        conn_params_from_opts(out->section, CONN_SOURCE, &out->params);
    }
    return conn_try(&out->params, &out->conn, &out->failure);
}

bool named_source_answers(const struct named_source *source)
{
    if (source->conn)
        return !conn_is_lost(source->conn);
    switch (source->failure) {
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
    case CR_UNKNOWN_HOST:
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
    case ER_SERVER_SHUTDOWN:
        return false;
    default:
        return true;
    }
}

void named_source_close(struct named_source *source)
{
    conn_close(source->conn);
    opts_free(source->section);
    free(source->file);
}
