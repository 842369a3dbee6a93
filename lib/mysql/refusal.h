/*
 * refusal - what a server's (or the client library's) error numbers mean to an operator.
 */
#ifndef CCR_MYSQL_REFUSAL_H
#define CCR_MYSQL_REFUSAL_H

#include "base/err.h"

/* Adds the hint that helps wherever it is met, and notes where it is about room (err_no_room). `text` is the
 * server's. */
struct err *refusal_explain(struct err *e, unsigned number, const char *text) MAKES_ERR;

#endif
