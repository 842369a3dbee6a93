-- Rows of every column type, extremes included; then the smaller row images.
use ty;
set time_zone = '+00:00';
insert into i values (1,-128,-32768,-8388608,-2147483648,-9223372036854775808,1.5,-2.25,-1234567.891,-12345678901234567890123456789012345.123456789012345678901234567890,-99999,-0.12345,1,b'1010101010101',0xfedcba9876543210,1901),(2,127,32767,8388607,2147483647,9223372036854775807,65536.5,123456789.125,9999999.999,0,99999,0.99999,0,0,0,2155),(3,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null),(4,0,0,0,0,0,0,0,0,0,0,0,0,1,1,0);
insert into tm values (1,'2026-11-23','-838:59:59','-0:00:00.1','-00:00:01.25','-10:11:12.345','-10:11:12.3456','-10:11:12.34567','-10:11:12.345678','1000-01-01 00:00:00','9999-12-31 23:59:59.9','2026-11-23 06:02:58.12','2026-11-23 06:02:58.123','2026-11-23 06:02:58.1234','2026-11-23 06:02:58.12345','2026-11-23 06:02:58.123456','1970-01-01 00:00:01','2038-01-19 03:14:07.9','2000-02-29 12:00:00.01','2000-02-29 12:00:00.001','2000-02-29 12:00:00.0001','2000-02-29 12:00:00.00001','2000-02-29 12:00:00.000001');
insert into tm values (2,'9999-12-31','838:59:59','0:00:00.1','00:00:01.25','10:11:12.345','10:11:12.3456','10:11:12.34567','10:11:12.345678','2026-11-23 06:02:58','2026-11-23 06:02:58.0','2026-11-23 06:02:58.00','2026-11-23 06:02:58.000','2026-11-23 06:02:58','2026-11-23 06:02:58','2026-11-23 06:02:58',null,null,null,null,null,null,null);
insert into tm(id) values(3);
insert into st values (1,'a','äöü€','long','b','bb','v','sixty','sixty4','two55','two56','thousand','vbin','tb','bl','mb','lb','tt','tx','mt','lt','b','x,z','{"a":1}','123e4567-e89b-12d3-a456-426655440017','192.168.0.1','2001:db8::ff00:42:8329');
insert into st(id,c255,v255,v256,v1000,tb,bl,mb,b255) values (2,repeat('€',255),repeat('x',255),repeat('y',256),repeat('z',1000),repeat('t',255),repeat('b',65535),repeat('m',70000),repeat('q',255));
insert into st(id,c1,c10,v1,s,bl,tx) values (3,'','','','','','');
insert into e2 values (1,'a0','s9,s1','a64,a1'),(2,null,null,null);
insert into gm values (1,st_geomfromtext('POINT(1 2)'),point(3,4),st_geomfromtext('LINESTRING(0 0,1 1)')),(2,null,null,null);
insert into co values (1,repeat('a',254),repeat('b',255),repeat('c',256),repeat('d',3000),repeat('e',5000),repeat('f',5000),repeat('g',70000),repeat('h',254)),(2,'a','b','c','d','e','f','g','h'),(3,'','','','','','','',''),(4,null,null,null,null,null,null,null,null);
set session binlog_row_image = minimal;
update st set v1='n' where id=1; delete from st where id=3; insert into tm (id, t0) values (9, '1:2:3');
set session binlog_row_image = noblob;
update st set v1='o' where id=1; update st set bl='changed' where id=1;
