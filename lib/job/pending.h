/*
 * pending - the list of what follows a swap, as it lies in the position row (formats/target.md).
 */
#ifndef CCR_JOB_PENDING_H
#define CCR_JOB_PENDING_H

#include "job/job.h"

/* An old table, or a view, that was renamed within its own database. */
struct pending_aside {
    char *db;
    char *name; /* its new name */
    bool view;
};

/* A foreign key that its table gets when the old key of that name is gone. Target names. */
struct pending_key {
    char *db;
    char *table;
    char *name;
    char *clause;
    bool replaces; /* the table stays: its key leads to the old table, and is dropped first */
};

/* Target names. */
struct pending_table {
    char *db;
    char *name;
};

struct pending {
    char *stream;
    char *snapshot;
    char *options; /* of the plan, see restore_plan.h */
    bool standalone;
    bool skip_binlog;
    uint64_t stage_from;   /* of the plan */
    char *missing_definer; /* as in missing_definer.h */
    char *reason;
    struct pending_aside *asides;
    size_t aside_count;
    char **gone; /* databases that the source no longer has: dropped when they are empty */
    size_t gone_count;
    struct pending_key *keys;
    size_t key_count;
    json_t *users; /* accounts to be made (users.h); NULL: none */
    struct job *job;
    /* of a partial restore: */
    bool partial;
    bool behind; /* the job has not followed these tables up to here: views and triggers are the snapshot's */
    struct pending_table *in; /* the tables that were swapped in, */
    size_t in_count;
    struct pending_table *out; /* and those that made place or are gone */
    size_t out_count;
};

char *pending_encode(const struct pending *p); /* malloc'ed */
struct err *pending_decode(const char *text, struct pending *out) CHECKED;
void pending_free(struct pending *p); /* its members */

/* Append; the strings are copied. */
void pending_add_aside(struct pending *p, const char *db, const char *name, bool view);
void pending_add_gone(struct pending *p, const char *db);
void pending_add_in(struct pending *p, const char *db, const char *name);
void pending_add_out(struct pending *p, const char *db, const char *name);
void pending_add_key(struct pending *p, const char *db, const char *table, const char *name,
                     const char *clause, bool replaces);

#endif
