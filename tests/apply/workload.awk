# Random changes to the tables of workload.sql, as SQL. Variables: seed, count (statements), history=no (leave
# the versioned table alone).

function pick(n) { return int(rand() * n) }

function one_of(list,    items, n) {
    n = split(list, items, "|")
    return items[1 + pick(n)]
}

# (mawk's substr counts bytes: whole characters come from a list)
function text(max,    s, n, i, c) {
    n = pick(max + 1)
    s = ""
    for (i = 0; i < n; i++) {
        c = pick(53)
        s = s (c < 44 ? substr("abcdefghijklmnopqrstuvwxyz ABCDEFG0123456789", 1 + c, 1) : one_of("ä|ö|ü|ß|é|ñ|漢|字|🙂"))
    }
    return "'" s "'"
}

function hex(max,    s, n, i) {
    n = 1 + pick(max)
    s = ""
    for (i = 0; i < n; i++)
        s = s sprintf("%02X", pick(256))
    return "X'" s "'"
}

function integer(lo, hi) { return sprintf("%.0f", lo + rand() * (hi - lo)) }

function fraction(n) { return substr(sprintf("%06d", pick(1000000)), 1, n) }

function date() { return one_of("0000-00-00|2024-00-00|1000-01-01|9999-12-31|" sprintf("%04d-%02d-%02d", 1970 + pick(60), 1 + pick(12), 1 + pick(28))) }

function clock(n) { return sprintf("%02d:%02d:%02d%s", pick(24), pick(60), pick(60), n ? "." fraction(n) : "") }

function value(type) {
    if (pick(8) == 0 && type !~ /^not_null/)
        return "NULL"
    if (type == "tiny") return integer(-128, 127)
    if (type == "utiny") return integer(0, 255)
    if (type == "small") return integer(-32768, 32767)
    if (type == "medium") return integer(-8388608, 8388607)
    if (type == "umedium") return integer(0, 16777215)
    if (type == "int") return one_of("-2147483648|2147483647|0|" integer(-1000, 1000))
    if (type == "uint") return one_of("4294967295|4000000000|" integer(0, 100000))
    if (type == "big") return one_of("-9223372036854775808|9223372036854775807|" integer(-100000, 100000))
    if (type == "ubig") return one_of("18446744073709551615|" integer(0, 100000))
    if (type == "real") return sprintf("%.17g", (rand() - 0.5) * 10 ^ pick(30))
    if (type == "dec") return sprintf("%s%d%030d.%030d", one_of("-|"), pick(99999), pick(1000000000), pick(1000000000))
    if (type == "dec2") return sprintf("%s%d.%02d", one_of("-|"), pick(10000000), pick(100))
    if (type == "bit1") return pick(2)
    if (type == "bit33") return integer(0, 8589934591)
    if (type == "bit64") return "X'" sprintf("%08X%08X", pick(4294967295), pick(4294967295)) "'"
    if (type == "year") return one_of("0|1901|2155|" (1970 + pick(100)))
    if (type == "date") return "'" date() "'"
    if (type ~ /^time[0-9]/) return "'" one_of("-838:59:59|838:59:59|" one_of("-|") clock(substr(type, 5))) "'"
    if (type ~ /^datetime/) return "'" date() " " clock(substr(type, 9)) "'"
    if (type ~ /^stamp/) return "'" sprintf("%04d-%02d-%02d ", 1971 + pick(60), 1 + pick(12), 1 + pick(28)) clock(substr(type, 6)) "'"
    if (type == "char") return text(10)
    if (type == "text") return text(300)
    if (type == "long") return "REPEAT(" text(40) ", " pick(400) ")"
    if (type == "bin") return hex(16)
    if (type == "blob") return hex(200)
    if (type == "enum") return one_of("'red'|'green'|'blue'|'it''s'")
    if (type == "set") return "'" one_of("a|b|c|a,b|a,c|b,c|a,b,c|") "'"
    if (type == "set40") return integer(0, 1099511627775)
    if (type == "json") return "JSON_OBJECT('k', " pick(1000) ", 'v', " text(20) ")"
    if (type == "uuid") return "'" sprintf("%08x-%04x-%04x-%04x-%08x%04x", pick(4294967295), pick(65535), pick(65535), pick(65535), pick(4294967295), pick(65535)) "'"
    if (type == "inet4") return "'" pick(256) "." pick(256) "." pick(256) "." pick(256) "'"
    if (type == "inet6") return "'" sprintf("%x:%x::%x", pick(65535), pick(65535), pick(65535)) "'"
    if (type == "point") return sprintf("POINT(%.6f, %.6f)", rand() * 180, rand() * 90)
    if (type == "geometry") return "ST_GeomFromText('LINESTRING(0 0, " pick(100) " " pick(100) ")')"
    return "NULL"
}

BEGIN {
    srand(seed)
    types["tiny"]; n = split("c_tiny:tiny c_utiny:utiny c_small:small c_medium:medium c_umedium:umedium c_int:int c_uint:uint c_big:big " \
        "c_ubig:ubig c_float:real c_double:real c_dec:dec c_dec2:dec2 c_bit1:bit1 c_bit33:bit33 c_bit64:bit64 c_year:year " \
        "c_date:date c_time:time0 c_time3:time3 c_time6:time6 c_dt:datetime0 c_dt1:datetime1 c_dt6:datetime6 c_ts:stamp0 c_ts2:stamp2 " \
        "c_ts6:stamp6 c_char:char c_char255:text c_binary:bin c_varchar:char c_varchar300:text c_varbinary:blob c_tinytext:char " \
        "c_text:text c_mediumtext:long c_longtext:long c_tinyblob:bin c_blob:blob c_mediumblob:blob c_longblob:blob c_enum:enum " \
        "c_set:set c_set40:set40 c_json:json c_uuid:uuid c_inet4:inet4 c_inet6:inet6 c_geometry:geometry c_point:point " \
        "c_latin:char c_packed:text c_packedtext:long c_hidden:int", columns, " ")
    print "SET NAMES utf8mb4; SET SESSION sql_mode = 'ALLOW_INVALID_DATES'; SET time_zone = '" one_of("+00:00|+05:30|-08:00") "';"
    for (step = 0; step < count; step++)
        statement()
    print "COMMIT; SET foreign_key_checks = 1, unique_checks = 1, check_constraint_checks = 1;"
}

function some_columns(    list, i, column) {
    list = ""
    for (i = 1; i <= n; i++) {
        if (pick(3))
            continue
        split(columns[i], column, ":")
        list = list (list == "" ? "" : ", ") column[1] " = " value(column[2])
    }
    return list == "" ? "c_int = 1" : list
}

function table_of_types() { return one_of("types|types|no_key|by_text|parts" (history == "no" ? "" : "|versioned")) }

function statement(    what, table) {
    what = pick(20)
    table = table_of_types()
    if (what < 6) {
        print "INSERT IGNORE INTO " table " SET " some_columns() (table == "by_text" ? ", name = " text(6) : "") ";"
    } else if (what < 10) {
        print "UPDATE IGNORE " table " SET " some_columns() " WHERE id % " (2 + pick(9)) " = " pick(3) " LIMIT " (1 + pick(20)) ";"
    } else if (what < 11) {
        print "DELETE FROM " table " WHERE id % " (5 + pick(20)) " = 0 LIMIT 5;"
    } else if (what < 13) {
        print "INSERT INTO parent (name, total) SELECT " text(20) ", seq FROM seq_1_to_" (1 + pick(5)) ";"
        print "INSERT IGNORE INTO child (parent, note) SELECT id, " text(30) " FROM parent ORDER BY id DESC LIMIT " (1 + pick(5)) ";"
    } else if (what < 14) {
        print "DELETE FROM parent WHERE id % " (7 + pick(9)) " = 0 LIMIT 3;"
    } else if (what < 15) {
        print "UPDATE IGNORE parent SET id = id + " (100000 + pick(100000)) " WHERE id % 11 = 0 LIMIT 2;"
    } else if (what < 16) {
        print "REPLACE INTO unique_keys VALUES (" pick(60) ", " pick(60) ", " text(3) ");"
        print "UPDATE IGNORE unique_keys SET b = b + 1 ORDER BY b DESC LIMIT 5;"
    } else if (what < 17) {
        print "SET foreign_key_checks = " pick(2) ", unique_checks = " pick(2) ", check_constraint_checks = " pick(2) ";"
        print "INSERT IGNORE INTO child (parent, note) VALUES (" (500000 + pick(1000)) ", 'orphan');"
        print "INSERT IGNORE INTO checked VALUES (" pick(100000) ", " integer(-5, 50) ");"
    } else if (what < 18) {
        print one_of("START TRANSACTION;|COMMIT;|COMMIT;|ROLLBACK;|SAVEPOINT a;")
    } else if (what < 19) {
        print "INSERT INTO isam VALUES (NULL, " text(20) "); DELETE FROM isam WHERE id % 17 = 3 LIMIT 1;"
    } else {
        print "DO NEXTVAL(counter); TRUNCATE " one_of("scratch|scratch") "; INSERT INTO scratch VALUES (" pick(9) ");"
    }
}
