/*
 * live - what stands today where a restore wants to put its tables.
 *
 * Read twice: before anything is loaded, to refuse early, and again at the swap, which must not trust what
 * was seen an hour ago.
 */
#ifndef CCR_RESTORE_LIVE_H
#define CCR_RESTORE_LIVE_H

#include "restore/restore_plan.h"

enum live_fate {
    LIVE_STAYS, /* no business of this restore */
    LIVE_OLD,   /* moves to the old database */
    LIVE_ASIDE, /* is renamed within its database: it has triggers, or is a view */
};

struct live_table {
    const struct restore_db *db;
    char *name;
    bool view;
    bool ours;     /* recorded in ccr.tables for this job */
    bool incoming; /* the snapshot has a table or a sequence of this name */
    char *trigger; /* the name of one of its triggers; NULL for none */
    enum live_fate fate;
};

struct live_gone {
    struct restore_db db;
    char *name; /* what db's pointers lead to */
    char *target;
};

struct live {
    bool first;             /* nothing of this job has been swapped in yet */
    struct live_gone *gone; /* databases that the job made, and the snapshot no longer has */
    size_t gone_count;
    struct job *saved;         /* as it was so far; NULL for the first restore */
    struct live_table *tables; /* sorted by database and name */
    size_t count;
};

struct err *live_read(struct conn *c, const struct restore_plan *p, struct live *out) CHECKED;
void live_free(struct live *l); /* its members */
/* By target names; NULL for what is not there. */
struct live_table *live_find(const struct live *l, const char *db, const char *name);
/* A view of the snapshot will stand where this is. */
bool live_view_is_coming(const struct restore_plan *p, const struct live_table *t);

/*
 * Refuses (ERR_UNSAFE, with names) what would destroy what ccr did not make, unless `replace`, and a name
 * that is taken, which no option allows. Foreign keys: outside.h.
 */
struct err *live_check(struct conn *c, const struct restore_plan *p, const struct live *l,
                       bool replace) CHECKED;

#endif
