/*
 * rows_types - the column types of table maps, by the servers' numbers.
 *
 * For the files of lib/binlog and those who compare table maps with a catalog.
 */
#ifndef CCR_BINLOG_ROWS_TYPES_H
#define CCR_BINLOG_ROWS_TYPES_H

enum rows_type {
    TYPE_DECIMAL = 0, /* before MySQL 5.0 */
    TYPE_TINY = 1,
    TYPE_SHORT = 2,
    TYPE_LONG = 3,
    TYPE_FLOAT = 4,
    TYPE_DOUBLE = 5,
    TYPE_NULL = 6,
    TYPE_TIMESTAMP = 7,
    TYPE_LONGLONG = 8,
    TYPE_INT24 = 9,
    TYPE_DATE = 10,
    TYPE_TIME = 11,
    TYPE_DATETIME = 12,
    TYPE_YEAR = 13,
    TYPE_NEWDATE = 14,
    TYPE_VARCHAR = 15,
    TYPE_BIT = 16,
    TYPE_TIMESTAMP2 = 17,
    TYPE_DATETIME2 = 18,
    TYPE_TIME2 = 19,
    TYPE_BLOB_COMPRESSED = 140,
    TYPE_VARCHAR_COMPRESSED = 141,
    TYPE_JSON = 245, /* MySQL's binary JSON; MariaDB's JSON is a BLOB */
    TYPE_NEWDECIMAL = 246,
    TYPE_ENUM = 247,
    TYPE_SET = 248,
    TYPE_TINY_BLOB = 249,
    TYPE_MEDIUM_BLOB = 250,
    TYPE_LONG_BLOB = 251,
    TYPE_BLOB = 252,
    TYPE_VAR_STRING = 253,
    TYPE_STRING = 254,
    TYPE_GEOMETRY = 255,
};

#endif
