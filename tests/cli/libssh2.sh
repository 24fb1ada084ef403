# ssh without the ssh program, as the user's configuration of ssh wants it; and
# when that is left to ssh.
# endpoints: local
. "${WEFT_SRC:?}/tests/lib/lib.sh"

"$WEFT" connect --transport=libssh2 x:/ 2>&1 </dev/null |
    grep -q 'built without' && skip "built without libssh2"
# Keys change all the time.
sshd_more='RekeyLimit 2M'
sshd_start || skip "no ssh here: $sshd_why"
config=$T/ssh/config known=$T/ssh/known_hosts
cp "$known" one-line
cp "$config" config
head -c 3000000 /dev/urandom >big
tree left 'a=1' 'd/b=2'
cp big left/big

# over STATUS WORDS: a sync by libssh2.
over() {
    wanted=$1
    shift
    status "$wanted" sync -v --transport=libssh2 -e "ssh -F $config" \
        --remote-path="$WEFT" "$@"
}

# chosen: what "auto" takes for a host, and why.
chosen() {
    "$WEFT" connect -v --transport=auto -e "ssh -F $config" \
        --remote-path=/bin/true "${1:-far}:/" </dev/null 2>&1 | head -n 1
}

# configure SED: another configuration, made from the first.
configure() { sed "$1" config >"$config"; }

it "a host that is known"
over 0 left "far:$PWD/right"
stderr_has 'by libssh2'
same_tree left right
over 0 left "far:$PWD/right"
stdout_has 'in sync:'

it "much goes both ways at once, while keys are exchanged again and again"
head -c 40000000 /dev/urandom >left/from-left
head -c 40000000 /dev/urandom >right/from-right
over 0 left "far:$PWD/right"
same_tree left right

it "by its hashed name, and by a pattern"
cp one-line "$known"
ssh-keygen -H -f "$known" >"$T/log" 2>&1
over 0 left "far:$PWD/right"
{
    echo '[127.0.0.1]:1,!x,[127.*]:* bad line'
    sed 's/^[^ ]*/[127.0.*]:*/' one-line
} >"$known"
over 0 left "far:$PWD/right"

it "unknown: refused, with what would be needed to know it"
: >"$known"
over 4 left "far:$PWD/never"
one_sentence 4
stderr_has "$(ssh-keygen -lf "$T/ssh/host_key.pub" | cut -d ' ' -f 2)"
stderr_has 'its key is not known'
absent never
[ ! -s "$known" ] || wrong "something was added to known_hosts"

it "changed: refused, whatever the configuration says"
ssh-keygen -q -t ed25519 -N '' -f other
echo "[127.0.0.1]:$sshd_port $(cat other.pub)" >"$known"
configure 's/StrictHostKeyChecking.*/StrictHostKeyChecking no/'
over 4 left "far:$PWD/never"
stderr_has 'its key has changed'
stderr_has "$known:1"
absent never

it "revoked: refused, though it is known as well"
{
    sed 's/^/@revoked /' one-line
    cat one-line
} >"$known"
over 4 left "far:$PWD/never"
stderr_has 'is revoked'
absent never

it "new hosts are remembered where that is wished"
printf '# no end of line' >"$known"
configure 's/StrictHostKeyChecking.*/StrictHostKeyChecking accept-new/
           $a HashKnownHosts yes'
over 0 left "far:$PWD/right"
[ "$(wc -l <"$known")" -eq 2 ] || wrong "$(wc -l <"$known") lines, not 2"
grep -q '^|1|' "$known" || wrong "it is not hashed"
configure ''
over 0 left "far:$PWD/right"
cp one-line "$known"

it "a key that the host does not take"
configure "s|IdentityFile.*|IdentityFile $PWD/other|"
over 4 left "far:$PWD/never"
stderr_has 'does not let'
absent never

it "a key that is locked, and nobody who could unlock it"
cp "$T/ssh/user_key" locked
ssh-keygen -q -p -N secret -f locked >"$T/log"
configure "s|IdentityFile.*|IdentityFile $PWD/locked|"
over 4 left "far:$PWD/never"
configure ''

it "the agent's keys"
ssh-agent -D -a "$PWD/agent" >"$T/log" 2>&1 &
agent=$!
i=0
while [ ! -S agent ] && [ $i -lt 100 ]; do
    i=$((i + 1))
    sleep 0.05
done
SSH_AUTH_SOCK=$PWD/agent ssh-add -q "$T/ssh/user_key"
cp "$T/ssh/user_key.pub" public.pub
configure "s|IdentityAgent.*|IdentityAgent $PWD/agent|
           s|IdentityFile.*|IdentityFile $PWD/public|"
over 0 left "far:$PWD/right"
configure "s|IdentityAgent.*|IdentityAgent $PWD/agent|
           s|IdentityFile.*|IdentityFile $PWD/other|"
over 4 left "far:$PWD/right" # the agent has it, and no file names it
kill "$agent"
configure ''

it "by another host, and by a program"
{
    cat config
    printf 'Host behind\n  ProxyJump far\n'
    printf 'Host through\n  ProxyCommand ssh -F %s -W %%h:%%p far\n' "$config"
    for host in behind through; do
        echo "Host $host"
        sed '1d' config
    done
} >"$config"
over 0 left "behind:$PWD/right"
over 0 left "through:$PWD/right"
configure ''

it "more on standard error than fits anywhere"
cat >noisy <<END
#!/bin/sh
head -c 4000000 /dev/zero | tr '\\0' '\\n' >&2
exec "$WEFT" "\$@"
END
chmod +x noisy
status 0 sync --transport=libssh2 -e "ssh -F $config" \
    --remote-path="$PWD/noisy" left "far:$PWD/right"

it "no weft there, no such host, nobody who listens, a word that ssh refuses"
status 4 sync --transport=libssh2 -e "ssh -F $config" \
    --remote-path=/no/weft left "far:$PWD/right"
stderr_has '/no/weft'
over 4 left "no-such-host.invalid:$PWD/right"
status 4 sync --transport=libssh2 -e "ssh -F $config -p 1" left "far:/x"
stderr_has 'cannot connect to'
status 4 sync --transport=libssh2 -e "ssh -F $config -o NoSuchWord=1" \
    left "far:/x"
stderr_has 'nosuchword'

it "what it cannot do is not done some other way when it was asked for"
configure '$a PKCS11Provider /no/such.so'
over 4 left "far:$PWD/never"
stderr_has 'pkcs11provider'
configure ''

it "the choice, before anything is connected"
case $(chosen) in
'by libssh2') ;;
*) wrong "known host, ed25519 key: $(chosen)" ;;
esac
: >"$known"
case $(chosen) in
'by ssh: no key of it is known'*) ;;
*) wrong "unknown host: $(chosen)" ;;
esac
{
    cat one-line
    echo "@cert-authority * $(cat other.pub)"
} >"$known"
case $(chosen) in
'by ssh: its key is certified'*) ;;
*) wrong "certified host: $(chosen)" ;;
esac
cp one-line "$known"
configure '$a PKCS11Provider /no/such.so'
case $(chosen) in
'by ssh: pkcs11provider') ;;
*) wrong "PKCS11Provider: $(chosen)" ;;
esac
configure "s|IdentityFile.*|IdentityFile $PWD/none|"
case $(chosen) in
'by ssh: there is no key'*) ;;
*) wrong "no key: $(chosen)" ;;
esac
ssh-keygen -q -t ecdsa-sk -N '' -f sk >"$T/log" 2>&1 ||
    printf 'not a key\n' >sk
configure "\$a IdentityFile $PWD/sk"
case $(chosen) in
'by ssh: there is a key that'*) ;;
*) wrong "a key of another kind: $(chosen)" ;;
esac

# listen LINE: another sshd in place of the first.
listen() {
    kill "$sshd_pid"
    wait "$sshd_pid" 2>/dev/null
    sshd_more=$1
    sshd_listen no || skip "no other sshd: $sshd_why"
    cp "$config" config
}

it "a host that wants two keys"
listen 'AuthenticationMethods publickey,publickey'
over 4 left "far:$PWD/right"
cp "$T/ssh/authorized_keys" one-key
cat other.pub >>"$T/ssh/authorized_keys"
configure "\$a IdentityFile $PWD/other"
over 0 left "far:$PWD/right"
cp one-key "$T/ssh/authorized_keys"

it "a host that has nothing in common with it is ssh's, before any log-in"
# Of these, version 1.10 knows none.
listen 'Ciphers chacha20-poly1305@openssh.com'
status 0 sync -v --transport-command="$WEFT connect -v --transport=auto \
    -e 'ssh -F $config' --remote-path=$WEFT far:/" left "far:$PWD/right"
stderr_has 'by libssh2'
stdout_has 'in sync:'
if "$WEFT" connect --transport=libssh2 -e "ssh -F $config" \
    --remote-path=/bin/true far:/ </dev/null 2>"$T/err"; then
    echo "libssh2 knows these ciphers"
else
    status 0 sync -v --transport-command="$WEFT connect -v --transport=auto \
        -e 'ssh -F $config' --remote-path=$WEFT far:/" left "far:$PWD/right"
    stderr_has 'by ssh: cannot agree on keys'
fi
finish
