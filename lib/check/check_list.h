/*
 * check_list - what stands against a job, or is worth knowing before it begins: all of it, not only the
 * first.
 *
 * Each finding has a weight (errors refuse the job), a word that says what it is about ("engine"), the place
 * ("source", "target", "store"), a message and mostly a hint. Not thread-safe.
 */
#ifndef CCR_CHECK_CHECK_LIST_H
#define CCR_CHECK_CHECK_LIST_H

#include "base/run.h"
#include "mysql/conn.h"

enum check_weight { CHECK_ERROR, CHECK_WARNING, CHECK_NOTE };

struct check_finding {
    enum check_weight weight;
    const char *what;  /* constant */
    const char *where; /* the same */
    char *message;
    char *hint; /* NULL: none */
};

struct check_list {
    struct check_finding *items; /* in the order of the checks */
    size_t count;
};

/* `hint` may be NULL. */
void check_add(struct check_list *l, enum check_weight weight, const char *what, const char *where,
               const char *hint, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/*
 * Takes e, the answer of a check that the runs themselves make: its message and hint become a finding. What
 * ends the checking is returned: a connection (c; NULL: none was asked) that is lost, an interruption.
 */
struct err *check_take(struct check_list *l, enum check_weight weight, const char *what, const char *where,
                       struct conn *c, struct err *e) CHECKED;
void check_list_free(struct check_list *l); /* its members */

size_t check_count(const struct check_list *l, enum check_weight weight);
/* As lines for people, and as `findings` in the result; errors first. */
void check_say(const struct check_list *l, struct run *run);

#endif
