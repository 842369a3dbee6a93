/*
 * failpoint - named places where a test ends or halts the process, to see that the next run goes on rightly.
 *
 * They stand before and after whatever becomes durable: commits, DDL, objects in the store. They are in every
 * build, since what is tested shall be what is delivered; without these variables a passing costs two getenv.
 *
 *     CCR_FAILPOINT=NAME[:N[:stop]]   SIGKILL (or SIGSTOP) at the Nth passing of the point, or the first
 *     CCR_FAILPOINT_LOG=FILE          each passing appends the point's name: where could this run be killed?
 *
 * Names are stable: WHAT-before and WHAT-after, and `statement` before each one to a server. Any thread may
 * pass. Passings are counted for the process, process-wide state as little else in ccr.
 */
#ifndef CCR_BASE_FAILPOINT_H
#define CCR_BASE_FAILPOINT_H

void failpoint(const char *name);

#endif
