/*
 * binlog_walk [--groups|--events|--rows|--sessions] [--no-groups] FILE...: reads whole binlog files with the
 * parsers of lib/binlog.
 *
 * Prints a line "TYPE COUNT" per event type and the numbers of rows; with --groups a line per transaction
 * (GTID, digest, whether it is opaque, events); with --events a line per event; with --rows a line per row
 * image (table, "write", "before" or "after", then the fields, tab-separated); with --sessions a line per
 * statement. --no-groups leaves the groups out, for files of MySQL servers. An error goes to stderr as
 * "FILE: offset N: MESSAGE", status 1 (2 for usage). Used by tests/binlog.
 */
#include "tests/unit/binlog_file.h"
#include "tests/unit/walker.h"

static void walk_print(const struct walk *w)
{
    for (unsigned type = 0; type < 256; type++)
        if (w->counts[type])
            printf("%s %zu\n", binlog_type_name((uint8_t)type), w->counts[type]);
    printf("rows written %zu updated %zu deleted %zu\n", w->rows[ROWS_WRITE], w->rows[ROWS_UPDATE],
           w->rows[ROWS_DELETE]);
    if (w->abandoned)
        printf("abandoned %zu\n", w->abandoned);
}

static bool flag_parse(const char *arg, struct walk *w)
{
    static const char *const names[] = {
        [MODE_GROUPS] = "--groups",
        [MODE_EVENTS] = "--events",
        [MODE_ROWS] = "--rows",
        [MODE_SESSIONS] = "--sessions",
    };

    for (unsigned i = MODE_GROUPS; i <= MODE_SESSIONS; i++) {
        if (strcmp(arg, names[i]) == 0) {
            w->mode = (enum mode)i;
            return true;
        }
    }
    if (strcmp(arg, "--no-groups") != 0)
        return false;
    w->no_groups = true;
    return true;
}

static struct err *walk_one(void *arg, const uint8_t *event, size_t len)
{
    return walk_event(arg, event, len);
}

int main(int argc, char **argv)
{
    struct walk w;
    int status = argc < 2 ? 2 : 0;

    walk_begin(&w);
    for (int i = 1; i < argc && status == 0; i++) {
        struct buf bytes = BUF_INIT;
        if (flag_parse(argv[i], &w))
            continue;
        w.has_format = false;
        struct err *e = file_read(argv[i], &bytes);
        if (!e)
            e = walk_bytes(&bytes, walk_one, &w);
        if (e) {
            fprintf(stderr, "%s: %s\n", argv[i], err_message(e));
            status = 1;
        }
        err_free(e);
        maps_clear(&w);
        buf_free(&bytes);
    }
    if (w.mode == MODE_HISTOGRAM)
        walk_print(&w);
    walk_end(&w);
    return status;
}
