# shellcheck shell=sh
# An sshd of the test's own, on 127.0.0.1, with keys that live as long as it.
# Afterwards "ssh -F $T/ssh/config far" reaches it.

# sshd_start: with the lines in sshd_more; 0 when it answers; otherwise sshd_why says what is missing.
sshd_start() {
    sshd=$(PATH=$PATH:/usr/sbin:/usr/local/sbin:/sbin command -v sshd) || {
        sshd_why='sshd is not installed'
        return 1
    }
    command -v ssh >/dev/null || {
        sshd_why='ssh is not installed'
        return 1
    }
    # Where root's sshd drops its privileges; packages leave it to systemd.
    [ "$(id -u)" -ne 0 ] || [ -d /run/sshd ] || mkdir -m 755 /run/sshd
    mkdir -p "$T/ssh" "$T/far-home"
    ssh-keygen -q -t ed25519 -N '' -f "$T/ssh/host_key"
    ssh-keygen -q -t ed25519 -N '' -f "$T/ssh/user_key"
    cp "$T/ssh/user_key.pub" "$T/ssh/authorized_keys"
    for pam in no yes; do
        sshd_listen "$pam" || return
        if ssh -F "$T/ssh/config" far true 2>"$T/ssh/client.log"; then
            return 0
        fi
        kill "$sshd_pid"
    done
    sshd_pid='' sshd_why="no login: $(tail -n 1 "$T/ssh/client.log")"
    return 1
}

# sshd_listen PAM: starts it on a free port, and writes the configurations.
sshd_listen() {
    tries=0
    while [ $tries -lt 20 ]; do
        tries=$((tries + 1))
        sshd_port=$(awk -v seed="$$$tries" \
            'BEGIN { srand(seed + srand()); print 20000 + int(rand() * 12000) }')
        sshd_config "$1" >"$T/ssh/sshd_config"
        client_config >"$T/ssh/config"
        : >"$T/ssh/sshd.log"
        "$sshd" -D -e -f "$T/ssh/sshd_config" 2>"$T/ssh/sshd.log" &
        sshd_pid=$!
        while kill -0 "$sshd_pid" 2>/dev/null; do
            if grep -q '^Server listening' "$T/ssh/sshd.log"; then
                printf '[127.0.0.1]:%s %s\n' "$sshd_port" \
                    "$(cat "$T/ssh/host_key.pub")" >"$T/ssh/known_hosts"
                return 0
            fi
            sleep 0.05
        done
    done
    sshd_pid='' sshd_why="it does not start: $(tail -n 1 "$T/ssh/sshd.log")"
    return 1
}

sshd_config() {
    cat <<END
ListenAddress 127.0.0.1
Port $sshd_port
HostKey $T/ssh/host_key
AuthorizedKeysFile $T/ssh/authorized_keys
PidFile none
StrictModes no
UsePAM $1
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
PrintMotd no
MaxStartups 100
SetEnv HOME=$T/far-home
${sshd_more:-}
END
}

client_config() {
    cat <<END
Host far
    HostName 127.0.0.1
    Port $sshd_port
    User $(id -un)
    IdentityFile $T/ssh/user_key
    IdentitiesOnly yes
    IdentityAgent none
    UserKnownHostsFile $T/ssh/known_hosts
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
    BatchMode yes
    ControlPath none
    LogLevel ERROR
END
}
