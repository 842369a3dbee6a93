/*
 * catalog - the schema as the server sees it.
 *
 * Read from information_schema and SHOW CREATE, never interpreted from DDL. Structs own their members (the
 * matching _free). Names are UTF-8.
 */
#ifndef CCR_MYSQL_CATALOG_H
#define CCR_MYSQL_CATALOG_H

#include "base/hash.h"
#include "mysql/conn.h"

struct catalog_column {
    char *name;
    char *data_type;   /* "int", "varchar", ... */
    char *column_type; /* "int(10) unsigned", "enum('a','b')" */
    char *charset;     /* NULL where the type has none */
    char *collation;
    uint64_t octet_length; /* CHARACTER_OCTET_LENGTH; 0 where none */
    unsigned precision;    /* NUMERIC_PRECISION */
    unsigned scale;
    unsigned datetime_precision;
    bool nullable;
    bool is_unsigned;
    bool generated; /* VIRTUAL or STORED generated: left out of column lists */
    bool stored;    /* stored generated */
    bool invisible;
    bool row_start_or_end; /* system versioning period column */
    bool compressed;
    bool auto_increment;
    bool primary; /* of the primary key, or of the unique key that the server takes for it */
};

struct catalog_key {
    char *name;
    bool unique;
    bool hash;       /* unique key over a BLOB or too long a text: a hidden column */
    size_t *columns; /* indexes into columns, in key order */
    bool *prefix;    /* only a prefix of the column is in the key */
    bool *descending;
    size_t column_count;
};

struct catalog_table {
    char *db;
    char *name;
    char *engine;
    bool is_sequence;
    bool transactional;
    bool versioned; /* WITH SYSTEM VERSIONING */
    bool partitioned;
    uint64_t rows_estimate;
    uint64_t bytes_estimate;
    struct catalog_column *columns;
    size_t column_count;
    struct catalog_key *keys; /* the primary key first */
    size_t key_count;
    bool has_primary;
    bool cascades; /* a foreign key of this table, or one that refers to it, has CASCADE, SET NULL or SET
                      DEFAULT */
};

/* One table with columns and keys; *out is NULL where it does not exist or is a view. */
struct err *catalog_table_read(struct conn *c, const char *db, const char *name,
                               struct catalog_table **out) CHECKED;
/*
 * The same for several tables of one database at a time, which takes the server a small part of the time, but
 * without `cascades`. Names come in the order of their bytes, without doubles; out[] begins as NULLs, and is
 * all NULL after an error. All of it is in memory twice meanwhile: a thousand at a time.
 */
struct err *catalog_tables_read(struct conn *c, const char *db, char *const *names, size_t count,
                                struct catalog_table **out) CHECKED;
void catalog_table_free(struct catalog_table *t); /* NULL is allowed */

/*
 * Versioned, and not by transaction ids, which only the server itself gives: the history and its times can be
 * given to another server (system_versioning_insert_history). Without columns of its own for the period the
 * table's are called row_start and row_end.
 */
bool catalog_versioned_by_time(const struct catalog_table *t);

/* SHOW CREATE TABLE; *sql is malloc'ed, NULL where the table does not exist. */
struct err *catalog_table_create_sql(struct conn *c, const char *db, const char *name, char **sql) CHECKED;

/* The same of several tables, many in one round trip: sql[] is filled, and is all NULL after an error. */
struct catalog_name {
    const char *db;
    const char *name;
};
struct err *catalog_tables_create_sql(struct conn *c, const struct catalog_name *names, size_t count,
                                      char **sql) CHECKED;

/* A table's partitions in their order, none where it has none: PARTITION_NAME, SUBPARTITION_NAME or NULL. */
struct err *catalog_partitions(struct conn *c, const char *db, const char *name, struct result **out) CHECKED;

/*
 * Digest of a table's definition (SHOW CREATE TABLE without its AUTO_INCREMENT counter); "" where it does not
 * exist.
 */
struct err *catalog_table_hash(struct conn *c, const char *db, const char *name,
                               char out[HASH_HEX_SIZE]) CHECKED;

/* The same digest, of a SHOW CREATE TABLE text that is at hand. */
void catalog_definition_hash(const char *create_sql, char out[HASH_HEX_SIZE]);

/*
 * An SQL expression for a table's name as InnoDB's own tables in information_schema spell it: "db/table",
 * both in the server's file name encoding; malloc'ed. A partition has "#P#..." behind it.
 */
char *catalog_innodb_name(const char *db, const char *name);

/* Names of all base tables and sequences of a database (type "" for both, or "BASE TABLE", "SEQUENCE",
 * "VIEW"). */
struct err *catalog_list_tables(struct conn *c, const char *db, const char *type, char ***names,
                                size_t *count) CHECKED;
/*
 * All databases but mysql, information_schema, performance_schema, sys and ccr's own: `ccr`, and those that a
 * restore on this server makes and drops (catalog_is_restore_database).
 */
struct err *catalog_list_databases(struct conn *c, char ***names, size_t *count) CHECKED;
bool catalog_is_system_database(const char *name); /* the ones left out above */
/* ccr_stage_JOB_N or ccr_old_JOB_N (formats/target.md). */
bool catalog_is_restore_database(const char *name);
/* The table by which a restore in place tells its databases (restore/in_place.h): its own in all of them. */
#define CATALOG_RESTORE_MARK "ccr_unfinished"
void catalog_free_names(char **names, size_t count);

#endif
