/*
 * drift - rows of the target that are not what the log takes them for (--check-before-images).
 *
 * The server finds a row by its key and compares nothing else. So before a batch's net changes are sent, the
 * images of the rows that they change or delete, as they were before the batch, go into a side table, and are
 * compared with the target's rows byte by byte (row_match.h). A difference is an error that names table, key,
 * columns and transaction; or, with repair, the target's row is first made what the log takes it for, in the
 * same transaction, and recorded in ccr.repairs (formats/target.md). The changes then lead to the source's
 * own rows.
 *
 * Only of tables on the merged road. One thread at a time.
 */
#ifndef CCR_REPLAY_DRIFT_H
#define CCR_REPLAY_DRIFT_H

#include "replay/net.h"
#include "replay/ordered.h"
#include "replay/side_table.h"

enum drift_mode {
    DRIFT_UNCHECKED,
    DRIFT_STOP,
    DRIFT_REPAIR,
    DRIFT_FILL, /* a missing row is inserted, and no drift: the table holds some of the source's rows only */
};

struct drift {
    enum drift_mode mode;
    struct conn *conn; /* in the batch's transaction; nothing may be under way */
    struct ordered *road;
    struct side_tables *sides;
    const char *job;
    /* out */
    bool found; /* STOP: a difference, and the error says which */
    struct gtid gtid;
    uint64_t repaired;
};

/* Makes ccr.repairs, where it is missing. Commits. */
struct err *drift_setup(struct conn *c) CHECKED;
struct err *drift_check(struct drift *d, const struct net *n) CHECKED;

/* One line of ccr.repairs. */
struct drift_record {
    const struct table *table;
    struct gtid gtid;
    const char *key;     /* "id=5" */
    const char *columns; /* that differed; "" where the row was missing or in the way */
    const char *found;   /* what was there, as text; NULL for nothing */
    size_t found_len;
    const char *action;
};
struct err *drift_record(struct conn *c, const char *job, const struct drift_record *record) CHECKED;

#endif
