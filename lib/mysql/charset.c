#include "mysql/charset.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

bool charset_is_utf8(const char *charset)
{
    return !charset || !*charset || strncmp(charset, "utf8", 4) == 0 || strcmp(charset, "binary") == 0;
}

bool charset_is_ascii(const void *text, size_t len)
{
    const uint8_t *bytes = text;

    for (size_t i = 0; i < len; i++)
        if (bytes[i] >= 0x80)
            return false;
    return true;
}

struct err *charset_of_collation(struct conn *c, unsigned id, char **charset)
{
    /* utf8mb3 and utf8mb4: general_ci and bin; then those of Unicode 4 and 5.2 */
    if (id == 33 || id == 83 || id == 45 || id == 46 || (id >= 192 && id <= 247)) {
        *charset = mem_strdup("utf8mb4");
        return NULL;
    }
    return conn_value(
        c, charset,
        "SELECT CHARACTER_SET_NAME FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY "
        "WHERE ID = %u LIMIT 1",
        id);
}

/* It goes into a statement without quotes. */
static struct err *check_name(const struct conn *c, const char *charset)
{
    if (*charset &&
        strspn(charset, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == strlen(charset))
        return NULL;
    return err_new(conn_code(c), "'%s' is not the name of a character set", charset);
}

static void append_unhex(struct buf *out, const char *hex)
{
    for (; hex[0] && hex[1]; hex += 2) {
        char digits[3] = {hex[0], hex[1], 0};
        buf_append_byte(out, (uint8_t)strtoul(digits, NULL, 16));
    }
}

static struct err *ask(struct conn *c, const char *from, const char *to, const struct buf *hex,
                       struct buf *out, bool *exact)
{
    struct result *r = NULL;

    TRY(conn_query(c, &r,
                   "SELECT HEX(CONVERT(_%s X'%.*s' USING %s)), "
                   "HEX(CONVERT(CONVERT(_%s X'%.*s' USING %s) USING %s)) = '%.*s'",
                   from, (int)hex->len, (const char *)hex->data, to, from, (int)hex->len,
                   (const char *)hex->data, to, from, (int)hex->len, (const char *)hex->data));
    char **row = result_next(r, NULL);
    *exact = row && row[0] && row[1] && strcmp(row[1], "1") == 0;
    if (*exact)
        append_unhex(out, row[0]);
    result_free(r);
    return NULL;
}

struct err *charset_convert(struct conn *c, const char *from, const char *to, const void *text, size_t len,
                            struct buf *out, bool *exact)
{
    const uint8_t *bytes = text;
    struct buf hex = BUF_INIT;

    *exact = true;
    if (charset_is_ascii(text, len) || (charset_is_utf8(from) && charset_is_utf8(to))) {
        buf_append(out, bytes, len);
        return NULL;
    }
    from = charset_is_utf8(from) ? "utf8mb4" : from;
    to = charset_is_utf8(to) ? "utf8mb4" : to;
    TRY(check_name(c, from));
    TRY(check_name(c, to));
    for (size_t i = 0; i < len; i++)
        buf_printf(&hex, "%02X", bytes[i]);
    struct err *e = ask(c, from, to, &hex, out, exact);
    buf_free(&hex);
    return e;
}
