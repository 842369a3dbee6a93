#!/usr/bin/perl
# characters.pl sample|odd|all|some|list SEED
#
# SQL that makes objects of every kind whose names hold odd characters and words: databases, tables with everything that a
# table has, views, programs, users. `sample`: some of what is known to be odd, and some names of random code points of
# the basic plane. `odd`: all that is known to be odd. `all`: every code point once, many to a name; `some`: a sixteenth of
# those names. `list` prints the names of `sample`, each in backticks and in hexadecimal.
use strict;
use warnings;
binmode(STDOUT, ':raw');

my ($what, $seed) = @ARGV;
srand($seed);

# Half of a surrogate pair is no character, but the server takes it for one.
sub utf8_of {
    my ($code) = @_;
    return chr($code) if $code < 0x80;
    return chr(0xC0 | $code >> 6) . chr(0x80 | $code & 0x3F) if $code < 0x800;
    return chr(0xE0 | $code >> 12) . chr(0x80 | $code >> 6 & 0x3F) . chr(0x80 | $code & 0x3F);
}

sub shuffled {
    my @list = @_;
    for (my $i = @list; --$i > 0;) {
        my $j = int(rand($i + 1));
        @list[$i, $j] = @list[$j, $i];
    }
    return @list;
}

# A name of some code points: letters around them, for a name may not end in white space, nor a database begin
# as a file of an older server. A table's name is a file's, in which a character takes up to five bytes.
my $many = 45;

sub name_of {
    return join('', 'a', (map { utf8_of($_) } @_), 'z');
}

sub q_ident {
    my ($name) = @_;
    $name =~ s/`/``/g;
    return "`$name`";
}

sub q_text {
    my ($text) = @_;
    return "_utf8mb4 X'" . uc(unpack('H*', $text)) . "'";
}

my @codes = shuffled(grep { $_ != 0 } 0 .. 0xFFFF);
my @odd = (
    'select', 'TABLE', 'primary', 'from', 'group', 'order', 'key', 'index', 'default', 'null', 'true', 'in', 'to', 'on',
    q{'}, q{"}, q{`}, q{``}, q{\\}, q{\\'}, q{a'b"c`d\\e}, '%', '%41', '%2F', '%00', '_', 'a_b', '*', '?',
    '.', '..', '...', 'a.b', '.a', 'a.', '/', 'a/b', '/a', '../a', '//', '\\..', '-', '--', '-- a', '#', '# a', '/*', '*/',
    ';', 'a;b', ',', 'a,b', '(', ')', '()', '@', '@a', '@@b', ':', '$', '&', '|', '<a>', '~', '!', '^', '=', '+', '{}', '[]',
    ' a', ' a b', "a\tb", "a\nb", "\na", "a\rb", "a\r\nb", "a\x01b", "\x1b[31mred", "a\x1ab", "a\x7fb", "\nDELIMITER x\na",
    'schema.sql', 'a.sql', '.sql', '000001.tsv', 'users.sql', 'a.function.sql', 'a.trigger.sql', 'manifest.json', 'plan',
    'ccr.x', 'ccr_stage', 'mysql50', '#sql-1_1', 'db.opt', 'con', 'nul', 'nextval', 'REFERENCES', ') REFERENCES a', 'nextval(a',
    'CREATE', ') ENGINE=InnoDB', 'a) COMMENT=', 'PRESERVE ENABLE', ' DO a', 'DEFINER=a', "\n  KEY a (b),", '1', '1a', '1e5', '0x41',
    'a' x 64, 'B' x 64, '9' x 64, '`' x 40, utf8_of(0xE9) x 64, utf8_of(0x416) x 64, utf8_of(0x4E2D) x 47,
    # names that differ, and that a comparison without case or accents takes for the same
    'Case', 'case', 'CASE', utf8_of(0xE9), 'e', 'E', utf8_of(0xC9), 'ss', utf8_of(0xDF), 'I', 'i', utf8_of(0x131), utf8_of(0x130),
    utf8_of(0x41) . utf8_of(0x30A), utf8_of(0xC5), utf8_of(0x212B), utf8_of(0xFFFD), utf8_of(0xFEFF), utf8_of(0xFFFF), utf8_of(0xFFFE),
    utf8_of(0xD800), utf8_of(0xDFFF), utf8_of(0xA0) . 'a' . utf8_of(0xA0), utf8_of(0x3000) . 'b', utf8_of(0x85) . 'c',
    utf8_of(0x200B) . 'd' . utf8_of(0x200B), utf8_of(0x202E) . 'e', utf8_of(0x2028) . 'f',
);

my @alike = splice(@odd, -30);
my @names;
if ($what eq 'odd') {
    @names = (@odd, @alike);
} elsif ($what eq 'all' || $what eq 'some') {
    splice(@codes, @codes / 16) if $what eq 'some';
    push @names, name_of(splice(@codes, 0, $many)) while @codes;
} else {
    @names = ((shuffled(@odd))[0 .. 15], @alike[0 .. 7]);
    @codes = grep { $_ < 0xD800 || $_ > 0xDFFF } @codes;
    push @names, name_of(splice(@codes, 0, $many)) for 1 .. 3;
}
if ($what eq 'list') {
    print uc(unpack('H*', q_ident($_))), "\n" for @names;
    exit;
}

# Databases are named like that too: each with a table, a view and a program, so that what belongs to one of two that
# compare as equal shows.
my $n = 0;
for my $name (@names) {
    my $db = q_ident($name);
    $n++;
    print "CREATE DATABASE $db COMMENT = " . "'no $n';\nUSE $db;\n";
    print "CREATE TABLE t (a INT PRIMARY KEY, b INT);\nINSERT INTO t VALUES ($n, $n);\n";
    my $pattern = q_ident($name =~ s/([\\_%])/\\$1/gr);
    print "CREATE USER $db\@localhost IDENTIFIED BY 'no $n';\nGRANT SELECT ON $pattern.* TO $db\@localhost;\n";
    next if $what =~ /^(?:all|some)$/ && $n % 10;
    print "CREATE VIEW v AS SELECT a FROM $db.t;\n";
    print "CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN $n;\n";
    print "CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW SET NEW.b = $n;\n";
    print "CREATE EVENT e ON SCHEDULE EVERY $n DAY STARTS '2037-01-01 00:00:00' DISABLE DO INSERT INTO $db.t VALUES ($n, 0);\n";
}

print "CREATE DATABASE chars;\nUSE chars;\n";
my %program;
for my $name (@names) {
    my $id = q_ident($name);
    my $key = lc($name) eq 'primary' ? '`primary key`' : $id;
    my $short = $name =~ /^(?:[\x00-\x7F]|[\xC0-\xFF][\x80-\xBF]*){0,60}$/ ? $name : substr($name, 0, 30);
    my $fk = q_ident(++$n . substr($short, 0, 45) =~ s/[\xC0-\xFF][\x80-\xBF]*$//r . 'z'); # compares without case
    print "CREATE TABLE $id ($id INT NOT NULL DEFAULT 7 COMMENT " . "'c', b VARCHAR(20), c ENUM('x', 'y') AS (IF($id > 1, 'x', 'y')) STORED,\n"
        . "KEY $key (b), PRIMARY KEY ($id), CONSTRAINT $key CHECK ($id > 0));\n";
    print "INSERT INTO $id ($id, b) VALUES (1, 'x'), (2, NULL);\n";
    my $ref = q_ident("r$short");
    # of these the server makes other file names, and then does not find them
    if ($name !~ /^(?:con|nul)$/) {
        print "CREATE TABLE $ref (a INT PRIMARY KEY, $id INT, CONSTRAINT $fk FOREIGN KEY $key ($id) REFERENCES $id ($id));\n";
        print "INSERT INTO $ref VALUES (1, 1);\n";
    }
    print "CREATE DEFINER = $id\@localhost VIEW " . q_ident("v$short") . " ($id) AS SELECT $id FROM $id;\n";
    print "CREATE TRIGGER " . q_ident("t$short") . " BEFORE INSERT ON $id FOR EACH ROW SET NEW.$id = NEW.$id + 1;\n";
    print "CREATE SEQUENCE " . q_ident("s$short") . ";\n";
    # these compare without case and accents; each is then called by its number too
    my $no = $program{lc($name =~ s/[\x80-\xFF]/-/gr)}++ || $name =~ /[\x80-\xFF]/ ? ++$n . substr($short, 0, 45) : $name;
    $no =~ s/[\xC0-\xFF][\x80-\xBF]*$|[\x80-\xBF]+$//;
    my $program = q_ident($no . ($no =~ /[^\x00-\x20\x80-\xFF]$/ ? '' : 'z'));
    print "CREATE FUNCTION $program($id INT) RETURNS INT DETERMINISTIC RETURN $id + 1;\n";
    print "CREATE PROCEDURE $program($id INT) SELECT $id FROM $id;\n";
    print "GRANT SELECT, INSERT ($id) ON $id TO $id\@localhost;\nGRANT EXECUTE ON FUNCTION $program TO $id\@localhost;\n";
    print "CREATE EVENT $program ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DISABLE DO INSERT INTO $id VALUES (1, 2);\n";
}

# Partitions of tables with a short name: their files have both.
while (my @some = splice(@names, 0, 100)) {
    my (%seen, @list);
    for my $name (@some) {
        my $id = q_ident($seen{lc $name =~ s/[\x80-\xFF]/-/gr}++ || $name =~ /[\x80-\xFF]/ ? @list . $name : $name);
        push @list, "PARTITION $id VALUES IN (" . scalar(@list) . ')' if ($name =~ tr/\x00-\x7F\xC0-\xFF//) < 50;
    }
    $n++;
    print "CREATE TABLE p$n (a INT PRIMARY KEY) PARTITION BY LIST (a) (" . join(",\n", @list) . ");\n";
    print "INSERT INTO p$n VALUES (0), (1);\n";
}
