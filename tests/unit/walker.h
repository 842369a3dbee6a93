/*
 * walker - reads binlog bytes with all parsers of lib/binlog: what binlog_walk, binlog_rebuild and
 * binlog_torture share.
 *
 * Everything is static: each program includes it once.
 */
#ifndef CCR_TESTS_WALKER_H
#define CCR_TESTS_WALKER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "binlog/event.h"
#include "binlog/group.h"
#include "binlog/query.h"
#include "binlog/rows.h"
#include "binlog/statement.h"

enum mode { MODE_HISTOGRAM, MODE_GROUPS, MODE_EVENTS, MODE_ROWS, MODE_SESSIONS, MODE_QUIET };

struct walk {
    enum mode mode;
    struct binlog_format format;
    bool has_format;
    bool no_groups; /* MySQL's files: their events do not form groups that ccr knows */
    struct group *group;
    size_t group_events;
    size_t counts[256];
    size_t abandoned;
    size_t rows[3]; /* by enum rows_kind */
    struct rows_table_map *maps;
    size_t map_count;
    size_t map_cap;
    struct buf scratch;
    struct buf line;
};

static void maps_clear(struct walk *w)
{
    while (w->map_count)
        rows_table_map_free(&w->maps[--w->map_count]);
}

static const struct rows_table_map *map_find(const struct walk *w, uint64_t id)
{
    for (size_t i = w->map_count; i-- > 0;)
        if (w->maps[i].table_id == id)
            return &w->maps[i];
    return NULL;
}

/* Every field by rows_field; the same bytes as rows_next walked over, or the walk is wrong. */
static struct err *walk_image(struct walk *w, const struct rows_table_map *m, const char *what,
                              const uint8_t *columns, const uint8_t *image, size_t len)
{
    if (!image)
        return NULL;
    buf_clear(&w->line);
    buf_printf(&w->line, "%s.%s\t%s", m->db, m->table, what);
    for (size_t i = 0; i < m->column_count; i++) {
        const uint8_t *value;
        size_t value_len;
        bool present;
        TRY(rows_field(m, columns, image, len, i, &value, &value_len, &present));
        buf_append_byte(&w->line, '\t');
        if (present)
            rows_field_text(&m->columns[i], false, value, value_len, &w->line);
        else
            buf_append_byte(&w->line, '-');
    }
    if (w->mode == MODE_ROWS)
        printf("%s\n", buf_str(&w->line));
    return NULL;
}

static struct err *walk_rows(struct walk *w, const struct binlog_event *e)
{
    struct rows_event r;
    size_t at = 0;

    TRY(rows_event_parse(e, &r));
    if (r.table_id == ROWS_DUMMY_TABLE_ID)
        return NULL;
    const struct rows_table_map *m = map_find(w, r.table_id);
    if (!m)
        return err_new(ERR_INTEGRITY, "rows without a table map");
    for (;;) {
        struct rows_row row;
        bool done;
        TRY(rows_next(m, &r, &at, &row, &done));
        if (done)
            return NULL;
        w->rows[r.kind]++;
        TRY(walk_image(w, m, "before", r.before_columns, row.before, row.before_len));
        TRY(walk_image(w, m, r.kind == ROWS_WRITE ? "write" : "after", r.after_columns, row.after,
                       row.after_len));
    }
}

static struct err *walk_query(struct walk *w, const struct binlog_event *e)
{
    struct binlog_query q;
    struct query_session s;

    TRY(binlog_query_parse(e, &w->scratch, &q));
    TRY(query_session_parse(q.status, q.status_len, &s));
    struct statement statement;
    statement_parse(q.sql, q.sql_len, s.sql_mode, &statement);
    const char *name = statement_name_of(&statement);
    statement_free(&statement);
    if (w->mode != MODE_SESSIONS)
        return NULL;
    printf("db=%.*s flags2=%x sql_mode=%llu autoinc=%u/%u charset=%u/%u/%u tz=%.*s lc=%u dbcs=%u",
           (int)q.db_len, q.db, s.flags2, (unsigned long long)s.sql_mode, s.auto_increment_increment,
           s.auto_increment_offset, s.character_set_client, s.collation_connection, s.collation_server,
           (int)s.time_zone_len, s.time_zone ? s.time_zone : "", s.lc_time_names, s.charset_database);
    printf(" us=%d:%u invoker=%.*s@%.*s: %s: %.*s\n", s.has_microseconds, s.microseconds, (int)s.user_len,
           s.user ? s.user : "", (int)s.host_len, s.host ? s.host : "", name, (int)q.sql_len, q.sql);
    return NULL;
}

/* What the groups do not need: fields, sessions. */
static struct err *walk_content(struct walk *w, const struct binlog_event *e)
{
    struct rows_table_map m;

    if (e->type == BINLOG_QUERY || e->type == BINLOG_QUERY_COMPRESSED || e->type == BINLOG_EXECUTE_LOAD_QUERY)
        return walk_query(w, e);
    if (e->type == BINLOG_TABLE_MAP) {
        TRY(rows_table_map_parse(e, &m));
        w->maps = mem_grow(w->maps, w->map_count, &w->map_cap, sizeof(*w->maps));
        w->maps[w->map_count++] = m;
    } else if (rows_type_is_rows(e->type)) {
        struct binlog_event plain = *e;
        if (binlog_type_is_compressed(e->type)) {
            struct binlog_format none = {0};
            buf_clear(&w->scratch);
            TRY(binlog_event_decompress(e, BINLOG_EVENT_MAX, &w->scratch));
            TRY(binlog_event_parse(&none, w->scratch.data, w->scratch.len, &plain));
        }
        return walk_rows(w, &plain);
    }
    return NULL;
}

static struct err *walk_event(struct walk *w, const uint8_t *bytes, size_t len)
{
    struct binlog_event e;
    enum group_place place;

    TRY(binlog_event_parse(w->has_format ? &w->format : NULL, bytes, len, &e));
    if (e.type == BINLOG_FORMAT_DESCRIPTION) {
        TRY(binlog_format_parse(&e, &w->format));
        w->has_format = true;
    }
    w->counts[e.type]++;
    if (w->mode == MODE_EVENTS)
        printf("%s %zu\n", binlog_type_name(e.type), len);
    TRY(walk_content(w, &e));
    if (w->no_groups)
        return NULL;
    TRY(group_feed(w->group, &e, &place));
    if (place == GROUP_END || place == GROUP_OUTSIDE)
        maps_clear(w);
    w->abandoned += place == GROUP_ABANDONED;
    w->group_events = place == GROUP_BEGIN ? 1 : w->group_events + 1;
    if (w->mode == MODE_GROUPS && place == GROUP_END) {
        char text[GTID_TEXT_SIZE], digest[HASH_HEX_SIZE];
        group_digest(w->group, digest);
        printf("%s %s %s %zu\n", gtid_format(group_gtid(w->group)->gtid, text), digest,
               group_is_opaque(w->group) ? "opaque" : "rows", w->group_events);
    }
    return NULL;
}

static void walk_begin(struct walk *w)
{
    *w = (struct walk){.group = group_new()};
}

static void walk_end(struct walk *w)
{
    maps_clear(w);
    group_free(w->group);
    free(w->maps);
    buf_free(&w->scratch);
    buf_free(&w->line);
}

#endif
