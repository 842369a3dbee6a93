#include "binlog/statement_refs.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "binlog/statement_scan.h"

const struct sql_token *scan_at(const struct scan *s, size_t i)
{
    return &s->t[i < s->count ? i : s->count - 1];
}

const struct sql_token *scan_before(const struct scan *s, size_t n)
{
    static const struct sql_token none = {SQL_END, "", 0};

    return s->i >= n ? &s->t[s->i - n] : &none;
}

struct level *scan_level(struct scan *s)
{
    return &s->levels[s->depth];
}

void scan_push(struct scan *s, struct level l)
{
    s->depth++;
    s->levels = mem_grow(s->levels, s->depth, &s->level_cap, sizeof(*s->levels));
    s->levels[s->depth] = l;
}

static struct statement_ref *ref_add(struct scan *s, enum ref_kind kind, size_t first, size_t last)
{
    struct statement_refs *r = s->out;
    const struct sql_token *from = scan_at(s, first);
    const struct sql_token *to = scan_at(s, last);

    r->items = mem_grow(r->items, r->count, &r->cap, sizeof(*r->items));
    r->items[r->count] = (struct statement_ref){
        .kind = kind, .text = from->text, .len = (size_t)(to->text + to->len - from->text)};
    return &r->items[r->count++];
}

/* One name at token `first`, or with its database before it (`first` and `first` + 2). */
struct statement_ref *scan_add(struct scan *s, enum ref_kind kind, size_t first, bool with_db)
{
    struct statement_ref *r = ref_add(s, kind, first, with_db ? first + 2 : first);

    if (with_db) {
        r->db = sql_token_name(scan_at(s, first));
        r->db_len = scan_at(s, first)->len;
    }
    r->name = sql_token_name(scan_at(s, with_db ? first + 2 : first));
    return r;
}

/* Parts of a.b.c or a.b.* from token i on. */
size_t scan_chain(const struct scan *s, size_t i)
{
    size_t parts = 1;

    while (sql_token_is_symbol(scan_at(s, i + 1), '.') &&
           (sql_token_is_name(scan_at(s, i + 2)) || scan_at(s, i + 2)->type == SQL_NUMBER ||
            sql_token_is_symbol(scan_at(s, i + 2), '*'))) {
        parts++;
        i += 2;
    }
    return parts;
}

/* [AS] alias at token i; true where there is one. */
static bool take_alias(struct scan *s, size_t i)
{
    bool as = sql_token_is(scan_at(s, i), "AS");

    if (as)
        i++;
    const struct sql_token *t = scan_at(s, i);
    if (!sql_token_is_name(t) || scan_is_reserved(t) || (!as && scan_is_clause(t)))
        return false;
    scan_add(s, REF_ALIAS, i, false);
    s->i = i;
    return true;
}

/* Behind the table: PARTITION (...), FOR SYSTEM_TIME AS OF x; then the alias. */
static size_t behind_table(const struct scan *s, size_t i)
{
    size_t depth = 0;

    if (!sql_token_is(scan_at(s, i), "PARTITION") || !sql_token_is_symbol(scan_at(s, i + 1), '('))
        return i;
    for (i++; scan_at(s, i)->type != SQL_END; i++) {
        depth += sql_token_is_symbol(scan_at(s, i), '(');
        depth -= sql_token_is_symbol(scan_at(s, i), ')');
        if (depth == 0)
            return i + 1;
    }
    return i;
}

static void take_table(struct scan *s, size_t parts, bool may_have_alias)
{
    size_t first = s->i;
    struct statement_ref *r = scan_add(s, REF_TABLE, first, parts > 1);
    size_t index = s->out->count - 1;

    r->changed = s->changes || !may_have_alias;
    s->i = first + (parts > 1 ? 2 : 0);
    size_t behind = behind_table(s, s->i + 1);
    bool aliased = may_have_alias && take_alias(s, behind);
    s->out->items[index].aliased = aliased;
    /* CREATE TABLE a LIKE b, CREATE TABLE a (LIKE b) */
    size_t like = s->i + 1 + sql_token_is_symbol(scan_at(s, s->i + 1), '(');
    if (sql_token_is(&s->verb, "CREATE") && !may_have_alias && sql_token_is(scan_at(s, like), "LIKE")) {
        if (like > s->i + 1)
            scan_push(s, (struct level){0});
        scan_level(s)->expect = EXPECT_OBJECT;
        s->i = like;
    }
}

/* A name where one is expected. */
static void take_expected(struct scan *s, enum expect expect, size_t parts)
{
    size_t first = s->i;
    size_t named = parts > 2 ? 2 : parts;

    scan_level(s)->expect = EXPECT_NOTHING;
    switch (expect) {
    case EXPECT_TABLE:
    case EXPECT_OBJECT:
        if (expect == EXPECT_TABLE && parts == 1 && sql_token_is_symbol(scan_at(s, first + 1), '(')) {
            scan_level(s)->item_next = true;
            return;
        }
        take_table(s, named, expect == EXPECT_TABLE);
        s->i += parts > 2 ? 2 * (parts - 2) : 0;
        return;
    case EXPECT_TARGET: /* a, d.a, a.*, d.a.* */
        if (sql_token_is_symbol(scan_at(s, first + 2 * (parts - 1)), '*'))
            named = parts - 1;
        scan_add(s, REF_TARGET, first, named > 1);
        break;
    case EXPECT_PROGRAM:
        scan_add(s, REF_PROGRAM, first, parts > 1);
        break;
    case EXPECT_TRIGGER:
        scan_add(s, REF_TRIGGER, first, parts > 1);
        break;
    case EXPECT_DATABASE: {
        struct statement_ref *r = ref_add(s, REF_DATABASE, first, first);
        r->db = sql_token_name(scan_at(s, first));
        r->db_len = scan_at(s, first)->len;
        break;
    }
    case EXPECT_NOTHING:
        break;
    }
    s->i = first + 2 * (parts - 1);
}

/* A name in an expression, or anywhere else where no object is expected. */
static void take_free(struct scan *s, size_t parts)
{
    size_t first = s->i;
    size_t last = first + 2 * (parts - 1);
    bool call = sql_token_is_symbol(scan_at(s, last + 1), '(');

    s->i = last;
    if (parts == 1) {
        scan_add(s, REF_ALONE, first, false);
    } else if (call) {
        scan_add(s, REF_PROGRAM, first, true);
        s->out->programs = true;
    } else if (parts == 2) {
        scan_add(s, REF_QUALIFIER, first, false);
    } else {
        scan_add(s, REF_COLUMN, first, true);
    }
}

static void take_name_token(struct scan *s)
{
    enum expect expect = scan_level(s)->expect;
    const struct sql_token *t = scan_at(s, s->i);
    size_t parts = scan_chain(s, s->i);

    if (s->opaque) {
        for (size_t k = 0; k < parts; k++)
            if (sql_token_is_name(scan_at(s, s->i + 2 * k)))
                scan_add(s, REF_OPAQUE, s->i + 2 * k, false);
        s->i += 2 * (parts - 1);
        return;
    }
    if (parts == 1 && expect && scan_is_modifier(t) && !sql_token_is_symbol(scan_at(s, s->i + 1), '('))
        return; /* DROP TABLE IF EXISTS ... */
    if (expect && (parts > 1 || !scan_is_reserved(t))) {
        take_expected(s, expect, parts);
        return;
    }
    scan_level(s)->expect = EXPECT_NOTHING;
    if (parts == 1 && scan_word(s))
        return;
    take_free(s, parts);
}

/* The words before a parenthesis that say what is in it. */
static struct level level_of(struct scan *s)
{
    static const char *const from[] = {"EXTRACT", "TRIM", "SUBSTRING", "SUBSTR", "MID", NULL};
    static const char *const sequences[] = {"NEXTVAL", "LASTVAL", "SETVAL", NULL};
    const struct sql_token *word = scan_before(s, 1);

    if (scan_level(s)->expect == EXPECT_TABLE)
        return (struct level){.expect = EXPECT_TABLE, .list = EXPECT_TABLE, .from_item = true};
    if (sql_token_is_any(word, sequences))
        return (struct level){.expect = EXPECT_OBJECT};
    return (struct level){.from_function = sql_token_is_any(word, from),
                          .from_item = scan_level(s)->item_next};
}

static void take_symbol(struct scan *s)
{
    const struct sql_token *t = scan_at(s, s->i);
    enum expect expect = EXPECT_NOTHING;

    if (sql_token_is_symbol(t, '(')) {
        struct level inner = level_of(s);
        scan_level(s)->expect = EXPECT_NOTHING;
        scan_level(s)->item_next = false;
        scan_push(s, inner);
        return;
    }
    if (sql_token_is_symbol(t, ')')) {
        bool item = s->depth > 0 && scan_level(s)->from_item;
        s->depth -= s->depth > 0;
        scan_level(s)->expect = EXPECT_NOTHING;
        if (item)
            take_alias(s, s->i + 1);
        return;
    }
    if (sql_token_is_symbol(t, ',')) {
        expect = scan_level(s)->list;
        if (scan_level(s)->with && sql_token_is_name(scan_at(s, s->i + 1)))
            scan_add(s, REF_ALIAS, ++s->i, false);
    }
    if (sql_token_is_symbol(t, ';')) {
        *scan_level(s) = (struct level){0};
        s->verb = (struct sql_token){SQL_END, "", 0};
        s->renames = s->await_on = s->opaque = s->changes = s->deletes = false;
    }
    scan_level(s)->expect = expect;
}

static void scan_all(struct scan *s)
{
    scan_push(s, (struct level){0});
    s->depth = 0;
    s->levels[0] = (struct level){0};
    for (s->i = 0; s->i + 1 < s->count; s->i++) {
        const struct sql_token *t = scan_at(s, s->i);
        if (sql_token_is_name(t))
            take_name_token(s);
        else if (t->type == SQL_SYMBOL)
            take_symbol(s);
        else
            scan_level(s)->expect = EXPECT_NOTHING;
    }
}

struct err *statement_refs_read(const char *sql, size_t len, uint64_t sql_mode, struct statement_refs *out)
{
    struct scan s = {.out = out, .verb = {SQL_END, "", 0}};
    struct sql_lexer l;
    size_t cap = 0;
    struct sql_token token;

    *out = (struct statement_refs){0};
    sql_lexer_init(&l, sql, len, sql_mode);
    do {
        token = sql_lexer_next(&l);
        s.t = mem_grow(s.t, s.count, &cap, sizeof(*s.t));
        s.t[s.count++] = token;
    } while (token.type != SQL_END && token.type != SQL_BAD);
    if (token.type == SQL_END)
        scan_all(&s);
    free(s.t);
    free(s.levels);
    if (token.type == SQL_BAD)
        return err_new(ERR_UNSUPPORTED, "a statement whose quotes or comments have no end");
    return NULL;
}

void statement_refs_free(struct statement_refs *r)
{
    for (size_t i = 0; i < r->count; i++) {
        free(r->items[i].db);
        free(r->items[i].name);
    }
    free(r->items);
    *r = (struct statement_refs){0};
}

bool statement_refs_has_alias(const struct statement_refs *r, const char *name)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->items[i].kind == REF_ALIAS && strcasecmp(r->items[i].name, name) == 0)
            return true;
    return false;
}
