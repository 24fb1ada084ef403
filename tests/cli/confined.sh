# The processes that read a stranger's bytes have given up what they do not
# need.
# endpoints: local
. "${WEFT_SRC:?}/tests/lib/lib.sh"

grep -q '^Seccomp:' "/proc/$$/status" || skip "no seccomp here"
sanitized() { nm "$WEFT" 2>/dev/null | grep -q -e __asan_init -e __tsan_init; }
! sanitized || skip "sanitizers need what is given up"

# state_of PID: how far it has come: "no_new_privs seccomp".
state_of() {
    awk '/^NoNewPrivs:|^Seccomp:/ { printf "%s ", $2 }' "/proc/$1/status"
}

# wait_for PID: until it has given up, or some time has passed.
wait_for() {
    i=0
    while [ "$(state_of "$1")" != '1 2 ' ] && [ $i -lt 200 ]; do
        i=$((i + 1))
        sleep 0.05
    done
    [ "$(state_of "$1")" = '1 2 ' ]
}

it "the far end, before it has read a byte"
mkfifo in
"$WEFT" serve <in >/dev/null 2>&1 &
pid=$!
exec 9>in
wait_for $pid || wrong "it is: $(state_of $pid)"
exec 9>&-
wait $pid

it "the end of a command, before it has read a byte"
"$WEFT" serve --control <in >/dev/null 2>&1 &
pid=$!
exec 9>in
wait_for $pid || wrong "it is: $(state_of $pid)"
exec 9>&-
wait $pid
finish
