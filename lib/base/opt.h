/*
 * opt - the one option set of all ccr binaries: flags, the config file, defaults.
 *
 * Every option is one row of the table in opt.c: its name (flag --NAME, and the key of the same name where
 * the option may stand in a config section), its type, the binaries that take it, and its help text. --help,
 * the checks and unknown-key messages all come from that table.
 *
 * The config file (--config FILE) is INI with sections [store NAME], [source NAME] and [target NAME], so that
 * one file serves both sides and many jobs. A binary uses the section named by --source, --target or --store,
 * or the only one of its kind; [source] and [target] may name their store with the key `store`. --store also
 * takes a URL. A flag wins over a key, a key over the default; --databases, --tables and --partitions win
 * over the keys of all three. Unknown sections and keys are errors: a misspelt key must not be ignored. As in
 * MySQL's option files,
 * '_' may stand for '-' in a key, and on or off for yes or no.
 *
 * A binary with verbs (ccr-job pause ...) takes one of them as its first word. That of ccr-cycle is the side:
 * its options are those of the section that --source or --target names, and of none where neither is given.
 *
 * Strings and lists belong to the struct opts and live as long as it does. Read-only after opts_parse, so
 * shared by threads freely.
 */
#ifndef CCR_BASE_OPT_H
#define CCR_BASE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum program {
    PROGRAM_BACKUP = 1,
    PROGRAM_RESTORE = 2,
    PROGRAM_SHIP = 4,
    PROGRAM_APPLY = 8,
    PROGRAM_VERIFY = 16,
    PROGRAM_PRUNE = 32,
    PROGRAM_STATUS = 64,
    PROGRAM_JOB = 128,
    PROGRAM_PROMOTE = 256,
    PROGRAM_CYCLE = 512,
};

enum opt_id {
    /* every binary */
    OPT_CONFIG,
    OPT_STORE,
    OPT_URL, /* key of [store NAME] only */
    OPT_STREAM,
    OPT_JSON,
    OPT_LOG_FORMAT,
    OPT_CRON,
    OPT_UNATTENDED,
    OPT_QUIET,
    OPT_VERBOSE,
    OPT_HELP,
    OPT_VERSION,
    /* how the store is reached; without a flag what belongs together in a [store NAME] */
    OPT_ENDPOINT,
    OPT_REGION,
    OPT_ADDRESSING,
    OPT_SIGNATURE,
    OPT_ACCESS_KEY,
    OPT_SECRET_KEY,
    OPT_SESSION_TOKEN,
    OPT_CREDENTIALS_FILE,
    OPT_PROFILE,
    OPT_CA_FILE,
    OPT_TLS_VERIFY,
    OPT_CONNECTIONS,
    OPT_BANDWIDTH,
    OPT_STORE_TIMEOUT,
    OPT_STORE_RETRY,
    /* the server */
    OPT_SOURCE,
    OPT_TARGET,
    OPT_HOST,
    OPT_PORT,
    OPT_SOCKET,
    OPT_USER,
    OPT_DEFAULTS_FILE,
    OPT_DEFAULTS_GROUP,
    OPT_CONNECT_TIMEOUT,
    OPT_SERVER_TIMEOUT,
    /* what to copy */
    OPT_DATABASES,
    OPT_TABLES,
    OPT_PARTITIONS,
    OPT_EXCLUDE_DATABASES,
    OPT_EXCLUDE_TABLES,
    OPT_RENAME_DB,
    OPT_RENAME_TABLE,
    OPT_SNAPSHOT,
    OPT_JOB,
    OPT_STANDALONE,
    OPT_REPLACE,
    OPT_IN_PLACE,
    OPT_FULL,
    OPT_SKIP_TARGET_BINLOG,
    OPT_MISSING_DEFINER,
    OPT_WITH_USERS,
    OPT_RELAY,
    OPT_EXISTING_USERS,
    OPT_REQUESTED,
    OPT_ALLOW_REQUESTS,
    OPT_RESUME,
    /* how to copy */
    OPT_THREADS,
    OPT_LOCK_WAIT,
    OPT_SWAP_WAIT,
    OPT_LOAD,
    OPT_XA_WAIT,
    OPT_OBJECT_SIZE,
    OPT_CHUNK_SIZE,
    OPT_MAX_RATE,
    OPT_MAX_THREADS_RUNNING,
    OPT_LAG_OF,
    OPT_MAX_LAG,
    OPT_MAX_PAUSE,
    OPT_PROGRESS_EVERY,
    OPT_READERS_ON,
    /* the log */
    OPT_FOLLOW,
    OPT_SEGMENT_SIZE,
    OPT_SEGMENT_AGE,
    OPT_SERVER_ID,
    OPT_POLL,
    OPT_UNTIL_GTID,
    OPT_UNTIL_TIME,
    OPT_DRY_RUN,
    OPT_BATCH_TRANSACTIONS,
    OPT_BATCH_SIZE,
    OPT_BATCH_SECONDS,
    OPT_ROAD,
    OPT_CHECK_BEFORE_IMAGES,
    OPT_ON_DRIFT,
    OPT_ON_NEED,
    OPT_COPIES_A_DAY,
    OPT_EXPLAIN,
    OPT_MEMORY,
    OPT_LANES,
    /* the store itself */
    OPT_STREAMS,
    OPT_QUICK,
    OPT_AFTER,
    OPT_KEEP_LAST,
    OPT_KEEP_DAYS,
    OPT_KEEP_DAILY,
    OPT_KEEP_WEEKLY,
    OPT_KEEP_MONTHLY,
    OPT_PITR,
    OPT_MAX_HOLD,
    OPT_GRACE,
    OPT_YES,
    OPT_PIN,
    OPT_UNPIN,
    OPT_REASON,
    /* how it goes */
    OPT_SILENT_AFTER,
    OPT_HISTORY,
    OPT_PROMETHEUS,
    OPT_WATCH,
    /* what a person does with a job */
    OPT_GTID,
    OPT_CHECK,
    OPT_WITH_DATA,
    OPT_WITHOUT_TARGET,
    OPT_PROTECT,
    /* promotion */
    OPT_NOW,
    OPT_WITHOUT_STORE,
    OPT_ACCEPT_LOSS,
    /* what cron starts */
    OPT_SNAPSHOT_EVERY,
    OPT_LOCK_FILE,
    OPT_COUNT_
};

struct opts;

/*
 * Parses the command line and the config file it names. ERR_USAGE or ERR_CONFIG on anything that is not
 * understood.
 * --help and --version are only noted (opts_flag); nothing is required of the rest of the line then.
 * On failure *out is still set: what was understood so far (--json, --log-format) governs how the error is
 * shown.
 */
struct err *opts_parse(enum program program, int argc, char **argv, struct opts **out) CHECKED;
void opts_free(struct opts *o); /* NULL is allowed */

/* The verb of a binary that has some, which is one of them; NULL for the others. */
const char *opts_verb(const struct opts *o);
bool opts_flag(const struct opts *o, enum opt_id id);
/* NULL where neither flag, key nor default gives a value. */
const char *opts_string(const struct opts *o, enum opt_id id);
/* Counts, sizes in bytes, durations in seconds. */
uint64_t opts_number(const struct opts *o, enum opt_id id);
/* A rate, of rows or of bytes a second; the other one, or both where none is given, are 0. */
void opts_rate(const struct opts *o, enum opt_id id, uint64_t *rows, uint64_t *bytes);
/* A comma-separated or repeated list; NULL-terminated, empty where not given; *count may be NULL. */
const char *const *opts_list(const struct opts *o, enum opt_id id, size_t *count);
/* Given by flag or key (not by default). */
bool opts_given(const struct opts *o, enum opt_id id);

/* Nobody watches: --cron, --follow or --unattended. */
bool opts_unattended(const struct opts *o);

/* Given by flag. */
bool opts_flagged(const struct opts *o, enum opt_id id);

/* What the config file says, also where a flag wins over it. NULL where it says nothing. */
const char *opts_key(const struct opts *o, enum opt_id id);

/* ERR_USAGE naming the flag and the key, where opts_string() is NULL. */
struct err *opts_require(const struct opts *o, enum opt_id id) CHECKED;

/* Names in `e`, which refuses the value as ERR_USAGE, where that stands: the flag, or file, section and key;
 * it is ERR_CONFIG then. Other errors, and NULL, stay as they are. */
struct err *opts_refuse(const struct opts *o, enum opt_id id, struct err *e) CHECKED;

/* The URL of the store: --store URL, or the `url` of its section. */
struct err *opts_store_url(const struct opts *o, const char **url) CHECKED;

/*
 * The options of a source as the same config file has them: what ccr-backup sees with --source NAME. For a
 * binary that works on a target, and looks at its source too.
 */
struct err *opts_of_source(const struct opts *o, const char *name, struct opts **out) CHECKED;

/*
 * The names of all sections [KIND NAME] of the config file, in its order; `kind` is "source", "target" or
 * "store". Each name and the list are malloc'ed. ERR_CONFIG where there is none.
 */
struct err *opts_sections(const struct opts *o, const char *kind, char ***names, size_t *count) CHECKED;

/* Prints the help text of one binary to stdout. */
void opts_print_help(enum program program);
const char *opts_program_name(enum program program);
const char *opts_name(enum opt_id id); /* "store" */

#endif
