#!/usr/bin/perl
# Every column type of MariaDB, as values and as keys: tables, and random changes to them, as SQL.
#
#   kinds.pl schema [KEYS]          the tables, in database k; KEYS: how many of the key tables (all)
#   kinds.pl rows SEED COUNT [KEYS] COUNT changes; the same seed gives the same text
#
# v_FAMILY    one table for the types of a family: each column once nullable, once not
# (A compressed VARCHAR takes more characters than it is declared for, where the bytes allow it, and LOAD DATA does not.)
# n_FAMILY    the same without any key
# k_NN        a type as the primary key, and once more as a value
# The tables of kinds.sql have their own changes here, below.
use strict;
use warnings;

my ($what, $seed, $count, $keys) = @ARGV;
$what //= 'schema';
$keys = $seed if $what eq 'schema';

sub pick { my $n = shift; return int(rand($n)) }
sub one { return $_[pick(scalar @_)] }
sub digits { my $n = shift; return join('', map { pick(10) } 1 .. $n) }
sub utf8 { my $s = shift; return "_utf8mb4 X'" . unpack('H*', $s) . "'" }

# ---- values of a type, as SQL

sub whole {
    my ($low, $high) = @_;
    return one($low, $high, $low, $high, 0, 1, $low ? -1 : 2, pick(100), $high =~ /^(\d{2,})\d\d$/ ? "$1" . digits(1) : 1);
}

sub decimal {
    my ($precision, $scale, $unsigned) = @_;
    my $int = $precision - $scale;
    my $sign = $unsigned ? '' : one('', '-');
    my $all = ('9' x $int || '0') . ($scale ? '.' . '9' x $scale : '');
    my $least = '0' . ($scale ? '.' . '0' x ($scale - 1) . '1' : '');
    my $some = (digits(pick($int + 1)) || '0') . ($scale ? '.' . digits(1 + pick($scale)) : '');
    return $sign . one($all, $least, '0', $some, $some, $some);
}

sub real {
    my ($largest, $least, $unsigned) = @_;
    my $sign = $unsigned ? '' : one('', '-');
    return $sign . one($largest, $least, '0e0', '1e0', '0.1e0', '16777217e0', '9007199254740993e0', sprintf('%.17ge0', rand(1000)), digits(3) . 'e' . (pick(60) - 30));
}

sub bits { my $n = shift; return "b'" . one('1' x $n, '0' x $n, '1' . '0' x ($n - 1), join('', map { pick(2) } 1 .. $n)) . "'" }

sub day {
    return one('0000-00-00', '2024-00-00', '2023-02-31', '0001-01-01', '1000-01-01', '9999-12-31', '2024-02-29',
        sprintf('%04d-%02d-%02d', 1900 + pick(200), 1 + pick(12), 1 + pick(28)));
}

sub fraction { my $n = shift; return $n ? '.' . one('0' x $n, '9' x $n, digits($n)) : '' }
sub clock { return one('00:00:00', '23:59:59', sprintf('%02d:%02d:%02d', pick(24), pick(60), pick(60))) . fraction(shift) }
sub duration { my $n = shift; return "'" . one('', '-') . one('838:59:59', '00:00:00', '00:00:01', sprintf('%d:%02d:%02d', pick(800), pick(60), pick(60))) . fraction($n) . "'" }

sub instant {
    my $n = shift;
    return "'" . one('0000-00-00 00:00:00', '1970-01-01 00:00:01', '1970-01-02 00:00:00', '2038-01-18 03:14:07', '2038-01-19 03:14:07',
        '2024-03-31 02:30:00', '2024-10-27 02:30:00', sprintf('%04d-%02d-%02d ', 1971 + pick(60), 1 + pick(12), 1 + pick(28)) . clock(0)) . fraction($n) . "'";
}

my @words = (
    '', ' ', 'a', 'A', 'a ', 'a  ', "a\t", "\xc3\xa4", "\xc3\x84", "a\xcc\x88", "\xc3\xa6", 'ae', 'AE', "\xc3\x9f", 'ss', 'SS', "\xc5\x93", 'b', 'B', "\\", "'", '"', "\0", "a\0",
    "\n", "\xe6\xbc\xa2", "\xe2\x82\xac", "\xf0\x9f\x99\x82", "\xd0\x96", "\xce\xa3", 'NULL', '\\N', '%_', 'ij', "\xc4\xb3");

sub text {
    my $max = shift;    # characters
    my $s = one(@words, @words, digits(4), join('', map { one(@words) } 1 .. 6));
    return utf8($s) if pick(6) || $max < 8;
    my $times = one(int($max / 8), pick(40));
    return 'REPEAT(' . utf8(one('abcdefgh', "\xc3\xa4bcdef\xe6\xbc\xa2\xf0\x9f\x99\x82", 'abcd ef ')) . ", $times)";
}

sub bytes {
    my $max = shift;
    my $few = $max < 12 ? $max : 12;
    return one("''", "X'" . '00' x $few . "'", "X'" . 'FF' x $few . "'", "X'" . join('', map { sprintf('%02X', pick(256)) } 1 .. 1 + pick($few)) . "'") if pick(6) || $max < 12;
    return "REPEAT(X'" . one('00', 'FF', '20', '5C') . "', " . one($max, $max - 1, 255, 256, pick(300)) . ')' if $max < 70000;
    return "REPEAT(X'000102FF', " . one(63, 64, 16384, 20000) . ')';
}

sub member { my $n = shift; return one(0, 1, $n, 1 + pick($n)) }
sub some_of { my $n = shift; return "b'" . join('', map { pick(2) } 1 .. $n) . "'+0" if $n < 64; return one(0, 1, '18446744073709551615', '9223372036854775808', digits(15)) }
sub hexes { my $n = shift; return join('', map { sprintf('%02x', pick(256)) } 1 .. $n) }
sub uuid { return "'" . one('00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff', join('-', hexes(4), hexes(2), hexes(2), hexes(2), hexes(6))) . "'" }
sub inet4 { return "'" . one('0.0.0.0', '255.255.255.255', join('.', map { pick(256) } 1 .. 4)) . "'" }
sub inet6 { return "'" . one('::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '::ffff:' . join('.', map { pick(256) } 1 .. 4), join(':', map { hexes(2) } 1 .. 8)) . "'" }
sub json { return one("'null'", "'[]'", "'{\"a\": [1, 2.50, null]}'", 'JSON_OBJECT(' . utf8('k') . ', ' . utf8(one(grep { !/\0/ } @words)) . ')', "'\"\\\\u00e9\"'") }

sub point { return one('0 0', '-180 90', sprintf('%.9g %.9g', rand(360) - 180, rand(180) - 90)) }
sub line { return '(' . join(',', map { point() } 0 .. 1 + pick(5)) . ')' }
sub ring { return '((0 0, 10 0, 10 ' . (1 + pick(9)) . ', 0 10, 0 0))' }

my %shapes = (
    point => sub { 'POINT(' . point() . ')' }, linestring => sub { 'LINESTRING' . line() }, polygon => sub { 'POLYGON' . ring() },
    multipoint => sub { 'MULTIPOINT' . line() }, multilinestring => sub { 'MULTILINESTRING(' . line() . ',' . line() . ')' },
    multipolygon => sub { 'MULTIPOLYGON(' . ring() . ')' }, geometrycollection => sub { 'GEOMETRYCOLLECTION(POINT(' . point() . '),LINESTRING' . line() . ')' });
$shapes{geometry} = sub { $shapes{one(grep { $_ ne 'geometry' } sort keys %shapes)}->() };
sub shape { my $of = shift; return "ST_GeomFromText('" . $shapes{$of}->() . "'" . one('', '', ', 4326', ', 1') . ')' }

# ---- the types: family => [SQL, how a value is made, as a key ('' none, '(n)' a prefix)]

sub members { return join(',', map { "'m$_'" } 1 .. shift) }

my %whole = (TINYINT => [-128, 127, 255], SMALLINT => [-32768, 32767, 65535], MEDIUMINT => [-8388608, 8388607, 16777215],
    INT => [-2147483648, 2147483647, 4294967295], BIGINT => ['-9223372036854775808', '9223372036854775807', '18446744073709551615']);
my @charsets = qw(latin1 latin2 utf8mb3 utf8mb4 ucs2 utf16 utf16le utf32 ascii binary big5 gbk gb2312 sjis cp932 ujis eucjpms euckr tis620 koi8r koi8u
    greek hebrew cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 dec8 hp8 swe7 armscii8 geostd8 keybcs2 macce macroman latin5 latin7);

my %families = (
    whole => [
        (map { my $t = $_; my ($l, $h, $u) = @{$whole{$t}}; ([$t, sub { whole($l, $h) }, 1], ["$t UNSIGNED", sub { whole(0, $u) }, 1]) } sort keys %whole),
        ['INT(8) ZEROFILL', sub { whole(0, 4294967295) }, 1], ['BOOL', sub { pick(2) }, 1],
    ],
    exact => [map { my ($p, $s, $u) = @$_; ["DECIMAL($p,$s)" . ($u ? ' UNSIGNED' : ''), sub { decimal($p, $s, $u) }, 1] }
        ([65, 30], [65, 0], [30, 30], [1, 0], [9, 9], [10, 2, 1], [18, 9], [20, 5], [5, 0, 1])],
    real => [
        ['FLOAT', sub { real('3.4028234e38', one('1.17549435e-38', '1e-45', '1.4e-40')) }, 1], ['FLOAT UNSIGNED', sub { real('3.4028234e38', '1e-45', 1) }, 1],
        ['DOUBLE', sub { real('1.7976931348623157e308', one('2.2250738585072014e-308', '5e-324', '1e-310')) }, 1],
        ['DOUBLE UNSIGNED', sub { real('1.7976931348623157e308', '5e-324', 1) }, 1],
        ['FLOAT(7,3)', sub { decimal(7, 3) }, 1], ['DOUBLE(15,3)', sub { decimal(15, 3) }, 1],
    ],
    bit => [map { my $n = $_; ["BIT($n)", sub { bits($n) }, $n =~ /^(?:1|8|9|33|64)$/] } 1 .. 64],
    day => [
        ['YEAR', sub { one(0, 1901, 2155, 1970 + pick(100)) }, 1], ['DATE', sub { "'" . day() . "'" }, 1],
        (map { my $n = $_; ["TIME($n)", sub { duration($n) }, $n % 3 == 0] } 0 .. 6),
        (map { my $n = $_; ["DATETIME($n)", sub { "'" . day() . ' ' . clock($n) . "'" }, $n % 3 == 0] } 0 .. 6),
        (map { my $n = $_; ["TIMESTAMP($n)", sub { instant($n) }, $n % 3 == 0] } 0 .. 6),
    ],
    text => [
        ['CHAR(0)', sub { "''" }], ['CHAR(1)', sub { text(1) }, 1], ['CHAR(10)', sub { text(10) }, 1], ['CHAR(255)', sub { text(255) }, 1],
        ['VARCHAR(63)', sub { text(63) }, 1], ['VARCHAR(64)', sub { text(64) }, 1],
        ['VARCHAR(255) CHARACTER SET latin1', sub { text(255) }, 1], ['VARCHAR(256) CHARACTER SET latin1', sub { text(256) }, 1],
        ['TINYTEXT', sub { text(60) }, '(5)'], ['TEXT', sub { text(5000) }, '(20)'], ['MEDIUMTEXT', sub { text(30000) }, '(20)'], ['LONGTEXT', sub { text(30000) }, '(20)'],
        ['JSON', \&json],
        (map { ["VARCHAR(40) COLLATE $_", sub { text(40) }, 1] } qw(utf8mb4_bin utf8mb4_nopad_bin utf8mb4_general_ci utf8mb4_general_nopad_ci utf8mb4_unicode_520_ci
            uca1400_ai_ci uca1400_as_cs utf8mb4_uca1400_german2_nopad_ai_ci utf8mb3_czech_ci latin1_german2_ci latin1_bin ucs2_unicode_ci utf16le_bin sjis_japanese_ci)),
        ['CHAR(12) COLLATE utf8mb4_unicode_ci', sub { text(12) }, 1], ['TEXT COLLATE utf8mb4_unicode_ci', sub { text(300) }, '(6)'],
    ],
    charset => [map { (["CHAR(9) CHARACTER SET $_", sub { text(9) }], ["VARCHAR(20) CHARACTER SET $_", sub { text(20) }]) } @charsets],
    charset_text => [map { (["TEXT CHARACTER SET $_", sub { text(100) }], ["ENUM('a','b','" . ($_ eq 'swe7' ? 'c' : 'c d') . "') CHARACTER SET $_", sub { member(3) }]) } @charsets],
    bytes => [
        ['BINARY(1)', sub { bytes(1) }, 1], ['BINARY(16)', sub { bytes(16) }, 1], ['BINARY(255)', sub { bytes(255) }, 1], ['VARBINARY(1)', sub { bytes(1) }, 1],
        ['VARBINARY(255)', sub { bytes(255) }, 1], ['VARBINARY(256)', sub { bytes(256) }, 1],
        ['TINYBLOB', sub { bytes(255) }, '(9)'], ['BLOB', sub { bytes(65535) }, '(9)'], ['MEDIUMBLOB', sub { bytes(70000) }, '(9)'], ['LONGBLOB', sub { bytes(70000) }, '(9)'],
    ],
    packed => [
        ['VARCHAR(10) COMPRESSED', sub { 'LEFT(' . text(10) . ', 10)' }], ['VARCHAR(254) CHARACTER SET latin1 COMPRESSED', sub { text(254) }], ['VARCHAR(255) CHARACTER SET latin1 COMPRESSED', sub { text(255) }],
        ['VARCHAR(3000) COMPRESSED', sub { text(3000) }], ['VARBINARY(300) COMPRESSED', sub { bytes(300) }], ['TINYTEXT COMPRESSED', sub { text(60) }], ['TEXT COMPRESSED', sub { text(5000) }],
        ['MEDIUMTEXT COMPRESSED', sub { text(30000) }], ['LONGTEXT COMPRESSED', sub { text(30000) }], ['TINYBLOB COMPRESSED', sub { bytes(254) }], ['BLOB COMPRESSED', sub { bytes(65000) }],
        ['MEDIUMBLOB COMPRESSED', sub { bytes(70000) }], ['LONGBLOB COMPRESSED', sub { bytes(70000) }],
    ],
    choice => [
        (map { my $n = $_; ['ENUM(' . members($n) . ')', sub { member($n) }, 1] } 1, 2, 255, 256, 300), ["ENUM('','it''s','a,b','\\\\','\xc3\xa4')", sub { member(5) }, 1],
        (map { my $n = $_; ['SET(' . members($n) . ')', sub { some_of($n) }, 1] } 1, 8, 9, 24, 33, 64),
    ],
    address => [['UUID', \&uuid, 1], ['INET4', \&inet4, 1], ['INET6', \&inet6, 1]],
    shape => [map { my $s = $_; [uc $s, sub { shape($s) }] } sort keys %shapes],
);

my %tables;    # name => [columns: [name, type, nullable]], and what a row is found by
for my $family (sort keys %families) {
    my $n = 0;
    my @columns = map { my $t = $_; $n++; (["a$n", $t, 1], ["b$n", $t, 0]) } @{$families{$family}};
    $tables{"v_$family"} = {columns => \@columns, head => 'id INT AUTO_INCREMENT PRIMARY KEY, n INT', by => 'id'};
    $tables{"n_$family"} = {columns => \@columns, head => 'n INT', by => 'n'};
}
my @keyed = grep { $_->[2] } map { @{$families{$_}} } sort keys %families;
$keys = @keyed unless $keys && $keys < @keyed;
for my $i (1 .. $keys) {
    my $type = $keyed[int(($i - 1) * @keyed / $keys)];
    my $part = $type->[2] eq '1' ? '' : $type->[2];
    my $name = sprintf('k_%03d', $i);
    $tables{$name} = {columns => [['v', $type, 0], ['w', $type, 1]], head => 'n INT', tail => ", PRIMARY KEY (v$part)", by => 'n', key => 1};
}

# ---- what is printed

sub column {
    my ($name, $type, $nullable) = @{$_[0]};
    my $sql = $type->[0];
    my $default = $sql =~ /^(?:TINY|MEDIUM|LONG)?(?:TEXT|BLOB)|^JSON|POINT|LINESTRING|POLYGON|GEOMETRY/ ? '' : $sql =~ /^(?:UUID|INET6)/ ? " DEFAULT '" . ($sql eq 'UUID' ? '0' x 32 : '::') . "'"
      : $sql =~ /^INET4/ ? " DEFAULT '0.0.0.0'" : $sql =~ /^TIMESTAMP/ ? ' DEFAULT 0' : '';
    return "$name $sql " . ($nullable ? 'NULL' : "NOT NULL$default");
}

if ($what eq 'schema') {
    print "SET NAMES utf8mb4; SET sql_mode = 'ALLOW_INVALID_DATES';\nCREATE DATABASE k CHARACTER SET utf8mb4;\nUSE k;\n";
    for my $name (sort keys %tables) {
        my $t = $tables{$name};
        my $options = $name =~ /charset/ ? ' ROW_FORMAT=DYNAMIC' : '';
        print "CREATE TABLE $name ($t->{head}, ", join(', ', map { column($_) } @{$t->{columns}}), $t->{tail} // '', ")$options;\n";
    }
    exit;
}

srand($seed);

sub settings {
    my ($t, $most) = @_;
    my @some = grep { rand() < $most / @{$t->{columns}} } @{$t->{columns}};
    push @some, one(@{$t->{columns}}) unless @some;
    return join(', ', map { my ($name, $type, $nullable) = @$_; "$name = " . ($nullable && !pick(6) ? 'NULL' : $type->[1]->()) } @some);
}

sub where { my $by = shift; return "WHERE $by % " . (2 + pick(9)) . ' = ' . pick(3) . ' LIMIT ' . (1 + pick(6)) }

sub change {
    my $name = shift;
    my $t = $tables{$name};
    my $n = pick(40);
    my $what = pick(10);
    if ($what < 5) {
        my @needed = grep { $_->[1][0] =~ /JSON|POINT|LINESTRING|POLYGON|GEOMETRY/ && !$_->[2] } @{$t->{columns}};
        my $more = join('', map { ", $_->[0] = " . $_->[1][1]->() } @needed);
        my %plain = %$t;
        $plain{columns} = [grep { my $c = $_; !grep { $_ == $c } @needed } @{$t->{columns}}];
        return one('INSERT IGNORE', 'INSERT IGNORE', 'REPLACE') . " INTO $name SET n = $n, " . settings(\%plain, 12) . $more;
    }
    return "UPDATE IGNORE $name SET " . settings($t, 6) . ' ' . where($t->{by}) if $what < 8;
    return "UPDATE IGNORE $name SET n = n + 1, " . settings($t, 2) . ' ' . where('n') if $what < 9;
    return "DELETE FROM $name " . where($t->{by});
}

# The tables of kinds.sql.
sub other {
    my $v = pick(30);
    my $w = pick(30);
    my $word = utf8(one(@words));
    return one(
        "INSERT IGNORE INTO many VALUES ($v, $w, " . pick(30) . ", $word)", "REPLACE INTO many VALUES ($v, $w, " . pick(30) . ", $word)",
        "UPDATE many SET a = 100 + a, b = 100 + b WHERE a IN ($v, $w); UPDATE IGNORE many SET a = IF(a = 100 + $v, $w, $v) WHERE a > 99; UPDATE IGNORE many SET b = b - 100 WHERE b > 99",
        "UPDATE IGNORE many SET b = b + 1 ORDER BY b DESC LIMIT 9", "UPDATE IGNORE many SET a = -a WHERE a % 7 = " . pick(7), "DELETE FROM many WHERE b % 9 = " . pick(9) . ' LIMIT 2',
        "INSERT IGNORE INTO composite VALUES ($word, " . decimal(8, 3) . ", '" . day() . "', $v)", "UPDATE IGNORE composite SET name = $word WHERE n % 5 = " . pick(5),
        "UPDATE IGNORE composite SET amount = amount + 1 WHERE n % 4 = " . pick(4), "DELETE FROM composite WHERE n % 6 = " . pick(6) . ' LIMIT 3',
        "INSERT IGNORE INTO hashed VALUES ($v, REPEAT($word, " . one(1, 1, 2, 1000) . "), $word)", "UPDATE IGNORE hashed SET b = REPEAT($word, " . one(1, 2, 1000) . ") WHERE id % 5 = " . pick(5),
        "UPDATE IGNORE hashed SET b = NULL WHERE id = $v", "DELETE FROM hashed WHERE id % 8 = " . pick(8) . ' LIMIT 2',
        "INSERT IGNORE INTO made (a, b) VALUES (" . pick(1000) . ", $word)", "UPDATE IGNORE made SET a = a + 1000 WHERE id % 5 = " . pick(5), "UPDATE IGNORE made SET hidden = $v, b = $word WHERE id % 3 = " . pick(3),
        "DELETE FROM made WHERE id % 9 = 1 LIMIT 2", "INSERT IGNORE INTO by_made (a) VALUES ($v)", "UPDATE IGNORE by_made SET a = a + $w ORDER BY a DESC LIMIT 3", "DELETE FROM by_made WHERE a = $v",
        "INSERT IGNORE INTO parent VALUES ($v, $w, $word)", "UPDATE IGNORE parent SET id = id + 31 WHERE id % 6 = " . pick(6) . ' LIMIT 2', "DELETE FROM parent WHERE id % 7 = " . pick(7) . ' LIMIT 2',
        "INSERT IGNORE INTO cascaded (p, q) VALUES ($v, $w)", "INSERT IGNORE INTO cascaded (p, q) SELECT id, u FROM parent LIMIT 4", "DELETE FROM cascaded LIMIT 1",
        "INSERT IGNORE INTO self VALUES ($v, NULL, 1), ($w, $v, 2)", "INSERT IGNORE INTO self VALUES ($v, $w, 3)", "DELETE FROM self WHERE id = $v", "UPDATE IGNORE self SET id = id + 40 WHERE id = $v",
        "INSERT INTO " . one('r_range', 'r_list', 'r_hash', 'r_key', 'r_sub') . " (n, d, t) VALUES ($v, " . pick(40) . ", $word), ($w, " . pick(40) . ", 'x')",
        "UPDATE IGNORE " . one('r_range', 'r_list', 'r_hash', 'r_key', 'r_sub') . " SET d = " . pick(40) . ', n = n + 1 WHERE n % 4 = ' . pick(4) . ' LIMIT 4',
        "DELETE FROM " . one('r_range', 'r_list', 'r_hash', 'r_key', 'r_sub') . " WHERE d % 5 = " . pick(5) . ' LIMIT 3',
        (map { ("INSERT INTO $_ (n, t) VALUES ($v, $word), ($w, 'y')", "UPDATE $_ SET t = $word, n = n + 1 WHERE n % 5 = " . pick(5) . ' LIMIT 4', "DELETE FROM $_ WHERE n % 7 = " . pick(7) . ' LIMIT 2') }
            one('isam', 'aria', 'aria0', 'isam_no_key'), one('history', 'history_shown', 'history_no_key', 'history_parts'), one('keyless', 'nearly')),
        'DO NEXTVAL(' . one('s1', 's2', 's3') . ')', "DO SETVAL(s2, $v, 1)", 'INSERT INTO numbered (n) VALUES (1), (2)',
    );
}

my @names = sort keys %tables;
print "SET NAMES utf8mb4; SET sql_mode = 'ALLOW_INVALID_DATES'; USE k;\n";
for my $step (1 .. $count) {
    my $kind = pick(20);
    print "SET time_zone = '", one('+00:00', '+05:45', '-08:00', '+13:00'), "';\n" unless pick(25);
    print one('START TRANSACTION', 'START TRANSACTION', 'COMMIT', 'COMMIT', 'ROLLBACK', 'SAVEPOINT a', 'ROLLBACK TO a'), ";\n" unless pick(8);
    print 'SET foreign_key_checks = ', pick(4) ? 1 : 0, ', unique_checks = ', pick(4) ? 1 : 0, ";\n" unless pick(40);
    print $kind < 12 ? change(one(@names)) : other(), ";\n";
}
print "COMMIT;\n";
