/* What became of a statement that a killed run had begun, told from the catalog before and after
 * (schema_state.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay/schema_state.h"

#define ABSENT "{\"exists\": false, \"hash\": \"\", \"ids\": \"\"}"
#define TABLE  "{\"exists\": true, \"hash\": \"aa\", \"ids\": \"17\"}"
#define OTHER  "{\"exists\": true, \"hash\": \"bb\", \"ids\": \"18\"}"
#define BROKEN "{\"exists\": true, \"hash\": \"broken\", \"ids\": \"\"}"

static const struct {
    const char *sql;
    const char *before;
    const char *now;
    enum schema_outcome outcome;
} cases[] = {
    {"CREATE TABLE d.t (a INT)", "[" ABSENT "]", "[" ABSENT "]", SCHEMA_NOT_DONE},
    {"CREATE TABLE d.t (a INT)", "[" ABSENT "]", "[" TABLE "]", SCHEMA_DONE},
    {"CREATE TABLE d.t (a INT)", "[" ABSENT "]", "[" BROKEN "]", SCHEMA_DEBRIS},
    {"CREATE TABLE IF NOT EXISTS d.t (a INT)", "[" ABSENT "]", "[" BROKEN "]", SCHEMA_DEBRIS},
    {"CREATE OR REPLACE TABLE d.t (a INT)", "[" TABLE "]", "[" BROKEN "]", SCHEMA_DEBRIS},
    {"CREATE OR REPLACE TABLE d.t (a INT)", "[" TABLE "]", "[" OTHER "]", SCHEMA_RUN_AGAIN},
    {"ALTER TABLE d.t ADD b INT", "[" TABLE "]", "[" TABLE "]", SCHEMA_NOT_DONE},
    {"ALTER TABLE d.t ADD b INT", "[" TABLE "]", "[" OTHER "]", SCHEMA_DONE},
    {"ALTER TABLE d.t ADD b INT", "[" TABLE "]", "[" ABSENT "]", SCHEMA_UNDECIDED},
    {"ALTER TABLE d.t ADD b INT", "[" TABLE "]", "[" BROKEN "]", SCHEMA_UNDECIDED},
    {"ALTER TABLE d.t RENAME TO d.u", "[" TABLE "," ABSENT "]", "[" ABSENT "," TABLE "]", SCHEMA_DONE},
    {"ALTER TABLE d.t RENAME TO d.u", "[" TABLE "," ABSENT "]", "[" ABSENT "," ABSENT "]", SCHEMA_UNDECIDED},
    {"ALTER TABLE d.t TRUNCATE PARTITION p, q", "[" TABLE "]", "[" OTHER "]", SCHEMA_RUN_AGAIN},
    {"DROP TABLE d.t", "[" TABLE "]", "[" TABLE "]", SCHEMA_NOT_DONE},
    {"DROP TABLE d.t", "[" TABLE "]", "[" BROKEN "]", SCHEMA_RUN_AGAIN},
    {"DROP TABLE d.t", "[" TABLE "]", "[" ABSENT "]", SCHEMA_RUN_AGAIN},
    {"TRUNCATE TABLE d.t", "[" TABLE "]", "[" TABLE "]", SCHEMA_RUN_AGAIN},
    {"RENAME TABLE d.t TO d.u", "[" TABLE "," ABSENT "]", "[" TABLE "," ABSENT "]", SCHEMA_NOT_DONE},
    {"RENAME TABLE d.t TO d.u", "[" TABLE "," ABSENT "]", "[" ABSENT "," TABLE "]", SCHEMA_DONE},
    {"RENAME TABLE d.t TO d.u", "[" TABLE "," ABSENT "]", "[" OTHER "," TABLE "]", SCHEMA_UNDECIDED},
};

static enum schema_outcome outcome_of(const char *sql, const char *before, const char *now)
{
    struct statement s;
    struct schema_object items[2];
    struct schema_objects objects = {items, 0, 2};
    json_t *was = json_loads(before, 0, NULL);
    json_t *is = json_loads(now, 0, NULL);

    statement_parse(sql, strlen(sql), 0, &s);
    for (size_t i = 0; i < s.name_count && i < 2; i++)
        items[objects.count++] =
            (struct schema_object){s.kind, s.names[i].role, s.names[i].db, s.names[i].name};
    enum schema_outcome outcome = schema_state_outcome(&s, &objects, was, is);
    statement_free(&s);
    json_decref(was);
    json_decref(is);
    return outcome;
}

int main(void)
{
    int failures = 0;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum schema_outcome outcome = outcome_of(cases[i].sql, cases[i].before, cases[i].now);
        if (outcome == cases[i].outcome)
            continue;
        printf("%s: %s, then %s: outcome %d, expected %d\n", cases[i].sql, cases[i].before, cases[i].now,
               (int)outcome, (int)cases[i].outcome);
        failures++;
    }
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
