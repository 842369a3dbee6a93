/*
 * server_file - another server, named by a MySQL option file: "FILE", or "FILE:GROUP".
 */
#ifndef CCR_MYSQL_SERVER_FILE_H
#define CCR_MYSQL_SERVER_FILE_H

#include "base/opt.h"
#include "mysql/conn.h"

/* Host, user and password come from the file; side and timeout are those of `like`. read_timeout_s may be 0.
 */
struct err *server_file_open(const char *name, const struct conn_params *like, unsigned read_timeout_s,
                             struct conn **out) CHECKED;
/* How it is reached, for whoever opens connections himself; it borrows from `name` and from *file, which is
 * malloc'ed. */
void server_file_params(const char *name, const struct conn_params *like, char **file,
                        struct conn_params *out);

/* The source, for a binary that works on a target: what --source names. */
struct named_source {
    struct conn *conn; /* NULL: --source is not given, or it could not be opened */
    unsigned failure;  /* why not, as the server or the library numbers it; 0: for another reason */
    struct conn_params params;
    struct opts *section;
    char *file;
};

/* A section [source NAME] of the config file or, where there is a slash in it, an option file as above. The
 * caller ends *out, also after an error. */
struct err *named_source_open(const struct opts *opts, struct named_source *out) CHECKED;
/* Behind a failure: is there a server all the same? False where nobody answers, or no more. */
bool named_source_answers(const struct named_source *source);
void named_source_close(struct named_source *source);

#endif
