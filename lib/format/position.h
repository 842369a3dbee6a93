/*
 * position - GTIDs and GTID positions (MariaDB: one last GTID per domain, "0-1-77,1-2-5").
 *
 * A struct gtid_pos owns its array, sorted by domain; start it as GTID_POS_INIT, end it with gtid_pos_free().
 * Text is in the server's form. The empty position is the empty text. The flavour (MariaDB today) is a
 * property of a stream; nothing outside this module looks inside a position.
 */
#ifndef CCR_FORMAT_POSITION_H
#define CCR_FORMAT_POSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct gtid {
    uint32_t domain;
    uint32_t server;
    uint64_t seq;
};

struct gtid_pos {
    struct gtid *items;
    size_t count;
    size_t cap;
};

#define GTID_POS_INIT                                                                                        \
    {                                                                                                        \
        NULL, 0, 0                                                                                           \
    }

enum { GTID_TEXT_SIZE = 44 };

const char *gtid_format(struct gtid gtid, char out[GTID_TEXT_SIZE]);
bool gtid_equal(struct gtid a, struct gtid b);
/* "D-S-N"; false if it is anything else. */
bool gtid_parse(const char *text, struct gtid *out);

/* Replaces *pos. Commas and white space separate. `code` is the error's; a domain named twice is an error. */
struct err *gtid_pos_parse(const char *text, enum err_code code, struct gtid_pos *pos) CHECKED;
/* malloc'ed text. */
char *gtid_pos_text(const struct gtid_pos *pos);
void gtid_pos_copy(struct gtid_pos *to, const struct gtid_pos *from); /* frees what `to` held */
void gtid_pos_free(struct gtid_pos *pos);                             /* back to GTID_POS_INIT */

/* Makes gtid the last one of its domain. */
void gtid_pos_set(struct gtid_pos *pos, struct gtid gtid);
/* The last GTID of a domain, or NULL. Valid until the next change. */
const struct gtid *gtid_pos_find(const struct gtid_pos *pos, uint32_t domain);
/* The position has this transaction: its domain's last sequence number is not lower. */
bool gtid_pos_has(const struct gtid_pos *pos, struct gtid gtid);
/* Every domain of `b` is at least as far in `a`. */
bool gtid_pos_reaches(const struct gtid_pos *a, const struct gtid_pos *b);
/* 1 where `a` reaches `b` and not the other way round, -1 for the opposite, 0 where neither is ahead. */
int gtid_pos_order(const struct gtid_pos *a, const struct gtid_pos *b);
bool gtid_pos_equal(const struct gtid_pos *a, const struct gtid_pos *b);
/* Transactions of `to` that lie behind `from`, by their numbers: where a domain leaves some out, fewer. */
uint64_t gtid_pos_distance(const struct gtid_pos *from, const struct gtid_pos *to);

#endif
