/*
 * layout - the keys of everything in the store (formats/store.md), and what lies at its root.
 *
 * All returned strings are malloc'ed. Stream, job and snapshot names are 1 to 64 of [A-Za-z0-9._-] and do not
 * begin with a dot or a dash.
 */
#ifndef CCR_FORMAT_LAYOUT_H
#define CCR_FORMAT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/* ERR_USAGE naming `what` ("stream", "job") for a name that cannot be used. */
struct err *layout_check_name(const char *what, const char *name) CHECKED;

char *layout_stream_key(const char *stream); /* streams/S/stream.json */
char *layout_alive_key(const char *stream);  /* streams/S/alive.json */
char *layout_copies_key(const char *stream); /* streams/S/copies.json */
char *layout_log_prefix(const char *stream); /* streams/S/log/ */
/* streams/S/log/EEEE/FFFFFFFFF/NNNNNNNNNNNN, the "name" in a footer; the key has .binlog.zst behind it. */
char *layout_segment_name(const char *stream, uint64_t epoch, uint64_t number);
char *layout_segment_key(const char *stream, uint64_t epoch, uint64_t number);
char *layout_snapshots_prefix(const char *stream);                   /* streams/S/snapshots/ */
char *layout_manifest_key(const char *stream, const char *snapshot); /* .../ID/manifest.json */
char *layout_volume_key(const char *stream, const char *snapshot,
                        uint64_t volume);                       /* .../ID/VVVVVV.tar.zst */
char *layout_job_key(const char *job);                          /* jobs/J/job.json */
char *layout_job_status_key(const char *job);                   /* jobs/J/status.json */
char *layout_requests_prefix(const char *job);                  /* jobs/J/requests/; of NULL: jobs/ */
char *layout_request_key(const char *job, const char *id);      /* jobs/J/requests/ID.json */
bool layout_is_request_id(const char *text);                    /* has the form of one */
char *layout_pin_key(const char *stream, const char *snapshot); /* streams/S/pins/ID.json */
char *layout_pruned_prefix(const char *stream);                 /* streams/S/pruned/ */
char *layout_pruned_key(const char *stream, uint64_t number);   /* streams/S/pruned/NNNNNNNNNNNN.json */

#define LAYOUT_PRUNE_KEY "prune.json" /* the last run of ccr-prune */

enum layout_kind {
    LAYOUT_STORE,
    LAYOUT_PRUNE,
    LAYOUT_STREAM,
    LAYOUT_ALIVE,
    LAYOUT_COPIES,
    LAYOUT_LOG,
    LAYOUT_VOLUME,
    LAYOUT_MANIFEST,
    LAYOUT_PIN,
    LAYOUT_PRUNED,
    LAYOUT_JOB,
    LAYOUT_STATUS,
    LAYOUT_REQUEST,
    LAYOUT_FOREIGN, /* no key that ccr makes */
};

/* What a key names. Members that its kind does not have are empty. */
struct layout_place {
    enum layout_kind kind;
    char name[65];     /* of the stream or the job */
    char snapshot[65]; /* volume, manifest, pin */
    char request[33];  /* its id */
    uint64_t epoch;    /* log */
    uint64_t number;   /* log, volume, pruned */
};

/* The inverse of the functions above: a key has exactly one spelling. */
void layout_parse(const char *key, struct layout_place *out);

/*
 * A database or table name as a path element: raw UTF-8, %XX (upper case) for '/', '%', '\', control bytes
 * and a leading dot. layout_unescape is its inverse; false for what layout_escape never writes.
 */
char *layout_escape(const char *name);
bool layout_unescape(const char *text, char **name);

/*
 * DB/TABLE, both escaped: the folder of a table in a snapshot's volumes. Where a table's name ends in ".sql"
 * its last dot is escaped too: beside these folders lie files such as DB/schema.sql.
 */
char *layout_table_folder(const char *db, const char *table);

/*
 * The store's own document, ccr.json: format version and store id. Made if absent (create), else a missing
 * one is ERR_STORE. ERR_UNSUPPORTED for a newer format. *store_id is malloc'ed. Where it is missing beside a
 * log or snapshots it was lost, or is not copied yet: ERR_INTEGRITY, and nothing is made.
 */
struct err *layout_open_store(struct store *s, bool create, char **store_id) CHECKED;

/* stream.json: stream id and flavour. The same rules; *stream_id is malloc'ed. */
struct err *layout_open_stream(struct store *s, const char *stream, bool create, char **stream_id) CHECKED;

#endif
