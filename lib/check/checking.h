/* checking - the parts of check.c; private to this folder. */
#ifndef CCR_CHECK_CHECKING_H
#define CCR_CHECK_CHECKING_H

#include "check/check.h"
#include "check/facts.h"

struct checking {
    const struct check_params *p;
    const struct job *job;
    const struct facts *facts;
    struct check_list *list;
};

/* Each adds what it finds to the list, and fails as check_job does. */
struct err *check_source_privileges(const struct checking *k) CHECKED;
struct err *check_target_privileges(const struct checking *k) CHECKED;
struct err *check_source_log(const struct checking *k) CHECKED; /* its binlog */
void check_formats(const struct checking *k);                   /* of the binlog */
struct err *check_source_history(const struct checking *k, const struct manifest *newest) CHECKED;
struct err *check_target_server(const struct checking *k) CHECKED; /* what it lacks of what is in scope */
struct err *check_both_servers(const struct checking *k) CHECKED;  /* settings that should agree */
void check_tables(const struct checking *k);                       /* without keys */
struct err *check_keys(const struct checking *k) CHECKED;          /* foreign ones */
struct err *check_names(const struct checking *k) CHECKED; /* the job's own, tables in the way, other jobs */
struct err *check_domains(const struct checking *k) CHECKED;

#endif
