/*
 * model - a random schema and random changes to it, as SQL for the mariadb client (--force: statements that
 * fail are part of the game).
 *
 * Everything follows from the seed. The generator does not know what the statements do: values come from
 * domains so small that keys meet again and again, within a transaction and within a batch.
 */
#ifndef CCR_TESTS_MODEL_H
#define CCR_TESTS_MODEL_H

#include <stdbool.h>
#include <stdint.h>

enum {
    MODEL_TABLES = 7,
    MODEL_COLUMNS = 10,
    MODEL_KEYS = 5,
    MODEL_FOREIGN_KEYS = 10,
    MODEL_VALUE_SIZE = 80,
    MODEL_SPAN = 9, /* integers are 1 to this, as a rule */
};

enum kind {
    KIND_INT,
    KIND_UINT,
    KIND_BIGINT,
    KIND_SMALL,
    KIND_DECIMAL,
    KIND_DATE,
    KIND_DATETIME,
    KIND_TIMESTAMP,
    KIND_DOUBLE,
    KIND_BIT,
    KIND_ENUM,
    KIND_UUID,
    KIND_CI,     /* padded, case-insensitive */
    KIND_ACCENT, /* accent-insensitive, with expansions */
    KIND_NOPAD,  /* spaces count */
    KIND_CHAR,   /* padded in the table, another character set */
    KIND_STRICT, /* compared as code points */
    KIND_BINARY, /* zeros are added */
    KIND_VARBIN, /* nothing is */
    KIND_WIDE,   /* too long for a plain unique key: by hash */
    KIND_TEXT,   /* the same */
    KIND_BLOB,   /* the same */
    KIND_LONG,   /* values that lie off the page; never a key */
    KIND_COUNT,
};

enum origin {
    ORIGIN_PLAIN,
    ORIGIN_AUTO,    /* AUTO_INCREMENT */
    ORIGIN_VIRTUAL, /* generated from column `base` */
    ORIGIN_STORED,
    ORIGIN_CLOCK, /* DEFAULT and ON UPDATE CURRENT_TIMESTAMP */
};

struct column {
    char name[16];
    enum kind kind;
    enum origin origin;
    bool not_null;
    unsigned base;
};

struct key {
    bool primary;
    bool unique;
    unsigned count;
    unsigned columns[2];
    unsigned prefix; /* characters of the last column; 0: all */
};

struct table {
    char name[16];
    struct column columns[MODEL_COLUMNS];
    unsigned column_count;
    struct key keys[MODEL_KEYS]; /* the one that finds rows first, where there is any */
    unsigned key_count;
    bool versioned;
    bool partitioned;
    bool cascaded; /* its rows may be changed by a foreign key */
};

struct foreign_key {
    char name[16];
    unsigned child;
    unsigned column;
    unsigned parent;
    unsigned parent_column;
    const char *on_delete;
    const char *on_update;
};

struct model {
    uint64_t random;
    struct table tables[MODEL_TABLES];
    unsigned table_count;
    struct foreign_key foreign_keys[MODEL_FOREIGN_KEYS];
    unsigned foreign_key_count;
    bool versioned; /* there is a system-versioned table */
    bool partial;   /* the row images of the transaction that is printed lack columns */
};

unsigned below(struct model *m, unsigned limit); /* 0 to limit - 1 */
bool chance(struct model *m, unsigned percent);

const char *kind_type(enum kind kind);
bool kind_is_integer(enum kind kind);
bool kind_needs_hash(enum kind kind); /* in a unique key without prefix */
/* The text of its values does not hang on the session: generated columns may be made from it. */
bool kind_can_be_base(enum kind kind);
/*
 * A literal. A counter never gets its type's highest value: where an UPDATE put it there, InnoDB has
 * forgotten it after a restart, where an INSERT did, it has not, and merging makes the one the other.
 */
void value_make(struct model *m, const struct column *c, char out[MODEL_VALUE_SIZE]);

/*
 * Would a key over it need a virtual column? InnoDB 10.11 was seen to crash when row events make a foreign
 * key change rows of such a table: no foreign key of the model does.
 */
bool key_is_hidden(const struct column *c);

void schema_make(struct model *m);
/* The statements that make it. */
void schema_print(struct model *m);
void foreign_key_print(const struct model *m, const struct foreign_key *f);

void rows_print(struct model *m); /* something to begin with */
void transaction_print(struct model *m);
void definition_change_print(struct model *m);

#endif
