#!/usr/bin/perl
# break.pl IN OUT TYPE NTH OPERATION [ARGUMENTS]: a binlog file without checksums, with its NTH event of that type broken.
#
#   set OFFSET HEX      bytes of its body, from its end where the offset is negative
#   cut COUNT           its last bytes are gone, and its header says so
#   type NUMBER, length NUMBER   what its header says
#   drop                it is not there
#   text OLD NEW        as long, in its body
#
# Prints the offset of the event.
use strict;
use warnings;

my ($in, $out, $type, $nth, $what, @with) = @ARGV;
open(my $file, '<:raw', $in) or die "$in: $!";
my $bytes = do { local $/; <$file> };
my ($at, $seen) = (4, 0);
my $length;

while (1) {
    die "no such event\n" if $at + 19 > length $bytes;
    $length = unpack('V', substr($bytes, $at + 9, 4));
    last if ord(substr($bytes, $at + 4, 1)) == $type && ++$seen == $nth;
    $at += $length;
}
my $head = substr($bytes, $at, 19);
my $body = substr($bytes, $at + 19, $length - 19);
my $says;
if ($what eq 'set') { substr($body, $with[0], length(pack('H*', $with[1])), pack('H*', $with[1])) }
elsif ($what eq 'cut') { $body = substr($body, 0, -$with[0]) }
elsif ($what eq 'type') { substr($head, 4, 1, chr $with[0]) }
elsif ($what eq 'length') { $says = $with[0] }
elsif ($what eq 'text') { $body =~ s/\Q$with[0]\E/$with[1]/ or die "not there\n" }
elsif ($what ne 'drop') { die "unknown: $what\n" }
substr($head, 9, 4, pack('V', $says // 19 + length $body));
substr($bytes, $at, $length, $what eq 'drop' ? '' : $head . $body);
open($file, '>:raw', $out) or die "$out: $!";
print $file $bytes;
close($file) or die;
print "$at\n";
