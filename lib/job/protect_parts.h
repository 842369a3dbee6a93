/* protect_parts - pieces of protect.h, private to it. */
#ifndef CCR_JOB_PROTECT_PARTS_H
#define CCR_JOB_PROTECT_PARTS_H

#include <stdint.h>

#include "format/position.h"
#include "job/protect.h"

/* The job's row in ccr.protection. */
struct protection {
    bool found;
    enum protect_mode mode;
    bool set_read_only;
    struct gtid_pos pos;
    bool announced;   /* up to there: the position row holds an intent */
    int64_t quiet_at; /* seconds since 1970, by the target's clock; 0: not known */
    char *quiet_of;   /* see protect_times.h */
};

/* Makes ccr's tables where they are missing. */
struct err *protection_read(struct conn *c, const char *job, struct protection *out) CHECKED;
void protection_free(struct protection *row); /* its members */

/* Sets, keeps or takes away read_only, as the choice and the job's row say; *row is as it is then, to be
 * freed also after an error. */
struct err *protect_read_only(struct conn *c, const char *job, const struct protect_choice *choice,
                              struct log *log, struct protection *row) CHECKED;

const char *protect_mode_name(enum protect_mode mode);

#endif
