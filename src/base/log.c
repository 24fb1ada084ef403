/* SPDX-License-Identifier: ISC */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    unsigned topics;
} names[] = {
    {"scan", LOG_SCAN},   {"merge", LOG_MERGE}, {"wire", LOG_WIRE},
    {"apply", LOG_APPLY}, {"store", LOG_STORE}, {"all", LOG_ALL},
};

static unsigned wanted;
static log_sink *sink;

void
log_open(unsigned topics, log_sink *to)
{
    wanted = topics;
    sink = to;
}

bool
log_wants(enum log_topic topic)
{
    return (wanted & topic) != 0;
}

void
log_debug(enum log_topic topic, const char *format, ...)
{
    char line[1024];
    va_list args;

    if (!log_wants(topic))
        return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (sink)
        sink(topic, line);
    else
        fprintf(stderr, "weft: debug: %s\n", line);
}

unsigned
log_topics(const char *list)
{
    unsigned topics = 0;

    while (*list) {
        size_t len = strcspn(list, ",");
        unsigned found = 0;
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (strlen(names[i].name) == len &&
                strncmp(names[i].name, list, len) == 0)
                found = names[i].topics;
        if (found == 0)
            return 0;
        topics |= found;
        list += len + (list[len] == ',');
    }
    return topics;
}
