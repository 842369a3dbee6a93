#include "base/opt_table.h"

#define BACKUP  PROGRAM_BACKUP
#define RESTORE PROGRAM_RESTORE
#define SHIP    PROGRAM_SHIP
#define APPLY   PROGRAM_APPLY
#define ALL     (BACKUP | RESTORE | SHIP | APPLY)
#define UP      (BACKUP | SHIP)
#define DOWN    (RESTORE | APPLY)
#define SERVER  (SECTION_SOURCE | SECTION_TARGET)

const struct opt_spec opt_specs[OPT_COUNT_] = {
    [OPT_CONFIG] = {"config", TYPE_STRING, ALL, 0, "FILE", NULL, "read settings from FILE"},
    [OPT_STORE] = {"store", TYPE_STRING, ALL, SERVER, "NAME|URL", NULL,
                   "the store: a [store NAME] section, or a URL (file:///DIR)"},
    [OPT_URL] = {"url", TYPE_STRING, 0, SECTION_STORE, "URL", NULL, "where the store is"},
    [OPT_STREAM] = {"stream", TYPE_STRING, ALL, SERVER, "NAME", "main", "the stream: one per source cluster"},
    [OPT_JSON] = {"json", TYPE_FLAG, ALL, 0, NULL, NULL, "print the result as one JSON object"},
    [OPT_LOG_FORMAT] = {"log-format", TYPE_STRING, ALL, 0, "text|json", "text",
                        "form of the messages on stderr"},
    [OPT_CRON] = {"cron", TYPE_FLAG, ALL, 0, NULL, NULL,
                  "silent while all is well or locked; the same failure once a day"},
    [OPT_QUIET] = {"quiet", TYPE_FLAG, ALL, 0, NULL, NULL, "warnings and errors only"},
    [OPT_VERBOSE] = {"verbose", TYPE_FLAG, ALL, 0, NULL, NULL,
                     "also what is only of interest when something is odd"},
    [OPT_HELP] = {"help", TYPE_FLAG, ALL, 0, NULL, NULL, "print this text"},
    [OPT_VERSION] = {"version", TYPE_FLAG, ALL, 0, NULL, NULL, "print the version"},

    [OPT_SOURCE] = {"source", TYPE_STRING, UP, 0, "NAME", NULL, "use the [source NAME] section"},
    [OPT_TARGET] = {"target", TYPE_STRING, DOWN, 0, "NAME", NULL, "use the [target NAME] section"},
    [OPT_HOST] = {"host", TYPE_STRING, ALL, SERVER, "HOST", NULL, "server host"},
    [OPT_PORT] = {"port", TYPE_COUNT, ALL, SERVER, "N", NULL, "server port"},
    [OPT_SOCKET] = {"socket", TYPE_STRING, ALL, SERVER, "FILE", NULL, "server socket"},
    [OPT_USER] = {"user", TYPE_STRING, ALL, SERVER, "NAME", NULL,
                  "database user (its password: in the defaults file)"},
    [OPT_DEFAULTS_FILE] = {"defaults-file", TYPE_STRING, ALL, SERVER, "FILE", NULL,
                           "MySQL option file with user, password, TLS settings"},
    [OPT_DEFAULTS_GROUP] = {"defaults-group", TYPE_STRING, ALL, SERVER, "NAME", NULL,
                            "group of the option file (default: client)"},
    [OPT_CONNECT_TIMEOUT] = {"connect-timeout", TYPE_SECONDS, ALL, SERVER, "SECONDS", "10",
                             "give up connecting after this time"},

    [OPT_DATABASES] = {"databases", TYPE_LIST, BACKUP | RESTORE, SERVER, "DB,...", NULL,
                       "only these databases (default: all but system schemas)"},
    [OPT_TABLES] = {"tables", TYPE_LIST, BACKUP | RESTORE, SERVER, "DB.TABLE,...", NULL, "only these tables"},
    [OPT_RENAME_DB] = {"rename-db", TYPE_LIST, RESTORE, SECTION_TARGET, "A:B,...", NULL,
                       "restore database A under the name B"},
    [OPT_SNAPSHOT] = {"snapshot", TYPE_STRING, RESTORE, 0, "ID", NULL,
                      "which snapshot (default: the newest)"},
    [OPT_JOB] = {"job", TYPE_STRING, DOWN, SECTION_TARGET, "NAME", NULL,
                 "the job: this target following one stream"},
    [OPT_STANDALONE] = {"standalone", TYPE_FLAG, RESTORE, 0, NULL, NULL,
                        "a plain restore with triggers and events active, followed by no job"},
    [OPT_REPLACE] = {"replace", TYPE_FLAG, RESTORE, 0, NULL, NULL, "replace tables that ccr did not create"},
    [OPT_SKIP_TARGET_BINLOG] = {"skip-target-binlog", TYPE_FLAG, RESTORE, SECTION_TARGET, NULL, NULL,
                                "keep the load out of the target's own binlog (breaks its replicas)"},

    [OPT_THREADS] = {"threads", TYPE_COUNT, BACKUP | RESTORE, SERVER, "N", NULL,
                     "parallel workers (default: one per core)"},
    [OPT_LOCK_WAIT] = {"lock-wait", TYPE_SECONDS, BACKUP | RESTORE, SERVER, "SECONDS", "5",
                       "give up waiting for a table lock after this time"},
    [OPT_SWAP_WAIT] = {"swap-wait", TYPE_SECONDS, RESTORE, SECTION_TARGET, "SECONDS", "60",
                       "wait this long for old readers before giving up the swap"},
    [OPT_XA_WAIT] = {"xa-wait", TYPE_SECONDS, BACKUP, SECTION_SOURCE, "SECONDS", "60",
                     "wait this long for prepared XA transactions to end"},
    [OPT_OBJECT_SIZE] = {"object-size", TYPE_SIZE, BACKUP, SECTION_SOURCE, "BYTES", "16M",
                         "largest stored object (at most 64M)"},
    [OPT_CHUNK_SIZE] = {"chunk-size", TYPE_SIZE, BACKUP, SECTION_SOURCE, "BYTES", "32M",
                        "cut tables into pieces of about this size"},

    [OPT_FOLLOW] = {"follow", TYPE_FLAG, SHIP | APPLY, 0, NULL, NULL, "keep going until stopped"},
    [OPT_SEGMENT_SIZE] = {"segment-size", TYPE_SIZE, SHIP, SECTION_SOURCE, "BYTES", "15M",
                          "cut segments at this many bytes of binlog (at most 60M)"},
    [OPT_SEGMENT_AGE] = {"segment-age", TYPE_SECONDS, SHIP, SECTION_SOURCE, "SECONDS", "5",
                         "with --follow: write a segment when it is this old"},
    [OPT_SERVER_ID] = {"server-id", TYPE_COUNT, SHIP, SECTION_SOURCE, "N", NULL,
                       "with --follow: the replica id to use (must be unused; default: one is chosen)"},
    [OPT_POLL] = {"poll", TYPE_SECONDS, APPLY, SECTION_TARGET, "SECONDS", "1",
                  "with --follow: look for new segments this often"},
    [OPT_UNTIL_GTID] = {"until-gtid", TYPE_STRING, APPLY, 0, "POSITION", NULL,
                        "stop when the target has reached this GTID position"},
    [OPT_UNTIL_TIME] = {"until-time", TYPE_STRING, APPLY, 0, "UTC-TIME", NULL,
                        "stop before the first transaction later than this"},
    [OPT_DRY_RUN] = {"dry-run", TYPE_FLAG, APPLY, 0, NULL, NULL, "read and check everything, change nothing"},
    [OPT_BATCH_TRANSACTIONS] = {"batch-transactions", TYPE_COUNT, APPLY, SECTION_TARGET, "N", "1000",
                                "source transactions per commit on the target"},
    [OPT_BATCH_SIZE] = {"batch-size", TYPE_SIZE, APPLY, SECTION_TARGET, "BYTES", "64M",
                        "binlog bytes per commit on the target"},
};
