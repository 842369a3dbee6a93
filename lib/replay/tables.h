/*
 * tables - the tables that row events speak of: in scope or not, their names and state on the target.
 *
 * Every table map is compared with the target's own catalog, and the catalog with the definition that ccr
 * recorded, before a row is sent. What was read stays valid until tables_forget(), which every DDL must call.
 */
#ifndef CCR_REPLAY_TABLES_H
#define CCR_REPLAY_TABLES_H

#include "binlog/rows.h"
#include "job/job.h"
#include "mysql/catalog.h"
#include "replay/roads.h"

/* What helps where a table of the target is not what the log takes it for; with its source names. */
#define COPY_HINT "have the table copied anew (ccr-job resync --tables %s.%s --reason TEXT)"

struct table {
    char *source_db;
    char *source_name;
    bool in_scope;  /* what follows is set only then */
    bool unchecked; /* dry run behind a DDL: the target does not have the table as it will be */
    char *db;       /* on the target */
    char *name;
    uint64_t id;                   /* in the events that ccr builds */
    struct catalog_table *catalog; /* of the target */
    struct rows_table_map map;     /* of the last table map */
    struct buf map_event;          /* that map as ccr sends it */
    struct buf body;               /* the source's event: what map points into */
    unsigned lane;                 /* by which it goes */
    uint64_t batch;                /* serial of the last batch that changes it */
    uint64_t bundle;               /* serial of the last bundle that holds the map */
    struct road_table *road;       /* NULL where it is unchecked */
    struct bag_table *bag;         /* the same, of a table without a key (bag.h) */
    struct net_table *net;         /* what the batch at hand holds of it (net.h), NULL for nothing */
    struct table *next;            /* in its hash chain */
};

struct tables;

/*
 * `job` and `c` are borrowed. `idle` is called before `c` is used, and before a table's map becomes another:
 * what is under way must be over then. Between two such calls a struct table may be read by other threads.
 */
struct tables *tables_new(const struct job *job, struct conn *c, struct err *(*idle)(void *arg), void *arg);
void tables_free(struct tables *t); /* NULL is allowed */
/* Divides the tables among so many lanes: what foreign keys join (components.h) goes by the same. */
void tables_set_lanes(struct tables *t, unsigned count);

/*
 * Takes a table map event: *out is the table it describes. ERR_UNSAFE, naming the table, where the target's
 * table is not the one that the map or ccr's own record describes.
 */
struct err *tables_map(struct tables *t, const struct binlog_event *event, struct table **out) CHECKED;
/* The table that a statement names (source names): in scope or not, read and compared in the same way.
 * Nothing may be under way. */
struct err *tables_named(struct tables *t, const char *db, const char *name, struct table **out) CHECKED;
/* The table that a row event refers to by the source's id, or NULL. */
struct table *tables_find(const struct tables *t, uint64_t source_id);
/* The ids of the source are valid for one statement. */
void tables_statement_end(struct tables *t);
/* Everything is read anew from the catalog. No struct table may be in use. */
void tables_forget(struct tables *t);
/* From here on the table's changes, and those of all that foreign keys connect it with, keep their order. */
void tables_make_ordered(struct tables *t, struct table *table, const char *reason);
/* Dry run: from here on the table (source names) cannot be checked. */
void tables_unchecked(struct tables *t, const char *db, const char *name);

/* Is the source table db.name followed by the job? System schemas and ccr's own never are. */
bool tables_in_scope(const struct job *job, const char *db, const char *name);

#endif
