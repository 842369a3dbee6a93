/*
 * binlog_torture SEED FILE...: damaged events must give an error or a parse, never a crash.
 *
 * For each event of the files: every truncation (a sample of them for long events) and many random bit flips,
 * each in memory of exactly its size, so that a sanitizer sees every byte read beyond it. The parsers get the
 * events before it unharmed. Prints how many damaged events were refused and how many passed as something
 * else.
 */
#include "tests/unit/binlog_file.h"
#include "tests/unit/walker.h"

enum { EVERY_TRUNCATION_UP_TO = 400, TRUNCATIONS_BEYOND = 100, FLIPS = 150, GROUP_EVENTS_MAX = 50 };

struct torture {
    struct walk walk; /* what the unharmed events made of it */
    uint64_t random;
    const uint8_t **group_events; /* of the group that is open */
    size_t *group_lens;
    size_t group_count;
    size_t refused;
    size_t passed;
};

static uint64_t random_below(struct torture *t, uint64_t limit)
{
    t->random ^= t->random << 13;
    t->random ^= t->random >> 7;
    t->random ^= t->random << 17;
    return t->random % limit;
}

static void quiet(struct err *e)
{
    err_free(e);
}

/* Everything that reads one event on its own. */
static struct err *parse_alone(struct torture *t, const struct binlog_event *e)
{
    struct binlog_format format;
    struct binlog_gtid gtid;
    struct gtid_pos pos = GTID_POS_INIT;
    struct binlog_query q;
    struct buf out = BUF_INIT;
    const char *name;
    size_t name_len;
    uint64_t at;

    quiet(binlog_format_parse(e, &format));
    quiet(binlog_rotate_parse(e, &name, &name_len, &at));
    quiet(binlog_gtid_parse(e, &gtid));
    quiet(binlog_gtid_list_parse(e, &pos));
    gtid_pos_free(&pos);
    struct err *error = binlog_query_parse(e, &out, &q);
    if (!error) {
        char from[] = "d1", to[] = "x";
        struct statement_rename rename = {from, NULL, to, NULL};
        const struct statement_renames renames = {&rename, 1};
        struct buf sql = BUF_INIT;
        quiet(statement_rename(q.sql, q.sql_len, 0, "", &renames, &sql));
        buf_free(&sql);
    }
    quiet(error);
    buf_free(&out);
    size_t maps = t->walk.map_count;
    error = walk_content(&t->walk, e);
    while (t->walk.map_count > maps)
        rows_table_map_free(&t->walk.maps[--t->walk.map_count]);
    return error;
}

/* The event at its place in its group, in a group of its own. */
static struct err *parse_in_group(struct torture *t, const struct binlog_event *e)
{
    struct group *g = group_new();
    struct err *error = NULL;
    enum group_place place;

    for (size_t i = 0; i < t->group_count && !error; i++) {
        struct binlog_event before;
        error = binlog_event_parse(&t->walk.format, t->group_events[i], t->group_lens[i], &before);
        if (!error)
            error = group_feed(g, &before, &place);
    }
    if (!error)
        error = group_feed(g, e, &place);
    group_free(g);
    return error;
}

static void damaged(struct torture *t, const uint8_t *bytes, size_t len)
{
    struct binlog_format plain = {0};
    struct binlog_event e;
    uint8_t *exact = mem_alloc(len);

    memcpy(exact, bytes, len);
    if (len >= 13)
        le_put(exact + 9, len, 4);
    struct err *error = binlog_event_parse(&plain, exact, len, &e);
    if (!error) {
        error = parse_alone(t, &e);
        error = err_first(error, parse_in_group(t, &e));
    }
    t->refused += error != NULL;
    t->passed += error == NULL;
    quiet(error);
    free(exact);
}

static void torture_event(struct torture *t, const uint8_t *bytes, size_t len)
{
    size_t truncations = len <= EVERY_TRUNCATION_UP_TO ? len : EVERY_TRUNCATION_UP_TO + TRUNCATIONS_BEYOND;
    uint8_t *copy = mem_alloc(len);

    for (size_t i = 0; i < truncations; i++) {
        size_t n = i < EVERY_TRUNCATION_UP_TO
                       ? i
                       : EVERY_TRUNCATION_UP_TO + random_below(t, len - EVERY_TRUNCATION_UP_TO);
        damaged(t, bytes, n);
    }
    for (unsigned i = 0; i < FLIPS; i++) {
        memcpy(copy, bytes, len);
        for (uint64_t flips = 1 + random_below(t, 4); flips > 0; flips--) {
            /* half of them near the beginning, where the lengths are */
            uint64_t at = random_below(t, i % 2 && len > 60 ? 60 : len);
            copy[at] ^= (uint8_t)(1u << random_below(t, 8));
        }
        damaged(t, copy, len);
    }
    free(copy);
}

static void remember(struct torture *t, const uint8_t *bytes, size_t len)
{
    if (!group_is_open(t->walk.group)) {
        t->group_count = 0;
    } else if (t->group_count < GROUP_EVENTS_MAX) {
        t->group_events[t->group_count] = bytes;
        t->group_lens[t->group_count++] = len;
    }
}

static struct err *torture_one(void *arg, const uint8_t *bytes, size_t len)
{
    struct torture *t = arg;

    /* without its checksum, which would refuse everything at once */
    if (t->walk.has_format && t->group_count < GROUP_EVENTS_MAX)
        torture_event(t, bytes, len - (t->walk.format.checksum ? BINLOG_CHECKSUM_SIZE : 0));
    struct err *e = walk_event(&t->walk, bytes, len);
    if (e) /* an event of another server's; the ones behind it are worth damaging too */
        group_reset(t->walk.group);
    quiet(e);
    remember(t, bytes, len);
    return NULL;
}

int main(int argc, char **argv)
{
    const uint8_t *events[GROUP_EVENTS_MAX];
    size_t lens[GROUP_EVENTS_MAX];
    struct torture t = {.group_events = events, .group_lens = lens};
    int status = argc < 3 ? 2 : 0;

    if (argc > 1)
        t.random = strtoull(argv[1], NULL, 10) * 2654435761u + 88172645463325252u;
    walk_begin(&t.walk);
    t.walk.mode = MODE_QUIET;
    for (int i = 2; i < argc && status == 0; i++) {
        struct buf bytes = BUF_INIT;
        struct err *e = file_read(argv[i], &bytes);
        t.walk.has_format = false;
        if (!e)
            e = walk_bytes(&bytes, torture_one, &t);
        if (e) {
            fprintf(stderr, "%s: %s\n", argv[i], err_message(e));
            status = 1;
        }
        err_free(e);
        maps_clear(&t.walk);
        t.group_count = 0;
        buf_free(&bytes);
    }
    walk_end(&t.walk);
    printf("refused %zu passed %zu\n", t.refused, t.passed);
    return status;
}
