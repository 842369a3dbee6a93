/*
 * The volumes of one snapshot, down to its rows.
 *
 * Volumes that share a chunk are read by one thread, in order, because the hash of a chunk's rows runs
 * through all of its pieces. A backup's workers fill volumes of their own, so there are about as many such
 * groups as it had workers.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "format/document.h"
#include "format/volume.h"
#include "keep/audit_parts.h"
#include "keep/pool.h"
#include "snapshot/definitions.h"

enum { BLOCK = 256 * 1024, TABLES_NAMED = 3 };

struct chunk {
    const struct manifest_table *table;
    const struct manifest_chunk *m;
    struct hash *hash;
    uint64_t rows;
    size_t pieces; /* read so far */
    bool unread;   /* some of it cannot or need not be read */
};

/* A member that the manifest names. */
struct member {
    uint64_t volume;
    const char *name;
    uint64_t bytes;      /* of a piece; 0: the manifest does not tell */
    struct chunk *chunk; /* NULL: a definition, or a piece of the users */
    size_t piece;
    bool seen;
};

struct volumes {
    struct audit *a;
    const struct listed_snapshot *listed;
    const struct manifest *m;
    struct member *members; /* by volume, then name */
    size_t member_count;
    struct chunk *chunks;
    size_t chunk_count;
    size_t *group; /* of each volume of the manifest: the first volume of its group */
    bool *skip;    /* need not be read again */
    bool *done;    /* by one thread, before its end is waited for */
    bool *bad;
};

static char *volume_key(const struct volumes *v, size_t i)
{
    return layout_volume_key(v->m->stream, v->m->id, v->m->volumes[i].number);
}

static int compare_members(const void *a, const void *b)
{
    const struct member *x = a, *y = b;

    if (x->volume != y->volume)
        return x->volume < y->volume ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void list_chunk(struct volumes *v, const struct manifest_table *t, const struct manifest_chunk *m)
{
    struct chunk *c = &v->chunks[v->chunk_count++];

    *c = (struct chunk){.table = t, .m = m};
    for (size_t i = 0; i < m->piece_count; i++)
        v->members[v->member_count++] =
            (struct member){m->pieces[i].volume, m->pieces[i].member, m->pieces[i].bytes, c, i, false};
}

static void list_members(struct volumes *v)
{
    const struct manifest *m = v->m;
    size_t members = m->object_count + m->users.piece_count, chunks = 0;

    for (size_t t = 0; t < m->table_count; t++)
        for (size_t c = 0; c < m->tables[t].chunk_count; c++, chunks++)
            members += m->tables[t].chunks[c].piece_count;
    v->members = mem_zalloc(members + 1, sizeof(*v->members));
    v->chunks = mem_zalloc(chunks + 1, sizeof(*v->chunks));
    for (size_t i = 0; i < m->object_count; i++)
        v->members[v->member_count++] =
            (struct member){.volume = m->objects[i].volume, .name = m->objects[i].member};
    for (size_t i = 0; i < m->users.piece_count; i++) {
        const struct manifest_piece *piece = &m->users.pieces[i];
        v->members[v->member_count++] =
            (struct member){.volume = piece->volume, .name = piece->member, .bytes = piece->bytes};
    }
    for (size_t t = 0; t < m->table_count; t++)
        for (size_t c = 0; c < m->tables[t].chunk_count; c++)
            list_chunk(v, &m->tables[t], &m->tables[t].chunks[c]);
    qsort(v->members, v->member_count, sizeof(*v->members), compare_members);
}

static size_t index_of(const struct volumes *v, uint64_t number)
{
    return (size_t)(manifest_find_volume(v->m, number) - v->m->volumes);
}

/* Pieces of a chunk lie in volumes with ascending numbers. */
static void find_groups(struct volumes *v)
{
    for (size_t i = 0; i < v->m->volume_count; i++)
        v->group[i] = i;
    for (size_t c = 0; c < v->chunk_count; c++) {
        const struct manifest_chunk *m = v->chunks[c].m;
        for (size_t p = 1; p < m->piece_count; p++) {
            size_t a = v->group[index_of(v, m->pieces[p - 1].volume)];
            size_t b = v->group[index_of(v, m->pieces[p].volume)];
            for (size_t i = 0; a != b && i < v->m->volume_count; i++)
                if (v->group[i] == (a > b ? a : b))
                    v->group[i] = a < b ? a : b;
        }
    }
}

/* A volume that an earlier run has read, and no chunk of which goes on behind where that run ended. */
static void find_skipped(struct volumes *v)
{
    size_t *reach = mem_zalloc(v->m->volume_count + 1, sizeof(*reach));

    for (size_t i = 0; i < v->m->volume_count; i++)
        reach[i] = i;
    for (size_t c = 0; c < v->chunk_count; c++) {
        const struct manifest_chunk *m = v->chunks[c].m;
        size_t last = m->piece_count ? index_of(v, m->pieces[m->piece_count - 1].volume) : 0;
        for (size_t p = 0; p < m->piece_count; p++) {
            size_t i = index_of(v, m->pieces[p].volume);
            reach[i] = last > reach[i] ? last : reach[i];
        }
    }
    for (size_t i = 0; i < v->m->volume_count; i++) {
        char *key = volume_key(v, reach[i]);
        v->skip[i] = !audit_reads(v->a, key);
        free(key);
    }
    free(reach);
}

static struct member *first_member(const struct volumes *v, uint64_t volume)
{
    size_t low = 0, high = v->member_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (v->members[middle].volume < volume)
            low = middle + 1;
        else
            high = middle;
    }
    return &v->members[low];
}

static bool is_in(const struct volumes *v, const struct member *m, uint64_t volume)
{
    return m < v->members + v->member_count && m->volume == volume;
}

/* "snapshot X is not whole any more (definitions, rows of shop.t)" */
static char *what_breaks(const struct volumes *v, uint64_t volume)
{
    struct buf text = BUF_INIT;
    const struct manifest_table *last = NULL;
    const char *comma = "";
    size_t tables = 0;
    bool definitions = false;

    buf_printf(&text, "snapshot %s cannot be restored (", v->m->id);
    for (const struct member *m = first_member(v, volume); is_in(v, m, volume); m++) {
        definitions |= !m->chunk;
        if (!m->chunk || m->chunk->table == last)
            continue;
        last = m->chunk->table;
        if (++tables > TABLES_NAMED)
            continue;
        buf_printf(&text, "%srows of %s.%s", comma, last->db, last->name);
        comma = ", ";
    }
    if (tables > TABLES_NAMED)
        buf_printf(&text, " and %zu more", tables - TABLES_NAMED);
    if (definitions)
        buf_printf(&text, "%sdefinitions", comma);
    buf_append_byte(&text, ')');
    return buf_steal(&text);
}

/* Takes e. What ccr-prune removes is no damage. */
static void complain(struct volumes *v, size_t i, struct err *e)
{
    v->bad[i] = true;
    if (audit_is_pruned(v->a, v->m->stream, v->m->id)) {
        err_free(e);
        return;
    }
    char *key = volume_key(v, i), *breaks = what_breaks(v, v->m->volumes[i].number);

    findings_add(v->a->findings, key, document_hint(e), breaks);
    free(breaks);
    free(key);
}

static void take_rows(struct chunk *c, const uint8_t *bytes, size_t len)
{
    const uint8_t *p = bytes, *end = bytes + len;

    if (!c->hash)
        c->hash = hash_new();
    hash_update(c->hash, bytes, len);
    while ((p = memchr(p, '\n', (size_t)(end - p)))) {
        c->rows++;
        p++;
    }
}

static struct err *read_member(struct volume_reader *r, struct member *m, uint64_t size, uint8_t *block)
{
    uint64_t done = 0;

    if (m->seen)
        return err_new(ERR_INTEGRITY, "it holds the member %s twice", m->name);
    m->seen = true;
    if ((m->chunk || m->bytes) && size != m->bytes)
        return err_new(ERR_INTEGRITY, "its member %s has %" PRIu64 " bytes, the manifest says %" PRIu64,
                       m->name, size, m->bytes);
    if (m->chunk && !m->chunk->unread && m->chunk->pieces++ != m->piece)
        return err_new(ERR_INTEGRITY, "its member %s comes before the rest of its chunk", m->name);
    for (size_t n = 1; n > 0; done += n) {
        TRY(volume_reader_read(r, block, BLOCK, &n));
        if (m->chunk && !m->chunk->unread)
            take_rows(m->chunk, block, n);
    }
    return done == size ? NULL : err_new(ERR_INTEGRITY, "its member %s is cut short", m->name);
}

static struct err *read_members(struct volumes *v, uint64_t number, struct volume_reader *r, uint8_t *block)
{
    struct member *first = first_member(v, number);
    const char *name;
    uint64_t size;

    for (;;) {
        TRY(volume_reader_next(r, &name, &size));
        if (!name)
            break;
        struct member wanted = {.volume = number, .name = name};
        struct member *found = bsearch(&wanted, v->members, v->member_count, sizeof(wanted), compare_members);
        if (!found)
            return err_new(ERR_INTEGRITY, "its member %s is not in the manifest", name);
        TRY(read_member(r, found, size, block));
    }
    for (struct member *m = first; is_in(v, m, number); m++)
        if (!m->seen)
            return err_new(ERR_INTEGRITY, "it does not hold the member %s", m->name);
    return NULL;
}

static struct err *read_volume(struct volumes *v, size_t i, struct buf *bytes, uint8_t *block)
{
    uint64_t number = v->m->volumes[i].number;
    struct volume_reader *r = NULL;
    char *key = volume_key(v, i);
    struct err *e = volume_fetch(v->a->p->store, v->m, number, bytes);

    if (!e)
        e = volume_reader_new(key, bytes->data, bytes->len, &r);
    if (!e) {
        e = read_members(v, number, r, block);
        if (e && !strstr(err_message(e), key))
            e = err_context(e, "volume %s", key);
    }
    volume_reader_free(r);
    free(key);
    return e;
}

/* Chunks with a piece in a volume that is not read, or bad. */
static void give_up_chunks(struct volumes *v, size_t i)
{
    uint64_t number = v->m->volumes[i].number;

    for (struct member *m = first_member(v, number); is_in(v, m, number); m++)
        if (m->chunk)
            m->chunk->unread = true;
}

static void check_chunk(struct volumes *v, struct chunk *c)
{
    char sha256[HASH_HEX_SIZE];
    size_t last = index_of(v, c->m->pieces[c->m->piece_count - 1].volume);

    if (c->unread || c->pieces < c->m->piece_count)
        return;
    if (!c->hash)
        c->hash = hash_new();
    hash_hex(c->hash, sha256);
    if (strcmp(sha256, c->m->sha256) != 0)
        complain(v, last,
                 err_new(ERR_INTEGRITY,
                         "chunk %" PRIu64 " of %s.%s is not what was written (its SHA-256 is another)",
                         c->m->id, c->table->db, c->table->name));
    else if (c->rows != c->m->rows)
        complain(v, last,
                 err_new(ERR_INTEGRITY,
                         "chunk %" PRIu64 " of %s.%s has %" PRIu64 " rows, the manifest says %" PRIu64,
                         c->m->id, c->table->db, c->table->name, c->rows, c->m->rows));
    hash_free(c->hash);
    c->hash = NULL;
}

static void read_group(void *arg, size_t g)
{
    struct volumes *v = arg;
    struct buf bytes = BUF_INIT;
    uint8_t *block = mem_alloc(BLOCK);

    for (size_t i = g; v->group[g] == g && i < v->m->volume_count; i++) {
        if (v->group[i] != g)
            continue;
        failpoint("audit-before");
        if (interrupt_requested())
            break;
        struct err *e = v->skip[i] || v->bad[i] ? NULL : read_volume(v, i, &bytes, block);
        if (e) {
            complain(v, i, e);
            give_up_chunks(v, i);
        }
        progress_add(v->a->progress, 0, v->m->volumes[i].size);
        v->done[i] = true;
    }
    free(block);
    buf_free(&bytes);
}

/* What is listed against what the manifest names. */
static struct err *compare_listing(struct volumes *v)
{
    const struct listed_volume *l = v->listed->volumes, *end = l + v->listed->volume_count;
    struct store_stat stat;

    for (size_t i = 0; i < v->m->volume_count; i++) {
        const struct manifest_volume *m = &v->m->volumes[i];
        bool found = true;
        for (; l < end && l->number < m->number; l++) {
            char *key = layout_volume_key(v->m->stream, v->m->id, l->number);
            findings_add(v->a->findings, key,
                         err_new(ERR_INTEGRITY, "volume %s is not in the manifest of its snapshot", key),
                         NULL);
            free(key);
        }
        char *key = volume_key(v, i);
        struct err *e = NULL;
        if (l == end || l->number != m->number) {
            e = store_head(v->a->p->store, key, &stat, &found);
            if (!e && !found)
                complain(v, i, err_new(ERR_INTEGRITY, "volume %s is missing from the store", key));
        } else {
            if (l->at.size != m->size)
                complain(v, i,
                         err_new(ERR_INTEGRITY, "volume %s has %" PRIu64 " bytes, the manifest says %" PRIu64,
                                 key, l->at.size, m->size));
            l++;
        }
        free(key);
        TRY(e);
    }
    for (; l < end; l++) {
        char *key = layout_volume_key(v->m->stream, v->m->id, l->number);
        findings_add(v->a->findings, key,
                     err_new(ERR_INTEGRITY, "volume %s is not in the manifest of its snapshot", key), NULL);
        free(key);
    }
    return NULL;
}

static struct err *read_all(struct volumes *v)
{
    size_t i;

    for (i = 0; i < v->m->volume_count; i++)
        if (v->skip[i] || v->bad[i])
            give_up_chunks(v, i);
    TRY(pool_run(v->a->p->threads, v->m->volume_count, read_group, v));
    for (size_t c = 0; c < v->chunk_count; c++)
        if (v->chunks[c].m->piece_count > 0)
            check_chunk(v, &v->chunks[c]);
    for (i = 0; i < v->m->volume_count && v->done[i]; i++)
        ;
    if (i > 0) {
        char *key = volume_key(v, i - 1);
        audit_passed(v->a, key);
        free(key);
    }
    return interrupt_check();
}

struct err *audit_volumes(struct audit *a, const struct listed_snapshot *listed, const struct manifest *m,
                          bool *sound)
{
    struct volumes v = {.a = a, .listed = listed, .m = m};

    list_members(&v);
    v.group = mem_zalloc(m->volume_count + 1, sizeof(*v.group));
    v.skip = mem_zalloc(m->volume_count + 1, sizeof(*v.skip));
    v.done = mem_zalloc(m->volume_count + 1, sizeof(*v.done));
    v.bad = mem_zalloc(m->volume_count + 1, sizeof(*v.bad));
    find_groups(&v);
    find_skipped(&v);
    struct err *e = compare_listing(&v);
    if (!e)
        e = read_all(&v);
    *sound = !e;
    for (size_t i = 0; i < m->volume_count; i++)
        *sound = *sound && !v.bad[i];
    for (size_t c = 0; c < v.chunk_count; c++)
        hash_free(v.chunks[c].hash);
    free(v.members);
    free(v.chunks);
    free(v.group);
    free(v.skip);
    free(v.done);
    free(v.bad);
    return e;
}
