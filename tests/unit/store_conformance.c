/*
 * store_conformance URL TEST [ROUNDS]: what every backend of store.h has to do. The store must be empty.
 * `few-keys` is `keys` for backends that refuse what is beyond A-Z a-z 0-9 . _ - and /.
 * Driven by tests/store/conformance.bats; exits 0 where all holds. ROUNDS: of put-race, for slow servers, and
 * of create-rounds.
 * `write` and `check` are for tests that kill the writer or fill the disk.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/store.h"
#include "tests/unit/unit.h"

static const char *url;
static unsigned rounds = 100;

static struct store *open_store(void)
{
    struct store *s = NULL;

    CHECK_OK(store_open(url, &s));
    if (!s)
        exit(1);
    return s;
}

/* Bytes that tell whether they are all there and of one piece: seed, length, then a sequence from the seed.
 */
static void fill(struct buf *b, uint64_t seed, size_t len)
{
    uint64_t state = seed;

    buf_clear(b);
    buf_append_le(b, seed, 8);
    buf_append_le(b, len, 8);
    buf_reserve(b, len);
    while (b->len < len) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        b->data[b->len++] = (uint8_t)(state >> 56);
    }
}

static bool is_whole(const struct buf *b, uint64_t *seed)
{
    struct buf expected = BUF_INIT;

    if (b->len < 16 || le_get(b->data + 8, 8) != b->len)
        return false;
    *seed = le_get(b->data, 8);
    fill(&expected, *seed, b->len);
    bool same = memcmp(expected.data, b->data, b->len) == 0;
    buf_free(&expected);
    return same;
}

static bool create_text(struct store *s, const char *key, const char *text)
{
    bool created = false;

    CHECK_OK(store_create(s, key, text, strlen(text), &created));
    return created;
}

static void check_text(struct store *s, const char *key, struct store_range range, const char *expected)
{
    struct buf b = BUF_INIT;
    bool found = false;

    buf_append_str(&b, ">");
    CHECK_OK(store_get(s, key, range, &b, &found));
    CHECK(found);
    CHECK_STR(buf_str(&b) + 1, expected);
    buf_free(&b);
}

static void check_missing(struct store *s, const char *key)
{
    struct buf b = BUF_INIT;
    struct store_stat stat;
    bool found = true;

    CHECK_OK(store_get(s, key, STORE_ALL, &b, &found));
    CHECK(!found && b.len == 0);
    found = true;
    CHECK_OK(store_head(s, key, &stat, &found));
    CHECK(!found);
    CHECK_ERR(store_get(s, key, STORE_ALL, &b, NULL), ERR_STORE, key);
    CHECK_ERR(store_head(s, key, &stat, NULL), ERR_STORE, key);
    CHECK_OK(store_delete(s, key));
    buf_free(&b);
}

static struct err *count_entry(const struct store_entry *entry, void *arg)
{
    size_t *count = arg;

    (void)entry;
    ++*count;
    return NULL;
}

static size_t count_keys(struct store *s, const char *prefix)
{
    struct store_list what = {.prefix = prefix};
    size_t count = 0;

    CHECK_OK(store_list(s, &what, count_entry, &count));
    return count;
}

static void test_basics(void)
{
    struct store *s = open_store();
    struct store_stat stat = {0, 0};
    bool found = false;

    CHECK_STR(store_url(s), url);
    CHECK(count_keys(s, "") == 0);
    check_missing(s, "a");
    check_missing(s, "a/b/c");
    CHECK(create_text(s, "a/b/c", "one"));
    CHECK(!create_text(s, "a/b/c", "two"));
    check_text(s, "a/b/c", STORE_ALL, "one");
    check_missing(s, "a");
    check_missing(s, "a/b");
    check_missing(s, "a/b/c/d");
    CHECK_OK(store_head(s, "a/b/c", &stat, &found));
    CHECK(found && stat.size == 3 && stat.modified_us > 1700000000000000);
    CHECK_OK(store_put(s, "a/b/c", "three", 5));
    check_text(s, "a/b/c", STORE_ALL, "three");
    CHECK_OK(store_put(s, "new", "", 0));
    check_text(s, "new", STORE_ALL, "");
    CHECK(!create_text(s, "new", "x"));
    CHECK_OK(store_delete(s, "a/b/c"));
    CHECK_OK(store_delete(s, "a/b/c"));
    check_missing(s, "a/b/c");
    CHECK(create_text(s, "a/b/c", "again"));
    store_close(s);
    s = open_store(); /* what was written is there for the next */
    check_text(s, "a/b/c", STORE_ALL, "again");
    CHECK(count_keys(s, "") == 2);
    store_close(s);
}

static void test_ranges(void)
{
    struct store *s = open_store();

    CHECK(create_text(s, "k", "0123456789"));
    check_text(s, "k", (struct store_range){0, 3, false}, "012");
    check_text(s, "k", (struct store_range){3, 4, false}, "3456");
    check_text(s, "k", (struct store_range){8, 100, false}, "89");
    check_text(s, "k", (struct store_range){8, UINT64_MAX, false}, "89");
    check_text(s, "k", (struct store_range){10, 1, false}, "");
    check_text(s, "k", (struct store_range){UINT64_MAX, 1, false}, "");
    check_text(s, "k", (struct store_range){5, 0, false}, "");
    check_text(s, "k", (struct store_range){0, 4, true}, "6789");
    check_text(s, "k", (struct store_range){0, 10, true}, "0123456789");
    check_text(s, "k", (struct store_range){0, 65536, true}, "0123456789");
    check_text(s, "k", (struct store_range){0, UINT64_MAX, true}, "0123456789");
    store_close(s);
}

/* Keys in the order of their bytes; '~' begins where folders is wanted. */
struct expectation {
    const char *prefix;
    const char *start_after;
    bool folders;
    const char *entries; /* joined by '|' */
};

static struct err *append_entry(const struct store_entry *entry, void *arg)
{
    struct buf *b = arg;
    size_t len = strlen(entry->key);

    CHECK(entry->is_prefix == (entry->key[len - 1] == '/'));
    CHECK(entry->is_prefix || entry->stat.size == len); /* the text in every object is its key */
    buf_printf(b, "%s%s", b->len ? "|" : "", entry->key);
    return NULL;
}

static void check_listing(struct store *s, const struct expectation *e)
{
    struct store_list what = {e->prefix, e->start_after, e->folders};
    struct buf b = BUF_INIT;

    CHECK_OK(store_list(s, &what, append_entry, &b));
    CHECK_STR(buf_str(&b), e->entries);
    buf_free(&b);
}

static struct err *refuse_entry(const struct store_entry *entry, void *arg)
{
    ++*(size_t *)arg;
    return err_new(ERR_RESYNC, "enough at %s", entry->key);
}

static void test_listing(void)
{
    static const char *const keys[] = {"a/1", "a/2/x",   "a/2/y", "a/3",   "a.b",
                                       "a0",  "b/c/d/e", "b/c.d", "b/cc/f"};
    static const struct expectation expected[] = {
        {"", NULL, false, "a.b|a/1|a/2/x|a/2/y|a/3|a0|b/c.d|b/c/d/e|b/cc/f"},
        {"", NULL, true, "a.b|a/|a0|b/"},
        {"a", NULL, true, "a.b|a/|a0"},
        {"a/", NULL, true, "a/1|a/2/|a/3"},
        {"a/", NULL, false, "a/1|a/2/x|a/2/y|a/3"},
        {"a/2", NULL, true, "a/2/"},
        {"a/2/", NULL, true, "a/2/x|a/2/y"},
        {"b/c", NULL, true, "b/c.d|b/c/|b/cc/"},
        {"b/c/d", NULL, false, "b/c/d/e"},
        {"c", NULL, false, ""},
        {"a/1/", NULL, false, ""},
        {"a/1/2/3", NULL, true, ""},
        {"", "a/1", false, "a/2/x|a/2/y|a/3|a0|b/c.d|b/c/d/e|b/cc/f"},
        {"", "a/2/x", false, "a/2/y|a/3|a0|b/c.d|b/c/d/e|b/cc/f"},
        {"", "a/2/xx", false, "a/2/y|a/3|a0|b/c.d|b/c/d/e|b/cc/f"},
        {"", "a/", true, "a0|b/"},
        {"", "a/2", true, "a0|b/"},
        {"", "a.b", true, "a/|a0|b/"},
        {"a/", "a/2/", true, "a/3"},
        {"a/", "a/2/x", true, "a/3"},
        {"a/", "a/", false, "a/1|a/2/x|a/2/y|a/3"},
        {"a/", "b", false, ""},
        {"b/", "a", true, "b/c.d|b/c/|b/cc/"},
        {"", "zzz", false, ""},
    };
    struct store_list all = {.prefix = ""};
    struct store *s = open_store();
    size_t calls = 0;

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        CHECK(create_text(s, keys[i], keys[i]));
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        check_listing(s, &expected[i]);
    CHECK_ERR(store_list(s, &all, refuse_entry, &calls), ERR_RESYNC, "enough at a.b");
    CHECK(calls == 1);
    /* a folder without objects is none */
    CHECK_OK(store_delete(s, "a/2/x"));
    CHECK_OK(store_delete(s, "a/2/y"));
    check_listing(s, &(struct expectation){"a/", NULL, true, "a/1|a/3"});
    store_close(s);
}

static void check_refused(struct store *s, const char *key)
{
    struct buf b = BUF_INIT;
    bool created;

    CHECK_ERR(store_create(s, key, "", 0, &created), ERR_INTERNAL, "not a usable key");
    CHECK_ERR(store_put(s, key, "", 0), ERR_INTERNAL, "not a usable key");
    CHECK_ERR(store_get(s, key, STORE_ALL, &b, NULL), ERR_INTERNAL, "not a usable key");
    CHECK_ERR(store_delete(s, key), ERR_INTERNAL, "not a usable key");
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *const awkward_keys[] = {
    "sp ace/tab",     "%41/%2F%",    "Größe/中文.tsv", "\xf0\x9f\x90\xac/😀",
    "q\"uo'te/`b\\x", "a&b=c?d#e/+", "~tilde-"};
enum { AWKWARD = sizeof(awkward_keys) / sizeof(awkward_keys[0]) };

/* Keys that every backend takes: a segment of 255 bytes and one of 900 in all among them. */
struct plain_keys {
    char segment[256];
    char longest[901];
};

static size_t make_plain_keys(struct plain_keys *k, const char **keys)
{
    memset(k->segment, 'x', 255);
    k->segment[255] = 0;
    for (size_t i = 0; i < 900; i++)
        k->longest[i] = i % 100 == 99 ? '/' : 'y';
    k->longest[899] = 'z';
    k->longest[900] = 0;
    keys[0] = "UPPER";
    keys[1] = "upper";
    keys[2] = k->segment;
    keys[3] = k->longest;
    keys[4] = "a.b_c-d/0";
    return 5;
}

static void check_bad_keys(struct store *s, const struct plain_keys *k)
{
    static const char *const bad[] = {"",    "/a",   "a/",   "a//b", ".",      "..",  "a/..",
                                      "./a", ".tmp", "a/.b", "a\nb", "a/\x01", "\x7f"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        check_refused(s, bad[i]);
    char *too_long = mem_printf("%sz", k->longest);
    check_refused(s, too_long);
    free(too_long);
    too_long = mem_printf("%sx", k->segment);
    check_refused(s, too_long);
    free(too_long);
}

static void check_keys(struct store *s, const char **keys, size_t count)
{
    struct buf b = BUF_INIT;

    for (size_t i = 0; i < count; i++) {
        CHECK(create_text(s, keys[i], keys[i]));
        CHECK(!create_text(s, keys[i], "another"));
        check_text(s, keys[i], STORE_ALL, keys[i]);
    }
    qsort(keys, count, sizeof(*keys), compare_texts);
    for (size_t i = 0; i < count; i++)
        buf_printf(&b, "%s%s", i > 0 ? "|" : "", keys[i]);
    check_listing(s, &(struct expectation){"", NULL, false, buf_str(&b)});
    for (size_t i = 0; i < count; i++)
        CHECK_OK(store_delete(s, keys[i]));
    CHECK(count_keys(s, "") == 0);
    buf_free(&b);
}

static void test_keys(void)
{
    struct plain_keys plain;
    const char *keys[AWKWARD + 5];
    struct store *s = open_store();
    size_t count = make_plain_keys(&plain, keys);

    for (size_t i = 0; i < AWKWARD; i++)
        keys[count++] = awkward_keys[i];
    check_keys(s, keys, count);
    check_bad_keys(s, &plain);
    store_close(s);
}

/* A backend of few characters refuses every other key, and whatever is done with it. */
static void test_few_keys(void)
{
    struct plain_keys plain;
    const char *keys[5];
    struct store *s = open_store();
    struct store_stat stat;
    struct buf b = BUF_INIT;
    bool created;

    for (size_t i = 0; i < AWKWARD; i++) {
        const char *key = awkward_keys[i];
        CHECK_ERR(store_create(s, key, "x", 1, &created), ERR_STORE, "cannot be a key");
        CHECK_ERR(store_put(s, key, "x", 1), ERR_STORE, "cannot be a key");
        CHECK_ERR(store_get(s, key, STORE_ALL, &b, NULL), ERR_STORE, "cannot be a key");
        CHECK_ERR(store_head(s, key, &stat, NULL), ERR_STORE, "cannot be a key");
        CHECK_ERR(store_delete(s, key), ERR_STORE, "cannot be a key");
    }
    CHECK(count_keys(s, "") == 0);
    check_keys(s, keys, make_plain_keys(&plain, keys));
    check_bad_keys(s, &plain);
    store_close(s);
}

static void test_big(void)
{
    struct store *s = open_store();
    struct buf in = BUF_INIT, out = BUF_INIT;
    bool created;
    uint64_t seed;

    fill(&in, 7, STORE_MAX_OBJECT);
    CHECK_OK(store_create(s, "big", in.data, in.len, &created));
    CHECK(created);
    CHECK_OK(store_get(s, "big", STORE_ALL, &out, NULL));
    CHECK(is_whole(&out, &seed) && seed == 7 && out.len == STORE_MAX_OBJECT);
    buf_clear(&out);
    CHECK_OK(store_get(s, "big", (struct store_range){0, 100, true}, &out, NULL));
    CHECK(out.len == 100 && memcmp(out.data, in.data + in.len - 100, 100) == 0);
    buf_append(&in, "x", 1);
    CHECK_ERR(store_create(s, "bigger", in.data, in.len, &created), ERR_INTERNAL, "more than");
    buf_free(&in);
    buf_free(&out);
    store_close(s);
}

enum { RACE_KEYS = 60, RACE_PROCESSES = 6, RACE_THREADS = 4 };

struct racer {
    struct store *store;
    uint64_t id;
    size_t wins;
};

static void *race_creates(void *arg)
{
    struct racer *r = arg;
    struct buf b = BUF_INIT;
    char key[64];

    for (unsigned i = 0; i < RACE_KEYS; i++) {
        bool created = false;
        snprintf(key, sizeof(key), "race/%02u/%03u", i / 10, i);
        fill(&b, r->id, 100 + (size_t)(r->id * 37));
        CHECK_OK(store_create(r->store, key, b.data, b.len, &created));
        r->wins += created;
    }
    buf_free(&b);
    return NULL;
}

/* One process of the race; its wins go through the pipe. */
static void race_process(int fd, uint64_t process)
{
    struct store *s = open_store();
    pthread_t threads[RACE_THREADS];
    struct racer racers[RACE_THREADS];
    size_t wins = 0;

    for (uint64_t t = 0; t < RACE_THREADS; t++) {
        racers[t] = (struct racer){s, process * RACE_THREADS + t, 0};
        pthread_create(&threads[t], NULL, race_creates, &racers[t]);
    }
    for (size_t t = 0; t < RACE_THREADS; t++) {
        pthread_join(threads[t], NULL);
        wins += racers[t].wins;
    }
    store_close(s);
    if (write(fd, &wins, sizeof(wins)) != sizeof(wins))
        unit_failed++;
    _exit(UNIT_END);
}

static void test_create_race(void)
{
    size_t wins, total = 0;
    int fds[2], status;

    CHECK(pipe(fds) == 0);
    for (uint64_t p = 0; p < RACE_PROCESSES; p++)
        if (fork() == 0)
            race_process(fds[1], p);
    for (size_t p = 0; p < RACE_PROCESSES; p++) {
        CHECK(wait(&status) > 0 && status == 0);
        CHECK(read(fds[0], &wins, sizeof(wins)) == sizeof(wins));
        total += wins;
    }
    CHECK(total == RACE_KEYS); /* exactly one winner each */
    struct store *s = open_store();
    CHECK(count_keys(s, "") == RACE_KEYS);
    store_close(s);
}

enum { ROUND_PROCESSES = 2, ROUND_THREADS = 2, MOST_ROUNDS = 1000 };

/* What the processes of create-rounds share. */
struct create_rounds {
    pthread_barrier_t start;
    atomic_uint wins[MOST_ROUNDS];
    atomic_uint winner[MOST_ROUNDS]; /* the last one, from 1 on */
};

struct round_racer {
    struct create_rounds *rounds;
    struct store *store;
    unsigned id;
};

static void *race_rounds(void *arg)
{
    struct round_racer *r = arg;
    struct buf b = BUF_INIT;
    char key[64];

    fill(&b, r->id, 100 + r->id * 37);
    for (unsigned i = 0; i < rounds; i++) {
        bool created = false;
        snprintf(key, sizeof(key), "rounds/%03u", i);
        pthread_barrier_wait(&r->rounds->start);
        CHECK_OK(store_create(r->store, key, b.data, b.len, &created));
        if (created) {
            atomic_fetch_add(&r->rounds->wins[i], 1);
            atomic_store(&r->rounds->winner[i], r->id);
        }
    }
    buf_free(&b);
    return NULL;
}

static void rounds_process(struct create_rounds *shared, unsigned process)
{
    struct store *s = open_store();
    pthread_t threads[ROUND_THREADS];
    struct round_racer racers[ROUND_THREADS];

    for (unsigned t = 0; t < ROUND_THREADS; t++) {
        racers[t] = (struct round_racer){shared, s, 1 + process * ROUND_THREADS + t};
        pthread_create(&threads[t], NULL, race_rounds, &racers[t]);
    }
    for (size_t t = 0; t < ROUND_THREADS; t++)
        pthread_join(threads[t], NULL);
    store_close(s);
    _exit(UNIT_END);
}

/* In each round all create the same key at once: one is told that it did, and the object is what it wrote. */
static void test_create_rounds(void)
{
    struct create_rounds *shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_barrierattr_t attr;
    struct buf b = BUF_INIT;
    char key[64];
    int status;

    CHECK(shared != MAP_FAILED && rounds <= MOST_ROUNDS);
    pthread_barrierattr_init(&attr);
    pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&shared->start, &attr, ROUND_PROCESSES * ROUND_THREADS);
    for (unsigned p = 0; p < ROUND_PROCESSES; p++)
        if (fork() == 0)
            rounds_process(shared, p);
    for (size_t p = 0; p < ROUND_PROCESSES; p++)
        CHECK(wait(&status) > 0 && status == 0);
    struct store *s = open_store();
    for (unsigned i = 0; i < rounds; i++) {
        uint64_t seed = 0;
        snprintf(key, sizeof(key), "rounds/%03u", i);
        buf_clear(&b);
        CHECK_OK(store_get(s, key, STORE_ALL, &b, NULL));
        CHECK(atomic_load(&shared->wins[i]) == 1);
        CHECK(is_whole(&b, &seed) && seed == atomic_load(&shared->winner[i]));
    }
    CHECK(count_keys(s, "") == rounds);
    store_close(s);
    buf_free(&b);
    munmap(shared, sizeof(*shared));
}

struct put_race {
    struct store *store;
    bool may_miss; /* a reader may be told that there is no object */
    atomic_bool stop;
    atomic_uint reads;
};

static void *race_reads(void *arg)
{
    struct put_race *race = arg;
    struct buf b = BUF_INIT;
    struct store_stat stat;
    uint64_t seed;
    bool found;

    while (!atomic_load(&race->stop)) {
        buf_clear(&b);
        CHECK_OK(store_get(race->store, "put/x", STORE_ALL, &b, &found));
        bool got = found;
        CHECK(found ? is_whole(&b, &seed) : race->may_miss);
        CHECK_OK(store_head(race->store, "put/x", &stat, &found));
        CHECK(found ? stat.size >= 16 : race->may_miss);
        atomic_fetch_add(&race->reads, got && found);
    }
    buf_free(&b);
    return NULL;
}

static void *race_puts(void *arg)
{
    struct put_race *race = arg;
    struct buf b = BUF_INIT;

    for (uint64_t i = 0; i < rounds || atomic_load(&race->reads) < rounds; i++) {
        fill(&b, i, 16 + (size_t)(i * 7919 % 60000));
        CHECK_OK(store_put(race->store, "put/x", b.data, b.len));
    }
    buf_free(&b);
    return NULL;
}

static void race_to_put(bool may_miss)
{
    struct put_race race = {.store = open_store(), .may_miss = may_miss};
    pthread_t readers[2], writers[2];
    struct buf b = BUF_INIT;

    fill(&b, 1, 1000);
    CHECK_OK(store_put(race.store, "put/x", b.data, b.len));
    for (size_t i = 0; i < 2; i++) {
        pthread_create(&readers[i], NULL, race_reads, &race);
        pthread_create(&writers[i], NULL, race_puts, &race);
    }
    for (size_t i = 0; i < 2; i++)
        pthread_join(writers[i], NULL);
    atomic_store(&race.stop, true);
    for (size_t i = 0; i < 2; i++)
        pthread_join(readers[i], NULL);
    CHECK(count_keys(race.store, "") == 1);
    buf_free(&b);
    store_close(race.store);
}

static void test_put_race(void)
{
    race_to_put(false);
}

/* Swift: readers list a folder, then open the file that they saw, which a PUT may have removed in between. */
static void test_put_race_gaps(void)
{
    race_to_put(true);
}

/* Objects come and go in one folder: each call succeeds, whoever empties the folder meanwhile. */
static void *race_folder(void *arg)
{
    struct racer *r = arg;
    struct store_list what = {.prefix = "come/", .folders = true};
    char key[64];

    snprintf(key, sizeof(key), "come/and/go/%" PRIu64, r->id);
    for (int i = 0; i < 150; i++) {
        size_t count = 0;
        bool created = false;
        CHECK_OK(store_create(r->store, key, "x", 1, &created));
        CHECK(created);
        CHECK_OK(store_list(r->store, &what, count_entry, &count));
        CHECK(count == 1);
        CHECK_OK(store_delete(r->store, key));
    }
    return NULL;
}

static void test_folder_race(void)
{
    struct store *s = open_store();
    struct racer racers[4];
    pthread_t threads[4];

    for (uint64_t t = 0; t < 4; t++) {
        racers[t] = (struct racer){s, t, 0};
        pthread_create(&threads[t], NULL, race_folder, &racers[t]);
    }
    for (size_t t = 0; t < 4; t++)
        pthread_join(threads[t], NULL);
    CHECK(count_keys(s, "") == 0);
    store_close(s);
}

/* Writes objects until it is killed or fails; the error is printed and its code is the exit code. */
static int write_until_it_fails(void)
{
    struct store *s = open_store();
    struct buf b = BUF_INIT;
    struct err *e = NULL;
    char key[64];

    for (uint64_t i = 0; !e; i++) {
        bool created;
        snprintf(key, sizeof(key), "w/%ld/%03" PRIu64 "/%06" PRIu64, (long)getpid(), i / 10, i);
        fill(&b, i, 16 + (size_t)(i * 104729 % 400000));
        e = store_create(s, key, b.data, b.len, &created);
        if (!e)
            e = store_put(s, "last", b.data, b.len);
    }
    printf("%s\n%s\n", err_message(e), err_hint_text(e) ? err_hint_text(e) : "");
    int code = (int)err_code(e);
    err_free(e);
    buf_free(&b);
    store_close(s);
    return code;
}

static struct err *check_whole(const struct store_entry *entry, void *arg)
{
    struct buf b = BUF_INIT;
    uint64_t seed;
    bool found;

    TRY(store_get(arg, entry->key, STORE_ALL, &b, &found));
    if (!found || !is_whole(&b, &seed) || b.len != entry->stat.size) {
        printf("%s is not whole\n", entry->key);
        unit_failed++;
    }
    buf_free(&b);
    return NULL;
}

/* All objects that a listing shows are whole; prints their number. */
static void check_all(void)
{
    struct store_list all = {.prefix = ""};
    struct store *s = open_store();

    CHECK_OK(store_list(s, &all, check_whole, s));
    printf("%zu\n", count_keys(s, ""));
    store_close(s);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        {"basics", test_basics},
        {"ranges", test_ranges},
        {"listing", test_listing},
        {"keys", test_keys},
        {"few-keys", test_few_keys},
        {"big", test_big},
        {"create-race", test_create_race},
        {"create-rounds", test_create_rounds},
        {"folder-race", test_folder_race},
        {"put-race", test_put_race},
        {"put-race-gaps", test_put_race_gaps},
        {"check", check_all},
    };

    if (argc < 3)
        return 2;
    url = argv[1];
    if (argc > 3)
        rounds = (unsigned)strtoul(argv[3], NULL, 10);
    if (strcmp(argv[2], "write") == 0)
        return write_until_it_fails();
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        if (strcmp(argv[2], tests[i].name) == 0) {
            tests[i].run();
            return UNIT_END;
        }
    }
    fprintf(stderr, "no test '%s'\n", argv[2]);
    return 2;
}
