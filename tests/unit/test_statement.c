#include "binlog/statement.h"

#include <stdlib.h>
#include <string.h>

#include "binlog/account.h"
#include "binlog/sql_lex.h"
#include "tests/unit/unit.h"

/* "ACTION KIND flags role:db.name ...", so that a table of cases is easy to read. */
static char *describe(const char *sql, uint64_t sql_mode)
{
    static const char *const actions[] = {"unknown",   "create",  "alter",       "drop", "rename",
                                          "truncate",  "account", "maintenance", "dml",  "transaction",
                                          "savepoint", "xa",      "server"};
    static const char *const kinds[] = {"",         "database",  "table",   "sequence",     "view",
                                        "function", "procedure", "package", "package-body", "trigger",
                                        "event"};
    static const char *const roles[] = {"", "from:", "to:", "exchanged:", "referenced:", "on:"};
    struct buf out = BUF_INIT;
    struct statement s;

    statement_parse(sql, strlen(sql), sql_mode, &s);
    buf_append_str(&out, actions[s.action]);
    if (s.kind)
        buf_printf(&out, " %s", kinds[s.kind]);
    if (s.if_exists)
        buf_append_str(&out, " if-exists");
    if (s.if_not_exists)
        buf_append_str(&out, " if-not-exists");
    if (s.or_replace)
        buf_append_str(&out, " or-replace");
    if (s.temporary)
        buf_append_str(&out, " temporary");
    if (s.with_select)
        buf_append_str(&out, " with-select");
    if (s.imports)
        buf_append_str(&out, " imports");
    if (s.takes_partition)
        buf_append_str(&out, " takes");
    if (s.volatile_default)
        buf_append_str(&out, " volatile");
    if (s.numbers_rows)
        buf_append_str(&out, " numbers");
    if (s.drops_duplicates)
        buf_append_str(&out, " ignore");
    for (size_t i = 0; i < s.name_count; i++) {
        const struct statement_name *n = &s.names[i];
        buf_printf(&out, " %s%s%s%s", roles[n->role], n->db ? n->db : "", n->db || !n->name ? "." : "",
                   n->name ? n->name : "");
    }
    statement_free(&s);
    return buf_steal(&out);
}

struct parse_case {
    const char *sql;
    const char *expected;
};

static const struct parse_case ddl[] = {
    {"create database d", "create database d."},
    {"CREATE SCHEMA IF NOT EXISTS `d``x` DEFAULT CHARACTER SET utf8mb4",
     "create database if-not-exists d`x."},
    {"create or replace database d", "create database or-replace d."},
    {"alter database d collate utf8mb4_bin", "alter database d."},
    {"alter database character set latin1", "alter database ."},
    {"alter database default collate x", "alter database ."},
    {"alter database `#mysql50#a-b` upgrade data directory name", "unknown"},
    {"drop database if exists d", "drop database if-exists d."},
    {"drop schema d;", "drop database d."},
    {"drop database d.x", "unknown"},

    {"create table t (a int)", "create table t"},
    {"create table d.t(a int)", "create table d.t"},
    {"CREATE TABLE `d` . `t` (a int)", "create table d.t"},
    {"create/**/table/* x */d./*y*/t(a int) -- end", "create table d.t"},
    {"create or replace temporary table if not exists `a``b`.`c.d` (a int)",
     "create table if-not-exists or-replace temporary a`b.c.d"},
    {"create table t like d.u", "create table t referenced:d.u"},
    {"create table t (like d.u)", "create table t referenced:d.u"},
    {"create table t (a int, b varchar(10) default 'select', foreign key (a) references d.p (x), "
     "constraint c foreign key (b) references `q` (`select`))",
     "create table t referenced:d.p referenced:q"},
    {"create table t (a int references p(a))", "create table t referenced:p"},
    {"create table t (a int) engine=merge union=(a,d.b) insert_method=last",
     "create table t referenced:a referenced:d.b"},
    {"create table t as select 1", "create table with-select t"},
    {"create table t select * from u", "create table with-select t"},
    {"create table t (a int) ignore (select * from u)", "create table with-select t"},
    {"create table t as with c as (select 1) select * from c", "create table with-select t"},
    {"create table t as values (1),(2)", "create table with-select t"},
    {"create table t (a int, x.select int)", "create table t"},
    {"create table t (a int) partition by range (a) (partition p0 values less than (5), partition p1 values "
     "less "
     "than maxvalue)",
     "create table t"},
    {"create table t (a int) partition by list (a) (partition p0 values in (1,2))", "create table t"},
    {"create table t (id int, p int as (values) ) with system versioning", "create table t"},
    {"create table t (a int comment 'it''s \\' references x(y)')", "create table t"},
    {"create table t (a int default (1) check (a > 0), fulltext key k (b) with parser ngram)",
     "create table t"},
    {"create table 1t (a int)", "create table 1t"},
    {"create table d.1t (a int)", "create table d.1t"},
    {"create table täblé (a int)", "create table täblé"},
    {"create table `select` (a int)", "create table select"},
    {"create table t$ (a int)", "create table t$"},
    {"create table \"t\" (a int)", "unknown"},
    {"create table 't' (a int)", "unknown"},
    {"create table t (a int comment 'no end)", "unknown"},
    {"create table d. (a int)", "unknown"},
    {"create table", "unknown"},
    {"create /*!40101 temporary */ table t (a int) /*!50100 engine=innodb */", "create table temporary t"},
    {"create /*M!100100 or replace */ table t (a int)", "create table or-replace t"},
    {"create /*!80000 temporary */ table t (a int)", "create table t"},
    {"create table t (a int) /*!50100 partition by hash (a)", "unknown"},

    {"alter table t add a int", "alter table t"},
    {"alter online ignore table if exists d.t wait 5 add a int", "alter table if-exists ignore d.t"},
    {"alter table t nowait drop a", "alter table t"},
    {"alter table t rename to d.u", "alter table t to:d.u"},
    {"alter table t rename u", "alter table t to:u"},
    {"alter table t rename as u, add x int", "alter table t to:u"},
    {"alter table t add x int, rename = u", "alter table t to:u"},
    {"alter table t rename column a to b, rename index c to d, rename key e to f", "alter table t"},
    {"alter table t add x enum('a,rename to u'), add constraint f foreign key (x) references d.p(x) on "
     "update "
     "cascade",
     "alter table t referenced:d.p"},
    {"alter table t add (x int, rename_me int)", "alter table t"},
    {"alter table t exchange partition p with table d.u without validation",
     "alter table takes t exchanged:d.u"},
    {"alter table t convert partition p to table u", "alter table takes t exchanged:u"},
    {"alter table t convert table u to partition p values less than (5)", "alter table t exchanged:u"},
    {"alter table t convert to character set utf8mb4", "alter table t"},
    {"alter table t discard tablespace", "alter table imports t"},
    {"alter table t import tablespace", "alter table imports t"},
    {"alter table t union=(a,b)", "alter table t referenced:a referenced:b"},
    {"alter table t drop partition p, algorithm=instant, lock=none", "alter table takes t"},
    {"alter table t comment='", "unknown"},
    {"alter table t exchange partition p with u", "unknown"},
    {"create index i on t (a)", "alter table t"},
    {"create unique index if not exists i using btree on d.t (a)", "alter table if-not-exists d.t"},
    {"create or replace fulltext index i on t (a)", "alter table or-replace t"},
    {"create spatial index `on` on t (a)", "alter table t"},
    {"drop index if exists i on d.t", "alter table if-exists d.t"},
    {"drop index `primary` on t wait 3", "alter table t"},

    {"DROP TABLE `a`,`d`.`b` /* generated by server */", "drop table a d.b"},
    {"drop temporary table if exists a, b", "drop table if-exists temporary a b"},
    {"drop tables a nowait", "drop table a"},
    {"drop table a cascade", "drop table a"},
    {"drop table a b", "unknown"},
    {"drop view if exists v, d.w restrict", "drop view if-exists v d.w"},
    {"drop sequence s", "drop sequence s"},
    {"rename table a to b, d.c to e.f", "rename table from:a to:b from:d.c to:e.f"},
    {"rename tables if exists a nowait to b", "rename table if-exists from:a to:b"},
    {"rename table a b", "unknown"},
    {"truncate t", "truncate table t"},
    {"truncate table d.t wait 10", "truncate table d.t"},
    {"truncate table t, u", "unknown"},

    {"create sequence s start with 5", "create sequence s"},
    {"alter sequence if exists s restart", "alter sequence if-exists s"},
    {"create algorithm=merge definer=`root`@`localhost` sql security invoker view d.v as select 1",
     "create view d.v"},
    {"create or replace definer = CURRENT_USER view v(a) as select 1", "create view or-replace v"},
    {"create definer=current_user() view v as select 1", "create view v"},
    {"create definer=u@localhost view v as select 1", "create view v"},
    {"create definer='u'@'%' view v as select 1", "create view v"},
    {"alter algorithm=undefined view v as select 1", "alter view v"},
    {"create definer=`r`@`%` trigger if not exists tr before insert on d.t for each row set @x=1",
     "create trigger if-not-exists tr on:d.t"},
    {"create trigger d.tr after delete on t for each row follows x delete from u",
     "create trigger d.tr on:t"},
    {"create trigger tr on t", "unknown"},
    {"drop trigger if exists d.tr", "drop trigger if-exists d.tr"},
    {"create definer=`root`@`localhost` event ev on schedule every 1 hour do delete from t",
     "create event ev"},
    {"alter event d.ev rename to e.ev2", "alter event d.ev to:e.ev2"},
    {"alter event ev disable do rename table a to b", "alter event ev"},
    {"drop event ev", "drop event ev"},
    {"CREATE DEFINER=`root`@`localhost` PROCEDURE `p`(a int)\nbegin drop table x; end", "create procedure p"},
    {"create or replace function d.f() returns int return 1", "create function or-replace d.f"},
    {"create aggregate function if not exists f(x int) returns int begin end",
     "create function if-not-exists f"},
    {"create function f returns integer soname 'x.so'", "server function f"},
    {"alter procedure p comment 'x'", "alter procedure p"},
    {"alter function d.f sql security invoker", "alter function d.f"},
    {"drop procedure if exists d.p", "drop procedure if-exists d.p"},
    {"drop function f", "drop function f"},
    {"create package p as end", "create package p"},
    {"create or replace package body d.p as end", "create package-body or-replace d.p"},
    {"drop package body if exists p", "drop package-body if-exists p"},
    {"drop package p", "drop package p"},

    {"alter table t add a char(36) default (uuid())", "alter table volatile t"},
    {"alter table t add column if not exists (a int, b double default (1 + rand()))",
     "alter table volatile t"},
    {"alter table t drop a, add b varchar(99) default current_user", "alter table volatile t"},
    {"alter table t add a bigint default (next value for d.s)", "alter table volatile t"},
    {"alter table t add a int default (@@server_id), add b int default (1)", "alter table volatile t"},
    {"alter table t add a int default (1 + @u)", "alter table volatile t"},
    {"alter table t add a varchar(99) default (encrypt('a'))", "alter table volatile t"},
    {"alter table t add a int default 1 comment '@@server_id', modify b int default (@@server_id)",
     "alter table t"},
    {"alter table t add a datetime(6) default now(6), add b date default (curdate())", "alter table t"},
    {"alter table t add uuid uuid default 'x', add user varchar(9), add rand int", "alter table t"},
    {"alter table t add key user (a), add constraint version check (a > 1), add unique uuid (b)",
     "alter table t"},
    {"alter table t modify a char(36) default (uuid()), alter b set default (rand())", "alter table t"},
    {"alter table t add a char(36) default 'uuid()' comment 'rand()'", "alter table t"},
    {"alter table t add id int auto_increment primary key", "alter table numbers t"},
    {"alter table t add primary key (id), modify id int auto_increment", "alter table numbers t"},
    {"alter table t change a b serial", "alter table numbers t"},
    {"alter table t auto_increment = 5, add serial int, add key (serial)", "alter table t"},
    {"alter ignore table t add unique (a)", "alter table ignore t"},
    {"alter table t add (a int, b int references p (id)), union = (u, v), rename x",
     "alter table t referenced:p referenced:u referenced:v to:x"},

    {"set statement lock_wait_timeout=1, sort_buffer_size=(1+2) for alter table t add a int",
     "alter table t"},
    {"set statement a='for' for drop table t", "drop table t"},
};

static const struct parse_case others[] = {
    {"", "unknown"},
    {"# Dummy event replacing event type 160 that slave cannot handle.", "unknown"},
    {"insert into t values (1)", "dml"},
    {"/* c */ INSERT t values (1)", "dml"},
    {"update t set a=1", "dml"},
    {"delete from t", "dml"},
    {"replace t values (1)", "dml"},
    {"load data infile 'x' into table t", "dml"},
    {"load index into cache t", "server"},
    {"load something", "unknown"},
    {"call p()", "dml"},
    {"do f()", "dml"},
    {"(select 1)", "dml"},
    {"with a as (select 1) select * from a", "dml"},
    {"set @a=1", "dml"},
    {"set statement max_statement_time=1 for insert into t values (1)", "dml"},
    {"set statement", "unknown"},
    {"analyze table t", "maintenance"},
    {"analyze local table t", "maintenance"},
    {"analyze update t set a=1", "dml"},
    {"analyze format=json delete from t", "dml"},
    {"optimize table t", "maintenance"},
    {"repair table t", "maintenance"},
    {"flush tables", "maintenance"},
    {"create user u identified by 'x'", "account"},
    {"create or replace user u", "account or-replace"},
    {"create role r", "account"},
    {"alter user u account lock", "account"},
    {"drop user if exists u", "account"},
    {"drop role r", "account"},
    {"rename user a to b", "account"},
    {"grant all on *.* to u", "account"},
    {"revoke all on *.* from u", "account"},
    {"SET PASSWORD FOR 'u1'@'%'='*0D'", "account"},
    {"set default role r for u", "account"},
    {"set role r", "account"},
    {"begin", "transaction"},
    {"BEGIN WORK", "transaction"},
    {"begin not atomic drop table t; end", "unknown"},
    {"start transaction", "transaction"},
    {"start slave", "unknown"},
    {"commit", "transaction"},
    {"rollback", "transaction"},
    {"rollback work to savepoint `a b`", "savepoint"},
    {"ROLLBACK TO `s`", "savepoint"},
    {"SAVEPOINT `s`", "savepoint"},
    {"release savepoint s", "savepoint"},
    {"XA COMMIT X'7831',X'62',3", "xa"},
    {"create server s foreign data wrapper mysql options (host 'x')", "server"},
    {"install plugin x soname 'y'", "server"},
    {"uninstall soname 'y'", "server"},
    {"create tablespace x", "unknown"},
    {"change master to master_host='x'", "unknown"},
    {"backup stage start", "unknown"},
    {"frobnicate table t", "unknown"},
    {"'create' table t", "unknown"},
    {"`create` table t (a int)", "unknown"},
};

static void check_parse(const char *sql, uint64_t mode, const char *expected)
{
    char *got = describe(sql, mode);

    if (strcmp(got, expected) != 0)
        printf("in: %s\n", sql);
    CHECK_STR(got, expected);
    free(got);
}

static void test_parse(void)
{
    for (size_t i = 0; i < sizeof(ddl) / sizeof(ddl[0]); i++)
        check_parse(ddl[i].sql, 0, ddl[i].expected);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        check_parse(others[i].sql, 0, others[i].expected);
    check_parse("create table \"d\"\"x\".\"t\" (a int)", SQL_MODE_ANSI_QUOTES, "create table d\"x.t");
    check_parse("create table t (a int comment \"references x(y)\")", 0, "create table t");
    check_parse("create table t (a char(9) default 'x\\', b int references p(q))", 0, "unknown");
    check_parse("create table t (a char(9) default 'x\\', b int references p(q))",
                SQL_MODE_NO_BACKSLASH_ESCAPES, "create table t referenced:p");
}

/* Every prefix of every statement gives some answer (and ASan sees that none is read beyond its end). */
static void test_prefixes(void)
{
    for (size_t i = 0; i < sizeof(ddl) / sizeof(ddl[0]); i++) {
        for (size_t n = 0; n <= strlen(ddl[i].sql); n++) {
            struct statement s;
            struct buf out = BUF_INIT;
            char from[] = "d", to[] = "e";
            struct statement_rename rename = {from, NULL, to, NULL};
            const struct statement_renames names = {&rename, 1};
            char *copy = malloc(n + 1);
            memcpy(copy, ddl[i].sql, n);
            char *exact = realloc(copy, n ? n : 1);
            statement_parse(exact, n, 0, &s);
            CHECK(statement_name_of(&s) != NULL);
            statement_free(&s);
            err_free(statement_rename(exact, n, 0, "d", &names, &out));
            buf_clear(&out);
            statement_add_if_exists(exact, n, 0, &out);
            CHECK(out.len >= n);
            buf_free(&out);
            free(exact);
        }
    }
}

/* shop becomes `neu`, a-b becomes `x``y`; NULL: refused. */
static const struct parse_case renames[] = {
    {"create table shop.t (a int)", "create table `neu`.t (a int)"},
    {"create table `shop` . t (shop int)", "create table `neu` . t (shop int)"},
    {"create table `a-b`.`shop` (a int) -- shop.t", "create table `x``y`.`shop` (a int) -- shop.t"},
    {"create table t (a varchar(9) default 'shop.t')", "create table t (a varchar(9) default 'shop.t')"},
    {"create table other.shop (a int)", "create table other.shop (a int)"},
    {"create table t (a int, constraint `shop` foreign key (a) references `shop`.`p` (`a`))",
     "create table t (a int, constraint `shop` foreign key (a) references `neu`.`p` (`a`))"},
    {"DROP TABLE IF EXISTS `shop`.`a`,`shop`.`b` /* generated by server */",
     "DROP TABLE IF EXISTS `neu`.`a`,`neu`.`b` /* generated by server */"},
    {"rename table shop.a to `a-b`.b", "rename table `neu`.a to `x``y`.b"},
    {"create database shop", "create database `neu`"},
    {"drop database if exists shop", "drop database if exists `neu`"},
    {"alter database `shop` collate utf8mb4_bin", "alter database `neu` collate utf8mb4_bin"},
    {"create schema if not exists shop", "create schema if not exists `neu`"},
    {"create database shops", "create database shops"},
    {"create view v as select `shop`.`t`.`id` AS `id` from `shop`.`t`",
     "create view v as select `neu`.`t`.`id` AS `id` from `neu`.`t`"},
    {"create view shop.v as select s.id, shop.f(1) from shop.t s join shop.u on s.id = u.id",
     "create view `neu`.v as select s.id, `neu`.f(1) from `neu`.t s join `neu`.u on s.id = u.id"},
    {"create view v as select shop.id from other.t shop",
     "create view v as select shop.id from other.t shop"},
    {"create view v as select shop.id from shop.shop", "create view v as select shop.id from `neu`.shop"},
    {"create view v as select extract(year from shop.d) from t as shop",
     "create view v as select extract(year from shop.d) from t as shop"},
    {"create view v as select extract(year from shop.d) from shop.t", NULL},
    {"create view v as select shop.t.id from shop.t, shop.u",
     "create view v as select `neu`.t.id from `neu`.t, `neu`.u"},
    {"create view v as select shop.*, a from shop", "create view v as select shop.*, a from shop"},
    {"grant select on shop.* to u", NULL},
    {"create procedure p() begin prepare s from 'select * from shop.t'; execute s; end", NULL},
    {"create procedure p() begin show tables from shop; end", NULL},
    {"create view v as select * from Shop.t", NULL},
    {"create view v as select Shop.id from t as Shop", "create view v as select Shop.id from t as Shop"},
    {"create trigger shop.tr before insert on shop.t for each row set new.a = shop.f(old.b)",
     "create trigger `neu`.tr before insert on `neu`.t for each row set new.a = `neu`.f(old.b)"},
    {"create definer=`shop`@`shop.example.com` view v as select 1",
     "create definer=`shop`@`shop.example.com` view v as select 1"},
    {"create definer=a@shop.t view v as select @shop.x", "create definer=a@shop.t view v as select @shop.x"},
    {"create procedure p() begin declare shop int; insert into shop.t values (shop); end",
     "create procedure p() begin declare shop int; insert into `neu`.t values (shop); end"},
    {"create /*!50001 view shop.v */ as select 1", "create /*!50001 view `neu`.v */ as select 1"},
    {"call shop.p('a', shop.g())", "call `neu`.p('a', `neu`.g())"},
    {"insert into shop.t values ('shop.x", NULL},
};

static void check_rename(const char *sql, uint64_t mode, const char *expected)
{
    struct statement_renames names = {0};
    struct buf out = BUF_INIT;

    statement_renames_add(&names, "shop", NULL, "neu", NULL);
    statement_renames_add(&names, "a-b", NULL, "x`y", NULL);
    struct err *e = statement_rename(sql, strlen(sql), mode, "", &names, &out);

    if (!expected) {
        CHECK_ERR(e, ERR_UNSUPPORTED, "");
    } else {
        CHECK_OK(e);
        CHECK_STR(buf_str(&out), expected);
    }
    buf_free(&out);
    statement_renames_free(&names);
}

static void test_rename(void)
{
    for (size_t i = 0; i < sizeof(renames) / sizeof(renames[0]); i++)
        check_rename(renames[i].sql, 0, renames[i].expected);
    check_rename("select \"shop\".\"t\".\"a\" from \"shop\".\"t\"", SQL_MODE_ANSI_QUOTES,
                 "select `neu`.\"t\".\"a\" from `neu`.\"t\"");
    check_rename("select \"shop.t\" from x", 0, "select \"shop.t\" from x");
    check_rename("create trigger tr before insert on t for each row set new.a = old.b", 0,
                 "create trigger tr before insert on t for each row set new.a = old.b");
}

/* A database of the name that the row has in a trigger. */
static void test_trigger_rows(void)
{
    static const char trigger[] =
        "create trigger d.tr before insert on d.t for each row set new.a = (select 1 from "
        "new.t)";
    struct statement_renames names = {0};
    struct buf out = BUF_INIT;

    statement_renames_add(&names, "new", NULL, "b", NULL);
    CHECK_OK(statement_rename(trigger, strlen(trigger), 0, "", &names, &out));
    CHECK_STR(buf_str(&out),
              "create trigger d.tr before insert on d.t for each row set new.a = (select 1 from `b`.t)");
    buf_free(&out);
    statement_renames_free(&names);
}

/* shop is called neu, its table a lies in other as b, and its table x is called y. The default database is
 * shop. */
static const struct parse_case table_renames[] = {
    {"select shop.a.id, x.n from shop.a join x",
     "select `other`.`b`.id, `y`.n from `other`.`b` join `neu`.`y`"},
    {"insert into a select * from x", "insert into `other`.`b` select * from `neu`.`y`"},
    {"insert into x (a) values (1) on duplicate key update a = x.a + 1, n = 2",
     "insert into `neu`.`y` (a) values (1) on duplicate key update a = `y`.a + 1, n = 2"},
    {"replace low_priority into x set a = 1", "replace low_priority into `neu`.`y` set a = 1"},
    {"select replace(a, 'x', 'y'), insert(a, 1, 2, 'x') from t",
     "select replace(a, 'x', 'y'), insert(a, 1, 2, 'x') from t"},
    {"create view v as select `a`.`id` AS `id` from (`a` join `shop`.`x` `z` on(`z`.`a` = `a`.`id`))",
     "create view v as select `b`.`id` AS `id` from (`other`.`b` join `neu`.`y` `z` on(`z`.`a` = `b`.`id`))"},
    {"delete from a where a.id = 1", "delete from `other`.`b` where `b`.id = 1"},
    {"delete history from a", "delete history from `other`.`b`"},
    {"delete a, q from a join t q on q.id = a.id",
     "delete `other`.`b`, q from `other`.`b` join t q on q.id = `b`.id"},
    {"delete a.* from t as a", "delete a.* from t as a"},
    {"delete from a using a join x", "delete from `other`.`b` using `other`.`b` join `neu`.`y`"},
    {"update a, x set a.n = x.n where a.id = x.id",
     "update `other`.`b`, `neu`.`y` set `b`.n = `y`.n where `b`.id = `y`.id"},
    {"select * from t for update", "select * from t for update"},
    {"create trigger tr before update on a for each row set new.n = (select 1 from x)",
     "create trigger `other`.`tr` before update on `other`.`b` for each row set new.n = (select 1 from "
     "`neu`.`y`)"},
    {"create table t (id int, a int, foreign key (a) references a (id) on update cascade, s int default "
     "nextval(shop.s))",
     "create table t (id int, a int, foreign key (a) references `other`.`b` (id) on update cascade, s int "
     "default "
     "nextval(`neu`.s))"},
    {"alter table a drop foreign key a_ibfk_1", "alter table `other`.`b` drop foreign key `b_ibfk_1`"},
    {"alter table a exchange partition p with table shop.x",
     "alter table `other`.`b` exchange partition p with table `neu`.`y`"},
    {"alter table x rename column a to b, rename index a to x, rename to a",
     "alter table `neu`.`y` rename column a to b, rename index a to x, rename to `other`.`b`"},
    {"rename table a to old_a, a2 to x, shop.q to shop.a",
     "rename table `other`.`b` to old_a, a2 to `neu`.`y`, `neu`.q to `other`.`b`"},
    {"create table if not exists a like shop.x", "create table if not exists `other`.`b` like `neu`.`y`"},
    {"create table a (like x)", "create table `other`.`b` (like `neu`.`y`)"},
    {"drop table if exists a, shop.x, t", "drop table if exists `other`.`b`, `neu`.`y`, t"},
    {"create unique index i on a (n)", "create unique index i on `other`.`b` (n)"},
    {"drop index a on a", "drop index a on `other`.`b`"},
    {"truncate table a", "truncate table `other`.`b`"},
    {"lock tables a write, x as z read", "lock tables `other`.`b` write, `neu`.`y` as z read"},
    {"with a as (select 1) select * from a", NULL},
    {"with recursive c (n) as (select 1 union all select n + 1 from c) select * from c join x using (n)",
     "with recursive c (n) as (select 1 union all select n + 1 from c) select * from c join `neu`.`y` using "
     "(n)"},
    {"create procedure p() begin declare a int; select a into a from x; end",
     "create procedure p() begin declare a int; select a into a from `neu`.`y`; end"},
    {"create procedure p() begin declare a row type of a; select a.id from a; end", NULL},
    {"create procedure p() begin declare c cursor for select id from a; fetch next from c into x; end",
     "create procedure p() begin declare c cursor for select id from `other`.`b`; fetch next from c into x; "
     "end"},
    {"select * from (select id from a) as q, x where q.id in (select a from x where x.id = q.id)",
     "select * from (select id from `other`.`b`) as q, `neu`.`y` where q.id in (select a from `neu`.`y` "
     "where `y`.id "
     "= q.id)"},
    {"select * from json_table('[]', '$[*]' columns (a int path '$')) as a join x",
     "select * from json_table('[]', '$[*]' columns (a int path '$')) as a join `neu`.`y`"},
    {"create event e on schedule every 1 day do delete from a",
     "create event e on schedule every 1 day do delete from `other`.`b`"},
    {"select next value for a, nextval(shop.x), lastval(a)",
     "select next value for `other`.`b`, nextval(`neu`.`y`), lastval(`other`.`b`)"},
    {"load data infile 'f' replace into table a", "load data infile 'f' replace into table `other`.`b`"},
    {"select trim(leading 'x' from a.n) from a", "select trim(leading 'x' from `b`.n) from `other`.`b`"},
    {"create table m (id int) union=(a, shop.c)", "create table m (id int) union=(`other`.`b`, `neu`.c)"},
    {"select 1 from t union (select 2 from a)", "select 1 from t union (select 2 from `other`.`b`)"},
    {"select 1 from t force index (i) join a on t.a = a.t, x",
     "select 1 from t force index (i) join `other`.`b` on t.a = `b`.t, `neu`.`y`"},
    {"select * from a partition (p0, p1) q where q.x = 1",
     "select * from `other`.`b` partition (p0, p1) q where q.x = 1"},
    {"select a.id from other.a", "select a.id from other.a"},
    {"select a.id from a, b", NULL},
    {"select a.id from other.a, shop.a", NULL},
    {"select A.id from A", NULL}, /* the same table, where names are not case-sensitive */
    {"/*!50001 create view v as select 1 from */ /* a */ a -- a",
     "/*!50001 create view v as select 1 from */ /* a */ `other`.`b` -- a"},
};

static void test_table_renames(void)
{
    struct statement_renames names = {0};

    statement_renames_add(&names, "shop", NULL, "neu", NULL);
    statement_renames_add(&names, "shop", "a", "other", "b");
    statement_renames_add(&names, "shop", "x", "neu", "y");
    for (size_t i = 0; i < sizeof(table_renames) / sizeof(table_renames[0]); i++) {
        const char *sql = table_renames[i].sql;
        struct buf out = BUF_INIT;
        struct err *e = statement_rename(sql, strlen(sql), 0, "shop", &names, &out);
        if (!table_renames[i].expected) {
            CHECK_ERR(e, ERR_UNSUPPORTED, "cannot tell");
        } else {
            CHECK_OK(e);
            CHECK_STR(buf_str(&out), table_renames[i].expected);
        }
        buf_free(&out);
    }
    statement_renames_free(&names);
}

static const struct parse_case if_exists[] = {
    {"DROP TABLE `a`,`b` /* generated by server */",
     "DROP TABLE IF EXISTS `a`,`b` /* generated by server */"},
    {"drop table if exists a", "drop table if exists a"},
    {"drop temporary table a", "drop temporary table IF EXISTS a"},
    {"drop view v, w", "drop view IF EXISTS v, w"},
    {"drop sequence s", "drop sequence IF EXISTS s"},
    {"drop database d", "drop database IF EXISTS d"},
    {"drop package body p", "drop package body IF EXISTS p"},
    {"/* x */ drop/**/table/**/a", "/* x */ drop/**/table/**/ IF EXISTS a"},
    {"set statement lock_wait_timeout=1 for drop table a",
     "set statement lock_wait_timeout=1 for drop table IF EXISTS a"},
    {"drop table`a`", "drop table IF EXISTS `a`"},
    {"alter table a drop b", "alter table a drop b"},
    {"drop index i on t", "drop index i on t"},
    {"drop user u", "drop user u"},
};

static void test_if_exists(void)
{
    for (size_t i = 0; i < sizeof(if_exists) / sizeof(if_exists[0]); i++) {
        struct buf out = BUF_INIT;
        statement_add_if_exists(if_exists[i].sql, strlen(if_exists[i].sql), 0, &out);
        CHECK_STR(buf_str(&out), if_exists[i].expected);
        buf_free(&out);
    }
}

/* No bytes at all, as an empty buffer has them. */
static void test_nothing(void)
{
    struct statement s;

    statement_parse(NULL, 0, 0, &s);
    CHECK(s.action == STATEMENT_UNKNOWN && s.name_count == 0);
    statement_free(&s);
}

/* No name has a NUL, and a C string would end there. */
static void test_nul_in_name(void)
{
    static const char sql[] = "drop trigger `a\0b`";
    static const char account[] = "`a\0b`@`%`";
    struct statement s;
    struct sql_lexer l;
    struct account a;

    statement_parse(sql, sizeof(sql) - 1, 0, &s);
    CHECK(s.action == STATEMENT_UNKNOWN);
    statement_free(&s);
    sql_lexer_init(&l, account, sizeof(account) - 1, 0);
    CHECK(!account_take(&l, &a));
}

int main(void)
{
    test_nothing();
    test_nul_in_name();
    test_parse();
    test_prefixes();
    test_rename();
    test_trigger_rows();
    test_table_renames();
    test_if_exists();
    return UNIT_END;
}
