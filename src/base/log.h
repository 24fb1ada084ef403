/* SPDX-License-Identifier: ISC */
/*
 * Diagnostics for developers and for -v: one event a line, keys before prose:
 * "apply rename from='a' to='b'".  Only cli/ speaks to the user; everything
 * else may log.  Off unless a topic is switched on.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_topic {
    LOG_SCAN = 1 << 0,
    LOG_MERGE = 1 << 1,
    LOG_WIRE = 1 << 2,
    LOG_APPLY = 1 << 3,
    LOG_STORE = 1 << 4,
    LOG_ALL = (1 << 5) - 1
};

/* Where lines go; called from any thread. */
typedef void log_sink(enum log_topic topic, const char *line);

void log_open(unsigned topics, log_sink *sink); /* NULL: standard error */
bool log_wants(enum log_topic topic);
void log_debug(enum log_topic topic, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A comma-separated list of topic names, or "all".  0 when one is unknown. */
unsigned log_topics(const char *names);

#endif
