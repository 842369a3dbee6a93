#include "format/volume.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>
#include <zstd.h>

#include "base/mem.h"
#include "format/document.h"

/*
 * libarchive makes and reads the tar, zstd is called here: libarchive 3.6's own zstd filter writes no content
 * checksum, and does not read on to it when the tar has ended. The tar is in GNU format, whose names are
 * plain bytes of any length: the outcome does not depend on the process's locale.
 */
enum {
    COMPRESSION_LEVEL = 1,
    MEMBER_OVERHEAD = 4096, /* header, long-name record, padding */
    ARCHIVE_END = 1024,
    FRAME_OVERHEAD = 64,         /* zstd's frame header and checksum, with room to spare */
    ZSTD_BLOCKSIZE = 128 * 1024, /* the format's largest block */
    READ_BLOCK = 256 * 1024,
};

/* --- writing --- */

struct volume_writer {
    struct archive *tar;
    struct archive_entry *entry;
    ZSTD_CCtx *zstd;
    int64_t mtime;
    size_t tar_bytes; /* compressed so far, and what came out */
    struct buf out;
    bool is_empty;
};

/* Compresses `len` bytes of tar; archive_set_error and -1 on failure. */
static int compress_bytes(struct volume_writer *w, const void *bytes, size_t len, ZSTD_EndDirective mode)
{
    ZSTD_inBuffer in = {bytes, len, 0};
    size_t left;

    do {
        buf_reserve(&w->out, ZSTD_CStreamOutSize());
        ZSTD_outBuffer out = {w->out.data, w->out.cap, w->out.len};
        left = ZSTD_compressStream2(w->zstd, &out, &in, mode);
        if (ZSTD_isError(left)) {
            archive_set_error(w->tar, EIO, "zstd: %s", ZSTD_getErrorName(left));
            return -1;
        }
        w->out.len = out.pos;
    } while (in.pos < in.size || (mode == ZSTD_e_end && left > 0));
    return 0;
}

static la_ssize_t take_tar(struct archive *a, void *arg, const void *bytes, size_t len)
{
    struct volume_writer *w = arg;

    (void)a;
    w->tar_bytes += len;
    return compress_bytes(w, bytes, len, ZSTD_e_continue) == 0 ? (la_ssize_t)len : -1;
}

static struct err *tar_failed(struct archive *a, const char *what)
{
    return err_new(ERR_INTERNAL, "%s: %s", what, archive_error_string(a));
}

struct err *volume_writer_new(int64_t mtime, struct volume_writer **out)
{
    struct volume_writer *w = mem_zalloc(1, sizeof(*w));

    w->mtime = mtime;
    w->is_empty = true;
    w->tar = archive_write_new();
    w->entry = archive_entry_new();
    w->zstd = ZSTD_createCCtx();
    if (!w->tar || !w->entry || !w->zstd) {
        volume_writer_free(w);
        return err_new(ERR_INTERNAL, "libarchive or zstd gave no context for a volume");
    }
    ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, COMPRESSION_LEVEL);
    ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_checksumFlag, 1);
    /* no blocks of its own: what is added is compressed from where it lies */
    if (archive_write_set_format_gnutar(w->tar) != ARCHIVE_OK ||
        archive_write_set_bytes_per_block(w->tar, 0) != ARCHIVE_OK ||
        archive_write_open(w->tar, w, NULL, take_tar, NULL) != ARCHIVE_OK) {
        struct err *e = tar_failed(w->tar, "starting a volume");
        volume_writer_free(w);
        return e;
    }
    *out = w;
    return NULL;
}

struct err *volume_writer_add(struct volume_writer *w, const char *member, const void *bytes, size_t len)
{
    w->is_empty = false;
    archive_entry_clear(w->entry);
    archive_entry_copy_pathname(w->entry, member);
    archive_entry_set_filetype(w->entry, AE_IFREG);
    archive_entry_set_perm(w->entry, 0644);
    archive_entry_set_mtime(w->entry, w->mtime, 0);
    archive_entry_set_size(w->entry, (la_int64_t)len);
    if (archive_write_header(w->tar, w->entry) != ARCHIVE_OK ||
        (len > 0 && archive_write_data(w->tar, bytes, len) != (la_ssize_t)len) ||
        archive_write_finish_entry(w->tar) != ARCHIVE_OK)
        return err_context(tar_failed(w->tar, member), "adding a member to a volume");
    return NULL;
}

size_t volume_writer_bound(const struct volume_writer *w, size_t next)
{
    /* zstd holds back less than one block of input and one of output */
    size_t held = w->tar_bytes < 2 * ZSTD_BLOCKSIZE ? w->tar_bytes : 2 * ZSTD_BLOCKSIZE;

    return w->out.len + ZSTD_compressBound(held + next + MEMBER_OVERHEAD + ARCHIVE_END) + FRAME_OVERHEAD;
}

bool volume_writer_is_empty(const struct volume_writer *w)
{
    return w->is_empty;
}

struct err *volume_writer_finish(struct volume_writer *w, struct buf *out)
{
    if (archive_write_close(w->tar) != ARCHIVE_OK || compress_bytes(w, NULL, 0, ZSTD_e_end) != 0)
        return tar_failed(w->tar, "finishing a volume");
    if (out->cap == 0) {
        *out = w->out;
        w->out = (struct buf)BUF_INIT;
    } else {
        buf_append(out, w->out.data, w->out.len);
    }
    return NULL;
}

void volume_writer_free(struct volume_writer *w)
{
    if (!w)
        return;
    archive_write_free(w->tar);
    archive_entry_free(w->entry);
    ZSTD_freeCCtx(w->zstd);
    buf_free(&w->out);
    free(w);
}

/* --- reading --- */

struct volume_reader {
    char *name;
    struct archive *tar;
    ZSTD_DCtx *zstd;
    ZSTD_inBuffer in;
    bool in_frame;    /* the frame has begun and not ended */
    uint8_t *block;   /* READ_BLOCK bytes of tar */
    const char *flaw; /* why decompression stopped; NULL: it has not */
};

/* Decompresses the next bytes of tar into r->block: their number, 0 at the end, -1 with r->flaw set. */
static la_ssize_t next_block(struct volume_reader *r)
{
    ZSTD_outBuffer out = {r->block, READ_BLOCK, 0};

    while (out.pos < out.size && (r->in.pos < r->in.size || r->in_frame)) {
        size_t in_before = r->in.pos, out_before = out.pos;
        size_t left = ZSTD_decompressStream(r->zstd, &out, &r->in);
        if (ZSTD_isError(left)) {
            r->flaw = ZSTD_getErrorName(left);
            return -1;
        }
        r->in_frame = left != 0;
        if (in_before == r->in.pos && out_before == out.pos) {
            r->flaw = "it is cut short";
            return -1;
        }
    }
    return (la_ssize_t)out.pos;
}

static la_ssize_t give_tar(struct archive *a, void *arg, const void **bytes)
{
    struct volume_reader *r = arg;
    la_ssize_t n = next_block(r);

    if (n < 0)
        archive_set_error(a, EIO, "%s", r->flaw);
    *bytes = r->block;
    return n;
}

static struct err *damaged(const struct volume_reader *r)
{
    const char *why = r->flaw ? r->flaw : archive_error_string(r->tar);

    return document_hint(
        err_new(ERR_INTEGRITY, "volume %s is damaged: %s", r->name, why ? why : "it is no tar archive"));
}

struct err *volume_reader_new(const char *name, const void *object, size_t len, struct volume_reader **out)
{
    struct volume_reader *r = mem_zalloc(1, sizeof(*r));

    r->name = mem_strdup(name);
    r->in = (ZSTD_inBuffer){object, len, 0};
    r->in_frame = true; /* an empty object is no volume */
    r->block = mem_alloc(READ_BLOCK);
    r->zstd = ZSTD_createDCtx();
    r->tar = archive_read_new();
    if (!r->zstd || !r->tar) {
        volume_reader_free(r);
        return err_new(ERR_INTERNAL, "libarchive or zstd gave no context for reading a volume");
    }
    if (archive_read_support_format_tar(r->tar) != ARCHIVE_OK ||
        archive_read_open(r->tar, r, NULL, give_tar, NULL) != ARCHIVE_OK) {
        struct err *e = damaged(r);
        volume_reader_free(r);
        return e;
    }
    *out = r;
    return NULL;
}

/* libarchive stops at the end of the tar; the frame has to end as well, checksum and all. */
static struct err *read_to_end(struct volume_reader *r)
{
    la_ssize_t n;

    while ((n = next_block(r)) > 0)
        if (r->block[0] != 0 || memcmp(r->block, r->block + 1, (size_t)n - 1) != 0)
            r->flaw = "something follows the end of its tar";
    return n < 0 || r->flaw ? damaged(r) : NULL;
}

struct err *volume_reader_next(struct volume_reader *r, const char **member, uint64_t *size)
{
    struct archive_entry *entry;
    int status = archive_read_next_header(r->tar, &entry);

    *member = NULL;
    *size = 0;
    if (status == ARCHIVE_EOF)
        return read_to_end(r);
    if (status != ARCHIVE_OK)
        return damaged(r);
    const char *name = archive_entry_pathname(entry);
    if (!name || archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry))
        return err_new(ERR_INTEGRITY, "volume %s has a member that is no plain file: %s", r->name,
                       name ? name : "(without name)");
    *member = name;
    *size = (uint64_t)archive_entry_size(entry);
    return NULL;
}

struct err *volume_reader_read(struct volume_reader *r, void *out, size_t cap, size_t *len)
{
    la_ssize_t n = archive_read_data(r->tar, out, cap);

    *len = 0;
    if (n < 0)
        return damaged(r);
    *len = (size_t)n;
    return NULL;
}

void volume_reader_free(struct volume_reader *r)
{
    if (!r)
        return;
    archive_read_free(r->tar);
    ZSTD_freeDCtx(r->zstd);
    free(r->block);
    free(r->name);
    free(r);
}
