-- Statements in the log, in databases that shapes.sql left.
use d1;
set session binlog_format = statement;
insert into t (v) values ('stmt'), ('b');
insert into t (v) values (last_insert_id());
insert into t (v) values (rand());
set @uv = 'uservar', @n = 18446744073709551615, @d = 1.5, @nul = null;
insert into t (v) values (@uv), (@n), (@d), (@nul);
insert into m (v) values ('stmt my');
begin; insert into t (v) values ('s1'); savepoint `a b`; insert into m (v) values ('mm'); rollback to `a b`; commit;
begin; insert into t (v) values ('s1'); savepoint s; insert into t (v) values ('s2'); rollback to s; insert into t (v) values ('s3'); commit;
begin; insert into t (v) values ('s1'); insert into m (v) values ('mm'); rollback;
insert into t (v) values (convert(_latin1'x' using latin1));
load data local infile '@LOAD@' into table m fields terminated by ',' (@x, v);
load data local infile '@LOAD@' replace into table t fields terminated by ',' (@x, v);
update t set v = concat(v, '.') where id < 20;
create table sel as select id, v from t where id < 10;
