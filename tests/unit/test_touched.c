#include "binlog/touched.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "tests/unit/unit.h"

/* "r:db.t w:t c:f ...", "?" for text that cannot be read, "~WORD" for what varies, "@" for what is its
 * session's. */
static char *describe(const char *sql)
{
    struct buf out = BUF_INIT;
    struct touched t;

    touched_read(sql, strlen(sql), 0, &t);
    for (size_t i = 0; i < t.count; i++)
        buf_printf(&out, "%s%c:%s%s%s", i ? " " : "", "rwc"[t.names[i].role],
                   t.names[i].db ? t.names[i].db : "", t.names[i].db ? "." : "", t.names[i].name);
    if (t.unreadable)
        buf_append_str(&out, " ?");
    if (t.of_session)
        buf_append_str(&out, " @");
    if (t.varies)
        buf_printf(&out, " ~%s", t.varies);
    touched_free(&t);
    buf_append_str(&out, "");
    return buf_steal(&out);
}

static const struct {
    const char *sql;
    const char *expected;
} cases[] = {
    {"INSERT INTO a VALUES (1, 2), (3, 4)", "w:a"},
    {"insert high_priority ignore into `d`.`a b` (x, y) select x, y from c, e.f g where x in (select z from "
     "h)",
     "w:d.a b r:c r:e.f r:h"},
    {"INSERT a SET x = 1, y = 2 ON DUPLICATE KEY UPDATE x = VALUES(x), y = 3", "w:a"},
    {"INSERT INTO a SELECT * FROM b ON DUPLICATE KEY UPDATE x = 1, y = 2", "w:a r:b"},
    {"REPLACE INTO a SELECT REPLACE(x, 'a', 'b'), INSERT(x, 1, 2, 'c') FROM b", "w:a r:b"},
    {"UPDATE LOW_PRIORITY a, d.b JOIN c ON a.x = c.x SET a.y = 1, b.z = TRIM(LEADING 'x' FROM a.q) WHERE a.x "
     "> 0",
     "w:a w:d.b w:c c:TRIM"},
    {"DELETE a, b.* FROM a JOIN b USING (x) JOIN c WHERE c.y = EXTRACT(DAY FROM b.t)",
     "w:a w:b w:c c:EXTRACT @"},
    {"DELETE FROM x USING t AS x JOIN u ON x.a = u.a", "w:t w:u @"},
    {"DELETE FROM a WHERE x = (SELECT MAX(y) FROM b FORCE INDEX FOR ORDER BY (i), c)", "w:a r:b r:c"},
    {"DELETE LOW_PRIORITY QUICK IGNORE FROM a WHERE x = 1", "w:a"},
    {"DELETE FROM a ORDER BY x LIMIT 3", "w:a"},
    {"DELETE FROM a LIMIT 3", "w:a ~LIMIT"},
    {"INSERT INTO a WITH q (m, n) AS (SELECT x, y FROM b), r AS (SELECT * FROM q) SELECT * FROM r",
     "w:a c:q r:b"},
    {"SELECT `d`.`f`(1, 'x')", "c:d.f"},
    {"DO f(2)", "c:f"},
    {"CALL d.p(1)", "c:d.p"},
    {"INSERT INTO a VALUES (UUID())", "w:a ~UUID"},
    {"INSERT INTO a VALUES (@@hostname, @x, @@timestamp)", "w:a ~@@hostname"},
    {"LOAD DATA  LOCAL INFILE 'x' INTO TABLE `d`.`t` FIELDS TERMINATED BY ',' (`a`, @b) SET c = 1", "w:d.t"},
    {"CREATE TABLE IF NOT EXISTS n (k INT) SELECT * FROM a, b", "w:n r:a r:b"},
    {"BEGIN INSERT INTO a VALUES (1); UPDATE b SET x = 1, y = 2; SELECT z INTO v FROM c; END", "w:a w:b r:c"},
    {"EXECUTE IMMEDIATE 'x'", " ?"},
    {"INSERT INTO a VALUES (CONNECTION_ID(), 1)", "w:a @"},
    {"INSERT INTO a (connection_id) SELECT x.connection_id FROM x", "w:a r:x"},
    {"INSERT INTO a VALUES ('open", "w:a ?"},
    {"INSERT INTO a VALUES (1", "w:a ?"},
};

/* Columns may be given their defaults. */
static const struct {
    const char *sql;
    bool expected;
} defaults[] = {
    {"INSERT INTO a (x) VALUES (1)", true},
    {"REPLACE INTO a (x) SELECT y FROM b", true},
    {"LOAD DATA INFILE 'x' INTO TABLE a (x)", true},
    {"UPDATE a SET x = DEFAULT", true},
    {"UPDATE a SET x = REPLACE(x, 'default', INSERT(x, 1, 2, 'c'))", false},
    {"DELETE FROM a WHERE x = 1", false},
};

static bool gives_defaults(const char *sql)
{
    struct touched t;

    touched_read(sql, strlen(sql), 0, &t);
    bool found = t.defaults;
    touched_free(&t);
    return found;
}

int main(void)
{
    for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
        CHECK(gives_defaults(defaults[i].sql) == defaults[i].expected);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *found = describe(cases[i].sql);
        CHECK_STR(found, cases[i].expected);
        free(found);
    }
    return UNIT_END;
}
