/*
 * err - the one error type, and the one table of exit codes.
 *
 * A function that can fail returns `struct err *`: NULL is success, anything else is owned by the caller, who
 * passes it up, adds to it, or frees it. Messages are lower case: what was being done, what went wrong, the
 * names involved. A hint says what the operator can do. Nobody logs an error and carries on; the last
 * receiver is run_finish(), which prints it and turns its code into the exit code.
 *
 *     struct err *e = store_get(s, key, RANGE_ALL, &bytes);
 *     if (e)
 *         return err_context(e, "reading the manifest of snapshot %s", id);
 *
 * An err belongs to one thread at a time.
 */
#ifndef CCR_BASE_ERR_H
#define CCR_BASE_ERR_H

#include <stdbool.h>

#define CHECKED   __attribute__((warn_unused_result))
#define MAKES_ERR __attribute__((warn_unused_result, returns_nonnull))

/* The exit codes of every binary; err.c holds the table with their names and meanings. None is above 125. */
enum err_code {
    ERR_OK = 0,
    ERR_INTERNAL = 1,     /* a bug in ccr, or the machine refused memory or a thread */
    ERR_USAGE = 2,        /* the command line is wrong */
    ERR_CONFIG = 3,       /* the config file is wrong or unreadable */
    ERR_STORE = 4,        /* the store could not be read or written, or does not hold what was asked for */
    ERR_SOURCE = 5,       /* the source server refused, failed, or cannot be replicated as it is set up */
    ERR_TARGET = 6,       /* the target server refused or failed */
    ERR_INTEGRITY = 7,    /* checksum, gap or chain: what the store holds is not what was written */
    ERR_RESYNC = 8,       /* going on needs a new snapshot */
    ERR_UNSAFE = 9,       /* refused: doing it could lose or change data silently */
    ERR_INTERRUPTED = 10, /* SIGINT or SIGTERM; the next run goes on */
    ERR_UNSUPPORTED = 11, /* a format, event, statement or type that this version does not know */
    ERR_LOCKED = 75,      /* another run is at work (EX_TEMPFAIL: try again later) */
};

struct err;

struct err *err_new(enum err_code code, const char *fmt, ...) MAKES_ERR __attribute__((format(printf, 2, 3)));

/* As err_new, with ": " and the text of errno value `errnum` behind it. */
struct err *err_errno(enum err_code code, int errnum, const char *fmt, ...) MAKES_ERR
    __attribute__((format(printf, 3, 4)));

/* Puts "CONTEXT: " before the message; returns e. */
struct err *err_context(struct err *e, const char *fmt, ...) MAKES_ERR __attribute__((format(printf, 2, 3)));

/* Sets the hint where none is set yet (the place nearest to the cause knows best); returns e. */
struct err *err_hint(struct err *e, const char *fmt, ...) MAKES_ERR __attribute__((format(printf, 2, 3)));

/* Names the table that the error is about, where none is named yet: to be copied anew, say. Source names;
 * returns e. */
struct err *err_about(struct err *e, const char *db, const char *table) MAKES_ERR;

/*
 * The machine that it is about has no room left: nothing is to be changed or decided, and who makes room need
 * not know of ccr. `table` is what its server calls full, where that may be a limit of the table's own; NULL
 * where it is the disk for certain. Returns e.
 */
struct err *err_no_room(struct err *e, const char *table) MAKES_ERR;

/* Changes the code, for a caller who knows better what the failure means; returns e. */
struct err *err_recode(struct err *e, enum err_code code) MAKES_ERR;

/* Keeps `first` and frees `second`; for clean-up steps that may fail too. Either may be NULL. */
struct err *err_first(struct err *first, struct err *second) CHECKED;

enum err_code err_code(const struct err *e); /* ERR_OK for NULL */
const char *err_message(const struct err *e);
const char *err_hint_text(const struct err *e); /* NULL where there is none */
/* *db and *table belong to e; false where no table is named. */
bool err_table(const struct err *e, const char **db, const char **table);
/* *full_table belongs to e, NULL as above; false where it is not about room. */
bool err_is_no_room(const struct err *e, const char **full_table);
void err_free(struct err *e); /* NULL is allowed */

/* The stable short name of a code ("needs-resync"), and its meaning in a few words. */
const char *err_code_name(enum err_code code);
const char *err_code_meaning(enum err_code code);
/* Calls fn for every row of the table, in order; for --help and documentation tests. */
void err_code_each(void (*fn)(enum err_code code, const char *name, const char *meaning, void *arg),
                   void *arg);

/* Return at once on failure. Only where nothing has to be released. */
#define TRY(expr)                                                                                            \
    do {                                                                                                     \
        struct err *try_err_ = (expr);                                                                       \
        if (try_err_)                                                                                        \
            return try_err_;                                                                                 \
    } while (0)

/* Keep the error in `e` and leave through the function's one clean-up path. */
#define TRY_GOTO(e, label, expr)                                                                             \
    do {                                                                                                     \
        (e) = (expr);                                                                                        \
        if (e)                                                                                               \
            goto label;                                                                                      \
    } while (0)

#endif
