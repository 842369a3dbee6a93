/*
 * facts - what is known of a source before a job of it begins.
 *
 * From the source itself where it can be asked; otherwise from the newest snapshot in the store: its manifest
 * has the settings, its volumes the definitions of all objects. Only what is in the job's scope is listed. A
 * struct facts owns its members.
 */
#ifndef CCR_CHECK_FACTS_H
#define CCR_CHECK_FACTS_H

#include <jansson.h>

#include "backup/source_scope.h"
#include "format/manifest.h"
#include "mysql/conn.h"

struct fact_table {
    char *db;
    char *name;
    char *engine; /* NULL of a sequence and a view */
    bool view;
    bool versioned;
    bool keyless; /* neither a primary key nor a unique one without NULLs */
};

/* A name that definitions use: a collation (or a character set without one), a time zone. */
struct fact_name {
    char *name;
    char *of; /* where, for a message: "table shop.basket" */
};

struct fact_names {
    struct fact_name *items; /* each name once */
    size_t count;
};

/* A foreign key of a table in scope that refers to one that is not. */
struct fact_key {
    char *text; /* "shop.basket (fk_customer) to crm.customer" */
    char *db;   /* what it refers to */
    char *name;
    bool cascades;
};

struct facts {
    bool live;           /* the source itself was asked */
    char *snapshot;      /* or this snapshot; NULL: nothing of the source is known */
    json_t *settings;    /* as in a manifest; NULL: not known */
    struct gtid_pos end; /* GTIDs of the source, for their domains */
    char **databases;    /* those that hold something in scope */
    size_t database_count;
    struct fact_table *tables;
    size_t table_count;
    struct fact_names collations;
    struct fact_names zones;    /* of events */
    struct fact_names definers; /* "user@host", of views and programs */
    char *function;             /* one of those in scope, "shop.f"; NULL: there is none */
    char *partitioned;          /* the same of a table with partitions */
    bool knows_zones;           /* named time zones are loaded; false where only a snapshot is known */
    struct fact_key *keys;
    size_t key_count;
};

/* `scope` has been resolved on that server. *out is to be freed also after an error. */
struct err *facts_of_source(struct conn *c, const struct source_scope *scope, struct facts *out) CHECKED;
/* ERR_INTEGRITY where its volumes are damaged; *out has the rest then. */
struct err *facts_of_snapshot(struct store *s, const struct manifest *m, const struct scope *scope,
                              struct facts *out) CHECKED;
void facts_free(struct facts *f); /* its members */

/* A setting of the source; NULL where it is not known. */
const char *facts_setting(const struct facts *f, const char *name);

/* A list of names, each with where it was seen first. Copies. */
void facts_add_name(struct fact_names *names, const char *name, const char *kind, const char *db,
                    const char *table);
void facts_free_names(struct fact_names *names); /* its items */

void facts_add_key(struct facts *f, struct scope_name child, const char *key, struct scope_name parent,
                   bool cascades);

/* From what SHOW CREATE has printed, of a table that has its names: the rest of it, and what it uses. */
void facts_of_definition(const char *sql, const char *sql_mode, const struct scope *scope,
                         struct fact_table *t, struct facts *out);
void facts_of_database(const char *sql, const char *db, struct facts *out);

#endif
