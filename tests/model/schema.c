#include "tests/model/model.h"

#include <stdio.h>
#include <string.h>

static unsigned column_add(struct table *t, const char *prefix, enum kind kind)
{
    struct column *c = &t->columns[t->column_count];

    snprintf(c->name, sizeof(c->name), "%s%u", prefix, t->column_count);
    c->kind = kind;
    return t->column_count++;
}

static struct key *key_add(struct table *t, unsigned column, bool unique)
{
    struct key *k = &t->keys[t->key_count++];

    *k = (struct key){.unique = unique, .count = 1, .columns = {column}};
    return k;
}

static enum kind key_kind(struct model *m)
{
    return (enum kind)below(m, KIND_WIDE);
}

static enum kind integer_kind(struct model *m)
{
    return (enum kind)below(m, KIND_SMALL + 1);
}

static void primary(struct table *t, struct key *k)
{
    k->primary = true;
    for (unsigned i = 0; i < k->count; i++)
        t->columns[k->columns[i]].not_null = true;
}

static void auto_increment(struct table *t, struct key *k)
{
    t->columns[k->columns[0]].origin = ORIGIN_AUTO;
    t->columns[k->columns[0]].not_null = true;
}

/* The key that finds rows, of every sort; or none. */
static void main_key_make(struct model *m, struct table *t)
{
    struct key *k;

    switch (below(m, 14)) {
    case 0:
    case 1:
    case 2:
    case 3: /* AUTO_INCREMENT */
        k = key_add(t, column_add(t, "k", integer_kind(m)), true);
        primary(t, k);
        auto_increment(t, k);
        return;
    case 4: /* a plain integer */
        primary(t, key_add(t, column_add(t, "k", integer_kind(m)), true));
        return;
    case 5:
    case 6: /* two columns */
        k = key_add(t, column_add(t, "k", integer_kind(m)), true);
        k->columns[k->count++] = column_add(t, "k", key_kind(m));
        primary(t, k);
        return;
    case 7: /* a part of a text */
        k = key_add(t, column_add(t, "k", (enum kind)(KIND_WIDE + below(m, 3))), true);
        k->prefix = 2;
        primary(t, k);
        return;
    case 8: /* unique, without NULLs, but not called primary */
        key_add(t, column_add(t, "k", key_kind(m)), true);
        t->columns[0].not_null = true;
        return;
    case 9: /* with NULLs */
        key_add(t, column_add(t, "k", key_kind(m)), true);
        return;
    case 10: /* no key at all */
        column_add(t, "k", key_kind(m));
        return;
    case 11: /* the counter is not the primary key */
        primary(t, key_add(t, column_add(t, "k", key_kind(m)), true));
        k = key_add(t, column_add(t, "n", integer_kind(m)), chance(m, 50));
        auto_increment(t, k);
        return;
    default:
        primary(t, key_add(t, column_add(t, "k", key_kind(m)), true));
    }
}

/* Further columns: payload, generated ones, one that tells the time. */
static void columns_make(struct model *m, struct table *t)
{
    unsigned count = 1 + below(m, 4);

    for (unsigned i = 0; i < count; i++) {
        unsigned c = column_add(t, "c", (enum kind)below(m, KIND_COUNT));
        t->columns[c].not_null = chance(m, 30);
    }
    if (chance(m, 30)) {
        unsigned base = below(m, t->column_count);
        if (t->columns[base].origin == ORIGIN_PLAIN && kind_can_be_base(t->columns[base].kind)) {
            unsigned c = column_add(t, "g", KIND_STRICT);
            t->columns[c].origin = chance(m, 50) ? ORIGIN_VIRTUAL : ORIGIN_STORED;
            t->columns[c].base = base;
        }
    }
    if (chance(m, 25)) {
        unsigned c = column_add(t, "s", KIND_TIMESTAMP);
        t->columns[c].origin = ORIGIN_CLOCK;
        t->columns[c].not_null = true;
    }
}

/* Unique keys over anything, and plain ones. */
static void keys_make(struct model *m, struct table *t)
{
    while (t->key_count < MODEL_KEYS && chance(m, t->key_count == 0 ? 0 : 45)) {
        unsigned c = below(m, t->column_count);
        if (t->columns[c].kind == KIND_LONG || t->columns[c].origin == ORIGIN_CLOCK)
            continue;
        struct key *k = key_add(t, c, !t->partitioned && chance(m, 75));
        if (chance(m, 25)) {
            unsigned second = below(m, t->column_count);
            if (second != c && t->columns[second].kind < KIND_WIDE && !kind_needs_hash(t->columns[c].kind))
                k->columns[k->count++] = second;
        }
        bool virtual_one = t->columns[c].origin == ORIGIN_VIRTUAL;
        bool long_one = kind_needs_hash(t->columns[c].kind) || t->columns[c].kind == KIND_STRICT;
        if (k->count == 1 && long_one && !virtual_one && (!k->unique || chance(m, 30)))
            k->prefix = 1 + below(m, 3);
    }
}

static void table_make(struct model *m, struct table *t)
{
    snprintf(t->name, sizeof(t->name), "t%u", m->table_count++);
    main_key_make(m, t);
    const struct key *k = &t->keys[0];
    t->partitioned = t->key_count == 1 && k->primary && k->prefix == 0 && chance(m, 12);
    columns_make(m, t);
    keys_make(m, t);
    t->versioned = chance(m, 7);
    m->versioned |= t->versioned;
}

bool key_is_hidden(const struct column *c)
{
    return c->origin == ORIGIN_VIRTUAL || kind_needs_hash(c->kind);
}

static bool has_hidden_key(const struct table *t)
{
    for (unsigned i = 0; i < t->key_count; i++)
        for (unsigned j = 0; j < t->keys[i].count; j++)
            if (key_is_hidden(&t->columns[t->keys[i].columns[j]]))
                return true;
    return false;
}

/* A table without foreign keys of its own points to another, to itself, or round in a circle. */
static void foreign_key_make(struct model *m, const char *const *actions, unsigned action_count)
{
    struct foreign_key *f = &m->foreign_keys[m->foreign_key_count];
    struct table *child, *parent;

    f->child = below(m, m->table_count);
    f->parent = below(m, m->table_count);
    child = &m->tables[f->child];
    parent = &m->tables[f->parent];
    if (parent->key_count == 0 || child->column_count == MODEL_COLUMNS || child->key_count == MODEL_KEYS ||
        child->partitioned || parent->partitioned || child->versioned || parent->versioned)
        return;
    const struct key *k = &parent->keys[chance(m, 85) ? 0 : below(m, parent->key_count)];
    f->parent_column = k->columns[0];
    const struct column *to = &parent->columns[f->parent_column];
    if (k->prefix || to->kind >= KIND_WIDE || to->origin == ORIGIN_VIRTUAL)
        return;
    f->column = column_add(child, "f", to->kind);
    child->columns[f->column].not_null = chance(m, 7);
    key_add(child, f->column, chance(m, 10));
    snprintf(f->name, sizeof(f->name), "fk%u", m->foreign_key_count++);
    if (has_hidden_key(child))
        action_count = 2;
    f->on_delete = actions[below(m, action_count)];
    f->on_update = actions[below(m, action_count)];
    child->cascaded |= action_count > 2;
}

void schema_make(struct model *m)
{
    static const char *const actions[] = {"RESTRICT", "NO ACTION", "CASCADE", "SET NULL"};
    unsigned tables = 3 + below(m, MODEL_TABLES - 2);
    /* in every other schema nothing is changed by a foreign key, so that all of it can be merged */
    unsigned action_count = chance(m, 50) ? 2 : 4;

    while (m->table_count < tables)
        table_make(m, &m->tables[m->table_count]);
    for (unsigned tries = below(m, MODEL_FOREIGN_KEYS); tries > 0; tries--)
        foreign_key_make(m, actions, action_count);
}

static void column_print(const struct table *t, const struct column *c)
{
    printf("  %s %s", c->name, kind_type(c->kind));
    switch (c->origin) {
    case ORIGIN_AUTO:
        printf(" NOT NULL AUTO_INCREMENT");
        return;
    case ORIGIN_VIRTUAL:
    case ORIGIN_STORED:
        printf(" AS (LOWER(HEX(%s))) %s", t->columns[c->base].name,
               c->origin == ORIGIN_VIRTUAL ? "VIRTUAL" : "STORED");
        return;
    case ORIGIN_CLOCK:
        printf(" NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3)");
        return;
    case ORIGIN_PLAIN:
    default:
        printf(c->not_null ? " NOT NULL" : " NULL");
    }
}

static void key_print(const struct table *t, const struct key *k, unsigned n)
{
    if (k->primary)
        printf(",\n  PRIMARY KEY (");
    else
        printf(",\n  %sKEY i%u (", k->unique ? "UNIQUE " : "", n);
    for (unsigned i = 0; i < k->count; i++)
        printf("%s%s", i ? ", " : "", t->columns[k->columns[i]].name);
    if (k->prefix)
        printf("(%u)", k->prefix);
    printf(")");
}

static void partitions_print(struct model *m, const struct table *t)
{
    const struct column *c = &t->columns[t->keys[0].columns[t->keys[0].count - 1]];

    if (!kind_is_integer(c->kind) || chance(m, 30))
        printf("\nPARTITION BY KEY (%s) PARTITIONS 3", c->name);
    else if (chance(m, 50))
        printf("\nPARTITION BY HASH (%s) PARTITIONS 4", c->name);
    else
        printf("\nPARTITION BY RANGE (%s) (PARTITION p0 VALUES LESS THAN (4), PARTITION p1 VALUES LESS THAN "
               "(7), "
               "PARTITION p2 VALUES LESS THAN MAXVALUE)",
               c->name);
}

void foreign_key_print(const struct model *m, const struct foreign_key *f)
{
    const struct table *child = &m->tables[f->child];
    const struct table *parent = &m->tables[f->parent];

    printf(
        "ALTER TABLE %s ADD CONSTRAINT %s FOREIGN KEY (%s) REFERENCES %s (%s) ON DELETE %s ON UPDATE %s;\n",
        child->name, f->name, child->columns[f->column].name, parent->name,
        parent->columns[f->parent_column].name, f->on_delete, f->on_update);
}

void schema_print(struct model *m)
{
    for (unsigned i = 0; i < m->table_count; i++) {
        const struct table *t = &m->tables[i];
        printf("CREATE TABLE %s (\n", t->name);
        for (unsigned c = 0; c < t->column_count; c++) {
            printf(c ? ",\n" : "");
            column_print(t, &t->columns[c]);
        }
        for (unsigned k = 0; k < t->key_count; k++)
            key_print(t, &t->keys[k], k);
        printf("\n) ENGINE=InnoDB%s", t->versioned ? " WITH SYSTEM VERSIONING" : "");
        if (t->partitioned)
            partitions_print(m, t);
        printf(";\n");
    }
    for (unsigned i = 0; i < m->foreign_key_count; i++)
        foreign_key_print(m, &m->foreign_keys[i]);
}
