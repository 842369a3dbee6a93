/*
 * Claims: create-if-absent on servers that have no such operation. A writer puts an object of its own into
 * the folder of claims to the key, PREFIX/.claim/SHA256-OF-KEY/, and lists that folder. It may go on only
 * where its own claim is listed and no other one; then it looks for the key, writes it, and takes the claim
 * away. Otherwise it waits, and begins again by looking for the key.
 *
 * Why at most one writes. If listings show the folder as it was at one moment each, of two that were alone
 * one listed first; its claim was there from before that listing on. So the other one, which did not list it,
 * listed after it was taken away: after the key was written, and the look that follows finds it.
 *
 * Who dies leaves a claim behind. It counts until it is CLAIM_S old by the store's clock (its age against the
 * listed age of one's own), and whoever writes is done WRITE_S after it sent its claim, or fails; a write
 * that failed without an answer leaves its claim, too. The name of a claim tells its process: of one that has
 * ended on this machine it counts only SETTLE_S more, in which what was sent last can arrive.
 *
 * So this is not promised: that a PUT arrives before others go on, if it was sent by a process that was
 * killed, and is on its way for longer than SETTLE_S, or than CLAIM_S - WRITE_S otherwise; or that a process
 * that was stopped between its look and its PUT for as long notices. Nor anything where two listings differ
 * in what came first, or where an object that was written is not found: servers with several replicas may do
 * so.
 *
 * Names: RANDOM-TRY-PROCESS, never used twice (a DELETE may be late). Of several, the one whose name sorts
 * first stays and lists again, the others take theirs away and come back when they see no other one: so
 * somebody gets on. Who may not delete puts NAME.lost beside its claim.
 */
#include "store/s3.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "base/process.h"

enum {
    CLAIM_S = 600,
    WRITE_S = S3_CLAIM_WRITE_S,
    SETTLE_S = 5,
    CLEAN_S = 2 * CLAIM_S,
    TIDY_S = 30, /* for taking a claim away */
    FIRST_PAUSE_US = 50000,
    LONGEST_PAUSE_US = 1000000
};

static const char claims[] = ".claim/";
static const char lost[] = ".lost";

/* What a listing shows of others' claims, and of one's own. */
struct view {
    struct listed_claim {
        char *name;
        int64_t modified_us;
        bool is_lost;
    } * all;
    size_t count;
    size_t cap;
    const char *folder;
    const char *own; /* NULL: there is none */
    bool own_is_there;
    bool is_first;     /* one's own, among those of living processes */
    size_t others;     /* that count */
    const char *other; /* one of them */
};

static void view_free(struct view *v)
{
    for (size_t i = 0; i < v->count; i++)
        free(v->all[i].name);
    free(v->all);
}

static bool is_lost_mark(const char *name, size_t *len)
{
    size_t all = strlen(name);

    *len = all > sizeof(lost) - 1 ? all - (sizeof(lost) - 1) : 0;
    return *len > 0 && strcmp(name + *len, lost) == 0;
}

/* NAME.lost comes behind NAME. */
static struct err *note_claim(const struct store_entry *entry, void *arg)
{
    struct view *v = arg;
    const char *name = entry->key + strlen(v->folder);
    size_t len;

    if (is_lost_mark(name, &len)) {
        for (size_t i = 0; i < v->count; i++)
            if (strlen(v->all[i].name) == len && strncmp(v->all[i].name, name, len) == 0)
                v->all[i].is_lost = true;
        return NULL;
    }
    v->all = mem_grow(v->all, v->count, &v->cap, sizeof(*v->all));
    v->all[v->count++] = (struct listed_claim){mem_strdup(name), entry->stat.modified_us, false};
    return NULL;
}

static bool has_ended(const char *name)
{
    const char *p = strchr(name, '-');

    p = p ? strchr(p + 1, '-') : NULL;
    return p && process_has_ended(p + 1);
}

/* Claims of ended processes count until all of them have been seen for a while. */
static bool have_settled(struct s3_claim *c, char *ended)
{
    int64_t now = clock_monotonic_us();

    if (!c->ended || strcmp(c->ended, ended) != 0) {
        free(c->ended);
        c->ended = ended;
        c->ended_us = now;
        return !*ended;
    }
    free(ended);
    return now - c->ended_us >= SETTLE_S * CLOCK_US_PER_S;
}

/* What has no time that can be read is not old. */
static bool is_old(const struct s3_claim *c, const struct listed_claim *l)
{
    return l->modified_us > 0 && c->store_us - l->modified_us >= CLAIM_S * CLOCK_US_PER_S;
}

static void judge(struct s3_claim *c, struct view *v)
{
    struct buf ended = BUF_INIT;
    size_t ended_count = 0;
    const char *ended_one = NULL;

    v->is_first = true;
    for (size_t i = 0; i < v->count; i++) {
        const struct listed_claim *l = &v->all[i];
        bool is_own = v->own && strcmp(l->name, v->own) == 0;
        if (is_own || l->is_lost || is_old(c, l))
            continue;
        if (has_ended(l->name)) {
            buf_printf(&ended, "%s ", l->name);
            ended_count++;
            ended_one = l->name;
            continue;
        }
        v->others++;
        v->other = l->name;
        if (v->own && strcmp(l->name, v->own) < 0)
            v->is_first = false;
    }
    buf_str(&ended); /* never NULL then */
    if (!have_settled(c, buf_steal(&ended)) && ended_count > 0) {
        v->others += ended_count;
        v->other = ended_one;
    }
}

/* The age of one's own claim is the measure of the others': it was written just now. */
static struct err *look(struct s3_claim *c, struct view *v)
{
    const struct store_list what = {.prefix = c->folder};

    *v = (struct view){.folder = c->folder, .own = c->name};
    TRY(s3_list_all(c->s, &what, note_claim, v));
    for (size_t i = 0; i < v->count && c->name; i++) {
        if (strcmp(v->all[i].name, c->name) != 0)
            continue;
        v->own_is_there = true;
        if (v->all[i].modified_us > c->store_us)
            c->store_us = v->all[i].modified_us;
    }
    judge(c, v);
    return NULL;
}

static struct err *put(struct s3_claim *c, const char *suffix, int64_t deadline_us)
{
    char *key = mem_printf("%s%s%s", c->folder, c->name, suffix);
    char *text = mem_printf("ccr %s %s\n", *suffix ? "does not write" : "is about to write", c->key);
    const struct s3_put put = {
        .key = key, .bytes = text, .len = strlen(text), .writer = c->mark, .deadline_us = deadline_us};
    struct s3_reply reply;

    struct err *e = s3_put_marked(c->s, &put, &reply);
    s3_reply_free(&reply);
    free(key);
    free(text);
    return e;
}

static struct err *make(struct s3_claim *c)
{
    char *process = process_name();

    c->name = mem_printf("%s-%u-%s", c->mark, ++c->tries, process);
    free(process);
    c->claimed_us = clock_monotonic_us();
    struct err *e = put(c, "", c->claimed_us + WRITE_S * CLOCK_US_PER_S);
    if (!e)
        return NULL;
    free(c->name); /* it may be there all the same, and grows old */
    c->name = NULL;
    return err_context(e, "claiming it with an object in %s", c->folder);
}

static struct err *remove_object(struct s3 *s, const char *key, int64_t deadline_us)
{
    struct s3_call call = {.method = "DELETE",
                           .key = key,
                           .expect = S3_ABSENT,
                           .check = s3_any_answer,
                           .deadline_us = deadline_us};
    struct s3_reply reply;

    struct err *e = s3_send(s, &call, &reply);
    s3_reply_free(&reply);
    return e;
}

/* As well as it goes: what stays counts until it is old. */
static void take_away(struct s3_claim *c)
{
    int64_t deadline_us = clock_monotonic_us() + TIDY_S * CLOCK_US_PER_S;
    char *key = mem_printf("%s%s", c->folder, c->name);
    struct err *refused = remove_object(c->s, key, deadline_us);

    if (refused)
        err_free(put(c, lost, deadline_us));
    err_free(refused);
    free(key);
    free(c->name);
    c->name = NULL;
}

static struct err *in_the_way(const struct s3_claim *c, const struct view *v)
{
    if (v->own && !v->own_is_there)
        return err_hint(err_new(ERR_STORE, "the store does not list a claim that it has just taken: %s%s",
                                c->folder, v->own),
                        "its listings lag behind: try again later");
    return err_hint(
        err_new(ERR_LOCKED, "another run seems to be writing this object: %s%s", c->folder, v->other),
        "try again later; of a run that has ended, a claim counts until it is %d minutes old", CLAIM_S / 60);
}

static struct err *pause_for(struct s3_claim *c, const struct view *v)
{
    int64_t wait_us = FIRST_PAUSE_US, now = clock_monotonic_us();

    for (unsigned i = 0; i < c->pauses && wait_us < LONGEST_PAUSE_US; i++)
        wait_us *= 2;
    wait_us = retry_jitter(wait_us < LONGEST_PAUSE_US ? wait_us : LONGEST_PAUSE_US);
    c->pauses++;
    if (now + wait_us > c->give_up_us)
        return in_the_way(c, v);
    retry_sleep_until(now + wait_us);
    return interrupt_check();
}

static bool has_time_left(const struct s3_claim *c)
{
    return clock_monotonic_us() - c->claimed_us < WRITE_S * CLOCK_US_PER_S / 2;
}

/* Who has met others comes back without a claim, and makes none while there are some. */
static struct err *wait_for_others(struct s3_claim *c, bool *gone)
{
    struct view v;

    struct err *e = look(c, &v);
    *gone = !e && v.others == 0;
    if (!e && !*gone)
        e = pause_for(c, &v);
    view_free(&v);
    return e;
}

static struct err *compete(struct s3_claim *c, bool *ours)
{
    struct view v;

    if (!c->name)
        TRY(make(c));
    struct err *e = look(c, &v);
    *ours = !e && v.own_is_there && v.others == 0 && has_time_left(c);
    if (!e && !*ours) {
        if (!v.is_first || !has_time_left(c))
            take_away(c);
        e = pause_for(c, &v);
    }
    view_free(&v);
    return e;
}

void s3_claim_begin(struct s3_claim *c, struct s3 *s, const char *key)
{
    char sha256[HASH_HEX_SIZE];

    hash_bytes_hex(key, strlen(key), sha256);
    *c = (struct s3_claim){
        .s = s,
        .key = key,
        .folder = mem_printf("%s%s/", claims, sha256),
        .give_up_us = clock_monotonic_us() + s->retry.total_s * CLOCK_US_PER_S,
    };
    hash_random_hex(c->mark, sizeof(c->mark) - 1);
}

struct err *s3_claim_try(struct s3_claim *c, bool *ours, int64_t *deadline_us)
{
    bool gone = true;

    *ours = false;
    if (!c->name && c->pauses > 0)
        TRY(wait_for_others(c, &gone));
    if (gone)
        TRY(compete(c, ours));
    *deadline_us = c->claimed_us + WRITE_S * CLOCK_US_PER_S;
    if (*ours)
        failpoint("claim-after");
    return NULL;
}

void s3_claim_end(struct s3_claim *c, bool leave)
{
    if (c->name && !leave)
        take_away(c);
    free(c->name);
    free(c->folder);
    free(c->ended);
}

struct cleaning {
    struct s3 *s;
    int64_t before_us;
    uint64_t *removed;
};

static struct err *clean_one(const struct store_entry *entry, void *arg)
{
    struct cleaning *c = arg;

    TRY(interrupt_check());
    if (entry->stat.modified_us >= c->before_us)
        return NULL;
    TRY(remove_object(c->s, entry->key, 0));
    ++*c->removed;
    return NULL;
}

struct err *s3_claims_clean(void *self, int64_t now_us, int64_t age_us, uint64_t *removed)
{
    const struct store_list what = {.prefix = claims};
    int64_t least_us = CLEAN_S * CLOCK_US_PER_S;
    struct cleaning c = {self, now_us - (age_us > least_us ? age_us : least_us), removed};

    return s3_list_all(self, &what, clean_one, &c);
}
