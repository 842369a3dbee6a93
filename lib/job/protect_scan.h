/* protect_scan - what others have written to a job's tables, from the target's binlog (see protect.h). */
#ifndef CCR_JOB_PROTECT_SCAN_H
#define CCR_JOB_PROTECT_SCAN_H

#include <stdint.h>

#include "format/position.h"
#include "mysql/binlog_dump.h"

struct written_table {
    const char *db; /* target names */
    const char *name;
    uint64_t transactions; /* of others; 0: none */
    uint64_t in_group;     /* the last one that named it, while scanning */
    struct gtid last;
    int64_t first_time; /* seconds since 1970 */
    int64_t last_time;
};

struct written {
    struct written_table *tables; /* all of the job's, sorted */
    size_t count;
    struct result *names; /* what they point into */
    struct gtid_pos end;  /* how far the binlog was read */
    enum dump_refusal refusal;
};

struct protect_scan_params {
    struct conn *conn;
    const struct conn_params *params;
    const char *job;
    const struct gtid_pos *from;
};

/* After an error out->refusal tells whether the binlog reaches back to `from`. written_free in any case. */
struct err *protect_scan(const struct protect_scan_params *p, struct written *out) CHECKED;
void written_free(struct written *w); /* its members */

#endif
