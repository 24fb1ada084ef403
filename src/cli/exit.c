/* SPDX-License-Identifier: ISC */
#include "cli/exit.h"

#include <signal.h>

int
exit_of(enum err_code code, int signal)
{
    switch (code) {
    case ERR_NONE:
        return EXIT_IN_STEP;
    case ERR_USAGE:
        return EXIT_USAGE;
    case ERR_GUARD:
        return EXIT_GUARD;
    case ERR_LOCKED:
        return EXIT_LOCKED;
    case ERR_CANCELLED:
        return EXIT_SIGNAL + (signal ? signal : SIGINT);
    case ERR_SYS:
    case ERR_FORMAT:
    case ERR_LIMIT:
    case ERR_PEER:
    case ERR_VERSION:
    case ERR_BUSY:
    case ERR_CHANGED:
    case ERR_STATE:
    case ERR_DAMAGED:
    case ERR_DOUBT:
    case ERR_CODES:
        break;
    }
    return EXIT_FATAL;
}

static int
rank(int status)
{
    static const int order[] = {EXIT_IN_STEP, EXIT_CONFLICTS, EXIT_PROBLEMS,
                                EXIT_FATAL,   EXIT_GUARD,     EXIT_LOCKED,
                                EXIT_USAGE};
    const int n = sizeof order / sizeof order[0];

    for (int i = 0; i < n; i++)
        if (order[i] == status)
            return i;
    return n; /* signals */
}

int
exit_worse(int a, int b)
{
    return rank(b) > rank(a) ? b : a;
}
