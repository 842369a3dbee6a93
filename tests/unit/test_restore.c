/* The parts of a restore that need no server: the plan, changes of definitions, units of work, the pending
 * list. */
#include <stdlib.h>

#include "base/mem.h"
#include "job/pending.h"
#include "restore/ddl.h"
#include "restore/load_queue.h"
#include "restore/load_units.h"
#include "tests/unit/unit.h"

static const struct restore_choices no_choices = {0};

static struct manifest_object object(enum object_kind kind, const char *db, const char *name)
{
    return (struct manifest_object){.kind = kind,
                                    .db = mem_strdup(db),
                                    .name = name ? mem_strdup(name) : NULL,
                                    .member = mem_strdup("m")};
}

static struct manifest_piece piece(uint64_t volume, const char *member)
{
    return (struct manifest_piece){.volume = volume, .member = mem_strdup(member), .bytes = 10};
}

static void add_chunk(struct manifest_table *t, const struct manifest_piece *pieces, size_t count)
{
    t->chunks = mem_resize(t->chunks, t->chunk_count + 1, sizeof(*t->chunks));
    struct manifest_chunk *c = &t->chunks[t->chunk_count++];
    *c = (struct manifest_chunk){.id = t->chunk_count, .rows = 1, .bytes = 10 * count, .piece_count = count};
    c->pieces = mem_zalloc(count, sizeof(*c->pieces));
    memcpy(c->pieces, pieces, count * sizeof(*pieces));
}

/* Databases shop and crm; shop.a has chunks in volumes 1, 2 to 3, and 5; crm.b in volume 4. */
static struct manifest *sample(void)
{
    struct manifest *m = manifest_new();

    m->id = mem_strdup("id");
    m->stream = mem_strdup("main");
    m->objects = mem_zalloc(8, sizeof(*m->objects));
    m->objects[m->object_count++] = object(OBJECT_DATABASE, "shop", NULL);
    m->objects[m->object_count++] = object(OBJECT_DATABASE, "crm", NULL);
    m->objects[m->object_count++] = object(OBJECT_SEQUENCE, "shop", "s");
    m->objects[m->object_count++] = object(OBJECT_TABLE, "shop", "a");
    m->objects[m->object_count++] = object(OBJECT_TABLE, "crm", "b");
    m->tables = mem_zalloc(2, sizeof(*m->tables));
    m->table_count = 2;
    m->tables[0] = (struct manifest_table){.db = mem_strdup("shop"),
                                           .name = mem_strdup("a"),
                                           .engine = mem_strdup("InnoDB"),
                                           .load = mem_strdup("")};
    m->tables[1] = (struct manifest_table){.db = mem_strdup("crm"),
                                           .name = mem_strdup("b"),
                                           .engine = mem_strdup("InnoDB"),
                                           .load = mem_strdup("")};
    add_chunk(&m->tables[0], (struct manifest_piece[]){piece(1, "x")}, 1);
    add_chunk(&m->tables[0], (struct manifest_piece[]){piece(2, "y"), piece(3, "y2")}, 2);
    add_chunk(&m->tables[0], (struct manifest_piece[]){piece(5, "z")}, 1);
    add_chunk(&m->tables[1], (struct manifest_piece[]){piece(4, "b")}, 1);
    return m;
}

static struct job *job(const char *database, const char *from, const char *to)
{
    struct job *j = mem_zalloc(1, sizeof(*j));

    j->name = mem_strdup("j");
    j->stream = mem_strdup("main");
    j->store_id = mem_strdup("1");
    j->stream_id = mem_strdup("2");
    if (database)
        scope_list_add(&j->scope.databases, database, NULL);
    if (from)
        statement_renames_add(&j->scope.renames, from, NULL, to, NULL);
    return j;
}

static void test_plan(void)
{
    struct restore_plan *p = NULL;

    CHECK_OK(restore_plan_new(job(NULL, "shop", "store"), sample(), &no_choices, &p));
    CHECK(p->db_count == 2 && p->table_count == 3);
    CHECK_STR(restore_plan_db(p, "shop")->target, "store");
    CHECK_STR(restore_plan_db(p, "crm")->stage, "ccr_stage_j_2");
    CHECK(restore_plan_target_table(p, "store", "a") == restore_plan_table(p, "shop", "a"));
    CHECK(!restore_plan_table(p, "shop", "b") && !restore_plan_target_table(p, "shop", "a"));
    restore_plan_free(p);
    CHECK_OK(restore_plan_new(job("crm", NULL, NULL), sample(), &no_choices, &p));
    CHECK(p->db_count == 1 && p->table_count == 1);
    restore_plan_free(p);
    CHECK_ERR(restore_plan_new(job("none", NULL, NULL), sample(), &no_choices, &p), ERR_USAGE, "'none'");
    CHECK_ERR(restore_plan_new(job(NULL, "shop", "crm"), sample(), &no_choices, &p), ERR_USAGE,
              "both become");
    CHECK_ERR(restore_plan_new(job(NULL, "shop", "mysql"), sample(), &no_choices, &p), ERR_USAGE, "'mysql'");
    CHECK_ERR(restore_plan_new(job(NULL, "nix", "x"), sample(), &no_choices, &p), ERR_USAGE, "not in scope");
}

static const char definition[] =
    "CREATE TABLE `a` (\n"
    "  `id` int(11) NOT NULL DEFAULT nextval(`shop`.`s`),\n"
    "  `t` varchar(9) DEFAULT ') REFERENCES `b` it''s \\' nextval(`shop`.`s`)',\n"
    "  KEY `k``1` (`t`),\n"
    "  UNIQUE KEY `u` (`t`),\n"
    "  KEY `last` (`id`) USING BTREE,\n"
    "  CONSTRAINT `f``1` FOREIGN KEY (`id`) REFERENCES `crm`.`b` (`id`) ON DELETE CASCADE,\n"
    "  CONSTRAINT `f2` FOREIGN KEY (`id`) REFERENCES `a` (`id`),\n"
    "  CONSTRAINT `f3` FOREIGN KEY (`id`) REFERENCES `elsewhere` (`id`),\n"
    "  CONSTRAINT `c` CHECK (`id` > 0)\n"
    ") ENGINE=InnoDB";

static void collect(const char *name, const char *clause, void *arg)
{
    buf_printf(arg, "%s|%s\n", name, clause);
}

static const char keys[] =
    "CREATE TABLE `a` (\n"
    "  `id` int(11) DEFAULT NULL,\n"
    "  KEY `k` (`id`),\n"
    "  CONSTRAINT `in``side` FOREIGN KEY (`id`) REFERENCES `crm`.`b` (`id`),\n"
    "  CONSTRAINT `out` FOREIGN KEY (`id`) REFERENCES `x` (`id`) ON DELETE SET NULL,\n"
    "  CONSTRAINT `no` CHECK (`id` <> ') REFERENCES `x` (`id`) ON DELETE CASCADE'),\n"
    "  CONSTRAINT `last` FOREIGN KEY (`id`, `id`) REFERENCES `other`.`x``y` (` CASCADE`)\n"
    ") ENGINE=InnoDB";

static void count_cascades(const char *name, const char *clause, void *arg)
{
    (void)name;
    *(int *)arg += ddl_cascades(clause);
}

static void test_outside_keys(void)
{
    struct restore_plan *p = NULL;
    struct buf out = BUF_INIT;
    char *db, *name;
    int cascades = 0;

    CHECK_OK(restore_plan_new(job(NULL, NULL, NULL), sample(), &no_choices, &p));
    const struct restore_table *t = restore_plan_table(p, "shop", "a");
    ddl_keys_inside(p, t, keys, &out);
    CHECK_STR(buf_str(&out), "CREATE TABLE `a` (\n"
                             "  `id` int(11) DEFAULT NULL,\n"
                             "  KEY `k` (`id`),\n"
                             "  CONSTRAINT `in``side` FOREIGN KEY (`id`) REFERENCES `crm`.`b` (`id`),\n"
                             "  CONSTRAINT `no` CHECK (`id` <> ') REFERENCES `x` (`id`) ON DELETE CASCADE')\n"
                             ") ENGINE=InnoDB");
    buf_clear(&out);
    ddl_qualify("CONSTRAINT `out` FOREIGN KEY (`id`) REFERENCES `x` (`id`)", "shop", &out);
    CHECK_STR(buf_str(&out), "CONSTRAINT `out` FOREIGN KEY (`id`) REFERENCES `shop`.`x` (`id`)");
    buf_clear(&out);
    ddl_reference("CONSTRAINT `last` FOREIGN KEY (`id`) REFERENCES `other`.`x``y` (`a`)", "shop", &db, &name);
    CHECK_STR(db, "other");
    CHECK_STR(name, "x`y");
    free(db);
    free(name);
    ddl_each_foreign_key(keys, count_cascades, &cascades);
    CHECK(cascades == 1);
    buf_free(&out);
    restore_plan_free(p);
}

static void test_ddl(void)
{
    struct restore_plan *p = NULL;
    struct buf out = BUF_INIT;

    CHECK_OK(restore_plan_new(job(NULL, "shop", "store"), sample(), &no_choices, &p));
    const struct restore_table *t = restore_plan_table(p, "shop", "a");
    ddl_place_table(p, t, definition, DDL_STAGE, &out);
    CHECK(strstr(buf_str(&out), "DEFAULT nextval(`ccr_stage_j_1`.`s`),"));
    CHECK(strstr(buf_str(&out), "DEFAULT ') REFERENCES `b` it''s \\' nextval(`shop`.`s`)',"));
    CHECK(strstr(buf_str(&out), "REFERENCES `ccr_stage_j_2`.`b` (`id`) ON DELETE"));
    CHECK(strstr(buf_str(&out), "REFERENCES `ccr_stage_j_1`.`a` ("));
    CHECK(strstr(buf_str(&out), "REFERENCES `store`.`elsewhere` ("));
    buf_clear(&out);
    ddl_place_table(p, t, definition, DDL_TARGET, &out);
    CHECK(strstr(buf_str(&out), "REFERENCES `crm`.`b` (") &&
          strstr(buf_str(&out), "REFERENCES `store`.`a` ("));
    buf_clear(&out);
    ddl_unstage(p, "(nextval(`ccr_stage_j_1`.`s`) + 1)", &out);
    CHECK_STR(buf_str(&out), "(nextval(`store`.`s`) + 1)");
    buf_clear(&out);
    CHECK(ddl_uses_sequence(t, definition) &&
          !ddl_uses_sequence(t, "CREATE TABLE `t` (`a` int DEFAULT 'nextval(`')"));
    ddl_each_key(definition, collect, &out);
    CHECK_STR(buf_str(&out), "k`1|KEY `k``1` (`t`)\nlast|KEY `last` (`id`) USING BTREE\n");
    buf_clear(&out);
    ddl_each_foreign_key(definition, collect, &out);
    CHECK(strstr(buf_str(&out),
                 "f`1|CONSTRAINT `f``1` FOREIGN KEY (`id`) REFERENCES `crm`.`b` (`id`) ON DELETE CASCADE\n"));
    CHECK(!strstr(buf_str(&out), "CHECK"));
    buf_free(&out);
    restore_plan_free(p);
}

static void check_event(const char *sql, const char *expected)
{
    struct buf out = BUF_INIT;

    CHECK_OK(ddl_disable_event(sql, &out));
    CHECK_STR(buf_str(&out), expected);
    buf_free(&out);
}

static void test_statements(void)
{
    struct buf out = BUF_INIT;

    check_event("CREATE EVENT ` PRESERVE ENABLE` ON SCHEDULE EVERY 1 DAY ON COMPLETION NOT PRESERVE ENABLE "
                "DO SELECT 1",
                "CREATE EVENT ` PRESERVE ENABLE` ON SCHEDULE EVERY 1 DAY ON COMPLETION NOT PRESERVE DISABLE "
                "ON SLAVE DO "
                "SELECT 1");
    check_event(
        "CREATE EVENT `e` ON SCHEDULE AT 'x' ON COMPLETION PRESERVE DISABLE ON SLAVE COMMENT 'ENABLE' DO x",
        "CREATE EVENT `e` ON SCHEDULE AT 'x' ON COMPLETION PRESERVE DISABLE ON SLAVE COMMENT 'ENABLE' DO x");
    CHECK_ERR(ddl_disable_event("CREATE EVENT `e` DO SELECT 1", &out), ERR_UNSUPPORTED, "event");
    CHECK_OK(ddl_or_replace("CREATE DEFINER=`a`@`b` VIEW `v` AS select 1", &out));
    CHECK_STR(buf_str(&out), "CREATE OR REPLACE DEFINER=`a`@`b` VIEW `v` AS select 1");
    CHECK_ERR(ddl_or_replace("ALTER VIEW `v`", &out), ERR_UNSUPPORTED, "CREATE");
    buf_clear(&out);
    CHECK_OK(
        ddl_database_defaults("CREATE DATABASE `a``b ` /*!40100 DEFAULT CHARACTER SET utf8mb4 */", &out));
    CHECK_STR(buf_str(&out), " /*!40100 DEFAULT CHARACTER SET utf8mb4 */");
    CHECK_ERR(ddl_database_defaults("CREATE DATABASE IF NOT EXISTS `a`", &out), ERR_UNSUPPORTED, "CREATE");
    buf_free(&out);
}

static void test_units(void)
{
    struct restore_plan *p = NULL;
    struct load_work w;

    CHECK_OK(restore_plan_new(job(NULL, NULL, NULL), sample(), &no_choices, &p));
    struct restore_table *t = restore_plan_table(p, "shop", "a");
    t->loaded[2] = t->rows->chunks[2].rows;
    CHECK_OK(load_work_new(p, &w));
    CHECK(w.piece_count == 4 && w.unit_count == 3);
    CHECK(w.units[0].volume_count == 2 && w.units[0].volumes[0] == 2 && w.units[0].volumes[1] == 3);
    CHECK(w.units[0].bytes == 20 && w.units[1].volumes[0] == 1 && w.units[2].volumes[0] == 4);
    CHECK(load_work_find(&w, 3, "y2") && load_work_find(&w, 3, "y2")->piece == 1);
    CHECK(!load_work_find(&w, 5, "z") && !load_work_find(&w, 1, "y"));
    load_work_free(&w);
    restore_plan_free(p);
}

/* Two workers: the first is in shop.a, so the second gets crm.b, though shop.a has more left. */
static void test_queue(void)
{
    struct restore_plan *p = NULL;
    struct load_work w;

    CHECK_OK(restore_plan_new(job(NULL, NULL, NULL), sample(), &no_choices, &p));
    CHECK_OK(load_work_new(p, &w));
    struct load_queue *q = load_queue_new(&w, p);
    const struct load_unit *first = load_queue_take(q);
    CHECK(first && first->volumes[0] == 2);
    const struct load_unit *second = load_queue_take(q);
    CHECK(second && second->volumes[0] == 4);
    load_queue_leave(q, first);
    const struct load_unit *third = load_queue_take(q);
    CHECK(third && third->volumes[0] == 1);
    load_queue_leave(q, second);
    CHECK(load_queue_take(q)); /* shop.a again: a worker does not wait for a table of its own */
    CHECK(!load_queue_take(q));
    load_queue_free(q);
    load_work_free(&w);
    restore_plan_free(p);
}

static void test_damaged_units(void)
{
    struct restore_plan *p = NULL;
    struct manifest *m = sample();
    struct load_work w;

    /* 2 to 3 already; back again is a circle, and another way out of 2 is none that a writer takes */
    add_chunk(&m->tables[0], (struct manifest_piece[]){piece(3, "c"), piece(2, "c2")}, 2);
    CHECK_OK(restore_plan_new(job(NULL, NULL, NULL), m, &no_choices, &p));
    CHECK_ERR(load_work_new(p, &w), ERR_INTEGRITY, "circle");
    restore_plan_free(p);
    m = sample();
    add_chunk(&m->tables[0], (struct manifest_piece[]){piece(2, "c"), piece(5, "c2")}, 2);
    CHECK_OK(restore_plan_new(job(NULL, NULL, NULL), m, &no_choices, &p));
    CHECK_ERR(load_work_new(p, &w), ERR_INTEGRITY, "not linked");
    restore_plan_free(p);
}

static void test_pending(void)
{
    struct pending p = {.stream = mem_strdup("main"),
                        .snapshot = mem_strdup("id"),
                        .options = mem_strdup("0"),
                        .reason = mem_strdup("first run"),
                        .missing_definer = mem_strdup("a@h"),
                        .skip_binlog = true,
                        .job = job("shop", "shop", "store")};
    struct pending back;

    pending_add_aside(&p, "d", "ccr_old_j_1", true);
    pending_add_gone(&p, "crm");
    pending_add_key(&p, "d", "t", "f`1", "CONSTRAINT `f``1` FOREIGN KEY (`a`) REFERENCES `b` (`c`)", true);
    p.partial = p.behind = true;
    pending_add_in(&p, "d", "t");
    pending_add_out(&p, "d", "u");
    char *text = pending_encode(&p);
    CHECK_OK(pending_decode(text, &back));
    CHECK(back.skip_binlog && !back.standalone && back.aside_count == 1 && back.asides[0].view);
    CHECK(back.gone_count == 1 && back.key_count == 1);
    CHECK_STR(back.keys[0].clause, p.keys[0].clause);
    CHECK_STR(back.missing_definer, "a@h");
    CHECK(back.keys[0].replaces && back.partial && back.behind && back.in_count == 1);
    CHECK_STR(back.out_count == 1 ? back.out[0].name : NULL, "u");
    CHECK_STR(job_target_database(back.job, "shop"), "store");
    char *again = pending_encode(&back);
    CHECK_STR(again, text);
    pending_free(&back);
    CHECK_ERR(pending_decode("{\"stream\": \"main\"}", &back), ERR_TARGET, "snapshot");
    CHECK_ERR(pending_decode("nonsense", &back), ERR_TARGET, "JSON");
    free(again);
    free(text);
    p.partial = false; /* of a whole one, nothing is said about it */
    text = pending_encode(&p);
    CHECK(!strstr(text, "partial"));
    CHECK_OK(pending_decode(text, &back));
    CHECK(!back.partial);
    pending_free(&back);
    free(text);
    pending_free(&p);
}

int main(void)
{
    test_plan();
    test_ddl();
    test_outside_keys();
    test_statements();
    test_units();
    test_queue();
    test_damaged_units();
    test_pending();
    return UNIT_END;
}
