/* SPDX-License-Identifier: ISC */
#include "wire/transport_libssh2.h"

#include <signal.h>
#include <stdlib.h>

#include "wire/ssh_connect.h"
#include "wire/ssh_pump.h"
#include "wire/transport_command.h"

#define ALIVE_S 15 /* where the configuration says nothing */
#define ALIVE_N 4

int
transport_libssh2_prepare(const struct location *l, const char *rsh,
                          struct transport_libssh2 *out, struct err *err)
{
    struct transport_libssh2 t = {0};

    if (transport_command_words(rsh ? rsh : "ssh", &t.ssh, err) < 0)
        return -1;
    if (sshconf_ask(t.ssh, l->host, l->user, l->port, &t.conf, err) < 0) {
        transport_command_words_free(t.ssh);
        return -1;
    }
    t.name = t.conf.alias ? knownhosts_name(t.conf.alias, 0)
                          : knownhosts_name(t.conf.hostname, t.conf.port);
    for (size_t i = 0; i < t.conf.known_n; i++)
        knownhosts_add_file(&t.known, t.conf.known_hosts[i], t.name);
    *out = t;
    return 0;
}

const char *
transport_libssh2_beyond(struct transport_libssh2 *t)
{
    return ssh_login_beyond(&t->conf, &t->known);
}

static int
converse(struct transport_libssh2 *t, struct ssh_io *io, struct err *err)
{
    const struct sshconf *c = &t->conf;
    LIBSSH2_SESSION *s = ssh_io_session(io);
    struct ssh_login login = {.session = s,
                              .io = io,
                              .conf = &t->conf,
                              .known = &t->known,
                              .name = t->name,
                              .ask = t->batch ? NULL : t->ask,
                              .arg = t->arg};
    struct ssh_pump_args pump = {
        .session = s,
        .io = io,
        .command = t->command,
        .app = t->app,
        .fd_err = t->fd_err,
        .alive_s = c->alive_s > 0 ? c->alive_s : ALIVE_S,
        .alive_n = c->alive_s > 0 ? c->alive_n : ALIVE_N};

    if (s == NULL)
        return err_set(err, ERR_LIMIT, "libssh2 cannot begin");
    int status = ssh_login(&login, err);
    t->unsuited = login.unsuited;
    if (status == 0) {
        /* From here on a Ctrl-C is for the command, which ends the run. */
        signal(SIGINT, SIG_IGN);
        status = ssh_pump(&pump, err);
    }
    libssh2_session_free(s);
    return status;
}

int
transport_libssh2_run(struct transport_libssh2 *t, struct err *err)
{
    struct ssh_io io = {.fd = -1, .setting_up = true};

    signal(SIGPIPE, SIG_IGN);
    if (libssh2_init(0) != 0)
        return err_set(err, ERR_LIMIT, "libssh2 cannot begin");
    if (ssh_connect(&t->conf, t->ssh, &io.fd, err) < 0)
        return -1;
    ssh_io_within(&io, SSH_LOGIN_S);
    int status = converse(t, &io, err);
    ssh_io_fini(&io);
    return status;
}

void
transport_libssh2_fini(struct transport_libssh2 *t)
{
    sshconf_fini(&t->conf);
    knownhosts_fini(&t->known);
    transport_command_words_free(t->ssh);
    free(t->name);
    *t = (struct transport_libssh2){0};
}
