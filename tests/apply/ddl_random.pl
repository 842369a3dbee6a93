#!/usr/bin/perl
# ddl_random.pl SEED COUNT: random DDL with changes to rows in between, in databases a and b, as SQL. What fails is left out by
# whoever runs it (--force): no state is kept here but names.
use strict;
use warnings;

my ($seed, $count) = @ARGV;
srand($seed);
sub pick { return int(rand(shift)) }
sub one { return $_[pick(scalar @_)] }
sub db { return one('a', 'a', 'b') }
sub table { return db() . '.t' . pick(5) }
sub name { return 'c' . pick(7) }
sub number { return pick(100) }
sub type { return one('INT', 'BIGINT UNSIGNED', 'VARCHAR(' . (10 + pick(60)) . ')', 'VARCHAR(300) COLLATE utf8mb4_bin', 'DECIMAL(12,3)', 'DATETIME(3)', 'TEXT', "ENUM('x','y','z')", 'DOUBLE', 'YEAR', 'BIT(9)', 'UUID', 'BLOB') }
sub null { return one('', ' NULL', ' NOT NULL') }
sub default_of { return one('', '', '', ' DEFAULT NULL', ' DEFAULT (NOW(6))', ' INVISIBLE') }
sub column { my $c = name(); return "$c " . type() . one(null() . default_of(), null(), " AS (CONCAT(id, 'g')) " . one('VIRTUAL', 'STORED')) }
sub place { return one('', '', ' FIRST', ' AFTER id', ' AFTER ' . name()) }
sub engine { return one('', '', '', ' ENGINE=InnoDB ROW_FORMAT=COMPRESSED', ' CHARACTER SET latin1', ' WITH SYSTEM VERSIONING', ' ENGINE=Aria', ' ENGINE=MyISAM',
    ' PARTITION BY HASH (id) PARTITIONS 3', ' PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (20), PARTITION p1 VALUES LESS THAN (50), PARTITION pm VALUES LESS THAN MAXVALUE)') }

sub specification {
    return one(
        'ADD ' . one('', 'IF NOT EXISTS ') . column() . place(), 'ADD (' . column() . ', ' . column() . ')', 'DROP ' . one('', 'IF EXISTS ') . name(), 'MODIFY ' . column() . place(),
        'CHANGE ' . name() . ' ' . column(), 'RENAME COLUMN ' . name() . ' TO ' . name(), 'ALTER ' . name() . ' SET DEFAULT ' . one("'7'", 'NULL', '(1 + 2)'), 'ALTER ' . name() . ' DROP DEFAULT',
        'ADD ' . one('KEY', 'UNIQUE KEY', 'INDEX IF NOT EXISTS') . ' k' . pick(4) . ' (' . name() . one('', ', id', ' DESC') . ')', 'DROP KEY ' . one('', 'IF EXISTS ') . 'k' . pick(4),
        'RENAME KEY k' . pick(4) . ' TO k' . pick(4), 'ADD CHECK (id < ' . (1000 + number()) . ')', "COMMENT = 'c" . number() . ", ''x'''", 'FORCE', 'CONVERT TO CHARACTER SET ' . one('utf8mb4', 'latin1'),
        'DROP PRIMARY KEY, ADD PRIMARY KEY (id, n)', one('ADD', 'DROP') . ' SYSTEM VERSIONING');
}

sub partitioning {
    return one('PARTITION BY HASH (id) PARTITIONS ' . (1 + pick(4)), 'REMOVE PARTITIONING', 'COALESCE PARTITION 1', 'ADD PARTITION PARTITIONS 1', 'TRUNCATE PARTITION p' . pick(3), 'DROP PARTITION p' . pick(3),
        'REORGANIZE PARTITION p0, p1 INTO (PARTITION p01 VALUES LESS THAN (50))', 'REBUILD PARTITION ALL', 'EXCHANGE PARTITION p' . pick(2) . ' WITH TABLE ' . table(), 'CONVERT PARTITION p0 TO TABLE ' . table(),
        'PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (20), PARTITION p1 VALUES LESS THAN (50), PARTITION pm VALUES LESS THAN MAXVALUE)');
}

sub definition {
    my $t = table();
    return one(
        ('CREATE ' . one('TABLE ', 'OR REPLACE TABLE ', 'TABLE IF NOT EXISTS ') . "$t (id INT AUTO_INCREMENT PRIMARY KEY, n INT, " . column() . ', ' . column() . ')' . engine()) x 4,
        "CREATE TABLE $t LIKE " . table(), "CREATE OR REPLACE TABLE $t LIKE " . table(), ('ALTER ' . one('', '', 'ONLINE ') . "TABLE $t " . join(', ', map { specification() } 0 .. pick(3)) . one('', '', '', ', ALGORITHM = COPY', ', ALGORITHM = INSTANT')) x 14,
        ("ALTER TABLE $t " . partitioning()) x 4, 'RENAME TABLE ' . table() . ' TO ' . table(), "RENAME TABLE $t TO a.swap, " . table() . " TO $t, a.swap TO " . table(), "ALTER TABLE $t RENAME " . table(), "TRUNCATE TABLE $t",
        "DROP TABLE $t", 'DROP TABLE IF EXISTS ' . table() . ', ' . table(), "CREATE OR REPLACE VIEW " . db() . ".v AS SELECT id, n FROM $t", 'DROP VIEW IF EXISTS ' . db() . '.v',
        'CREATE OR REPLACE SEQUENCE ' . db() . '.s START WITH ' . (1 + number()), 'ALTER SEQUENCE IF EXISTS ' . db() . '.s RESTART ' . (1 + number()), 'DROP SEQUENCE IF EXISTS ' . db() . '.s',
        'CREATE OR REPLACE FUNCTION ' . db() . '.f() RETURNS INT DETERMINISTIC RETURN ' . number(), 'CREATE OR REPLACE PROCEDURE ' . db() . ".p() COMMENT 'x" . number() . "' SELECT 1", 'ALTER DATABASE ' . db() . ' COLLATE ' . one('utf8mb4_bin', 'utf8mb4_general_ci'),
        'SET binlog_alter_two_phase = ' . pick(2), 'SET time_zone = ' . one("'+00:00'", "'+07:30'"), 'SET sql_mode = ' . one("''", "'ANSI_QUOTES'", "'NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES'"));
}

sub change {
    my $t = table();
    return one('INSERT IGNORE INTO ' . $t . ' (n) VALUES ' . join(', ', map { '(' . number() . ')' } 0 .. pick(5)), "INSERT IGNORE INTO $t SET id = " . number() . ', n = ' . number() . ', ' . name() . " = '" . number() . "'",
        "UPDATE IGNORE $t SET n = n + 1, " . name() . " = '" . number() . "' WHERE id % 3 = " . pick(3), "UPDATE IGNORE $t SET id = id + 200 WHERE id = " . number(), "DELETE FROM $t WHERE n % 5 = " . pick(5) . ' LIMIT 3',
        one('START TRANSACTION', 'COMMIT', 'COMMIT'));
}

print "SET SESSION system_versioning_alter_history = KEEP;\nCREATE DATABASE IF NOT EXISTS a; CREATE DATABASE IF NOT EXISTS b;\n";
for (1 .. $count) {
    print pick(3) ? change() : definition(), ";\n";
}
print "COMMIT;\n";
