/* The snapshots of one stream: manifests, and volumes without one. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "format/document.h"
#include "keep/audit_parts.h"

/* A backup that is under way has no manifest either. */
static void note_dead(struct audit *a, struct audited_stream *s, const struct listed_snapshot *l)
{
    char *key = layout_manifest_key(s->listed->name, l->id);
    char text[CLOCK_TEXT_SIZE];
    bool pruned = pruned_has_snapshot(&s->pruned, l->id);
    double hours = (double)(a->now_us - l->modified_us) / 3600 / CLOCK_US_PER_S;

    clock_format(l->modified_us, text);
    json_array_append_new(s->dead, json_pack("{s:s, s:I, s:I, s:s, s:b}", "id", l->id, "objects",
                                             (json_int_t)l->volume_count, "bytes", (json_int_t)l->bytes,
                                             "last_written", text, "pruned", (int)pruned));
    findings_warn(a->findings, key,
                  "snapshot %s of stream %s has no manifest: %zu objects, %.1f MB, last written %s, "
                  "%.1f hours ago; %s",
                  l->id, s->listed->name, l->volume_count, (double)l->bytes / 1e6, text, hours,
                  pruned ? "ccr-prune was removing it, and its next run goes on"
                         : "its backup is under way, or was killed (then ccr-prune removes it)");
    free(key);
}

bool audit_is_pruned(struct audit *a, const char *stream, const char *snapshot)
{
    bool took = false;
    struct err *e = pruned_took_snapshot(a->p->store, stream, snapshot, &took);

    err_free(e); /* what is missing is told then */
    return took;
}

static struct err *check_ids(const struct audit *a, const struct audited_stream *s, const struct manifest *m)
{
    if ((!a->store_id || strcmp(a->store_id, m->store_id) == 0) &&
        (!s->stream_id || strcmp(s->stream_id, m->stream_id) == 0))
        return NULL;
    return err_hint(err_new(ERR_INTEGRITY, "snapshot %s was written into another store or stream", m->id),
                    "do not mix the folders of two stores");
}

static void keep_brief(struct audit *a, struct audited_stream *s, const struct manifest *m, const char *key)
{
    struct err *e = snapshot_brief_make(m, &s->snapshots[s->snapshot_count]);

    if (e)
        findings_add(a->findings, key, e, NULL);
    else
        s->snapshot_count++;
}

static struct err *look_at(struct audit *a, struct audited_stream *s, const struct listed_snapshot *l)
{
    char *key = layout_manifest_key(s->listed->name, l->id);
    char *breaks = mem_printf("snapshot %s cannot be restored", l->id);
    struct manifest *m = NULL;
    bool sound = false;
    struct err *wrong = manifest_load(a->p->store, s->listed->name, l->id, &m);
    struct err *e = NULL;

    if (!wrong)
        wrong = check_ids(a, s, m);
    progress_add(a->progress, 0, l->manifest.size);
    if (!wrong)
        e = audit_volumes(a, l, m, &sound);
    if (sound)
        keep_brief(a, s, m, key);
    bool pruned = !e && !sound && audit_is_pruned(a, s->listed->name, l->id);
    if (pruned)
        log_info(a->p->log, "ccr-prune has removed snapshot %s of stream %s meanwhile", l->id,
                 s->listed->name);
    if (wrong && !pruned)
        findings_add(a->findings, key, wrong, breaks);
    else
        err_free(wrong);
    if (!e)
        audit_passed(a, key);
    manifest_free(m);
    free(breaks);
    free(key);
    return e;
}

static int compare_briefs(const void *a, const void *b)
{
    return snapshot_brief_compare(a, b);
}

struct err *audit_snapshots(struct audit *a, struct audited_stream *s)
{
    const struct listed_stream *l = s->listed;
    struct err *e = NULL;

    s->snapshots = mem_zalloc(l->snapshot_count + 1, sizeof(*s->snapshots));
    for (size_t i = 0; !e && i < l->snapshot_count; i++) {
        e = interrupt_check();
        if (e)
            break;
        if (l->snapshots[i].has_manifest)
            e = look_at(a, s, &l->snapshots[i]);
        else
            note_dead(a, s, &l->snapshots[i]);
    }
    if (s->snapshot_count > 0)
        qsort(s->snapshots, s->snapshot_count, sizeof(*s->snapshots), compare_briefs);
    return e;
}
