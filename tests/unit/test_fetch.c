/* The bytes of a log's objects in whatever order they are asked for: what comes is what lies there. */
#include "replay/fetch.h"

#include <stdlib.h>

#include "format/layout.h"
#include "tests/unit/scratch_store.h"
#include "tests/unit/unit.h"

enum { LAST = 60, LARGE = 20 };

/* Object N is N bytes of N; LARGE is larger than what is read ahead of time. */
static size_t size_of(uint64_t number)
{
    return number == LARGE ? FETCH_BYTES + 1 : (size_t)number;
}

static void put_object(struct store *s, uint64_t epoch, uint64_t number)
{
    char *key = layout_segment_key("s", epoch, number);
    char *bytes = mem_zalloc(size_of(number), 1);
    bool created;

    memset(bytes, (int)number, size_of(number));
    CHECK_OK(store_create(s, key, bytes, size_of(number), &created));
    free(bytes);
    free(key);
}

static void expect(struct fetch *f, uint64_t epoch, uint64_t number, bool exists)
{
    struct buf object = BUF_INIT;
    bool found;

    CHECK_OK(fetch_get(f, epoch, number, &object, &found));
    CHECK(found == exists);
    if (exists) {
        CHECK(object.len == size_of(number));
        CHECK(object.data[0] == number && object.data[object.len - 1] == number);
    }
    buf_free(&object);
}

int main(void)
{
    struct store *s = scratch_open();

    for (uint64_t number = 1; number <= LAST; number++)
        if (number != 50)
            put_object(s, 1, number);
    put_object(s, 2, 1);
    struct fetch *f = fetch_new(s, "s");
    for (uint64_t number = 1; number < 50; number++)
        expect(f, 1, number, true);
    expect(f, 1, 50, false);
    put_object(s, 1, 50);
    for (uint64_t number = 50; number <= LAST; number++)
        expect(f, 1, number, true);
    expect(f, 1, LAST + 1, false);
    expect(f, 1, LAST + 1, false);
    expect(f, 2, 1, true);
    expect(f, 2, 2, false);
    for (uint64_t number = 5; number < 15; number++)
        expect(f, 1, number, true);
    expect(f, 1, 13, true); /* while others are on their way */
    expect(f, 1, 40, true);
    expect(f, 1, 41, true);
    expect(f, 1, 42, true);
    fetch_free(f); /* so here */
    fetch_free(NULL);
    scratch_close(s);
    return UNIT_END;
}
