#include "backup/text_check.h"

#include <string.h>

#include "base/mem.h"

static bool is_text(const char *type)
{
    static const char *const types[] = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext"};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(types[i], type) == 0)
            return true;
    return false;
}

struct text_rule text_rule_of(const struct catalog_column *column)
{
    struct text_rule rule = {.characters = SIZE_MAX};

    if (!column->charset || !is_text(column->data_type))
        return rule;
    if (strcmp(column->charset, "utf8mb4") == 0)
        rule.widest = 4;
    else if (strcmp(column->charset, "utf8mb3") == 0 || strcmp(column->charset, "utf8") == 0)
        rule.widest = 3;
    else
        return rule;
    rule.column = column->name;
    if (column->compressed && strcmp(column->data_type, "varchar") == 0)
        rule.characters = column->octet_length / rule.widest;
    return rule;
}

static bool follows(const uint8_t *p, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if ((p[i] & 0xC0) != 0x80)
            return false;
    return true;
}

/* Length of the character at p, by the server's rules (which allow surrogates); 0 where there is none. */
static unsigned character(const uint8_t *p, size_t left, unsigned widest)
{
    if (*p < 0x80)
        return 1;
    if (*p < 0xC2)
        return 0;
    if (*p < 0xE0)
        return left >= 2 && follows(p + 1, 1) ? 2 : 0;
    if (*p < 0xF0)
        return left >= 3 && follows(p + 1, 2) && (*p > 0xE0 || p[1] >= 0xA0) ? 3 : 0;
    if (*p < 0xF5 && widest == 4)
        return left >= 4 && follows(p + 1, 3) && (*p > 0xF0 || p[1] >= 0x90) && (*p < 0xF4 || p[1] < 0x90)
                   ? 4
                   : 0;
    return 0;
}

/* How many of the bytes at p are ASCII, eight at a time. */
static size_t skip_ascii(const uint8_t *p, size_t len)
{
    size_t at = 0;
    uint64_t word;

    for (; at + sizeof(word) <= len; at += sizeof(word)) {
        memcpy(&word, p + at, sizeof(word));
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    return at;
}

char *text_check(const struct text_rule *rule, const void *text, size_t len)
{
    const uint8_t *p = text;
    size_t characters = 0;

    for (size_t at = 0; at < len;) {
        size_t ascii = skip_ascii(p + at, len - at);
        at += ascii;
        characters += ascii;
        if (at == len)
            break;
        unsigned bytes = character(p + at, len - at, rule->widest);
        if (!bytes)
            return mem_printf("is not valid utf8mb%u: byte %zu of %zu is %02X", rule->widest, at + 1, len,
                              p[at]);
        at += bytes;
        characters++;
    }
    if (characters <= rule->characters)
        return NULL;
    return mem_printf("has %zu characters, and the column is declared for %zu", characters, rule->characters);
}
