#include "store/retry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/http.h"

enum {
    FIRST_WAIT_US = 200000,
    LONGEST_WAIT_US = 10000000,
    FEW = 5 /* tries of what usually stays as it is */
};

enum worth {
    NEVER,
    SOME,  /* FEW tries */
    ALWAYS /* until the time is over */
};

struct curl_row {
    int code;
    enum worth worth;
    const char *name;
};

/* Failures without a whole answer. What is not listed is tried a few times. */
static const struct curl_row curl_rows[] = {
    {CURLE_COULDNT_CONNECT, ALWAYS, "no connection"},
    {CURLE_OPERATION_TIMEDOUT, ALWAYS, "timeout"},
    {CURLE_PARTIAL_FILE, ALWAYS, "answer cut short"},
    {CURLE_GOT_NOTHING, ALWAYS, "no answer"},
    {CURLE_SEND_ERROR, ALWAYS, "connection lost"},
    {CURLE_RECV_ERROR, ALWAYS, "connection lost"},
    {CURLE_WEIRD_SERVER_REPLY, ALWAYS, "no HTTP answer"},
    {CURLE_COULDNT_RESOLVE_HOST, SOME, "unknown host"},
    {CURLE_COULDNT_RESOLVE_PROXY, SOME, "unknown proxy"},
    {CURLE_SSL_CONNECT_ERROR, SOME, "TLS failure"},
    {CURLE_PEER_FAILED_VERIFICATION, NEVER, "certificate refused"},
    {CURLE_SSL_CACERT_BADFILE, NEVER, "CA file unusable"},
    {CURLE_URL_MALFORMAT, NEVER, "bad URL"},
    {CURLE_UNSUPPORTED_PROTOCOL, NEVER, "bad URL"},
    {HTTP_TOO_LARGE, NEVER, "answer too large"},
    {HTTP_OLD_ANSWER, SOME, "an earlier answer again"},
    {RETRY_NOT_S3, SOME, "not an answer of S3"},
    {RETRY_OTHER_BODY, SOME, "another body than was written"},
    {RETRY_OTHER_KEY, SOME, "another object's answer"},
    {RETRY_NOT_STORED, ALWAYS, "not stored after all"}, /* an error of any kind, not told */
};

/* The code decides before the status. */
static const struct {
    const char *code;
    enum worth worth;
} code_rows[] = {
    {"InternalError", ALWAYS},
    {"SlowDown", ALWAYS},
    {"SlowDownRead", ALWAYS},
    {"SlowDownWrite", ALWAYS},
    {"ServiceUnavailable", ALWAYS},
    {"Throttling", ALWAYS},
    {"ThrottlingException", ALWAYS},
    {"TooManyRequests", ALWAYS},
    {"RequestLimitExceeded", ALWAYS},
    {"BandwidthLimitExceeded", ALWAYS},
    {"RequestTimeout", ALWAYS},             /* 400: the body did not come in time */
    {"IncompleteBody", ALWAYS},             /* 400: nor all of it */
    {"BadDigest", ALWAYS},                  /* 400: it was changed on the way */
    {"XAmzContentSHA256Mismatch", ALWAYS},  /* so here */
    {"OperationAborted", ALWAYS},           /* 409: another operation on the same key */
    {"ConditionalRequestConflict", ALWAYS}, /* 409: another create-if-absent of the same key */
    {"NotImplemented", NEVER},
    /* libs3's names for errors that it does not tell apart: 502, 504, 507, a code that it does not know */
    {"HttpErrorUnknown", ALWAYS},
    {"ErrorUnknown", ALWAYS},
    {"XmlParseFailure", ALWAYS},
};

static const struct {
    long status;
    enum worth worth;
} status_rows[] = {
    {408, ALWAYS}, {425, ALWAYS}, {429, ALWAYS}, {500, ALWAYS},
    {502, ALWAYS}, {503, ALWAYS}, {504, ALWAYS}, {507, SOME}, /* Swift: a disk is gone, or full */
};

static const struct curl_row *curl_row_of(int code)
{
    for (size_t i = 0; i < sizeof(curl_rows) / sizeof(curl_rows[0]); i++)
        if (curl_rows[i].code == code)
            return &curl_rows[i];
    return NULL;
}

static enum worth worth_of(const struct retry_failure *f)
{
    if (f->curl) {
        const struct curl_row *row = curl_row_of(f->curl);
        return row ? row->worth : SOME;
    }
    for (size_t i = 0; i < sizeof(code_rows) / sizeof(code_rows[0]); i++)
        if (strcmp(code_rows[i].code, f->code) == 0)
            return code_rows[i].worth;
    for (size_t i = 0; i < sizeof(status_rows) / sizeof(status_rows[0]); i++)
        if (status_rows[i].status == f->status)
            return status_rows[i].worth;
    return NEVER;
}

bool retry_is_worth(const struct retry_failure *f)
{
    return worth_of(f) != NEVER;
}

const char *retry_name(const struct retry_failure *f, char out[RETRY_NAME_SIZE])
{
    const struct curl_row *row = f->curl ? curl_row_of(f->curl) : NULL;

    if (row)
        snprintf(out, RETRY_NAME_SIZE, "%s", row->name);
    else if (f->curl)
        snprintf(out, RETRY_NAME_SIZE, "%s", curl_easy_strerror((CURLcode)f->curl));
    else if (f->status == 0)
        snprintf(out, RETRY_NAME_SIZE, "%.50s", f->code);
    else
        snprintf(out, RETRY_NAME_SIZE, "%ld%s%.50s", f->status, f->code[0] ? " " : "", f->code);
    return out;
}

static void count(struct retry_counts *counts, const char *name)
{
    size_t i = 0;

    while (i < RETRY_KINDS - 1 && counts->kinds[i].count > 0 && strcmp(counts->kinds[i].name, name) != 0)
        i++;
    struct retry_count *kind = &counts->kinds[i];
    snprintf(kind->name, sizeof(kind->name), "%s", i < RETRY_KINDS - 1 ? name : "other");
    kind->count++;
    counts->total++;
}

void retry_begin(struct retry *r, struct retry_policy *policy)
{
    *r = (struct retry){.policy = policy, .start_us = clock_monotonic_us()};
}

static uint64_t random_below(uint64_t limit)
{
    char hex[17];

    hash_random_hex(hex, 16);
    return strtoull(hex, NULL, 16) % limit;
}

int64_t retry_jitter(int64_t wait_us)
{
    return wait_us / 2 + (int64_t)random_below((uint64_t)wait_us / 2);
}

static int64_t wait_before_next(const struct retry *r, const struct retry_failure *f)
{
    int64_t wait = FIRST_WAIT_US;

    for (unsigned i = 1; i < r->tries && wait < LONGEST_WAIT_US; i++)
        wait *= 2;
    if (wait > LONGEST_WAIT_US)
        wait = LONGEST_WAIT_US;
    wait = retry_jitter(wait);
    return wait > f->wait_us ? wait : f->wait_us;
}

void retry_sleep_until(int64_t until_us)
{
    for (int64_t now = clock_monotonic_us(); now < until_us && !interrupt_requested();
         now = clock_monotonic_us())
        clock_sleep_us(until_us - now);
}

bool retry_again(struct retry *r, const struct retry_failure *f)
{
    char name[RETRY_NAME_SIZE];
    enum worth worth = worth_of(f);

    r->tries++;
    count(&r->counts, retry_name(f, name));
    if (worth == NEVER || (worth == SOME && r->tries >= FEW))
        return false;
    int64_t now = clock_monotonic_us();
    int64_t next = now + wait_before_next(r, f);
    if (next - r->start_us > r->policy->total_s * CLOCK_US_PER_S || (r->deadline_us && next > r->deadline_us))
        return false;
    if (r->policy->log)
        log_debug(r->policy->log, "the store: %s; try %u follows in %.1f s", name, r->tries + 1,
                  (double)(next - now) / CLOCK_US_PER_S);
    retry_sleep_until(next);
    if (interrupt_requested())
        return false;
    pthread_mutex_lock(&r->policy->mutex);
    count(&r->policy->counts, name);
    pthread_mutex_unlock(&r->policy->mutex);
    return true;
}

void retry_describe(const struct retry_counts *counts, struct buf *out)
{
    for (size_t i = 0; i < RETRY_KINDS && counts->kinds[i].count > 0; i++)
        buf_printf(out, "%s%zu x %s", i > 0 ? ", " : "", counts->kinds[i].count, counts->kinds[i].name);
}

struct err *retry_explain(const struct retry *r, struct err *e)
{
    struct buf kinds = BUF_INIT;

    if (r->tries <= 1)
        return e;
    retry_describe(&r->counts, &kinds);
    e = err_context(e, "%u tries in %.0f s (%s); the last one", r->tries,
                    (double)(clock_monotonic_us() - r->start_us) / CLOCK_US_PER_S, buf_str(&kinds));
    buf_free(&kinds);
    return e;
}
