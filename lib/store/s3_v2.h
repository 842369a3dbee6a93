/*
 * s3_v2 - requests with AWS's signature V2, for servers that know no other (formats/store.md, "Signature
 * V2"). It is libs3 that signs (Debian's 2.0), and what it leaves to be desired is made good here:
 *
 * - Objects and listings are read from URLs that libs3 signs, by http.h, and a head is a GET of one byte:
 *   libs3 itself takes a body, and the headers of an answer, that were cut short for whole ones, and of a
 *   listing shows nothing by which that could be noticed.
 * - PUT and DELETE are libs3's. Each is run with a deadline: libs3 has none for connecting. It reports
 *   success where a PUT is answered by an error without S3's XML, so every PUT is followed by a HEAD, which
 *   must find the object: the writer's mark, size, and MD5 as ETag.
 * - It never verifies whom it talks to: https is refused unless tls-verify is off.
 * - It stores a blank in a key as '+': keys have the safe alphabet, or are refused.
 * - It knows no session tokens, and copies access keys into a buffer that long ones would overflow.
 *
 * libs3 keeps a pool of its requests for the whole process. One struct s3_v2 serves any number of threads.
 */
#ifndef CCR_STORE_S3_V2_H
#define CCR_STORE_S3_V2_H

#include <stdbool.h>

#include "base/err.h"
#include "store/s3_config.h"
#include "store/s3_xml.h"

struct s3;
struct s3_call;
struct s3_reply;
struct s3_v2;

/* ERR_CONFIG where the store cannot be reached this way. */
struct err *s3_v2_open(const struct s3_config *config, const struct store_settings *settings,
                       struct s3_v2 **out) CHECKED;
void s3_v2_close(struct s3_v2 *v); /* no request may be under way; NULL is allowed */

/* Whether libs3 can sign with these. */
bool s3_v2_takes_keys(const struct s3_keys *keys);
/* ERR_STORE for a key with other characters than A-Z a-z 0-9 . _ - and /. */
struct err *s3_v2_check_key(const char *key) CHECKED;

/* The URL of a GET, signed, with a query that more can be appended to behind '&'; malloc'ed. `key` is that of
 * struct s3_call. */
char *s3_v2_url(const struct s3_config *config, const struct s3_keys *keys, const char *key);

/* One PUT or DELETE. What came of it is told as s3_request.c tells it of a GET: status, code, headers,
 * failure; *document is what libs3 kept of an error document. */
void s3_v2_send(struct s3 *s, const struct s3_keys *keys, const struct s3_call *call, struct s3_reply *r,
                struct s3_error *document);

#endif
