/* What a source logs beyond the shape of its tables (binlog_row_metadata), compared with the target's
 * catalog. */
#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/mem.h"
#include "binlog/rows_metadata.h"
#include "replay/shape.h"

struct comparison {
    const struct catalog_table *t;
    const struct rows_metadata *source;
    struct conn *conn;
};

/* The columns that both sides show; the hidden ones behind them are the server's own. */
static size_t common_columns(const struct comparison *m)
{
    return m->t->column_count < m->source->column_count ? m->t->column_count : m->source->column_count;
}

static struct err *compare_names(const struct comparison *m)
{
    for (size_t i = 0; i < common_columns(m); i++) {
        const struct rows_column_metadata *source = &m->source->columns[i];
        const char *name = m->t->columns[i].name;
        if (!source->name ||
            (strlen(name) == source->name_len && memcmp(name, source->name, source->name_len) == 0))
            continue;
        char *text = mem_printf("named %.*s", (int)source->name_len, source->name);
        struct err *e = shape_difference(m->t, i, text, "so named");
        free(text);
        return e;
    }
    return NULL;
}

static struct err *compare_signs(const struct comparison *m)
{
    for (size_t i = 0; i < common_columns(m); i++) {
        const struct catalog_column *c = &m->t->columns[i];
        enum rows_sign sign = m->source->columns[i].sign;
        if (sign == ROWS_SIGN_UNKNOWN || strcmp(c->data_type, "year") == 0)
            continue;
        if ((sign == ROWS_UNSIGNED) != c->is_unsigned)
            return shape_difference(m->t, i, c->is_unsigned ? "signed" : "UNSIGNED",
                                    c->is_unsigned ? "UNSIGNED" : "signed");
    }
    return NULL;
}

static const char *geometry_name(uint64_t geometry)
{
    static const char *const names[] = {
        [ROWS_GEOMETRY] = "geometry",         [ROWS_POINT] = "point",
        [ROWS_LINESTRING] = "linestring",     [ROWS_POLYGON] = "polygon",
        [ROWS_MULTIPOINT] = "multipoint",     [ROWS_MULTILINESTRING] = "multilinestring",
        [ROWS_MULTIPOLYGON] = "multipolygon", [ROWS_GEOMETRYCOLLECTION] = "geometrycollection",
    };

    return geometry < sizeof(names) / sizeof(names[0]) ? names[geometry] : "an unknown geometry";
}

static struct err *compare_geometries(const struct comparison *m)
{
    for (size_t i = 0; i < common_columns(m); i++) {
        const struct rows_column_metadata *source = &m->source->columns[i];
        const char *name = geometry_name(source->geometry);
        if (source->has_geometry && strcmp(name, m->t->columns[i].data_type) != 0)
            return shape_difference(m->t, i, name, m->t->columns[i].data_type);
    }
    return NULL;
}

/* Numbers and full names of the collations that the source names. */
static struct err *read_collations(const struct comparison *m, struct result **out)
{
    struct buf ids = BUF_INIT;

    *out = NULL;
    for (size_t i = 0; i < common_columns(m); i++)
        if (m->source->columns[i].collation)
            buf_printf(&ids, "%s%llu", ids.len ? "," : "",
                       (unsigned long long)m->source->columns[i].collation);
    if (ids.len == 0)
        return NULL;
    struct err *e = conn_query(m->conn, out,
                               "SELECT DISTINCT ID, FULL_COLLATION_NAME FROM "
                               "information_schema.COLLATION_CHARACTER_SET_APPLICABILITY WHERE ID IN (%s)",
                               buf_str(&ids));
    if (e && conn_errno(m->conn) == ER_BAD_FIELD_ERROR) { /* before MariaDB 10.10 */
        err_free(e);
        e = conn_query(m->conn, out,
                       "SELECT ID, COLLATION_NAME FROM information_schema.COLLATIONS WHERE ID IN (%s)",
                       buf_str(&ids));
    }
    buf_free(&ids);
    return e;
}

static struct err *compare_collation(const struct comparison *m, size_t column, uint64_t id, const char *name)
{
    const struct catalog_column *c = &m->t->columns[column];
    const char *target = c->collation ? c->collation : "binary";

    if (m->source->columns[column].collation != id || strcmp(name, target) == 0)
        return NULL;
    return shape_difference(m->t, column, name, target);
}

static struct err *compare_collations(const struct comparison *m)
{
    struct result *r = NULL;
    char **row;

    struct err *e = read_collations(m, &r);
    while (!e && r && (row = result_next(r, NULL)) != NULL)
        for (size_t i = 0; !e && i < common_columns(m); i++)
            e = compare_collation(m, i, strtoull(row[0], NULL, 10), row[1]);
    result_free(r);
    return e;
}

/* The next member in "enum('a','it''s')" as the catalog prints it; *p stands behind the last one. */
static bool catalog_member(const char **p, struct buf *out)
{
    const char *at = strchr(*p, '\'');

    buf_clear(out);
    if (!at)
        return false;
    for (at++; *at; at++) {
        if (*at == '\'' && *++at != '\'') {
            *p = at;
            return true;
        }
        if (*at == '\\' && at[1]) {
            at++;
            buf_append_byte(out, *at == 'n' ? '\n' : *at == 'r' ? '\r' : *at == '0' ? 0 : (uint8_t)*at);
        } else {
            buf_append_byte(out, (uint8_t)*at);
        }
    }
    return false;
}

/* The source's members as rows, in the characters in which the catalog shows its own. */
static struct err *convert_members(const struct comparison *m, size_t column, struct result **out)
{
    const char *charset = m->t->columns[column].charset;
    struct cursor members = m->source->columns[column].members;
    struct buf sql = BUF_INIT;
    const uint8_t *bytes;
    size_t len;

    for (bool first = true; rows_member_next(&members, &bytes, &len); first = false) {
        buf_printf(&sql, "%s(CONVERT(_%s X'", first ? "VALUES " : ",", charset);
        for (size_t i = 0; i < len; i++)
            buf_printf(&sql, "%02X", bytes[i]);
        buf_append_str(&sql, "' USING utf8mb3))");
    }
    struct err *e = conn_query(m->conn, out, "%s", buf_str(&sql));
    buf_free(&sql);
    return e;
}

static struct err *member_difference(const struct comparison *m, size_t column, size_t member,
                                     const char *source, const char *target)
{
    char *a = mem_printf("one whose member %zu is '%s'", member, source);
    char *b = mem_printf("one where that is '%s'", target);
    struct err *e = shape_difference(m->t, column, a, b);

    free(a);
    free(b);
    return e;
}

static struct err *compare_members_of(const struct comparison *m, size_t column)
{
    const char *type = m->t->columns[column].column_type;
    struct buf target = BUF_INIT;
    struct result *r = NULL;
    size_t member = 0;
    char **row;

    struct err *e = convert_members(m, column, &r);
    while (!e && (row = result_next(r, NULL)) != NULL) {
        const char *source = row[0] ? row[0] : "";
        member++;
        if (!catalog_member(&type, &target))
            e = member_difference(m, column, member, source, "missing");
        else if (strcmp(source, buf_str(&target)) != 0)
            e = member_difference(m, column, member, source, buf_str(&target));
    }
    if (!e && catalog_member(&type, &target))
        e = member_difference(m, column, member + 1, "missing", buf_str(&target));
    result_free(r);
    buf_free(&target);
    return e;
}

static struct err *compare_members(const struct comparison *m)
{
    for (size_t i = 0; i < common_columns(m); i++)
        if (m->source->columns[i].has_members)
            TRY(compare_members_of(m, i));
    return NULL;
}

/* Where the target has no primary key, the source names the unique key that stands for it: not looked at. */
static struct err *compare_primary(const struct comparison *m)
{
    const struct catalog_key *key = m->t->has_primary ? &m->t->keys[0] : NULL;
    size_t shown = 0;
    bool same = true;

    if (!key || !m->source->has_names)
        return NULL;
    for (size_t i = 0; i < m->source->primary_count; i++) {
        size_t column = m->source->primary[i];
        if (column >= m->t->column_count) /* the hidden end of a row's period */
            continue;
        same &= shown < key->column_count && key->columns[shown] == column;
        shown++;
    }
    if (same && shown == key->column_count)
        return NULL;
    return err_hint(err_new(ERR_UNSAFE, "table %s.%s: the source has another primary key than the target",
                            m->t->db, m->t->name),
                    SHAPE_HINT);
}

struct err *shape_check_metadata(const struct rows_table_map *map, const struct catalog_table *t,
                                 struct conn *c)
{
    static struct err *(*const compare[])(const struct comparison *) = {
        compare_names,      compare_signs,   compare_geometries,
        compare_collations, compare_members, compare_primary,
    };
    struct rows_metadata source;
    struct err *e = NULL;

    if (map->metadata_len == 0)
        return NULL;
    TRY(rows_metadata_parse(map, &source));
    const struct comparison m = {.t = t, .source = &source, .conn = c};
    for (size_t i = 0; !e && i < sizeof(compare) / sizeof(compare[0]); i++)
        e = compare[i](&m);
    rows_metadata_free(&source);
    return e;
}
