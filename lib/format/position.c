#include "format/position.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

const char *gtid_format(struct gtid gtid, char out[GTID_TEXT_SIZE])
{
    snprintf(out, GTID_TEXT_SIZE, "%" PRIu32 "-%" PRIu32 "-%" PRIu64, gtid.domain, gtid.server, gtid.seq);
    return out;
}

bool gtid_equal(struct gtid a, struct gtid b)
{
    return a.domain == b.domain && a.server == b.server && a.seq == b.seq;
}

/* Reads decimal digits up to `max`; false without a digit or beyond it. */
static bool parse_number(const char **text, uint64_t max, uint64_t *out)
{
    const char *p = *text;
    uint64_t value = 0;

    for (; *p >= '0' && *p <= '9'; p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        if (value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (p == *text)
        return false;
    *text = p;
    *out = value;
    return true;
}

static bool parse_gtid(const char **text, struct gtid *out)
{
    const char *p = *text;
    uint64_t domain, server, seq;

    if (!parse_number(&p, UINT32_MAX, &domain) || *p++ != '-' || !parse_number(&p, UINT32_MAX, &server) ||
        *p++ != '-' || !parse_number(&p, UINT64_MAX, &seq))
        return false;
    *text = p;
    *out = (struct gtid){(uint32_t)domain, (uint32_t)server, seq};
    return true;
}

bool gtid_parse(const char *text, struct gtid *out)
{
    struct gtid gtid;

    if (!parse_gtid(&text, &gtid) || *text)
        return false;
    *out = gtid;
    return true;
}

/* The place of a domain: its item, or where it would have to be inserted. */
static size_t find_place(const struct gtid_pos *pos, uint32_t domain)
{
    size_t low = 0, high = pos->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (pos->items[middle].domain < domain)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void gtid_pos_set(struct gtid_pos *pos, struct gtid gtid)
{
    size_t at = find_place(pos, gtid.domain);

    if (at == pos->count || pos->items[at].domain != gtid.domain) {
        pos->items = mem_grow(pos->items, pos->count, &pos->cap, sizeof(*pos->items));
        memmove(pos->items + at + 1, pos->items + at, (pos->count - at) * sizeof(*pos->items));
        pos->count++;
    }
    pos->items[at] = gtid;
}

const struct gtid *gtid_pos_find(const struct gtid_pos *pos, uint32_t domain)
{
    size_t at = find_place(pos, domain);

    return at < pos->count && pos->items[at].domain == domain ? &pos->items[at] : NULL;
}

static const char *skip_space(const char *p)
{
    while (isspace((unsigned char)*p))
        p++;
    return p;
}

struct err *gtid_pos_parse(const char *text, enum err_code code, struct gtid_pos *pos)
{
    struct gtid_pos parsed = GTID_POS_INIT;
    const char *p = skip_space(text);
    struct gtid gtid;

    while (*p) {
        if (!parse_gtid(&p, &gtid))
            goto malformed;
        if (gtid_pos_find(&parsed, gtid.domain)) {
            gtid_pos_free(&parsed);
            return err_new(code, "GTID position '%s' names domain %" PRIu32 " twice", text, gtid.domain);
        }
        gtid_pos_set(&parsed, gtid);
        const char *end = p;
        p = skip_space(p);
        if (*p == ',')
            p = skip_space(p + 1);
        else if (p == end && *p)
            goto malformed;
        if (!*p && memchr(end, ',', (size_t)(p - end)))
            goto malformed;
    }
    gtid_pos_free(pos);
    *pos = parsed;
    return NULL;
malformed:
    gtid_pos_free(&parsed);
    return err_hint(err_new(code, "'%s' is not a GTID position", text),
                    "the form is DOMAIN-SERVER-NUMBER, one per domain, separated by commas: 0-1-77,1-2-5");
}

char *gtid_pos_text(const struct gtid_pos *pos)
{
    struct buf text = BUF_INIT;
    char one[GTID_TEXT_SIZE];

    for (size_t i = 0; i < pos->count; i++) {
        if (i > 0)
            buf_append_byte(&text, ',');
        buf_append_str(&text, gtid_format(pos->items[i], one));
    }
    return buf_steal(&text);
}

void gtid_pos_free(struct gtid_pos *pos)
{
    free(pos->items);
    *pos = (struct gtid_pos)GTID_POS_INIT;
}

void gtid_pos_copy(struct gtid_pos *to, const struct gtid_pos *from)
{
    struct gtid_pos copy = GTID_POS_INIT;

    if (from->count > 0) {
        copy.items = mem_alloc(from->count * sizeof(*copy.items));
        memcpy(copy.items, from->items, from->count * sizeof(*copy.items));
        copy.count = copy.cap = from->count;
    }
    gtid_pos_free(to);
    *to = copy;
}

bool gtid_pos_has(const struct gtid_pos *pos, struct gtid gtid)
{
    const struct gtid *last = gtid_pos_find(pos, gtid.domain);

    return last && last->seq >= gtid.seq;
}

bool gtid_pos_reaches(const struct gtid_pos *a, const struct gtid_pos *b)
{
    for (size_t i = 0; i < b->count; i++)
        if (!gtid_pos_has(a, b->items[i]))
            return false;
    return true;
}

int gtid_pos_order(const struct gtid_pos *a, const struct gtid_pos *b)
{
    return (gtid_pos_reaches(a, b) ? 1 : 0) - (gtid_pos_reaches(b, a) ? 1 : 0);
}

bool gtid_pos_equal(const struct gtid_pos *a, const struct gtid_pos *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!gtid_equal(a->items[i], b->items[i]))
            return false;
    return true;
}

uint64_t gtid_pos_distance(const struct gtid_pos *from, const struct gtid_pos *to)
{
    uint64_t count = 0;

    for (size_t i = 0; i < to->count; i++) {
        const struct gtid *was = gtid_pos_find(from, to->items[i].domain);
        uint64_t seq = was ? was->seq : 0;
        if (to->items[i].seq > seq)
            count += to->items[i].seq - seq;
    }
    return count;
}
