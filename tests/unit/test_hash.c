#include "base/hash.h"

#include "tests/unit/unit.h"

/* The examples of FIPS 180-2. */
static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char empty[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

int main(void)
{
    char hex[HASH_HEX_SIZE];
    char other[HASH_HEX_SIZE];

    hash_bytes_hex("abc", 3, hex);
    CHECK_STR(hex, abc);
    hash_bytes_hex("", 0, hex);
    CHECK_STR(hex, empty);

    struct hash *h = hash_new();
    hash_hex(h, hex);
    CHECK_STR(hex, empty);
    hash_update(h, "a", 1);
    hash_hex(h, other);
    hash_update(h, "bc", 2);
    hash_hex(h, hex);
    CHECK_STR(hex, abc);
    CHECK(strcmp(other, hex) != 0);
    hash_free(h);

    uint8_t digest[HASH_MD5_BYTES];
    hash_md5("abc", 3, digest, hex);
    CHECK_STR(hex, "900150983cd24fb0d6963f7d28e17f72");
    CHECK(digest[0] == 0x90 && digest[15] == 0x72);

    hash_random_hex(hex, 64);
    hash_random_hex(other, 64);
    CHECK(strlen(hex) == 64 && strspn(hex, "0123456789abcdef") == 64);
    CHECK(strcmp(hex, other) != 0);
    return UNIT_END;
}
