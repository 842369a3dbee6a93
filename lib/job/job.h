/*
 * job - what a target knows of itself: ccr's own database on the target (formats/target.md).
 *
 * A job is one target following one stream. Its scope, renames and position live in the target's database
 * `ccr` and win there over anything the store says. Tables:
 *
 *   jobs          one row per job: stream, ids, scope, renames, how often it was copied as a whole
 *   position_JOB  one row: the position, committed in the same transaction as the data it describes;
 *                 it takes part in the swap's RENAME, so that data and position change in one step
 *   tables        the target tables that ccr created, with the hash of each one's definition
 *   kept          triggers and events that wait for promotion
 *   loads         finished chunks of a restore in progress, written in their chunk's transaction
 *   needs         what only another copy can bring in, and why
 *   history       every full or partial copy and its reason
 *   needed        how often a day the job itself finds that it needs a copy (job_needed.h)
 *   lanes         one row per lane of the last run of ccr-apply that had several
 *   states        whether each job follows, is paused or needs a person (job_state.h)
 *   copies        the copy that each job's restore has last begun (job_copy.h)
 *
 * A plain restore (ccr-restore --standalone) uses the same tables under the reserved name JOB_STANDALONE
 * while it runs, and leaves nothing there.
 *
 * Every change of the position is compare-and-set: exactly one affected row, or ERR_LOCKED (another run took
 * over).
 */
#ifndef CCR_JOB_JOB_H
#define CCR_JOB_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "format/position.h"
#include "mysql/conn.h"
#include "snapshot/partitions.h"
#include "snapshot/scope.h"

#define JOB_DATABASE   "ccr"
#define JOB_STANDALONE "standalone"

enum {
    JOB_NONCE_SIZE = 33,
    JOB_MAX_NAME = 40 /* names of tables and staging databases are built from a job's name */
};

struct job {
    char *name;
    char *stream;
    char *store_id;
    char *stream_id;
    struct scope scope;
};

/* The one row of position_JOB. */
struct job_position {
    uint64_t epoch;
    uint64_t
        number; /* the last log object whose every transaction is at or before `pos`; 0: none of this epoch */
    struct gtid_pos pos;
    int64_t source_time; /* commit time of the last applied transaction, seconds since 1970; 0: unknown */
    char nonce[JOB_NONCE_SIZE]; /* of the run that wrote last */
    char previous_nonce[JOB_NONCE_SIZE];
    char *pending; /* JSON: what is left to do after a swap (swap.h); NULL when nothing is */
    char *intent;  /* JSON: a statement about to run that cannot share a transaction (replay/ddl.h); NULL when
                      none */
    char *held;    /* JSON: XA branches that are prepared (replay/xa.h); NULL when none */
};

/* ERR_USAGE for a name that cannot be a job's. */
struct err *job_check_name(const char *name) CHECKED;

/* Creates the database and its tables where they are missing. */
struct err *job_setup(struct conn *c) CHECKED;
/* Adds a column to a table of ccr's, where an earlier version made it without. Outside of any transaction. */
struct err *job_add_column(struct conn *c, const char *table, const char *column,
                           const char *definition) CHECKED;
/* Removes the rows of a job from tables of ccr's database. */
struct err *job_forget(struct conn *c, const char *job, const char *const *tables, size_t count) CHECKED;
/* Forgets everything about a job, its position last; drops ccr's database when no job is left in it. */
struct err *job_remove(struct conn *c, const char *name) CHECKED;

/* *out is NULL where the job does not exist (or the ccr database does not). */
struct err *job_load(struct conn *c, const char *name, struct job **out) CHECKED;
/* Inserts or replaces the row in jobs. */
struct err *job_save(struct conn *c, const struct job *job) CHECKED;
void job_free(struct job *job); /* NULL is allowed */

/*
 * The generation of a job counts its full copies: what was asked for before the last one is of no interest
 * any more. 0 where the job does not exist, or has not been copied since an earlier version made its row.
 */
struct err *job_generation_setup(struct conn *c) CHECKED;
struct err *job_generation_read(struct conn *c, const char *job, uint64_t *out) CHECKED;
/* Part of the caller's transaction. */
struct err *job_generation_next(struct conn *c, const char *job) CHECKED;

/* The job as JSON, as it lies in the pending list (formats/target.md). */
json_t *job_to_json(const struct job *job);
struct err *job_from_json(const struct json_doc *doc, const json_t *object, struct job **out) CHECKED;

/* The name that a source database has on the target. */
const char *job_target_database(const struct job *job, const char *db);

char *job_position_table(const char *job); /* "position_JOB", malloc'ed */
/* The name under which a partial restore keeps the position of what it has staged: none that a job can have.
 * malloc'ed. */
char *job_stage_name(const char *job);

/* Creates the position table with its row in database `db` (staging, from where the swap moves it into
 * place).
 */
struct err *job_position_create(struct conn *c, const char *db, const char *job,
                                const struct job_position *p) CHECKED;
void job_new_nonce(char nonce[JOB_NONCE_SIZE]);

/* *found is false where the job has no position: nothing was swapped in yet. */
struct err *job_position_read(struct conn *c, const char *job, struct job_position *out, bool *found) CHECKED;
void job_position_free(struct job_position *p);                                   /* its members */
void job_position_copy(struct job_position *to, const struct job_position *from); /* frees what `to` held */

/*
 * Takes over: a new nonce, if the row still is as read. *p is brought up to date. ERR_LOCKED if it changed
 * meanwhile.
 */
struct err *job_position_claim(struct conn *c, const char *job, struct job_position *p) CHECKED;
/*
 * Within the caller's transaction: writes every member of *to where the row still has from's nonce and
 * position. The nonce stays. ERR_LOCKED when the row is another.
 */
struct err *job_position_update(struct conn *c, const char *job, const struct job_position *from,
                                const struct job_position *to) CHECKED;

/*
 * The lanes of ccr-apply (replay/lanes.h): each writes its row in its own transaction, all of them before any
 * commits, so that after a crash they are at most one batch apart. Rows count where they have the nonce of
 * the position row.
 */
struct job_lane {
    struct job_position at; /* epoch, number, pos and source_time */
    char *tables; /* JSON: {"db": ["table", ...], ...}: what the batch that ends at `at` changed here */
};
/* None where there is no such table. job_lanes_free also after an error. */
struct err *job_lanes_read(struct conn *c, const char *job, const char *nonce, struct job_lane **out,
                           size_t *count) CHECKED;
void job_lanes_free(struct job_lane *lanes, size_t count);
/* Part of the caller's transaction, all of them. Rows for `count` lanes in place of what is there; none for
 * one. */
struct err *job_lanes_make(struct conn *c, const char *job, unsigned count,
                           const struct job_position *at) CHECKED;
/* Hands the rows of one run over to the next. */
struct err *job_lanes_claim(struct conn *c, const char *job, const char *old_nonce,
                            const char *new_nonce) CHECKED;
/* One lane's row (ERR_LOCKED where it is not to's nonce's); all rows, where one lane has worked for all. */
struct err *job_lane_write(struct conn *c, const char *job, unsigned lane, const struct job_position *to,
                           const char *tables) CHECKED;
struct err *job_lanes_write(struct conn *c, const char *job, const struct job_position *to) CHECKED;

/* One run of a job at a time, by an advisory lock of this connection, which may take it again. ERR_LOCKED
 * where another still holds it after a few seconds. */
struct err *job_lock(struct conn *c, const char *job) CHECKED;
struct err *job_unlock(struct conn *c, const char *job) CHECKED;
/* The same for its staging databases, which a partial restore fills while the job goes on. Taken first. */
struct err *job_lock_stage(struct conn *c, const char *job) CHECKED;
/*
 * To be called on further connections of the run that has the lock, if they write. Behind a network that was
 * cut they outlive it, each as long as the server does not notice, with the locks of what they wrote: whoever
 * gets the job's lock next ends them. A Galera node has no such locks, and the next run waits for theirs.
 */
struct err *job_lock_join(struct conn *c, const char *job) CHECKED;
struct err *job_lock_stage_join(struct conn *c, const char *job) CHECKED;
/*
 * A copy that waits for the job's lock says so by another one, and a run that follows the log makes way for
 * it. *yes is false where the server has no such locks (Galera).
 */
struct err *job_lock_want(struct conn *c, const char *job, bool wanted) CHECKED;
struct err *job_lock_is_wanted(struct conn *c, const char *job, bool *yes) CHECKED;

/*
 * Which of them a run holds. `known` is false on a Galera cluster of several nodes where none is held on this
 * one (a node's locks are its own), and on one that has no such locks.
 */
struct job_locks {
    bool known;
    bool job;
    bool stage;
};
struct err *job_locks_read(struct conn *c, const char *job, struct job_locks *out) CHECKED;

/* The recorded hash of a target table, "" for one that ccr did not create. */
struct err *job_table_hash(struct conn *c, const char *job, const char *db, const char *table,
                           char hash[65]) CHECKED;
/* Records (hash != NULL) or forgets (NULL) a target table. Part of the caller's transaction. */
struct err *job_table_record(struct conn *c, const char *job, const char *db, const char *table,
                             const char *hash) CHECKED;

/* Adds a line to the history. Part of the caller's transaction. */
struct err *job_history_add(struct conn *c, const char *job, const char *what, const char *reason) CHECKED;

/*
 * What only a snapshot can bring in. Source names.
 *
 *   JOB_FULL       the whole job: it was just created, its epoch of the log has ended, or a person says so.
 *                  `db` and `name` are empty. It settles all others
 *   JOB_NEED       a table, or with `name` empty a whole database: ccr-apply cannot pass `gtid` without it,
 *                  or a person wants it copied again (`gtid` empty)
 *   JOB_PARTITION  a partition that a person wants copied again: `name` is "table:partition", with the
 *                  quoting of --partitions
 *   JOB_BEHIND     a table whose changes ccr-apply passes over until it is brought in; `db` and `name` are
 *                  patterns (scope.h)
 */
#define JOB_FULL      "full"
#define JOB_NEED      "partial"
#define JOB_PARTITION "partition"
#define JOB_BEHIND    "behind"

struct job_need {
    const char *kind;
    const char *db;
    const char *name;
    const char *gtid; /* of the transaction that the job cannot pass; "" where there is none */
    const char *reason;
    int64_t at;      /* since when, seconds since 1970; set by reading */
    uint64_t epoch;  /* the snapshot is to be of this epoch of the log or a later one, */
    const char *pos; /* and of the same one not before this GTID position; "" or NULL: wherever */
};

struct job_needs {
    struct job_need *items; /* in the order of their names, a full copy first */
    size_t count;
    struct result *result; /* what they point into */
};

/* Creates ccr.needs: a job of an earlier version has none. */
struct err *job_needs_setup(struct conn *c) CHECKED;
/* None where there is no such table. */
struct err *job_needs_read(struct conn *c, const char *job, struct job_needs *out) CHECKED;
void job_needs_free(struct job_needs *needs); /* its members */
/* That of a full copy; NULL where there is none. */
const struct job_need *job_needs_full(const struct job_needs *needs);
/* What is needed, as --tables takes it, or of JOB_PARTITION as --partitions does; not of JOB_FULL. malloc'ed.
 */
char *job_need_text(const struct job_need *need);
/* That of JOB_PARTITION; ERR_TARGET where it is none. partitions_free also after an error. */
struct err *job_need_partitions(const struct job_need *need, struct partitions *out) CHECKED;
/* Adds one, or replaces all of it but its time. Part of the caller's transaction, as is the next. */
struct err *job_need_put(struct conn *c, const char *job, const struct job_need *need) CHECKED;
struct err *job_need_settle(struct conn *c, const char *job, const struct job_need *need) CHECKED;
/* Moves epoch and position forward to where a snapshot will do for this one, too. */
struct err *job_need_latest(const struct job_need *need, uint64_t *epoch, struct gtid_pos *pos) CHECKED;
/* Puts that of a whole table in the place of one, for the same reason. Both in the caller's transaction. */
struct err *job_need_widen(struct conn *c, const char *job, const struct job_need *need, const char *db,
                           const char *name) CHECKED;
/* The table has another name now: what a person wants of it follows, as a need of the whole table. */
struct err *job_needs_rename(struct conn *c, const char *job, const struct scope_name *from,
                             const struct scope_name *to) CHECKED;
/* Those that are behind are left out of the scope. Appends their names to `names` ("shop.a, shop.b"). */
void job_needs_exclude(const struct job_needs *needs, struct scope *scope, struct buf *names);

/* A trigger or event kept for promotion: inserted, replaced, or (sql NULL) removed. */
struct job_kept {
    const char *kind; /* "trigger", "event" */
    const char *db;   /* target names */
    const char *name;
    const char *table; /* trigger */
    const char *sql;
    const char *sql_mode;
    const char *character_set_client;
    const char *collation_connection;
    const char *database_collation;
    const char *time_zone; /* event */
    const char *status;    /* event */
};
struct err *job_kept_put(struct conn *c, const char *job, const struct job_kept *kept) CHECKED;

/* What is kept of a job, in the order in which it was made: the triggers' order of action. */
struct job_kept_list {
    struct job_kept *items; /* they point into `result` */
    size_t count;
    struct result *result;
};
/* `kind` NULL: both. */
struct err *job_kept_read(struct conn *c, const char *job, const char *kind,
                          struct job_kept_list *out) CHECKED;
void job_kept_free(struct job_kept_list *list); /* its members */

#endif
