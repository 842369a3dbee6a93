#include "format/manifest.h"

#include <stdlib.h>

#include "base/mem.h"
#include "format/layout.h"
#include "format/object.h"
#include "tests/unit/scratch_store.h"
#include "tests/unit/unit.h"

static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";

static struct manifest_piece *new_piece(uint64_t volume, const char *member, uint64_t bytes)
{
    struct manifest_piece *p = mem_zalloc(1, sizeof(*p));

    *p = (struct manifest_piece){volume, mem_strdup(member), bytes};
    return p;
}

static void add_objects(struct manifest *m)
{
    m->objects = mem_zalloc(3, sizeof(*m->objects));
    m->object_count = 3;
    m->objects[0] = (struct manifest_object){.kind = OBJECT_DATABASE,
                                             .db = mem_strdup("shop"),
                                             .member = mem_strdup("shop/schema.sql"),
                                             .volume = 1};
    m->objects[1] = (struct manifest_object){.kind = OBJECT_TABLE,
                                             .db = mem_strdup("shop"),
                                             .name = mem_strdup("Größe"),
                                             .member = mem_strdup("shop/Größe/schema.sql"),
                                             .volume = 1,
                                             .sql_mode = mem_strdup("")};
    m->objects[2] = (struct manifest_object){.kind = OBJECT_EVENT,
                                             .db = mem_strdup("shop"),
                                             .name = mem_strdup("e"),
                                             .member = mem_strdup("shop/e.event.sql"),
                                             .volume = 2,
                                             .time_zone = mem_strdup("SYSTEM"),
                                             .status = mem_strdup("ENABLED")};
}

static void add_table(struct manifest *m)
{
    m->tables = mem_zalloc(1, sizeof(*m->tables));
    m->table_count = 1;
    struct manifest_table *t = m->tables;
    *t = (struct manifest_table){.db = mem_strdup("shop"),
                                 .name = mem_strdup("Größe"),
                                 .engine = mem_strdup("InnoDB"),
                                 .transactional = true,
                                 .load = mem_strdup("CHARACTER SET binary (id, @\xff)"),
                                 .rows = 5,
                                 .bytes = 50};
    t->chunks = mem_zalloc(2, sizeof(*t->chunks));
    t->chunk_count = 2;
    /* as two workers finish: the later chunk first */
    t->chunks[0] = (struct manifest_chunk){.id = 2, .rows = 2, .bytes = 20, .piece_count = 1};
    t->chunks[0].pieces = new_piece(2, "shop/Größe/000002.tsv", 20);
    t->chunks[1] = (struct manifest_chunk){.id = 1, .rows = 3, .bytes = 30, .piece_count = 1};
    t->chunks[1].pieces = new_piece(1, "shop/Größe/000001.tsv", 30);
    strcpy(t->chunks[0].sha256, zeros);
    strcpy(t->chunks[1].sha256, zeros);
}

static struct manifest *new_snapshot(const char *id)
{
    struct manifest *m = manifest_new();

    m->id = mem_strdup(id);
    m->store_id = mem_strdup("store");
    m->stream = mem_strdup("s");
    m->stream_id = mem_strdup("stream");
    m->started_us = 1700000000123456;
    m->finished_us = 1700000001123456;
    CHECK_OK(gtid_pos_parse("0-1-7", ERR_INTERNAL, &m->position));
    m->source_file = mem_strdup("binlog.000001");
    m->source_offset = 345;
    m->epoch = 1;
    m->last_object = 3;
    m->source = json_pack("{s:i}", "server_id", 7);
    m->databases = mem_zalloc(1, sizeof(*m->databases));
    m->databases[m->database_count++] = mem_strdup("shop");
    m->volumes = mem_zalloc(2, sizeof(*m->volumes));
    m->volume_count = 2;
    m->volumes[0] = (struct manifest_volume){.number = 2, .size = 200};
    m->volumes[1] = (struct manifest_volume){.number = 1, .size = 100};
    strcpy(m->volumes[0].sha256, zeros);
    strcpy(m->volumes[1].sha256, zeros);
    m->users.pieces = new_piece(1, "mysql/users.sql", 70);
    m->users.piece_count = 1;
    m->users.accounts = 4;
    m->users.role_grants = mem_zalloc(1, sizeof(*m->users.role_grants));
    m->users.role_grants[m->users.role_grant_count++] = mem_strdup("GRANT `r` TO `root`@`localhost`");
    add_objects(m);
    add_table(m);
    return m;
}

static void test_round_trip(void)
{
    struct manifest *m = new_snapshot("x"), *n;
    char *text = manifest_encode(m);

    CHECK_OK(manifest_decode("x", text, strlen(text), &n));
    char *again = manifest_encode(n);
    CHECK_STR(again, text);
    CHECK(n->volume_count == 2 && manifest_find_volume(n, 2)->size == 200 && !manifest_find_volume(n, 3));
    CHECK(n->tables[0].chunks[0].id == 1 && n->tables[0].chunks[1].pieces[0].volume == 2);
    CHECK_STR(n->tables[0].load, "CHARACTER SET binary (id, @\xff)");
    CHECK_STR(n->objects[1].name, "Größe");
    CHECK_STR(n->objects[1].sql_mode, "");
    CHECK_STR(n->objects[2].status, "ENABLED");
    CHECK(!n->objects[0].name && !n->objects[0].sql_mode);
    CHECK(n->users.accounts == 4 && n->users.piece_count == 1 && n->users.pieces[0].bytes == 70);
    CHECK(n->users.role_grant_count == 1);
    CHECK_STR(n->users.role_grants[0], "GRANT `r` TO `root`@`localhost`");
    CHECK(n->answer_count == 0 && !n->reason && !strstr(text, "answers"));
    CHECK(n->epoch == 1 && n->last_object == 3 && n->started_us == 1700000000123456);
    CHECK(json_integer_value(json_object_get(n->source, "server_id")) == 7);
    free(again);
    free(text);
    manifest_free(m);
    manifest_free(n);
}

/* The requests that it was made for. */
static void test_answers(void)
{
    struct manifest *m = new_snapshot("x"), *n;

    m->answers = mem_zalloc(2, sizeof(char *));
    m->answers[m->answer_count++] = mem_strdup("00112233445566778899aabbccddeeff");
    m->reason = mem_strdup("asked for by \xff");
    char *text = manifest_encode(m);
    CHECK_OK(manifest_decode("x", text, strlen(text), &n));
    CHECK(n->answer_count == 1);
    CHECK_STR(n->answers[0], m->answers[0]);
    CHECK_STR(n->reason, m->reason);
    free(text);
    manifest_free(n);
    m->answers[m->answer_count++] = mem_strdup("../../x");
    text = manifest_encode(m);
    CHECK_ERR(manifest_decode("x", text, strlen(text), &n), ERR_INTEGRITY, "'../../x' is not the id");
    free(text);
    manifest_free(m);
}

static void test_partitions(void)
{
    struct manifest *m = new_snapshot("x"), *n;

    CHECK(!manifest_is_of_partitions(m));
    m->tables[0].partitions = mem_zalloc(1, sizeof(char *));
    m->tables[0].partitions[m->tables[0].partition_count++] = mem_strdup("p1");
    char *text = manifest_encode(m);
    CHECK(strstr(text, "\"features_required\": [\n    \"partitions\"\n  ]") != NULL);
    CHECK_OK(manifest_decode("x", text, strlen(text), &n));
    CHECK(manifest_is_of_partitions(n) && n->tables[0].partition_count == 1);
    CHECK_STR(n->tables[0].partitions[0], "p1");
    free(text);
    manifest_free(m);
    manifest_free(n);
}

static void test_damage(void)
{
    struct manifest *m = new_snapshot("x"), *n;
    char *text = manifest_encode(m);
    size_t len = strlen(text);

    for (size_t at = 0; at < len; at++) {
        for (int bit = 0; bit < 8; bit++) {
            text[at] = (char)(text[at] ^ (1 << bit));
            CHECK_ERR(manifest_decode("x", text, len, &n), ERR_INTEGRITY, "manifest of snapshot x");
            text[at] = (char)(text[at] ^ (1 << bit));
        }
    }
    for (size_t cut = 0; cut < len; cut++) {
        char *copy = mem_alloc(cut);
        memcpy(copy, text, cut);
        CHECK_ERR(manifest_decode("x", copy, cut, &n), ERR_INTEGRITY, "damaged or cut short");
        free(copy);
    }
    CHECK_ERR(manifest_decode("y", text, len, &n), ERR_INTEGRITY, "belongs to snapshot x");
    free(text);
    manifest_free(m);
}

/* The document with one passage replaced, and sealed again. */
static char *edited(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    char hex[HASH_HEX_SIZE];

    if (!at) {
        printf("the manifest does not hold %s: %s\n", from, text);
        abort();
    }
    char *all = mem_printf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    char *seal = all + strlen(all) - strlen("  \"sha256\": \"\"\n}\n") - (HASH_HEX_SIZE - 1);
    hash_bytes_hex(all, (size_t)(seal - all), hex);
    char *sealed = mem_printf("%.*s  \"sha256\": \"%s\"\n}\n", (int)(seal - all), all, hex);
    free(all);
    return sealed;
}

static void test_edits(void)
{
    static const struct {
        const char *from, *to;
        enum err_code code;
        const char *message;
    } edits[] = {
        {"\"version\": 1", "\"version\": 3", ERR_UNSUPPORTED, "format version 3"},
        {"\"features_required\": []", "\"features_required\": [\"cms\"]", ERR_UNSUPPORTED, "'cms'"},
        {"ccr snapshot", "ccr segment", ERR_INTEGRITY, "not a 'ccr snapshot'"},
        {"\"kind\": \"event\"", "\"kind\": \"queue\"", ERR_UNSUPPORTED, "kind 'queue'"},
        {"\"kind\": \"event\"", "\"kind\": \"trigger\"", ERR_INTEGRITY, "'table'"},
        {"\"volume\": 2", "\"volume\": 3", ERR_INTEGRITY, "volume 3, which is not listed"},
        {"\"number\": 2", "\"number\": 1", ERR_INTEGRITY, "ascending order"},
        {"\"size\": 200", "\"size\": 0", ERR_INTEGRITY, "impossible size"},
        {"\"size\": 200", "\"size\": 67108865", ERR_INTEGRITY, "impossible size"},
        {"\"id\": 2,", "\"id\": 1,", ERR_INTEGRITY, "ascending order"},
        {"\"bytes\": 20", "\"bytes\": 21", ERR_INTEGRITY, "not the sum of its pieces"},
        {"\"rows\": 2", "\"rows\": 3", ERR_INTEGRITY, "not the sum of its chunks"},
        {"\"kind\": \"table\"", "\"kind\": \"view\"", ERR_INTEGRITY, "its definition is not"},
        {"\"member\": \"shop/schema.sql\"", "\"member\": \"/etc\"", ERR_INTEGRITY, "name of a member"},
        {"\"position\": \"0-1-7\"", "\"position\": \"7\"", ERR_INTEGRITY, "not a GTID position"},
        {"\"epoch\": 1", "\"epoch\": 0", ERR_INTEGRITY, "epochs count from 1"},
        {"\"transactional\": true", "\"transactional\": 1", ERR_INTEGRITY, "true or false"},
        {"\"databases\": [", "\"databases\": [{},", ERR_INTEGRITY, "no string"},
        {"\"stream\": \"s\",", "", ERR_INTEGRITY, "'stream'"},
        {"\"accounts\": 4,", "", ERR_INTEGRITY, "'accounts'"},
        {"\"users\": {", "\"users\": [], \"usersx\": {", ERR_INTEGRITY, "'users'"},
        {"\"member\": \"mysql/users.sql\"", "\"member\": \"/etc/shadow\"", ERR_INTEGRITY, "name of a member"},
        {"\"role_grants\": [", "\"role_grants\": [1,", ERR_INTEGRITY, "no string"},
    };
    struct manifest *m = new_snapshot("x"), *n;
    char *text = manifest_encode(m);

    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        char *other = edited(text, edits[i].from, edits[i].to);
        CHECK_ERR(manifest_decode("x", other, strlen(other), &n), edits[i].code, edits[i].message);
        free(other);
    }
    char *other = edited(text, "\"epoch\": 1", "\"later\": [], \"epoch\": 1");
    CHECK_OK(manifest_decode("x", other, strlen(other), &n));
    manifest_free(n);
    free(other);
    free(text);
    manifest_free(m);
}

static void save(struct store *s, const char *id, uint64_t epoch, const char *position, int64_t started_us)
{
    struct manifest *m = new_snapshot(id);
    char *key = layout_manifest_key("s", id);
    bool created;

    m->epoch = epoch;
    m->started_us = started_us;
    CHECK_OK(gtid_pos_parse(position, ERR_INTERNAL, &m->position));
    char *text = manifest_encode(m);
    CHECK_OK(object_create(s, key, text, strlen(text), &created));
    free(text);
    free(key);
    manifest_free(m);
}

static void check_newest(struct store *s, const char *id)
{
    struct manifest *m;

    CHECK_OK(manifest_newest(s, "s", &m));
    CHECK_STR(m ? m->id : "none", id);
    manifest_free(m);
}

static void test_newest(struct store *s)
{
    struct manifest *m;

    check_newest(s, "none");
    CHECK_ERR(manifest_load(s, "s", "a", &m), ERR_STORE, "has no snapshot a of stream s");
    CHECK_ERR(manifest_load(s, "s", "../a", &m), ERR_USAGE, "../a");
    save(s, "b", 1, "0-1-7", 10);
    check_newest(s, "b");
    save(s, "a", 1, "0-1-9", 5); /* further, though by an earlier clock */
    check_newest(s, "a");
    save(s, "c", 1, "0-1-9", 6); /* as far: the later start */
    check_newest(s, "c");
    save(s, "d", 2, "0-1-1", 1); /* another epoch */
    check_newest(s, "d");
    CHECK_OK(object_put(s, "streams/s/snapshots/z/000001.tar.zst", "x", 1)); /* not finished */
    check_newest(s, "d");
    CHECK_OK(manifest_load(s, "s", "a", &m));
    char *text = manifest_encode(m);
    CHECK_OK(object_put(s, "streams/s/snapshots/e/manifest.json", text, strlen(text)));
    manifest_free(m);
    CHECK_ERR(manifest_newest(s, "s", &m), ERR_INTEGRITY, "belongs to snapshot a");
    CHECK_OK(object_put(s, "streams/other/snapshots/a/manifest.json", text, strlen(text)));
    struct manifest *n;
    CHECK_ERR(manifest_load(s, "other", "a", &n), ERR_INTEGRITY, "of stream s");
    free(text);
}

int main(void)
{
    struct store *s = scratch_open();

    test_round_trip();
    test_answers();
    test_partitions();
    test_damage();
    test_edits();
    test_newest(s);
    scratch_close(s);
    return UNIT_END;
}
