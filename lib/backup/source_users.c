#include "backup/source_users.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* A piece is a member of a volume, and volumes may be as small as 1 MiB. */
enum { PIECE_SIZE = 512 << 10 };

static const char head[] = "-- Users, roles and privileges, with the hashes of passwords.\n"
                           "SET NAMES utf8mb4, sql_mode = '';\n";

static const char *const left_out[] = {"root", "mariadb.sys"};

static bool is_left_out(const struct account *a)
{
    for (size_t i = 0; a->host && i < sizeof(left_out) / sizeof(left_out[0]); i++)
        if (strcmp(a->user, left_out[i]) == 0)
            return true;
    return false;
}

static void add_text(char ***list, size_t *count, char *text)
{
    *list = mem_resize(*list, *count + 1, sizeof(**list));
    (*list)[(*count)++] = text;
}

static struct buf *last_piece(struct source_users *u)
{
    if (u->piece_count == 0 || u->pieces[u->piece_count - 1].len > PIECE_SIZE) {
        u->pieces = mem_resize(u->pieces, u->piece_count + 1, sizeof(*u->pieces));
        u->pieces[u->piece_count] = (struct buf)BUF_INIT;
        buf_append_str(&u->pieces[u->piece_count++], head);
    }
    return &u->pieces[u->piece_count - 1];
}

static void add_statement(struct source_users *u, const char *sql, bool package)
{
    struct buf *to = last_piece(u);

    buf_printf(to, package ? "SET sql_mode = 'ORACLE';\n%s;\nSET sql_mode = '';\n" : "%s;\n", sql);
}

/* The parts of the text. */
static bool belongs(enum grant_kind kind, int part)
{
    switch (kind) {
    case GRANT_CREATE:
    case GRANT_ALTER:
        return part == 0;
    case GRANT_ROLE:
    case GRANT_DEFAULT_ROLE:
        return part == 1;
    case GRANT_PROXY:
    case GRANT_GLOBAL:
    case GRANT_DATABASE:
    case GRANT_TABLE:
    case GRANT_ROUTINE:
        break;
    }
    return part == 2;
}

static struct err *add_part(struct source_users *u, const struct account_entry *entry, int part)
{
    bool out = is_left_out(&entry->account);

    for (size_t i = 0; i < entry->count; i++) {
        struct grant g;
        struct err *e = grant_parse(entry->statements[i], &g);
        if (!e && belongs(g.kind, part) && !out)
            add_statement(u, entry->statements[i], g.package);
        else if (!e && g.kind == GRANT_ROLE && part == 1)
            add_text(&u->role_grants, &u->role_grant_count, mem_strdup(entry->statements[i]));
        grant_free(&g);
        TRY(e);
    }
    return NULL;
}

struct err *source_users_read(struct conn *c, struct source_users *out)
{
    struct account_list accounts;
    struct err *e = NULL;

    TRY(account_list_read(c, &accounts));
    for (int part = 0; part < 3 && !e; part++)
        for (size_t i = 0; i < accounts.count && !e; i++)
            e = add_part(out, &accounts.items[i], part);
    for (size_t i = 0; i < accounts.count; i++) {
        const struct account_entry *entry = &accounts.items[i];
        if (is_left_out(&entry->account))
            continue;
        if (entry->unknown)
            add_text(&out->unknown, &out->unknown_count, account_text(&entry->account));
        else
            out->accounts++;
    }
    last_piece(out); /* a server that has only root is told from a snapshot without users */
    account_list_free(&accounts);
    return e;
}

static void free_texts(char **list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i]);
    free(list);
}

void source_users_free(struct source_users *u)
{
    for (size_t i = 0; i < u->piece_count; i++)
        buf_free(&u->pieces[i]);
    free(u->pieces);
    free_texts(u->role_grants, u->role_grant_count);
    free_texts(u->unknown, u->unknown_count);
    *u = (struct source_users){0};
}

bool source_users_equal(const struct source_users *a, const struct source_users *b)
{
    if (a->piece_count != b->piece_count || a->role_grant_count != b->role_grant_count)
        return false;
    for (size_t i = 0; i < a->piece_count; i++)
        if (a->pieces[i].len != b->pieces[i].len ||
            memcmp(a->pieces[i].data, b->pieces[i].data, a->pieces[i].len) != 0)
            return false;
    for (size_t i = 0; i < a->role_grant_count; i++)
        if (strcmp(a->role_grants[i], b->role_grants[i]) != 0)
            return false;
    return true;
}

void source_users_tell(const struct source_users *u, struct log *log)
{
    for (size_t i = 0; i < u->unknown_count; i++)
        log_warn(log,
                 "the source ignores its account %s (skip_name_resolve, and a host's name): it is not in the "
                 "snapshot",
                 u->unknown[i]);
    log_info(log, "%zu users and roles are in the snapshot, with the hashes of their passwords", u->accounts);
}

struct err *source_users_store(const struct source_users *u, struct volume_filler *filler,
                               struct manifest_users *out)
{
    out->pieces = mem_zalloc(u->piece_count + 1, sizeof(*out->pieces));
    for (size_t i = 0; i < u->piece_count; i++) {
        struct manifest_piece *piece = &out->pieces[out->piece_count++];
        /* no database of a snapshot is called mysql */
        piece->member = i ? mem_printf("mysql/users.%zu.sql", i + 1) : mem_strdup("mysql/users.sql");
        piece->bytes = u->pieces[i].len;
        TRY(volume_filler_add(filler, piece->member, u->pieces[i].data, u->pieces[i].len, &piece->volume));
    }
    out->accounts = u->accounts;
    for (size_t i = 0; i < u->role_grant_count; i++)
        add_text(&out->role_grants, &out->role_grant_count, mem_strdup(u->role_grants[i]));
    return NULL;
}
