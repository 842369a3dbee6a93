/*
 * silence - a server that says nothing: is it at work, or will an answer never come?
 *
 * Statements take from microseconds to days, and a cut network says nothing, so no time limit tells the two
 * apart. Whoever waits for an answer therefore asks, by another connection, whether the statement is still at
 * work, every server_timeout_s of silence. Three times in a row no sign of it (the server cannot be reached,
 * or the session has nothing to do, and yet its answer does not come), and the connection is given up; if the
 * server can be reached, its session is ended, for it has locks.
 *
 * Once an answer has begun, and for what is sent, a pause of ten times server_timeout_s is the limit: the
 * library reads that part by itself.
 *
 * Idle connections are kept alive by TCP, so that firewalls do not forget them.
 */
#ifndef CCR_MYSQL_SILENCE_H
#define CCR_MYSQL_SILENCE_H

#include "mysql/conn.h"

/*
 * Waits for the first byte of the answer to what was sent. 0: it is there, or the connection has ended.
 * Otherwise the connection was given up after so many seconds: what is read from it next fails as lost.
 */
unsigned silence_wait(MYSQL *mysql, const struct conn_params *params);

/* The limit of a pause within an answer; 0 for none. */
unsigned silence_within_answer_s(const struct conn_params *params);

/* Nothing happens where the connection is not one of TCP. */
void silence_keep_alive(MYSQL *mysql, const struct conn_params *params);

#endif
