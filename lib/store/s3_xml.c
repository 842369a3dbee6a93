#include "store/s3_xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

enum { DEEPEST = 8 };

/* Called at the end of each element, with its path ("Error/Code") and the text directly in it. */
typedef void element_fn(const char *path, const char *text, void *arg);

struct walk {
    XML_Parser parser;
    element_fn *fn;
    void *arg;
    struct buf path;
    struct buf text;
    unsigned depth;
};

static void on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
    struct walk *w = arg;

    (void)attributes;
    if (++w->depth > DEEPEST) {
        XML_StopParser(w->parser, XML_FALSE);
        return;
    }
    buf_printf(&w->path, "%s%s", w->path.len ? "/" : "", name);
    buf_clear(&w->text);
}

static void on_end(void *arg, const XML_Char *name)
{
    struct walk *w = arg;
    size_t len = strlen(name);

    w->fn(buf_str(&w->path), buf_str(&w->text), w->arg);
    buf_clear(&w->text);
    w->path.len -= w->path.len > len ? len + 1 : len;
    w->depth--;
}

static void on_text(void *arg, const XML_Char *text, int len)
{
    buf_append(&((struct walk *)arg)->text, text, (size_t)len);
}

/* Entities could be defined there. */
static void on_doctype(void *arg, const XML_Char *name, const XML_Char *system_id, const XML_Char *public_id,
                       int has_subset)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_subset;
    XML_StopParser(((struct walk *)arg)->parser, XML_FALSE);
}

/* Walks over a document; false where it is not well-formed. */
static bool walk_document(const void *bytes, size_t len, element_fn *fn, void *arg)
{
    struct walk w = {
        .parser = XML_ParserCreate(NULL), .fn = fn, .arg = arg, .path = BUF_INIT, .text = BUF_INIT};

    if (!w.parser || len > INT32_MAX) {
        XML_ParserFree(w.parser);
        return false;
    }
    XML_SetUserData(w.parser, &w);
    XML_SetElementHandler(w.parser, on_start, on_end);
    XML_SetCharacterDataHandler(w.parser, on_text);
    XML_SetStartDoctypeDeclHandler(w.parser, on_doctype);
    bool good = XML_Parse(w.parser, len ? bytes : "", (int)len, 1) == XML_STATUS_OK;
    XML_ParserFree(w.parser);
    buf_free(&w.path);
    buf_free(&w.text);
    return good;
}

static void replace(char **to, const char *text)
{
    free(*to);
    *to = mem_strdup(text);
}

static void error_element(const char *path, const char *text, void *arg)
{
    struct s3_error *e = arg;

    if (strcmp(path, "Error/Code") == 0)
        replace(&e->code, text);
    else if (strcmp(path, "Error/Message") == 0)
        replace(&e->message, text);
    else if (strcmp(path, "Error/Region") == 0)
        replace(&e->region, text);
}

bool s3_error_parse(const void *bytes, size_t len, struct s3_error *out)
{
    *out = (struct s3_error){mem_strdup(""), mem_strdup(""), mem_strdup("")};
    if (walk_document(bytes, len, error_element, out) && out->code[0])
        return true;
    s3_error_free(out);
    return false;
}

void s3_error_free(struct s3_error *e)
{
    free(e->code);
    free(e->message);
    free(e->region);
    *e = (struct s3_error){0};
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

char *s3_decode(const char *text)
{
    char *out = mem_strdup(text), *to = out;

    for (const char *p = text; *p; p++) {
        int byte = *p == '%' && hex_digit(p[1]) >= 0 && hex_digit(p[2]) >= 0
                       ? hex_digit(p[1]) * 16 + hex_digit(p[2])
                       : 0;
        if (byte > 0) {
            *to++ = (char)byte;
            p += 2;
        } else {
            *to++ = *p == '+' ? ' ' : *p;
        }
    }
    *to = 0;
    return out;
}

/* "2026-11-28T08:57:31.470Z" in microseconds; 0 where it is none. */
static int64_t parse_time(const char *text)
{
    size_t whole = strcspn(text, ".Z");
    int64_t time_us = 0, unit = CLOCK_US_PER_S / 10;
    char *seconds = mem_printf("%.*sZ", (int)whole, text);
    struct err *e = clock_parse(seconds, &time_us);

    free(seconds);
    if (e) {
        err_free(e);
        return 0;
    }
    if (text[whole] == '.')
        for (const char *p = text + whole + 1; *p >= '0' && *p <= '9'; p++, unit /= 10)
            time_us += (*p - '0') * unit;
    return time_us;
}

struct page_parse {
    struct s3_page *page;
    bool is_listing;
    bool is_encoded;
    struct s3_item item; /* the one being read */
    bool is_bad;
};

static void end_item(struct page_parse *p, bool is_prefix)
{
    struct s3_page *page = p->page;

    if (!p->item.key) {
        p->is_bad = true;
        return;
    }
    page->items = mem_grow(page->items, page->count, &page->cap, sizeof(*page->items));
    p->item.is_prefix = is_prefix;
    page->items[page->count++] = p->item;
    p->item = (struct s3_item){0};
}

static void page_element(const char *path, const char *text, void *arg)
{
    static const char root[] = "ListBucketResult";
    struct page_parse *p = arg;
    struct s3_item *item = &p->item;

    if (strncmp(path, root, sizeof(root) - 1) != 0)
        return;
    path += sizeof(root) - 1;
    if (*path == 0)
        p->is_listing = true;
    else if (strcmp(path, "/Prefix") == 0)
        replace(&p->page->prefix, text);
    else if (strcmp(path, "/EncodingType") == 0)
        p->is_encoded = strcmp(text, "url") == 0;
    else if (strcmp(path, "/IsTruncated") == 0)
        p->page->is_truncated = strcmp(text, "true") == 0;
    else if (strcmp(path, "/NextContinuationToken") == 0)
        replace(&p->page->next_token, text);
    else if (strcmp(path, "/Contents/Key") == 0 || strcmp(path, "/CommonPrefixes/Prefix") == 0)
        replace(&item->key, text);
    else if (strcmp(path, "/Contents/Size") == 0)
        item->stat.size = strtoull(text, NULL, 10);
    else if (strcmp(path, "/Contents/LastModified") == 0)
        item->stat.modified_us = parse_time(text);
    else if (strcmp(path, "/Contents") == 0)
        end_item(p, false);
    else if (strcmp(path, "/CommonPrefixes") == 0)
        end_item(p, true);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct s3_item *)a)->key, ((const struct s3_item *)b)->key);
}

bool s3_page_parse(const void *bytes, size_t len, struct s3_page *out)
{
    struct page_parse p = {.page = out};

    *out = (struct s3_page){.prefix = mem_strdup(""), .next_token = mem_strdup("")};
    bool good = walk_document(bytes, len, page_element, &p) && p.is_listing && !p.is_bad;
    free(p.item.key);
    for (size_t i = 0; i < out->count && p.is_encoded; i++) {
        char *key = s3_decode(out->items[i].key);
        free(out->items[i].key);
        out->items[i].key = key;
    }
    /* objects and prefixes come as two sequences, or mixed */
    if (out->count > 1)
        qsort(out->items, out->count, sizeof(*out->items), by_key);
    if (!good)
        s3_page_free(out);
    return good;
}

void s3_page_free(struct s3_page *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->items[i].key);
    free(p->items);
    free(p->prefix);
    free(p->next_token);
    *p = (struct s3_page){0};
}
