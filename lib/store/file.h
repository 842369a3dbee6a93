/* file - what the sources of the file:// backend share, private to them (formats/store.md, "file://"). */
#ifndef CCR_STORE_FILE_H
#define CCR_STORE_FILE_H

#include <stdatomic.h>

#include "store/store.h"

/* Where unfinished writes lie: at the root, and therefore on the same file system as the objects. */
#define FILE_TEMP_FOLDER ".tmp"

struct file_store {
    char *root;        /* absolute path without a slash at its end */
    atomic_flag swept; /* this process has looked for what killed writers left */
};

struct err *file_read_failed(int errnum, const char *path) CHECKED; /* with a hint, where one helps */
char *file_path(const struct file_store *f, const char *key);       /* malloc'ed */

struct err *file_create(void *self, const char *key, const void *bytes, size_t len, bool *created) CHECKED;
struct err *file_put(void *self, const char *key, const void *bytes, size_t len) CHECKED;
struct err *file_remove(void *self, const char *key) CHECKED;
struct err *file_list(void *self, const struct store_list *what, store_list_fn *fn, void *arg) CHECKED;

#endif
