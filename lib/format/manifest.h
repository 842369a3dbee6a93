/*
 * manifest - the description of a snapshot, written last: without it the snapshot does not exist
 * (formats/snapshot.md).
 *
 * A struct manifest owns everything below it (manifest_free). Object definitions themselves lie in the
 * volumes, as members that hold bare SQL; the manifest says where, in which order they must be created, and
 * under which session settings. Objects come in creation order: databases, sequences, tables, then routines
 * and packages, views (after what they use), triggers (in their order of action), events.
 */
#ifndef CCR_FORMAT_MANIFEST_H
#define CCR_FORMAT_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "base/hash.h"
#include "format/position.h"
#include "format/segment.h"
#include "store/store.h"

enum object_kind {
    OBJECT_DATABASE,
    OBJECT_SEQUENCE,
    OBJECT_TABLE,
    OBJECT_FUNCTION,
    OBJECT_PROCEDURE,
    OBJECT_PACKAGE,
    OBJECT_PACKAGE_BODY,
    OBJECT_VIEW,
    OBJECT_TRIGGER,
    OBJECT_EVENT,
};

/* One object of the schema. Text members are NULL where they do not apply. Names are UTF-8. */
struct manifest_object {
    enum object_kind kind;
    char *db;
    char *name;   /* NULL for a database */
    char *table;  /* trigger: its table */
    char *member; /* the member that holds its CREATE statement, without delimiter */
    uint64_t volume;
    char *sql_mode; /* session settings for the CREATE */
    char *character_set_client;
    char *collation_connection;
    char *database_collation;
    char *time_zone; /* event */
    char *status;    /* event: ENABLED, DISABLED, SLAVESIDE_DISABLED */
    char *setval;    /* sequence: the next value, as for SETVAL(seq, V, 0) */
};

/* A slice of a chunk's rows: one member of one volume. The slices of a chunk, joined, are its rows. */
struct manifest_piece {
    uint64_t volume;
    char *member;
    uint64_t bytes;
};

struct manifest_chunk {
    uint64_t id; /* 1, 2, ... within the table */
    uint64_t rows;
    uint64_t bytes;
    char sha256[HASH_HEX_SIZE]; /* of the joined slices */
    struct manifest_piece *pieces;
    size_t piece_count;
};

struct manifest_table {
    char *db;
    char *name;
    char *engine;
    bool transactional;
    bool history;      /* the rows are all that a versioned table ever had, with their times */
    char **partitions; /* the rows are only those of these partitions; none: all rows of the table */
    size_t partition_count;
    char *load; /* the LOAD DATA clause from CHARACTER SET to the column list, for use behind INTO TABLE x */
    uint64_t rows;
    uint64_t bytes;
    uint64_t largest_row; /* bytes of the values of one row at most; 0: not known, or no rows */
    struct manifest_chunk *chunks;
    size_t chunk_count;
};

struct manifest_volume {
    uint64_t number;
    uint64_t size;
    char sha256[HASH_HEX_SIZE];
};

/* The source's users, roles and privileges: SQL text, in pieces of whole statements. */
struct manifest_users {
    struct manifest_piece *pieces; /* none: the snapshot was taken without users */
    size_t piece_count;
    uint64_t accounts;  /* users and roles that the text makes */
    char **role_grants; /* GRANT `role` TO ...: roles of accounts that are not in it (root) */
    size_t role_grant_count;
};

struct manifest {
    char *id;
    char *store_id;
    char *stream;
    char *stream_id;
    int64_t started_us;
    int64_t finished_us;
    struct gtid_pos position;
    char *source_file; /* the same position as a hint: binlog file and offset */
    uint64_t source_offset;
    struct fingerprint *fingerprints; /* of the last transaction of each domain, where it could be read */
    size_t fingerprint_count;
    uint64_t epoch;       /* the log's epoch that this snapshot belongs to, 1 for a new stream's */
    uint64_t last_object; /* number of the last log object of that epoch when it began; 0 for none */
    json_t *source;   /* identity and settings: server_id, hostname, version, sql_mode, character sets, ... */
    char **databases; /* the scope as asked for: whole databases, */
    size_t database_count;
    char **only_tables; /* or single tables, "db/table" escaped as paths; both empty: everything */
    size_t only_table_count;
    json_t *scope;  /* the scope as ccr.jobs has it, where it holds more than names; NULL: it does not. Both
                       lists are empty then */
    char **answers; /* ids of the requests that it was made for (format/request.h) */
    size_t answer_count;
    char *reason; /* why it was made, for people; NULL where nobody said */
    struct manifest_object *objects;
    size_t object_count;
    struct manifest_table *tables;
    size_t table_count;
    struct manifest_users users;
    struct manifest_volume *volumes;
    size_t volume_count;
};

const char *object_kind_name(enum object_kind kind); /* "table", "package body", ... */

struct manifest *manifest_new(void);
void manifest_free(struct manifest *m); /* NULL is allowed */

/* It holds single partitions of its tables, and so none of them. */
bool manifest_is_of_partitions(const struct manifest *m);

/* Text of the JSON document, malloc'ed. Volumes and chunks may stand in any order; the text has them sorted.
 */
char *manifest_encode(const struct manifest *m);
/*
 * Every reference is checked: volumes exist, chunks are the sum of their pieces and tables of their chunks,
 * tables are among the objects, nothing is listed twice, the id equals `id`. The document carries its own
 * SHA-256.
 */
struct err *manifest_decode(const char *id, const void *bytes, size_t len, struct manifest **out) CHECKED;

/* Reads one snapshot's manifest from the store. */
struct err *manifest_load(struct store *s, const char *stream, const char *id, struct manifest **out) CHECKED;
/* Hands every snapshot's manifest to `each`, to keep or to free, in no order; an error of it ends the walk.
 */
typedef struct err *manifest_each_fn(struct manifest *m, void *arg);
struct err *manifest_each(struct store *s, const char *stream, manifest_each_fn *each, void *arg) CHECKED;
/*
 * The newest snapshot that has a manifest: highest epoch, then the position that reaches the other (then the
 * later start). *out is NULL where there is none.
 */
struct err *manifest_newest(struct store *s, const char *stream, struct manifest **out) CHECKED;
/* The newest of those that `fits` says true of. */
typedef struct err *manifest_fits_fn(const struct manifest *m, void *arg, bool *fits);
struct err *manifest_newest_of(struct store *s, const char *stream, manifest_fits_fn *fits, void *arg,
                               struct manifest **out) CHECKED;

/* The size and hash of a volume, or NULL. */
const struct manifest_volume *manifest_find_volume(const struct manifest *m, uint64_t number);

#endif
