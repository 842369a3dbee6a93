/*
 * unit - what the unit tests share: CHECK prints what failed and goes on; UNIT_END is the exit status.
 */
#ifndef CCR_TESTS_UNIT_H
#define CCR_TESTS_UNIT_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

static int unit_failed;

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            printf("%s:%d: failed: %s\n", __FILE__, __LINE__, #condition);                                   \
            unit_failed++;                                                                                   \
        }                                                                                                    \
    } while (0)

#define CHECK_STR(actual, expected)                                                                          \
    do {                                                                                                     \
        const char *actual_ = (actual), *expected_ = (expected);                                             \
        if (!actual_ || strcmp(actual_, expected_) != 0) {                                                   \
            printf("%s:%d: %s is '%s', not '%s'\n", __FILE__, __LINE__, #actual,                             \
                   actual_ ? actual_ : "(null)", expected_);                                                 \
            unit_failed++;                                                                                   \
        }                                                                                                    \
    } while (0)

/* The call succeeds. */
#define CHECK_OK(call)                                                                                       \
    do {                                                                                                     \
        struct err *err_ = (call);                                                                           \
        if (err_) {                                                                                          \
            printf("%s:%d: %s failed: %s\n", __FILE__, __LINE__, #call, err_message(err_));                  \
            unit_failed++;                                                                                   \
            err_free(err_);                                                                                  \
        }                                                                                                    \
    } while (0)

/* The call fails with this code, and its message holds this text. */
#define CHECK_ERR(call, expected_code, text)                                                                 \
    do {                                                                                                     \
        struct err *err_ = (call);                                                                           \
        if (err_code(err_) != (expected_code) || (err_ && !strstr(err_message(err_), (text)))) {             \
            printf("%s:%d: %s gave code %d: %s\n", __FILE__, __LINE__, #call, (int)err_code(err_),           \
                   err_ ? err_message(err_) : "success");                                                    \
            unit_failed++;                                                                                   \
        }                                                                                                    \
        err_free(err_);                                                                                      \
    } while (0)

#define UNIT_END (unit_failed ? 1 : 0)

#endif
