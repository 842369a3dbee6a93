#include "mysql/catalog.h"

#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/mem.h"

static char *dup_or_null(const char *s)
{
    return s ? mem_strdup(s) : NULL;
}

static uint64_t number_or_zero(const char *s)
{
    return s ? strtoull(s, NULL, 10) : 0;
}

/* One item of a list such as "STORED GENERATED, INVISIBLE". */
static bool list_has(const char *list, const char *item)
{
    size_t len = strlen(item);

    for (const char *p = list; (p = strstr(p, item)) != NULL; p += len) {
        bool begins = p == list || (p - list >= 2 && p[-1] == ' ' && p[-2] == ',');
        if (begins && (p[len] == 0 || p[len] == ','))
            return true;
    }
    return false;
}

/* ENUM and SET print their members, which may hold any text, in COLUMN_TYPE. */
static bool has_members(const char *data_type)
{
    return strcmp(data_type, "enum") == 0 || strcmp(data_type, "set") == 0;
}

/* Some tables of one database: names in the order of their bytes, and what is known of each so far, or NULL.
 */
struct wanted {
    const char *db;
    char *const *names;
    size_t count;
    struct catalog_table **tables;
    char *where;
};

/*
 * " WHERE TABLE_SCHEMA = 'db' AND TABLE_NAME IN ('name', ...)": the server opens these tables only, one alone
 * without looking through the database. It compares without case, so that there may be more.
 */
static char *where_tables(const char *db, char *const *names, size_t count)
{
    struct buf b = BUF_INIT;

    buf_append_str(&b, " WHERE TABLE_SCHEMA = ");
    sql_string(&b, db);
    buf_append_str(&b, count == 1 ? " AND TABLE_NAME = " : " AND TABLE_NAME IN (");
    for (size_t i = 0; i < count; i++) {
        buf_append_str(&b, i ? ", " : "");
        sql_string(&b, names[i]);
    }
    buf_append_str(&b, count == 1 ? "" : ")");
    return buf_steal(&b);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The place of a table, or NULL where it is none of the wanted ones. */
static struct catalog_table **find_wanted(const struct wanted *w, const char *name)
{
    char *const *found = bsearch(&name, w->names, w->count, sizeof(*w->names), compare_names);

    return found ? &w->tables[found - w->names] : NULL;
}

static void fill_table(struct catalog_table *t, char **row)
{
    t->engine = mem_strdup(row[1] ? row[1] : "");
    t->is_sequence = strcmp(row[2], "SEQUENCE") == 0;
    t->versioned = strcmp(row[2], "SYSTEM VERSIONED") == 0;
    t->partitioned = row[3] && strstr(row[3], "partitioned") != NULL;
    t->rows_estimate = number_or_zero(row[4]);
    t->bytes_estimate = number_or_zero(row[5]);
    t->transactional = row[6] && strcmp(row[6], "YES") == 0;
}

/* Makes the tables that are there. */
static struct err *read_properties(struct conn *c, const struct wanted *w)
{
    struct result *r = NULL;
    char **row;

    TRY(conn_query(c, &r,
                   "SELECT t.TABLE_NAME, t.ENGINE, t.TABLE_TYPE, t.CREATE_OPTIONS, t.TABLE_ROWS, "
                   "t.DATA_LENGTH, e.TRANSACTIONS FROM (SELECT * FROM information_schema.TABLES%s) t "
                   "LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE",
                   w->where));
    while ((row = result_next(r, NULL)) != NULL) {
        struct catalog_table **place = find_wanted(w, row[0]);
        /* a table that cannot be opened has no engine: what follows would fail with the server's own reason
         */
        if (!place || *place || !row[2] || strcmp(row[2], "VIEW") == 0)
            continue;
        *place = mem_zalloc(1, sizeof(**place));
        (*place)->db = mem_strdup(w->db);
        (*place)->name = mem_strdup(row[0]);
        fill_table(*place, row);
    }
    result_free(r);
    return NULL;
}

static void fill_column(struct catalog_column *column, char **row)
{
    const char *extra = row[9] ? row[9] : "";
    const char *expression = row[10] ? row[10] : "";
    bool members = has_members(row[1]);

    column->name = mem_strdup(row[0]);
    column->data_type = mem_strdup(row[1]);
    column->column_type = mem_strdup(row[2]);
    column->charset = dup_or_null(row[3]);
    column->collation = dup_or_null(row[4]);
    column->octet_length = number_or_zero(row[5]);
    column->precision = (unsigned)number_or_zero(row[6]);
    column->scale = (unsigned)number_or_zero(row[7]);
    column->datetime_precision = (unsigned)number_or_zero(row[8]);
    column->stored = list_has(extra, "STORED GENERATED");
    column->generated = column->stored || list_has(extra, "VIRTUAL GENERATED");
    column->invisible = list_has(extra, "INVISIBLE");
    column->auto_increment = list_has(extra, "auto_increment");
    column->row_start_or_end =
        column->generated && (strcmp(expression, "ROW START") == 0 || strcmp(expression, "ROW END") == 0);
    column->nullable = row[11] && strcmp(row[11], "YES") == 0;
    column->is_unsigned = !members && strstr(row[2], " unsigned") != NULL;
    column->compressed = !members && strstr(row[2], " COMPRESSED*/") != NULL;
    column->primary = row[13] && strcmp(row[13], "PRI") == 0;
}

static struct err *read_columns(struct conn *c, const struct wanted *w)
{
    struct result *r = NULL;
    char **row;

    TRY(conn_query(
        c, &r,
        "SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_SET_NAME, COLLATION_NAME, "
        "CHARACTER_OCTET_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION, EXTRA, "
        "GENERATION_EXPRESSION, IS_NULLABLE, TABLE_NAME, COLUMN_KEY FROM information_schema.COLUMNS%s "
        "ORDER BY ORDINAL_POSITION",
        w->where));
    while ((row = result_next(r, NULL)) != NULL) {
        struct catalog_table **place = find_wanted(w, row[12]);
        struct catalog_table *t = place ? *place : NULL;
        if (!t)
            continue;
        t->columns = mem_resize(t->columns, t->column_count + 1, sizeof(*t->columns));
        t->columns[t->column_count] = (struct catalog_column){0};
        fill_column(&t->columns[t->column_count++], row);
    }
    result_free(r);
    return NULL;
}

/* The column's index, or column_count: the columns of a system versioned table need not all be shown. */
static size_t find_column(const struct catalog_table *t, const char *name)
{
    size_t i = 0;

    while (i < t->column_count && strcmp(t->columns[i].name, name) != 0)
        i++;
    return i;
}

static void add_key_column(struct catalog_key *key, size_t column, bool prefix, bool descending)
{
    key->columns = mem_resize(key->columns, key->column_count + 1, sizeof(*key->columns));
    key->prefix = mem_resize(key->prefix, key->column_count + 1, sizeof(*key->prefix));
    key->descending = mem_resize(key->descending, key->column_count + 1, sizeof(*key->descending));
    key->columns[key->column_count] = column;
    key->prefix[key->column_count] = prefix;
    key->descending[key->column_count++] = descending;
}

static void add_key_row(struct catalog_table *t, char **row)
{
    struct catalog_key *key = t->key_count ? &t->keys[t->key_count - 1] : NULL;

    if (!key || strcmp(key->name, row[0]) != 0) {
        t->keys = mem_resize(t->keys, t->key_count + 1, sizeof(*t->keys));
        key = &t->keys[t->key_count++];
        *key = (struct catalog_key){.name = mem_strdup(row[0]), .unique = strcmp(row[1], "0") == 0};
        /* MEMORY has true hash indexes; elsewhere HASH is a hidden column over a long value */
        key->hash = key->unique && strcmp(row[2], "HASH") == 0 && strcmp(t->engine, "MEMORY") != 0;
    }
    size_t column = row[3] ? find_column(t, row[3]) : t->column_count;
    if (column < t->column_count)
        add_key_column(key, column, row[4] != NULL, row[5] && strcmp(row[5], "D") == 0);
}

static struct err *read_keys(struct conn *c, const struct wanted *w)
{
    struct result *r = NULL;
    char **row;

    TRY(conn_query(c, &r,
                   "SELECT INDEX_NAME, NON_UNIQUE, INDEX_TYPE, COLUMN_NAME, SUB_PART, COLLATION, TABLE_NAME "
                   "FROM information_schema.STATISTICS%s "
                   "ORDER BY INDEX_NAME <> 'PRIMARY', NON_UNIQUE, INDEX_NAME, SEQ_IN_INDEX",
                   w->where));
    while ((row = result_next(r, NULL)) != NULL) {
        struct catalog_table **place = find_wanted(w, row[6]);
        if (place && *place)
            add_key_row(*place, row);
    }
    result_free(r);
    for (size_t i = 0; i < w->count; i++)
        if (w->tables[i])
            w->tables[i]->has_primary =
                w->tables[i]->key_count > 0 && strcmp(w->tables[i]->keys[0].name, "PRIMARY") == 0;
    return NULL;
}

char *catalog_innodb_name(const char *db, const char *name)
{
    char *db_text = sql_string_dup(db);
    char *name_text = sql_string_dup(name);
    char *sql = mem_printf("CONCAT(CONVERT(CONVERT(%s USING filename) USING binary), '/', "
                           "CONVERT(CONVERT(%s USING filename) USING binary))",
                           db_text, name_text);

    free(db_text);
    free(name_text);
    return sql;
}

/* From REFERENTIAL_CONSTRAINTS, which anyone may read but which opens every table of the server. */
static struct err *read_cascades_slowly(struct conn *c, const char *db, const char *name, uint64_t *count)
{
    char *db_text = sql_string_dup(db);
    char *name_text = sql_string_dup(name);
    struct err *e = conn_number(c, count,
                                "SELECT COUNT(*) FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE "
                                "((CONSTRAINT_SCHEMA = %s AND TABLE_NAME = %s) OR "
                                "(UNIQUE_CONSTRAINT_SCHEMA = %s AND REFERENCED_TABLE_NAME = %s)) AND "
                                "(UPDATE_RULE NOT IN ('RESTRICT', 'NO ACTION') OR "
                                "DELETE_RULE NOT IN ('RESTRICT', 'NO ACTION'))",
                                db_text, name_text, db_text, name_text);

    free(db_text);
    free(name_text);
    return e;
}

static struct err *read_cascades(struct conn *c, struct catalog_table *t)
{
    uint64_t count = 0;
    char *name = catalog_innodb_name(t->db, t->name);
    /* TYPE: 1, 2, 4, 8 are ON DELETE and ON UPDATE with CASCADE or SET NULL; 16 and 32 are NO ACTION */
    struct err *e = conn_number(c, &count,
                                "SELECT COUNT(*) FROM information_schema.INNODB_SYS_FOREIGN "
                                "WHERE %s IN (FOR_NAME, REF_NAME) AND (TYPE & 15) <> 0",
                                name);

    free(name);
    if (e && (conn_errno(c) == ER_SPECIFIC_ACCESS_DENIED_ERROR || conn_errno(c) == ER_UNKNOWN_TABLE)) {
        err_free(e);
        e = read_cascades_slowly(c, t->db, t->name, &count);
    }
    t->cascades = count > 0;
    return e;
}

/* Of tables that the server lists without their columns, it says here why. */
static struct err *read_reasons(struct conn *c, const struct wanted *w)
{
    for (size_t i = 0; i < w->count; i++) {
        struct catalog_table *t = w->tables[i];
        char *sql = NULL;
        if (!t || t->column_count > 0)
            continue;
        struct err *e = catalog_table_create_sql(c, t->db, t->name, &sql);
        if (!e && !sql)
            e = err_new(conn_code(c), "the table has vanished meanwhile");
        free(sql);
        if (e)
            return err_context(e, "reading the definition of %s.%s", t->db, t->name);
    }
    return NULL;
}

struct err *catalog_tables_read(struct conn *c, const char *db, char *const *names, size_t count,
                                struct catalog_table **out)
{
    struct wanted w = {.db = db, .names = names, .count = count, .tables = out};

    if (count == 0)
        return NULL;
    w.where = where_tables(db, names, count);
    struct err *e = read_properties(c, &w);
    if (!e)
        e = read_columns(c, &w);
    if (!e)
        e = read_keys(c, &w);
    if (e)
        e = err_context(e, "reading the definition of %s.%s%s", db, names[0], count > 1 ? " and others" : "");
    else
        e = read_reasons(c, &w);
    for (size_t i = 0; i < count && e; i++) {
        catalog_table_free(out[i]);
        out[i] = NULL;
    }
    free(w.where);
    return e;
}

struct err *catalog_table_read(struct conn *c, const char *db, const char *name, struct catalog_table **out)
{
    char *names[] = {mem_strdup(name)};

    *out = NULL;
    struct err *e = catalog_tables_read(c, db, names, 1, out);
    free(names[0]);
    TRY(e);
    e = *out ? read_cascades(c, *out) : NULL;
    if (!e)
        return NULL;
    catalog_table_free(*out);
    *out = NULL;
    return err_context(e, "reading the definition of %s.%s", db, name);
}

static void free_column(struct catalog_column *column)
{
    free(column->name);
    free(column->data_type);
    free(column->column_type);
    free(column->charset);
    free(column->collation);
}

void catalog_table_free(struct catalog_table *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->column_count; i++)
        free_column(&t->columns[i]);
    for (size_t i = 0; i < t->key_count; i++) {
        free(t->keys[i].name);
        free(t->keys[i].columns);
        free(t->keys[i].prefix);
        free(t->keys[i].descending);
    }
    free(t->columns);
    free(t->keys);
    free(t->db);
    free(t->name);
    free(t->engine);
    free(t);
}

bool catalog_versioned_by_time(const struct catalog_table *t)
{
    for (size_t i = 0; i < t->column_count; i++)
        if (t->columns[i].row_start_or_end)
            return strcmp(t->columns[i].data_type, "bigint") != 0;
    return t->versioned;
}
