/* SPDX-License-Identifier: ISC */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/exit.h"
#include "cli/say.h"
#include "cli/tty.h"
#include "wire/location.h"
#include "wire/remote.h"
#include "wire/transport.h"

#define SSH_FAILED 255 /* as ssh says it */

/* ssh takes this process's place. */
static int
become_ssh(const struct location *l, const struct transport_options *options,
           struct err *err)
{
    struct transport_options plain = *options;
    char **words;

    plain.mode = TRANSPORT_SSH;
    if (transport_words(l, &plain, &words, err) < 0)
        return -1;
    execvp(words[0], words);
    err_sys(err, "cannot run '%s'", words[0]);
    transport_command_words_free(words);
    return -1;
}

/* Whoever started this process says whose words they are. */
static void
tell(const char *what, const char *more)
{
    struct buf b = {0};

    say_safe(&b, what);
    say_safe(&b, more ? more : "");
    fprintf(stderr, "%s\n", buf_string(&b));
    buf_fini(&b);
}

#ifdef HAVE_LIBSSH2

#include "wire/transport_libssh2.h"

static char *
ask(void *arg, const char *prompt, bool echo)
{
    (void)arg;
    return tty_ask(prompt, echo);
}

static int
run_libssh2(struct transport_libssh2 *t,
            const struct transport_options *options, struct err *err)
{
    char *command;

    if (remote_command(options->version, options->remote_path, &command, err) <
        0)
        return -1;
    t->command = command;
    t->app = STDIN_FILENO;
    t->fd_err = STDERR_FILENO;
    t->batch = options->batch;
    t->ask = ask;
    int status = transport_libssh2_run(t, err);
    free(command);
    return status;
}

static int
choose(const struct location *l, const struct transport_options *options,
       bool verbose, struct err *err)
{
    struct transport_libssh2 t;
    bool free_choice = options->mode == TRANSPORT_AUTO;

    if (transport_libssh2_prepare(l, options->rsh, &t, err) < 0)
        return free_choice ? become_ssh(l, options, err) : -1;
    const char *beyond =
        free_choice ? transport_libssh2_beyond(&t) : t.conf.beyond;
    if (verbose && (beyond == NULL || free_choice))
        tell(beyond ? "by ssh: " : "by libssh2", beyond);
    int status = beyond == NULL ? run_libssh2(&t, options, err)
                 : free_choice  ? become_ssh(l, options, err)
                                : err_set(err, ERR_USAGE,
                                          "libssh2 cannot do what is asked of "
                                           "ssh for '%s': %s",
                                          l->host, beyond);
    if (status < 0 && free_choice && t.unsuited) {
        if (verbose)
            tell("by ssh: ", err->msg);
        status = become_ssh(l, options, err);
    }
    transport_libssh2_fini(&t);
    return status;
}

#else

static int
choose(const struct location *l, const struct transport_options *options,
       bool verbose, struct err *err)
{
    (void)verbose;
    if (options->mode == TRANSPORT_LIBSSH2)
        return err_set(err, ERR_USAGE, "this weft was built without libssh2");
    return become_ssh(l, options, err);
}

#endif

int
cmd_connect_run(struct options *o)
{
    struct transport_options options = {
        .rsh = o->rsh,
        .remote_path = o->remote_path,
        .version = PACKAGE_VERSION,
        .batch = o->batch,
        .mode = (enum transport_mode)o->transport,
    };
    struct location l;
    struct err err;

    signal(SIGINT, SIG_DFL);
    if (location_parse(o->operands[0], &l, &err) < 0)
        return say_failed(&err);
    int status = l.remote
                     ? choose(&l, &options, o->verbose > 0, &err)
                     : err_set(&err, ERR_USAGE, "'%s' is not on another host",
                               o->operands[0]);
    location_fini(&l);
    if (status >= 0)
        return status;
    tell(err.msg, NULL);
    return SSH_FAILED;
}
