#include "tests/model/model.h"

#include <stdio.h>
#include <string.h>

static struct table *any_table(struct model *m)
{
    return &m->tables[below(m, m->table_count)];
}

/* Not one that the server fills by itself. */
static const struct column *any_column(struct model *m, const struct table *t)
{
    for (;;) {
        const struct column *c = &t->columns[below(m, t->column_count)];
        if (c->origin == ORIGIN_PLAIN || (c->origin == ORIGIN_AUTO && chance(m, 20)))
            return c;
        if (t->column_count == 1)
            return c;
    }
}

static const struct column *main_column(const struct table *t)
{
    return &t->columns[t->key_count ? t->keys[0].columns[0] : 0];
}

static void value_print(struct model *m, const struct column *c)
{
    char value[MODEL_VALUE_SIZE];

    if (!c->not_null && chance(m, 20)) {
        printf("NULL");
        return;
    }
    if (kind_is_integer(c->kind) && c->name[0] == 'f' && chance(m, 10)) {
        printf("LAST_INSERT_ID()");
        return;
    }
    value_make(m, c, value);
    printf("%s", value);
}

/* Literals of the main key: one row. */
struct place {
    char values[2][MODEL_VALUE_SIZE];
};

static void place_make(struct model *m, const struct table *t, struct place *p)
{
    const struct key *k = &t->keys[0];

    for (unsigned i = 0; i < 2; i++)
        value_make(m, &t->columns[t->key_count && i < k->count ? k->columns[i] : 0], p->values[i]);
}

static void place_print(const struct table *t, const struct place *p, const char *between)
{
    unsigned count = t->key_count ? t->keys[0].count : 1;

    for (unsigned i = 0; i < count; i++)
        printf("%s%s = %s", i ? between : "", t->columns[t->key_count ? t->keys[0].columns[i] : 0].name,
               p->values[i]);
}

static void where_place(const struct table *t, const struct place *p)
{
    printf(" WHERE ");
    place_print(t, p, " AND ");
}

static void where_print(struct model *m, const struct table *t)
{
    const struct column *c = &t->columns[below(m, t->column_count)];
    static const char *const operators[] = {" = ", " < ", " >= ", " <=> "};
    struct place p;

    switch (below(m, 7)) {
    case 0:
    case 1:
    case 2:
        place_make(m, t, &p);
        where_place(t, &p);
        return;
    case 3:
        printf(" ORDER BY %s %s LIMIT %u", c->name, chance(m, 50) ? "DESC" : "ASC", 1 + below(m, 3));
        return;
    case 4:
        if (!c->not_null) {
            printf(" WHERE %s IS NULL", c->name);
            return;
        }
        __attribute__((fallthrough));
    default:
        printf(" WHERE %s%s", c->name, operators[below(m, 4)]);
        if (c->origin == ORIGIN_VIRTUAL || c->origin == ORIGIN_STORED)
            printf("'31'");
        else
            value_print(m, c);
        printf(" ORDER BY %s LIMIT %u", main_column(t)->name, 1 + below(m, 4));
    }
}

/* `place`: the key of the rows; NULL for any. */
static void row_print(struct model *m, const struct table *t, const struct place *place, bool with_auto)
{
    const struct key *k = &t->keys[0];
    bool first = true;

    printf("(");
    for (unsigned i = 0; i < t->column_count; i++) {
        const struct column *c = &t->columns[i];
        if (c->origin == ORIGIN_VIRTUAL || c->origin == ORIGIN_STORED || c->origin == ORIGIN_CLOCK)
            continue;
        printf(first ? "" : ", ");
        first = false;
        int part = t->key_count == 0                    ? -1
                   : k->columns[0] == i                 ? 0
                   : k->count > 1 && k->columns[1] == i ? 1
                                                        : -1;
        if (place && part >= 0)
            printf("%s", place->values[part]);
        else if (c->origin == ORIGIN_AUTO && !with_auto)
            printf("NULL");
        else
            value_print(m, c);
    }
    printf(")");
}

static void columns_print(const struct table *t)
{
    bool first = true;

    printf(" (");
    for (unsigned i = 0; i < t->column_count; i++) {
        const struct column *c = &t->columns[i];
        if (c->origin == ORIGIN_VIRTUAL || c->origin == ORIGIN_STORED || c->origin == ORIGIN_CLOCK)
            continue;
        printf("%s%s", first ? "" : ", ", c->name);
        first = false;
    }
    printf(") ");
}

static void assignments_print(struct model *m, const struct table *t)
{
    unsigned count = 1 + below(m, 2);

    for (unsigned i = 0; i < count; i++) {
        const struct column *c = any_column(m, t);
        if (c->origin == ORIGIN_AUTO ||
            (c->origin == ORIGIN_PLAIN && kind_is_integer(c->kind) && chance(m, 30))) {
            printf("%s%s = %s + %d", i ? ", " : "", c->name, c->name, (int)below(m, 3) - 1);
        } else if (c->origin == ORIGIN_PLAIN) {
            printf("%s%s = ", i ? ", " : "", c->name);
            value_print(m, c);
        } else {
            printf("%s%s = DEFAULT", i ? ", " : "", c->name);
        }
    }
}

static void insert_print(struct model *m, const struct table *t, const struct place *place)
{
    static const char *const verbs[] = {"INSERT INTO ", "INSERT INTO ", "INSERT INTO ", "INSERT IGNORE INTO ",
                                        "REPLACE INTO "};
    /* a REPLACE without full row images stops a run (lib/replay/rows.c) */
    unsigned verb = below(m, 5) % (m->partial ? 4 : 5);
    unsigned rows = place || chance(m, 50) ? 1 : 2 + below(m, 4);
    bool with_auto = chance(m, 50);

    printf("%s%s", verbs[verb], t->name);
    columns_print(t);
    printf("VALUES ");
    for (unsigned i = 0; i < rows; i++) {
        printf(i ? ", " : "");
        row_print(m, t, place, with_auto);
    }
    if (verb < 2 && chance(m, 30)) {
        printf(" ON DUPLICATE KEY UPDATE ");
        assignments_print(m, t);
    }
    printf(";\n");
}

static void update_print(struct model *m, const struct table *t, const struct place *place)
{
    printf("UPDATE %s%s SET ", chance(m, 15) ? "IGNORE " : "", t->name);
    assignments_print(m, t);
    if (place)
        where_place(t, place);
    else
        where_print(m, t);
    printf(";\n");
}

static void delete_print(struct model *m, const struct table *t, const struct place *place)
{
    printf("DELETE FROM %s", t->name);
    if (place)
        where_place(t, place);
    else
        where_print(m, t);
    printf(";\n");
}

static void key_update_print(const struct table *t, const struct place *from, const struct place *to)
{
    printf("UPDATE %s SET ", t->name);
    place_print(t, to, ", ");
    where_place(t, from);
    printf(";\n");
}

/* Several changes of one row, its key too: what merging has to add up. */
static void chain_print(struct model *m)
{
    const struct table *t = any_table(m);
    struct place here, there;

    place_make(m, t, &here);
    place_make(m, t, &there);
    for (unsigned steps = 2 + below(m, 5); steps > 0; steps--) {
        switch (below(m, 6)) {
        case 0:
        case 1:
            insert_print(m, t, &here);
            break;
        case 2:
            update_print(m, t, &here);
            break;
        case 3:
            key_update_print(t, &here, &there);
            break;
        case 4:
            key_update_print(t, &there, &here);
            break;
        default:
            delete_print(m, t, &here);
        }
    }
}

/* Two rows exchange their values of a unique column, or their keys, by way of a third value. */
static void swap_print(struct model *m)
{
    const struct table *t = any_table(m);
    const struct column *c = any_column(m, t);
    char values[3][MODEL_VALUE_SIZE];
    static const unsigned steps[3][2] = {{0, 2}, {1, 0}, {2, 1}};

    if (t->key_count > 0 && chance(m, 80))
        c = &t->columns[t->keys[below(m, t->key_count)].columns[0]];
    if (c->origin != ORIGIN_PLAIN && c->origin != ORIGIN_AUTO)
        return;
    for (unsigned i = 0; i < 3; i++)
        value_make(m, c, values[i]);
    for (unsigned i = 0; i < 3; i++)
        printf("UPDATE %s SET %s = %s WHERE %s = %s;\n", t->name, c->name, values[steps[i][1]], c->name,
               values[steps[i][0]]);
}

/* All keys move by one. */
static void shift_print(struct model *m)
{
    const struct table *t = any_table(m);
    const struct column *c = main_column(t);
    bool up = chance(m, 50);

    if (!kind_is_integer(c->kind))
        return;
    printf("UPDATE %s SET %s = %s %c 1 WHERE %s BETWEEN 1 AND 40 ORDER BY %s %s;\n", t->name, c->name,
           c->name, up ? '+' : '-', c->name, c->name, up ? "DESC" : "ASC");
}

static void bulk_print(struct model *m)
{
    const struct table *t = any_table(m);
    const struct table *other = any_table(m);
    const struct column *c = any_column(m, t);

    switch (below(m, 5)) {
    case 0: /* many rows, where an integer is the key */
        if (kind_is_integer(main_column(t)->kind)) {
            const char *name = main_column(t)->name;
            printf("INSERT IGNORE INTO %s (%s) SELECT seq FROM seq_%u_to_%u;\n", t->name, name,
                   1 + below(m, 30), 20 + below(m, 40));
        }
        return;
    case 1: /* all rows */
        if (c->origin == ORIGIN_PLAIN) {
            printf("UPDATE IGNORE %s SET %s = ", t->name, c->name);
            value_print(m, c);
            printf(";\n");
        }
        return;
    case 2:
        printf("DELETE FROM %s ORDER BY %s DESC LIMIT %u;\n", t->name, main_column(t)->name,
               3 + below(m, 20));
        return;
    case 3: /* from another table, its keys as far as they fit */
        printf("INSERT IGNORE INTO %s (%s) SELECT %s FROM %s;\n", t->name, main_column(t)->name,
               main_column(other)->name, other->name);
        return;
    default:
        if (chance(m, 30))
            printf("DELETE FROM %s;\n", t->name);
    }
}

static void statement_print(struct model *m)
{
    unsigned what = below(m, 100);

    if (what < 30)
        insert_print(m, any_table(m), NULL);
    else if (what < 50)
        update_print(m, any_table(m), NULL);
    else if (what < 62)
        delete_print(m, any_table(m), NULL);
    else if (what < 80)
        chain_print(m);
    else if (what < 88)
        swap_print(m);
    else if (what < 93)
        shift_print(m);
    else
        bulk_print(m);
}

static void statements_print(struct model *m, unsigned count)
{
    static const char *const checks[] = {"foreign_key_checks", "foreign_key_checks", "unique_checks"};
    const char *off = chance(m, 8) ? checks[below(m, 3)] : NULL;
    bool savepoint = false;

    if (off)
        printf("SET %s = 0;\n", off);
    while (count-- > 0) {
        statement_print(m);
        if (!savepoint && chance(m, 7)) {
            printf("SAVEPOINT a;\n");
            savepoint = true;
        } else if (savepoint && chance(m, 30)) {
            printf("ROLLBACK TO a;\n");
            savepoint = false;
        }
    }
    if (off)
        printf("SET %s = 1;\n", off);
}

void rows_print(struct model *m)
{
    for (unsigned i = 0; i < m->table_count; i++)
        for (unsigned n = 0; n < MODEL_SPAN; n++)
            insert_print(m, &m->tables[i], NULL);
}

void transaction_print(struct model *m)
{
    /* versioned rows without all their columns stop a run */
    const char *image = m->versioned || !chance(m, 4) ? NULL : chance(m, 50) ? "MINIMAL" : "NOBLOB";

    m->partial = image;
    if (image)
        printf("SET SESSION binlog_row_image = %s;\n", image);
    if (chance(m, 35)) {
        statements_print(m, 1);
    } else {
        printf("START TRANSACTION;\n");
        statements_print(m, 1 + below(m, 6));
        printf(chance(m, 90) ? "COMMIT;\n" : "ROLLBACK;\n");
    }
    if (image)
        printf("SET SESSION binlog_row_image = FULL;\n");
    m->partial = false;
}

/* Whatever fits no statement fails on the source, and is not logged. */
void definition_change_print(struct model *m)
{
    const struct table *t = any_table(m);
    const struct column *c = &t->columns[below(m, t->column_count)];

    if (t->cascaded && key_is_hidden(c))
        c = main_column(t);
    switch (below(m, t->versioned ? 2 : 11)) {
    case 0:
        printf("ALTER TABLE %s ADD KEY x%u (%s);\n", t->name, below(m, 3), c->name);
        return;
    case 1:
        printf("ALTER TABLE %s DROP KEY x%u;\n", t->name, below(m, 3));
        return;
    case 2:
        printf("ALTER TABLE %s ADD UNIQUE KEY u%u (%s);\n", t->name, below(m, 2), c->name);
        return;
    case 3:
        printf("ALTER TABLE %s DROP KEY %c%u;\n", t->name, chance(m, 70) ? 'u' : 'i', below(m, 3));
        return;
    case 4:
        printf("ALTER TABLE %s ADD COLUMN x%u INT DEFAULT 5%s;\n", t->name, below(m, 3),
               chance(m, 30) ? " FIRST" : "");
        return;
    case 5:
        printf("ALTER TABLE %s DROP COLUMN x%u;\n", t->name, below(m, 3));
        return;
    case 6:
        printf("SET foreign_key_checks = %u;\nTRUNCATE TABLE %s;\nSET foreign_key_checks = 1;\n", below(m, 2),
               t->name);
        return;
    case 7:
        printf("ALTER TABLE %s AUTO_INCREMENT = %u;\n", t->name, 1 + below(m, 200));
        return;
    case 8:
        printf("ALTER TABLE %s FORCE;\n", t->name);
        return;
    case 9:
        if (m->foreign_key_count > 0) {
            const struct foreign_key *f = &m->foreign_keys[below(m, m->foreign_key_count)];
            printf("ALTER TABLE %s DROP FOREIGN KEY %s;\n", m->tables[f->child].name, f->name);
        }
        return;
    default:
        if (m->foreign_key_count > 0) {
            printf("SET foreign_key_checks = %u;\n", chance(m, 70));
            foreign_key_print(m, &m->foreign_keys[below(m, m->foreign_key_count)]);
            printf("SET foreign_key_checks = 1;\n");
        }
    }
}
