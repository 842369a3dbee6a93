/* Requests: round trip, what their id depends on, their order, and documents that lie. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "format/layout.h"
#include "format/request.h"
#include "scratch_store.h"
#include "unit.h"

static const int64_t now_us = 1764000000LL * CLOCK_US_PER_S;
static const int64_t day_us = 86400LL * CLOCK_US_PER_S;

static void set(char **member, const char *text)
{
    free(*member);
    *member = mem_strdup(text);
}

static void set_json(json_t **member, const char *text)
{
    json_decref(*member);
    *member = json_loads(text, 0, NULL);
}

static void make(struct request *r)
{
    request_init(r);
    set(&r->job, "shop");
    set(&r->stream, "main");
    set(&r->stream_id, "0a4be2f6c1d84c7f8a3b9d2e5f60718c");
    set(&r->kind, REQUEST_TABLES);
    set(&r->position, "0-1-77,1-2-5");
    set(&r->reason, "not UTF-8: \xff");
    set(&r->who, "ccr-apply (root as ccr@localhost)");
    set_json(&r->scope,
             "{\"version\": 2, \"include\": {\"tables\": [{\"db\": \"Größe\", \"name\": \"a/b\"}]}}");
    r->generation = 3;
    r->epoch = 2;
    r->requested_us = now_us;
}

static char *key_of(const struct request *r)
{
    char *id = request_id(r);
    char *key = layout_request_key(r->job, id);

    free(id);
    return key;
}

static struct err *decode(const char *key, const char *text, struct request *out)
{
    return request_decode(key, text, strlen(text), out);
}

static void test_round_trip(void)
{
    struct request r, back;

    make(&r);
    char *text = request_encode(&r);
    char *key = key_of(&r);
    CHECK_OK(decode(key, text, &back));
    CHECK(strlen(back.id) == REQUEST_ID_DIGITS && strstr(key, back.id));
    CHECK_STR(back.job, "shop");
    CHECK_STR(back.stream, "main");
    CHECK_STR(back.stream_id, r.stream_id);
    CHECK_STR(back.kind, "tables");
    CHECK_STR(back.position, r.position);
    CHECK_STR(back.reason, r.reason);
    CHECK_STR(back.who, r.who);
    CHECK(json_equal(back.scope, r.scope) && json_array_size(back.partitions) == 0);
    CHECK(back.generation == 3 && back.epoch == 2 && back.requested_us == now_us);
    request_free(&back);
    free(key);
    free(text);
    request_free(&r);
}

static void id_changes(struct request *r, bool changes)
{
    struct request plain;

    make(&plain);
    char *before = request_id(&plain);
    char *after = request_id(r);
    CHECK((strcmp(before, after) != 0) == changes);
    free(before);
    free(after);
    request_free(&plain);
    request_free(r);
}

/* Every member that makes it another request, and those that do not. */
static void test_id(void)
{
    struct request r;

    make(&r), set(&r.job, "shop2"), id_changes(&r, true);
    make(&r), r.generation = 4, id_changes(&r, true);
    make(&r), set(&r.kind, REQUEST_FULL), id_changes(&r, true);
    make(&r), json_object_set_new(r.scope, "version", json_integer(3)), id_changes(&r, true);
    make(&r), set_json(&r.partitions, "[\"shop.orders:p1\"]"), id_changes(&r, true);
    make(&r), r.epoch = 3, id_changes(&r, true);
    make(&r), set(&r.position, "0-1-77"), id_changes(&r, true);
    make(&r), set(&r.reason, "another"), id_changes(&r, false);
    make(&r), set(&r.who, "somebody else"), id_changes(&r, false);
    make(&r), r.requested_us++, id_changes(&r, false);
    make(&r);
    set_json(&r.scope,
             "{\"include\": {\"tables\": [{\"name\": \"a/b\", \"db\": \"Größe\"}]}, \"version\": 2}");
    id_changes(&r, false);
}

/* The document with one member replaced (NULL: removed) is refused; the id is made to fit where `reseal`. */
static void refused(const char *member, const char *json, bool reseal, enum err_code code, const char *text)
{
    struct request r, out;

    make(&r);
    char *whole = request_encode(&r);
    char *key = key_of(&r);
    json_t *root = json_loads(whole, 0, NULL);
    if (json)
        json_object_set_new(root, member, json_loads(json, JSON_DECODE_ANY, NULL));
    else
        json_object_del(root, member);
    if (reseal) { /* as somebody would who knows the format */
        set(&r.kind, json_string_value(json_object_get(root, "kind")));
        set(&r.position, json_string_value(json_object_get(root, "position")));
        json_decref(r.partitions);
        r.partitions = json_incref(json_object_get(root, "partitions"));
        free(key);
        key = key_of(&r);
        char *id = request_id(&r);
        json_object_set_new(root, "id", json_string(id));
        free(id);
    }
    char *damaged = json_text(root);
    CHECK_ERR(decode(key, damaged, &out), code, text);
    CHECK(!out.id && !out.scope);
    json_decref(root);
    free(damaged);
    free(key);
    free(whole);
    request_free(&r);
}

static void test_hostile(void)
{
    static const char *const members[] = {
        "id",          "job",        "stream", "stream_id", "generation",
        "kind",        "scope",      "epoch",  "position",  "reason",
        "who",         "partitions", "format", "version",   "features_required",
        "requested_us"};
    struct request r, out;

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        refused(members[i], NULL, false, ERR_INTEGRITY, members[i]);
        refused(members[i], "null", false, ERR_INTEGRITY, members[i]);
        refused(members[i], "true", false, ERR_INTEGRITY, members[i]);
    }
    refused("format", "\"ccr snapshot\"", false, ERR_INTEGRITY, "not a 'ccr request'");
    refused("version", "2", false, ERR_UNSUPPORTED, "version 2");
    refused("features_required", "[\"x\"]", false, ERR_UNSUPPORTED, "'x'");
    refused("generation", "-1", false, ERR_INTEGRITY, "generation");
    refused("generation", "4", false, ERR_INTEGRITY, "its id");
    refused("epoch", "3", false, ERR_INTEGRITY, "its id");
    refused("scope", "{}", false, ERR_INTEGRITY, "its id");
    refused("job", "\"shop2\"", false, ERR_INTEGRITY, "its id");
    refused("stream", "\"../x\"", false, ERR_INTEGRITY, "'../x'");
    refused("kind", "\"everything\"", true, ERR_UNSUPPORTED, "'everything'");
    refused("kind", "\"partitions\"", true, ERR_INTEGRITY, "'partitions' does not fit");
    refused("partitions", "[\"a.b:p\"]", true, ERR_INTEGRITY, "'partitions' does not fit");
    refused("position", "\"0-1\"", true, ERR_INTEGRITY, "0-1");

    make(&r);
    char *text = request_encode(&r);
    char *id = request_id(&r);
    char *other = layout_request_key("other", id);
    CHECK_ERR(decode(other, text, &out), ERR_INTEGRITY, "another's key");
    for (size_t len = 0; len + 1 < strlen(text); len++)
        CHECK_ERR(request_decode(other, text, len, &out), ERR_INTEGRITY, "not valid JSON");
    free(other);
    free(id);
    free(text);
    request_free(&r);
}

static void put(struct store *s, const char *kind, uint64_t generation, int64_t at_us, bool is_new)
{
    struct request r;
    bool created;

    make(&r);
    set(&r.kind, kind);
    if (strcmp(kind, REQUEST_PARTITIONS) == 0)
        set_json(&r.partitions, "[\"shop.orders:p1\"]");
    r.generation = generation;
    r.requested_us = at_us;
    CHECK_OK(request_put(s, &r, &created));
    CHECK(created == is_new);
    request_free(&r);
}

static void test_store(struct store *s)
{
    struct requests all;

    put(s, REQUEST_PARTITIONS, 1, now_us, true);
    put(s, REQUEST_TABLES, 1, now_us + 5, true);
    put(s, REQUEST_TABLES, 2, now_us + 4, true);
    put(s, REQUEST_FULL, 1, now_us + 6, true);
    put(s, REQUEST_FULL, 1, now_us + 7, false); /* asking twice is asking once */
    CHECK_OK(store_put(s, "jobs/shop/status.json", "{}", 2));
    CHECK_OK(store_put(s, "jobs/shop/requests/00112233445566778899aabbccddeeff.json", "{}", 2));

    CHECK_OK(request_list(s, NULL, &all));
    CHECK(all.count == 4 && all.damaged_count == 1);
    CHECK_STR(all.items[0].kind, REQUEST_FULL);
    CHECK(all.items[0].requested_us == now_us + 6);
    CHECK(all.items[1].generation == 2 && all.items[2].generation == 1);
    CHECK_STR(all.items[3].kind, REQUEST_PARTITIONS);
    CHECK_STR(all.damaged[0].key, "jobs/shop/requests/00112233445566778899aabbccddeeff.json");
    CHECK_OK(request_remove(s, "shop", all.items[0].id));
    CHECK_OK(request_remove(s, "shop", all.items[0].id));
    requests_free(&all);

    CHECK_OK(request_list(s, "sho", &all));
    CHECK(all.count == 0 && all.damaged_count == 0);
    requests_free(&all);
    CHECK_OK(request_list(s, "shop", &all));
    CHECK(all.count == 3);
    requests_free(&all);
    put(s, REQUEST_TABLES, 2, now_us + 29 * day_us, false);
    put(s, REQUEST_TABLES, 2, now_us + 31 * day_us, true); /* in place of the expired one */
}

static void test_expiry(void)
{
    struct request r = {.requested_us = now_us};

    CHECK(!request_is_expired(&r, now_us) && !request_is_expired(&r, now_us + 29 * day_us));
    CHECK(request_is_expired(&r, now_us + 31 * day_us) && request_is_expired(&r, now_us - 31 * day_us));
    r.requested_us = INT64_MIN;
    CHECK(request_is_expired(&r, now_us));
    r.requested_us = INT64_MAX;
    CHECK(request_is_expired(&r, now_us));
}

int main(void)
{
    struct store *s = scratch_open();

    test_round_trip();
    test_id();
    test_hostile();
    test_expiry();
    test_store(s);
    scratch_close(s);
    return UNIT_END;
}
