/* SPDX-License-Identifier: ISC */
#include "sync/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "fs/confine.h"
#include "sync/initiator.h"
#include "sync/responder.h"

/*
 * The stream moves away from descriptors 0 and 1, so that nothing that is
 * printed by mistake becomes part of it.
 */
static int
take_streams(int *in, int *out, struct err *err)
{
    *in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    *out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (*in < 0 || *out < 0 || null < 0)
        return err_sys(err, "cannot set up the connection");
    if (dup2(null, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return err_sys(err, "cannot set up the connection");
    close(null);
    return 0;
}

int
serve_run(const struct serve_args *args, struct err *err)
{
    int in, out;

    signal(SIGPIPE, SIG_IGN);
#ifdef M_ARENA_MAX
    /* Workers hold little: one heap for each would only hold memory back. */
    mallopt(M_ARENA_MAX, 2);
#endif
    if (take_streams(&in, &out, err) < 0)
        return -1;
    hash_of("", 0); /* the library reads its configuration, once */
    bool done = args->alone && confine_calls();
    log_debug(LOG_WIRE, "confined calls=%d", done);
    if (!args->control)
        return responder_run(in, out, args, err);
    close(out);
    return initiator_run(in, args, err);
}
