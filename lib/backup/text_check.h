/*
 * text_check - texts that no LOAD DATA would take as they are.
 *
 * A column can hold more than its definition allows: an INSERT into a COMPRESSED column looks neither at the
 * bytes nor at the number of characters, replication between columns of two character sets copies bytes, and
 * older servers let more pass. LOAD DATA checks, so a snapshot with such a text could not be restored; a
 * backup that meets one fails. Only UTF-8 (utf8mb3, utf8mb4) is looked at, as the server looks at it; other
 * texts are left to LOAD DATA, which refuses what it cannot take.
 *
 * Pure.
 */
#ifndef CCR_BACKUP_TEXT_CHECK_H
#define CCR_BACKUP_TEXT_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "mysql/catalog.h"

struct text_rule {
    const char *column; /* borrowed from the catalog; NULL: whatever stands there is right */
    unsigned widest;    /* bytes of the longest character: 3 or 4 */
    size_t characters;  /* at most; SIZE_MAX where the column itself sees to it */
};

struct text_rule text_rule_of(const struct catalog_column *column);

/* NULL, or what is wrong with the text, malloc'ed: "is not valid utf8mb4: byte 3 of 7 is FF". */
char *text_check(const struct text_rule *rule, const void *text, size_t len);

#endif
