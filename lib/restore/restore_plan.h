/*
 * restore_plan - what one restore brings where.
 *
 * Made from a manifest and a job's scope and renames: the databases with the names that they have on the
 * source, on the target, and in staging; the tables and sequences to load; which of the manifest's objects
 * are in scope. Read-only once made, but for the marks of chunks that are loaded; it owns the manifest and
 * the job.
 */
#ifndef CCR_RESTORE_RESTORE_PLAN_H
#define CCR_RESTORE_RESTORE_PLAN_H

#include "format/manifest.h"
#include "job/job.h"
#include "restore/missing_definer.h"

struct restore_db {
    const char
        *name; /* on the source; "" for one of the target alone, where single tables are renamed into */
    const char *target;
    const char *like; /* the source database whose defaults a database of the target alone gets */
    bool staged;      /* not a database of the target alone */
    char *stage;      /* ccr_stage_JOB_N, or the target's name; NULL where it is not staged */
    char *old;        /* ccr_old_JOB_N */
    bool whole;       /* in scope as a whole (but for excluded tables), not only single tables of it */
};

/* A table or a sequence. */
struct restore_table {
    const struct restore_db *db;
    const char *name;
    struct scope_name target;
    const struct manifest_object *object; /* NULL for one that the log has made behind the snapshot */
    const struct manifest_table *rows;    /* NULL for a sequence, and the same */
    uint64_t *loaded;                     /* per chunk: its first rows that are loaded and committed */
};

struct restore_plan {
    struct job *job; /* name, stream, scope, renames; the name is JOB_STANDALONE for a plain restore */
    bool standalone;
    bool partial; /* these tables of a job that is there; its scope is what is asked for */
    bool skip_binlog;
    bool in_place;      /* staging is where the tables belong (in_place.h) */
    bool keys_in_place; /* secondary keys are there before the rows (stage_keys.h) */
    struct missing_definer missing_definer;
    bool with_users;
    char *existing_users; /* what becomes of accounts that differ (users.h) */
    struct manifest *manifest;
    unsigned long stage_from; /* the N of stage0; those behind it follow */
    char *stage0;             /* databases of the restore's own tables: the plan, the position */
    char *old0;
    struct restore_db *dbs;
    size_t db_count;
    struct restore_table *tables; /* in the manifest's order */
    size_t table_count;
    char **own_names;                 /* of the tables, where they are not the manifest's */
    struct restore_table **by_target; /* the same, sorted by target database and name */
    bool *in_scope;                   /* per object of the manifest */
    char options[HASH_HEX_SIZE];      /* of everything that decides what is loaded where */
};

/* What options decide, beside the job. Texts as given, borrowed. */
struct restore_choices {
    bool skip_binlog;
    bool with_users;
    bool partial;
    bool may_lack; /* what the job names: it had it once, and the source has dropped it */
    bool in_place;
    const char *missing_definer; /* NULL: the default */
    const char *existing_users;  /* the same */
};

/*
 * Takes over job and manifest, also on failure. ERR_USAGE where the scope names what the snapshot does not
 * hold, or where two databases would become one.
 */
struct err *restore_plan_new(struct job *job, struct manifest *manifest,
                             const struct restore_choices *choices, struct restore_plan **out) CHECKED;
void restore_plan_free(struct restore_plan *p); /* NULL is allowed */
/* Staging is ccr_stage_JOB_number, ..._(number + 1), ...; 0 unless told. */
void restore_plan_stage_from(struct restore_plan *p, unsigned long number);

/* Other tables in place of the manifest's. Takes both arrays; names[i] is the name of tables[i]. */
void restore_plan_retable(struct restore_plan *p, struct restore_table *tables, char **names, size_t count);

const struct restore_db *restore_plan_db(const struct restore_plan *p, const char *source_name);
const struct restore_db *restore_plan_target_db(const struct restore_plan *p, const char *target_name);
/* By source names, and by target names; NULL for what is not in the plan. */
struct restore_table *restore_plan_table(const struct restore_plan *p, const char *db, const char *name);
struct restore_table *restore_plan_target_table(const struct restore_plan *p, const char *db,
                                                const char *name);
/* The name of any object of the plan on the target: of a trigger its own, in the database of its table. */
struct scope_name restore_plan_target_name(const struct restore_plan *p, const struct manifest_object *o);
/* All rows of the chunk are loaded. */
bool restore_table_has_chunk(const struct restore_table *t, size_t chunk);
/* "db.name" as on the source, for messages and the process list; malloc'ed. */
char *restore_table_label(const struct restore_table *t);

/* "'a', 'b'": the target's databases, for IN (...); malloc'ed. */
char *restore_plan_target_list(const struct restore_plan *p);

#endif
