/*
 * Listings (ListObjectsV2, or ListObjects with signature V2), page by page. What no key of a store can be
 * (store.h) is left out: the markers of folders that consoles make, our own probe and claims. The order of
 * keys is checked, not trusted: "S3 Express" has none.
 */
#include "store/s3.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/s3_xml.h"

enum { PAGE_BYTES = 16 << 20 }; /* 1,000 keys of 1,024 bytes, all of them encoded, are 3 MiB */

struct listing {
    struct s3 *s;
    const struct store_list *what;
    store_list_fn *fn;
    void *arg;
    bool all;          /* also what can be no key */
    char *prefix;      /* with the store's own */
    char *start_after; /* so too; NULL for none */
    char *token;       /* "" for the first page; of ListObjects the last thing reported */
    char *last;        /* the key reported last; NULL for none */
    struct s3_page page;
};

/* ListObjects goes on behind the last thing that it reported; a page without anything new has no next one. */
static void take_last_as_token(struct listing *l)
{
    struct s3_page *page = &l->page;
    const char *last = page->count > 0 ? page->items[page->count - 1].key : "";

    free(page->next_token);
    page->next_token = mem_strdup(strcmp(last, l->token) > 0 ? last : "");
}

/* A page must be of the listing that was asked for. Leaves it in l->page. */
static int check_page(const struct s3_call *call, const struct s3_reply *r)
{
    struct listing *l = call->arg;
    struct s3_page *page = &l->page;

    s3_page_free(page);
    if (!s3_page_parse(r->body, r->body_len, page))
        return RETRY_NOT_S3;
    char *decoded = s3_decode(page->prefix);
    bool fits = strcmp(page->prefix, l->prefix) == 0 || strcmp(decoded, l->prefix) == 0;
    free(decoded);
    for (size_t i = 0; i < page->count && fits; i++)
        fits = strncmp(page->items[i].key, l->prefix, strlen(l->prefix)) == 0;
    if (fits && page->is_truncated && l->s->v2)
        take_last_as_token(l);
    return fits && (!page->is_truncated || page->next_token[0]) ? 0 : RETRY_NOT_S3;
}

static struct err *read_page(struct listing *l)
{
    struct s3_pair query[6] = {{"encoding-type", "url"}, {"prefix", l->prefix}};
    size_t n = 2;
    bool is_old = l->s->v2 != NULL;
    struct buf out = BUF_INIT;
    struct s3_reply reply;

    if (l->what->folders)
        query[n++] = (struct s3_pair){"delimiter", "/"};
    if (!is_old)
        query[n++] = (struct s3_pair){"list-type", "2"};
    if (l->token[0])
        query[n++] = (struct s3_pair){is_old ? "marker" : "continuation-token", l->token};
    else if (l->start_after)
        query[n++] = (struct s3_pair){is_old ? "marker" : "start-after", l->start_after};
    struct s3_call call = {.method = "GET",
                           .query = query,
                           .query_count = n,
                           .out = &out,
                           .most = PAGE_BYTES,
                           .check = check_page,
                           .arg = l};
    struct err *e = s3_send(l->s, &call, &reply);
    s3_reply_free(&reply);
    buf_free(&out);
    return e;
}

static struct err *report(struct listing *l, const struct s3_item *item)
{
    const char *key = item->key + strlen(l->s->config.prefix);
    size_t len = strlen(key);
    bool is_usable = item->is_prefix ? len > 0 && key[len - 1] == '/' && store_key_is_good(key, true)
                                     : store_key_is_good(key, false);

    int order = l->last ? strcmp(item->key, l->last) : 1;

    if (order == 0)
        return NULL; /* a folder whose objects are on two pages */
    if (order < 0)
        return err_hint(err_new(ERR_STORE, "the store lists %s behind %s, not in the order of the keys",
                                item->key, l->last),
                        "a bucket whose listings have no order (S3 Express) cannot be used");
    free(l->last);
    l->last = mem_strdup(item->key);
    /* a server may report the folder in which start_after lies */
    if (!(is_usable || l->all) || (l->what->start_after && strcmp(key, l->what->start_after) <= 0))
        return NULL;
    struct store_entry entry = {.key = key, .is_prefix = item->is_prefix, .stat = item->stat};
    return l->fn(&entry, l->arg);
}

static struct err *list_pages(struct listing *l)
{
    do {
        TRY(read_page(l));
        for (size_t i = 0; i < l->page.count; i++)
            TRY(report(l, &l->page.items[i]));
        free(l->token);
        l->token = mem_strdup(l->page.next_token);
    } while (l->page.is_truncated);
    return NULL;
}

static struct err *list(struct s3 *s, const struct store_list *what, bool all, store_list_fn *fn, void *arg)
{
    struct listing l = {
        .s = s,
        .what = what,
        .fn = fn,
        .arg = arg,
        .all = all,
        .prefix = mem_printf("%s%s", s->config.prefix, what->prefix),
        .start_after = what->start_after ? mem_printf("%s%s", s->config.prefix, what->start_after) : NULL,
        .token = mem_strdup(""),
    };

    struct err *e = list_pages(&l);
    free(l.prefix);
    free(l.start_after);
    free(l.token);
    free(l.last);
    s3_page_free(&l.page);
    return e;
}

struct err *s3_list(void *self, const struct store_list *what, store_list_fn *fn, void *arg)
{
    return list(self, what, false, fn, arg);
}

struct err *s3_list_all(struct s3 *s, const struct store_list *what, store_list_fn *fn, void *arg)
{
    return list(s, what, true, fn, arg);
}
