/*
 * chunk_strings - a value between two strings; private to chunk_middle.c, whose rules hold here.
 */
#ifndef CCR_BACKUP_CHUNK_STRINGS_H
#define CCR_BACKUP_CHUNK_STRINGS_H

#include "backup/chunk_middle.h"

bool chunk_middle_bytes(const struct chunk_value *low, const struct chunk_value *high, double share,
                        struct chunk_value *out);
bool chunk_middle_uuid(const struct chunk_value *low, const struct chunk_value *high, double share,
                       struct chunk_value *out);
/* utf8: characters, else bytes. fold: letters of both cases are equal. */
bool chunk_middle_text(const struct chunk_value *low, const struct chunk_value *high, bool utf8, bool fold,
                       double share, struct chunk_value *out);

#endif
