/*
 * fuzz - what the fuzz targets share. A target is a libFuzzer entry point for one parser of bytes from
 * outside; it must neither crash, nor leak, nor read beyond its input, nor need more memory than the input
 * justifies. An error must say something; which one it is does not matter.
 */
#ifndef CCR_TESTS_FUZZ_H
#define CCR_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_done(struct err *e)
{
    if (e && !err_message(e)[0])
        abort();
    err_free(e);
}

#endif
