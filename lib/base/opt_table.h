/* opt_table - the rows of the option table, private to opt.c and opt_file.c (see opt.h). */
#ifndef CCR_BASE_OPT_TABLE_H
#define CCR_BASE_OPT_TABLE_H

#include "base/opt.h"

enum opt_type {
    TYPE_FLAG,
    TYPE_STRING,
    TYPE_COUNT,
    TYPE_PORT,
    TYPE_SIZE,
    TYPE_SECONDS,
    TYPE_RATE,
    TYPE_LIST
};

/* The config sections that may hold an option. */
enum opt_section { SECTION_STORE = 1, SECTION_SOURCE = 2, SECTION_TARGET = 4 };

struct opt_spec {
    const char *name;
    enum opt_type type;
    unsigned programs; /* enum program, or-ed; 0: a key only, no flag */
    unsigned sections; /* enum opt_section, or-ed */
    const char *arg;
    const char *fallback;
    const char *help;
};

extern const struct opt_spec opt_specs[OPT_COUNT_];

struct opt_value {
    char *text;   /* as given; lists joined by commas */
    char *where;  /* of a key: "config file F: [target east] memory"; else NULL */
    bool by_flag; /* a key does not override it */
    char *key;    /* what the key says that a flag has won over; NULL */
    uint64_t number;
    char **list;
    size_t list_count;
};

struct opts {
    enum program program;
    const char *verb; /* of argv */
    char *config_path;
    struct opt_value values[OPT_COUNT_];
};

/* Checks and stores one value; `where` names flag or key for the message, `code` is ERR_USAGE or ERR_CONFIG.
 */
struct err *opt_set(struct opts *o, enum opt_id id, const char *text, enum err_code code,
                    const char *where) CHECKED;
/* Frees what a value holds. */
void opt_unset(struct opt_value *v);
/* Reads o->config_path and fills the values that no flag has set. */
struct err *opt_read_config(struct opts *o) CHECKED;

#endif
