#include "format/layout.h"

#include <stdlib.h>

#include "format/object.h"
#include "tests/unit/scratch_store.h"
#include "tests/unit/unit.h"

static void check_key(char *key, const char *expected)
{
    CHECK_STR(key, expected);
    free(key);
}

static void test_keys(void)
{
    check_key(layout_segment_name("s", 1, 1), "streams/s/log/0001/000000000/000000000001");
    check_key(layout_segment_key("s", 12, 1234567), "streams/s/log/0012/000001234/000001234567.binlog.zst");
    check_key(layout_volume_key("s", "id", 7), "streams/s/snapshots/id/000007.tar.zst");
    check_key(layout_manifest_key("s", "id"), "streams/s/snapshots/id/manifest.json");
    check_key(layout_job_key("j"), "jobs/j/job.json");
    check_key(layout_job_status_key("j"), "jobs/j/status.json");
    check_key(layout_table_folder("a.sql", "t/.sql.x"), "a.sql/t%2F.sql.x");
    check_key(layout_table_folder("d", "schema.sql"), "d/schema%2Esql");
    check_key(layout_table_folder("d", ".sql"), "d/%2Esql");
}

static void check_escape(const char *name, const char *escaped)
{
    char *text = layout_escape(name), *back = NULL;

    CHECK_STR(text, escaped);
    CHECK(layout_unescape(escaped, &back));
    CHECK_STR(back, name);
    free(back);
    free(text);
}

static void test_escape(void)
{
    static const char *const never_written[] = {"",    "a/b", ".a",   "%",    "%4",
                                                "%41", "%2f", "a\\b", "\x01", "%zz"};
    char *name;

    check_escape("orders", "orders");
    check_escape("Größe 中文", "Größe 中文");
    check_escape("a/b%c\\d", "a%2Fb%25c%5Cd");
    check_escape(".hidden.x", "%2Ehidden.x");
    check_escape("..", "%2E.");
    check_escape("\x01\x1f\x7f", "%01%1F%7F");
    check_escape("%41", "%2541");
    check_escape(" `\"'", " `\"'");
    for (size_t i = 0; i < sizeof(never_written) / sizeof(never_written[0]); i++)
        CHECK(!layout_unescape(never_written[i], &name));
}

static void test_names(void)
{
    CHECK_OK(layout_check_name("stream", "main"));
    CHECK_OK(layout_check_name("stream", "_A-9.z"));
    CHECK_ERR(layout_check_name("stream", ""), ERR_USAGE, "name of a stream");
    CHECK_ERR(layout_check_name("job", ".."), ERR_USAGE, "name of a job");
    CHECK_ERR(layout_check_name("job", "-x"), ERR_USAGE, "-x");
    CHECK_ERR(layout_check_name("job", "a/b"), ERR_USAGE, "a/b");
    CHECK_ERR(layout_check_name("job", "12345678901234567890123456789012345678901234567890123456789012345"),
              ERR_USAGE, "cannot be the name");
}

static void put_text(struct store *s, const char *key, const char *text)
{
    CHECK_OK(object_put(s, key, text, strlen(text)));
}

static void test_identities(struct store *s)
{
    char *id = NULL, *again = NULL;

    CHECK_ERR(layout_open_store(s, false, &id), ERR_STORE, "has no ccr.json");
    CHECK_OK(layout_open_store(s, true, &id));
    CHECK_OK(layout_open_store(s, true, &again));
    CHECK_STR(again, id);
    free(id);
    free(again);
    CHECK_ERR(layout_open_stream(s, "s", false, &id), ERR_STORE, "streams/s/stream.json");
    CHECK_OK(layout_open_stream(s, "s", true, &id));
    free(id);

    put_text(s, "ccr.json", "{\"format\": \"ccr store\", \"version\": 2}");
    CHECK_ERR(layout_open_store(s, false, &id), ERR_UNSUPPORTED, "format version 2");
    put_text(s, "ccr.json", "{\"format\": \"ccr store\", \"version\": 1, \"features_required\": [\"x\"]}");
    CHECK_ERR(layout_open_store(s, false, &id), ERR_UNSUPPORTED, "'x'");
    put_text(s, "ccr.json", "{\"format\": \"ccr stream\", \"version\": 1, \"features_required\": []}");
    CHECK_ERR(layout_open_store(s, false, &id), ERR_INTEGRITY, "not a 'ccr store'");
    put_text(s, "ccr.json", "{\"format\": \"ccr store\", \"version\": 1, \"features_required\": []}");
    CHECK_ERR(layout_open_store(s, false, &id), ERR_INTEGRITY, "store_id");
    put_text(s, "ccr.json",
             "{\"format\": \"ccr store\", \"version\": 1, \"features_required\": [], \"store_id\": \"x\"}");
    CHECK_ERR(layout_open_store(s, false, &id), ERR_INTEGRITY, "hexadecimal");
    put_text(s, "ccr.json", "");
    CHECK_ERR(layout_open_store(s, true, &id), ERR_INTEGRITY, "not valid JSON");
    put_text(s, "streams/s/stream.json",
             "{\"format\": \"ccr stream\", \"version\": 1, \"features_required\": [], \"flavour\": \"mysql\","
             "\"stream_id\": \"00112233445566778899aabbccddeeff\"}");
    CHECK_ERR(layout_open_stream(s, "s", false, &id), ERR_UNSUPPORTED, "flavour 'mysql'");
}

static void parses(const char *key, enum layout_kind kind, uint64_t epoch, uint64_t number)
{
    struct layout_place place;

    layout_parse(key, &place);
    CHECK(place.kind == kind && place.epoch == epoch && place.number == number);
}

static void test_parse(void)
{
    static const char *const foreign[] = {
        "",
        "ccr.jsonx",
        "streams/s",
        "streams/s/log/0001/000000000/000000000000.binlog.zst",
        "streams/s/log/0001/000000001/000000000001.binlog.zst",
        "streams/s/log/1/000000000/000000000001.binlog.zst",
        "streams/s/log/0001/000000000/1.binlog.zst",
        "streams/s/log/0001/000000000/000000000001.binlog",
        "streams/s/log/",
        "streams/s/log/0001",
        "streams/-s/stream.json",
        "streams/s/snapshots/a/1.tar.zst",
        "streams/s/snapshots/a/000000.tar.zst",
        "streams/s/snapshots/a/b/000001.tar.zst",
        "streams/s/pins/.json",
        "streams/s/pruned/1.json",
        "jobs/j/job/x.json",
        "jobs/j",
        "jobs/j/requests/.json",
        "jobs/j/requests/x.json",
        "jobs/j/requests/00112233445566778899AABBCCDDEEFF.json",
        "jobs/j/requests/00112233445566778899aabbccddeeff",
        "jobs/j/requests/00112233445566778899aabbccddeeff0.json",
    };
    struct layout_place place;

    parses("ccr.json", LAYOUT_STORE, 0, 0);
    parses("prune.json", LAYOUT_PRUNE, 0, 0);
    parses("streams/s/stream.json", LAYOUT_STREAM, 0, 0);
    parses("streams/s/alive.json", LAYOUT_ALIVE, 0, 0);
    parses("streams/s/log/0002/000001234/000001234567.binlog.zst", LAYOUT_LOG, 2, 1234567);
    parses("streams/s/snapshots/a/000012.tar.zst", LAYOUT_VOLUME, 0, 12);
    parses("streams/s/snapshots/a/1234567.tar.zst", LAYOUT_VOLUME, 0, 1234567);
    parses("streams/s/snapshots/a/manifest.json", LAYOUT_MANIFEST, 0, 0);
    parses("streams/s/pins/a.json", LAYOUT_PIN, 0, 0);
    parses("streams/s/pruned/000000000003.json", LAYOUT_PRUNED, 0, 3);
    parses("jobs/j/job.json", LAYOUT_JOB, 0, 0);
    parses("jobs/j/status.json", LAYOUT_STATUS, 0, 0);
    parses("jobs/j/requests/00112233445566778899aabbccddeeff.json", LAYOUT_REQUEST, 0, 0);
    layout_parse("streams/west/snapshots/a.b/manifest.json", &place);
    CHECK(strcmp(place.name, "west") == 0 && strcmp(place.snapshot, "a.b") == 0);
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        layout_parse(foreign[i], &place);
        CHECK(place.kind == LAYOUT_FOREIGN);
    }
}

int main(void)
{
    test_parse();
    struct store *s = scratch_open();

    test_keys();
    test_escape();
    test_names();
    test_identities(s);
    scratch_close(s);
    return UNIT_END;
}
