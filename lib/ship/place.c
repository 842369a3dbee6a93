#include "ship/place.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/chain.h"
#include "format/layout.h"

static void place_clear_fingerprints(struct place *p)
{
    for (size_t i = 0; i < p->fingerprint_count; i++)
        fingerprint_free(&p->fingerprints[i]);
    p->fingerprint_count = 0;
}

static void place_set_fingerprints(struct place *p, const struct fingerprint *from, size_t count)
{
    place_clear_fingerprints(p);
    for (size_t i = 0; i < count; i++) {
        p->fingerprints =
            mem_grow(p->fingerprints, p->fingerprint_count, &p->fingerprint_cap, sizeof(*p->fingerprints));
        fingerprint_copy(&p->fingerprints[p->fingerprint_count++], &from[i]);
    }
}

void place_set_source(struct place *p, const char *file, uint64_t offset)
{
    p->source_offset = offset;
    if (p->source_file && file && strcmp(p->source_file, file) == 0)
        return;
    free(p->source_file);
    p->source_file = file ? mem_strdup(file) : NULL;
}

void place_free(struct place *p)
{
    place_clear_fingerprints(p);
    free(p->fingerprints);
    free(p->superseded_by);
    free(p->store_id);
    free(p->stream_id);
    free(p->source_file);
    gtid_pos_free(&p->position);
    *p = (struct place){.position = GTID_POS_INIT};
}

static struct err *need_snapshot(const char *stream, const struct segment_footer *terminator)
{
    struct err *e;

    if (terminator)
        e = err_new(ERR_RESYNC, "epoch %llu of stream %s has ended (%s) and no snapshot opens epoch %llu yet",
                    (unsigned long long)terminator->epoch, stream, terminator->reason,
                    (unsigned long long)terminator->next_epoch);
    else
        e = err_new(ERR_RESYNC, "stream %s has no snapshot that its log could begin at", stream);
    return err_hint(e, "run ccr-backup on the source");
}

void place_at_snapshot(struct place *p, const struct manifest *m)
{
    gtid_pos_copy(&p->position, &m->position);
    place_set_fingerprints(p, m->fingerprints, m->fingerprint_count);
    place_set_source(p, m->source_file, m->source_offset);
}

/* The first object of a stream (terminator NULL), or of the epoch behind one. */
static struct err *place_at_beginning(struct store *s, const char *stream,
                                      const struct segment_footer *terminator, struct place *out)
{
    struct manifest *m = NULL;

    out->epoch = terminator ? terminator->next_epoch : 1;
    out->number = 1;
    if (terminator)
        memcpy(out->previous, terminator->sha256, sizeof(out->previous));
    TRY(manifest_newest(s, stream, &m));
    if (m && m->epoch > out->epoch)
        out->superseded_by = mem_strdup(m->id);
    struct err *e = NULL;
    if (!m || m->epoch < out->epoch)
        e = need_snapshot(stream, terminator);
    else if (m->epoch == out->epoch)
        place_at_snapshot(out, m);
    manifest_free(m);
    return e;
}

static void place_behind(const struct segment_footer *newest, struct place *out)
{
    out->epoch = newest->epoch;
    out->number = newest->number + 1;
    memcpy(out->previous, newest->sha256, sizeof(out->previous));
    if (newest->kind != SEGMENT_PART)
        place_set_source(out, newest->source.end_file, newest->source.end_offset);
    /* behind an incomplete transaction that is where it began: it is started anew */
    gtid_pos_copy(&out->position, &newest->end);
    place_set_fingerprints(out, newest->fingerprints, newest->fingerprint_count);
}

static struct err *place_check_ids(const struct place *p, const struct segment_footer *newest)
{
    if (strcmp(p->store_id, newest->store_id) == 0 && strcmp(p->stream_id, newest->stream_id) == 0)
        return NULL;
    return err_hint(err_new(ERR_INTEGRITY, "object %s was written for another store or stream", newest->name),
                    "do not mix the folders of two stores");
}

struct err *place_find(struct store *s, const char *stream, struct place *out)
{
    struct segment_footer *newest = NULL;
    struct err *e;

    *out = (struct place){.position = GTID_POS_INIT};
    TRY_GOTO(e, done, layout_check_name("stream", stream));
    TRY_GOTO(e, done, layout_open_store(s, false, &out->store_id));
    TRY_GOTO(e, done, layout_open_stream(s, stream, false, &out->stream_id));
    TRY_GOTO(e, done, chain_newest(s, stream, &newest));
    if (newest)
        TRY_GOTO(e, done, place_check_ids(out, newest));
    if (newest && newest->kind != SEGMENT_TERMINATOR)
        place_behind(newest, out);
    else
        TRY_GOTO(e, done, place_at_beginning(s, stream, newest, out));
done:
    segment_footer_free(newest);
    if (e)
        place_free(out);
    return e;
}

void place_pass(struct place *p, struct gtid gtid, int64_t time, const char digest[HASH_HEX_SIZE])
{
    size_t i = 0;

    while (i < p->fingerprint_count && p->fingerprints[i].gtid.domain != gtid.domain)
        i++;
    if (i == p->fingerprint_count) {
        p->fingerprints = mem_grow(p->fingerprints, i, &p->fingerprint_cap, sizeof(*p->fingerprints));
        p->fingerprints[i] = (struct fingerprint){.before = GTID_POS_INIT};
        p->fingerprint_count++;
    }
    struct fingerprint *f = &p->fingerprints[i];
    f->gtid = gtid;
    f->time = time;
    memcpy(f->digest, digest, sizeof(f->digest));
    gtid_pos_copy(&f->before, &p->position);
    gtid_pos_set(&p->position, gtid);
}

struct segment_footer *place_footer(const struct place *p, const char *stream)
{
    struct segment_footer *f = mem_zalloc(1, sizeof(*f));

    f->store_id = mem_strdup(p->store_id);
    f->stream_id = mem_strdup(p->stream_id);
    f->name = layout_segment_name(stream, p->epoch, p->number);
    f->epoch = p->epoch;
    f->number = p->number;
    memcpy(f->previous_sha256, p->previous, sizeof(f->previous_sha256));
    gtid_pos_copy(&f->start, &p->position);
    gtid_pos_copy(&f->end, &p->position);
    f->fingerprints = mem_zalloc(p->fingerprint_count, sizeof(*f->fingerprints));
    f->fingerprint_count = p->fingerprint_count;
    for (size_t i = 0; i < p->fingerprint_count; i++)
        fingerprint_copy(&f->fingerprints[i], &p->fingerprints[i]);
    return f;
}

void place_written(struct place *p, const struct segment_footer *footer)
{
    p->number = footer->number + 1;
    memcpy(p->previous, footer->sha256, sizeof(p->previous));
}
