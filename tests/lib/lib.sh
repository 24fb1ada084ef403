# shellcheck shell=sh
# What every black-box test starts with:
#
#   . "${WEFT_SRC:?}/tests/lib/lib.sh"
#
# WEFT is the program, WEFT_SRC the source tree, WEFT_TEST_ENDPOINT where the
# far side of a pair lives: local (a path), pipe (a remote location over a
# stand-in for ssh), ssh (a real sshd on 127.0.0.1) or libssh2 (the same, without
# the ssh program).  The script works in a
# directory of its own, with a home of its own, and ends with "finish".
#
# A failed check is reported and counted; the script goes on.

LC_ALL=C TZ=UTC
export LC_ALL TZ
unset WEFT_RSH XDG_CONFIG_HOME XDG_STATE_HOME XDG_CACHE_HOME NO_COLOR
: "${WEFT:?the program to test}" "${WEFT_SRC:?the source tree}"
WEFT_TEST_ENDPOINT=${WEFT_TEST_ENDPOINT:-local}
SEED=${SEED:-1}
umask 022

T=$(mktemp -d "${TMPDIR:-/tmp}/weft-test.XXXXXX") || exit 99
T=$(cd "$T" && pwd -P)
HOME=$T/home
mkdir "$HOME" "$T/work"
export HOME
passed=0 failed=0 case_says='' case_ok=true finished=false
TEST_LIB=$WEFT_SRC/tests/lib

clean_up() {
    [ -z "${sshd_pid:-}" ] || { kill "$sshd_pid"; wait "$sshd_pid"; } 2>/dev/null
    cd / || exit
    chmod -R u+rwx "$T" 2>/dev/null
    rm -rf "$T"
}

at_exit() {
    status=$?
    clean_up
    $finished || {
        echo "stopped half-way, status $status"
        echo "$passed passed, $((failed + 1)) failed"
        exit 1
    }
}
trap at_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

. "$TEST_LIB/sshd.sh"
. "$TEST_LIB/tree.sh"

# --- cases

end_case() {
    [ -n "$case_says" ] || return 0
    if $case_ok; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "not ok: $case_says"
    fi
    case_says='' case_ok=true
}

# it SENTENCE: what the following checks show.
it() {
    end_case
    case_says=$1
}

finish() {
    end_case
    finished=true
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
}

# skip REASON: the rest cannot be tried here.
skip() {
    end_case
    finished=true
    echo "skipped: $1"
    [ "$failed" -eq 0 ] || exit 1
    exit 77
}

wrong() {
    printf '  [%s] %s: %s\n' "$WEFT_TEST_ENDPOINT" "${case_says:-$0}" "$1"
    case_ok=false
    return 1
}

show_run() {
    printf '    ran: weft %s\n' "$ran"
    sed 's/^/    out: /' "$T/out" | head -n 20 | cut -c 1-400
    sed 's/^/    err: /' "$T/err" | head -n 20 | cut -c 1-400
}

# --- running weft

# far PATH: PATH as a location on the other side.
far() {
    case $WEFT_TEST_ENDPOINT,$1 in
    local,*) printf '%s\n' "$1" ;;
    *,/*) printf 'far:%s\n' "$1" ;;
    *) printf 'far:%s/%s\n' "$PWD" "$1" ;;
    esac
}

# Runs weft, but not for ever: a run that hangs ends with status 124.
limited() { timeout -k 5 "${WEFT_TEST_LIMIT:-300}" "$WEFT" "$@"; }

# weft WORDS: runs it, with what the endpoint needs.
weft() {
    case $WEFT_TEST_ENDPOINT,${1:-} in
    local,*) limited "$@" ;;
    *,sync | *,push | *,pull | *,diff | *,apply | *,watch | *,doctor | \
        *,resolve | *,undo | *,verify)
        command=$1
        shift
        # shellcheck disable=SC2086 # no word, or one
        limited "$command" $transport -e "$rsh" --remote-path="$WEFT" "$@"
        ;;
    *) limited "$@" ;;
    esac
}

# run WORDS: runs weft; its output goes to $T/out and $T/err.
run() {
    ran="$*"
    weft "$@" >"$T/out" 2>"$T/err" </dev/null
}

# status N WORDS: weft WORDS must end with this status.
status() {
    wanted=$1
    shift
    run "$@"
    got=$?
    [ "$got" -eq "$wanted" ] && return
    wrong "exit status $got, not $wanted"
    show_run
    return 1
}

ok() { status 0 "$@"; }

sync_ok() { status 0 sync "$@"; }

# refuses COMMAND: it must not succeed.  ("! COMMAND" would not stop a script.)
refuses() {
    if "$@"; then
        wrong "'$*' succeeded"
    fi
}

# --- looking at what it did

has() { # has WHICH TEXT
    grep -qF -e "$2" "$T/$1" && return
    wrong "std$1 lacks '$2'"
    show_run
    return 1
}

lacks() {
    grep -qF -e "$2" "$T/$1" || return 0
    wrong "std$1 has '$2'"
    show_run
    return 1
}

stdout_has() { has out "$1"; }
stderr_has() { has err "$1"; }
stdout_lacks() { lacks out "$1"; }
stderr_lacks() { lacks err "$1"; }

# One plain sentence to the user, and nothing that looks like a crash.
one_sentence() {
    lines=$(grep -c '' "$T/err")
    if [ "$lines" -lt 1 ] || [ "$lines" -gt "${1:-2}" ] ||
        ! grep -q '^weft: ' "$T/err"; then
        wrong "stderr is not one plain sentence"
        show_run
    fi
}

silent() {
    [ ! -s "$T/out" ] && [ ! -s "$T/err" ] && return
    wrong "not silent"
    show_run
    return 1
}

transport=''
case $WEFT_TEST_ENDPOINT in
local) ;;
pipe)
    # shellcheck disable=SC2034 # read by weft()
    rsh="sh $TEST_LIB/pipe_rsh"
    ;;
ssh)
    sshd_start || skip "no ssh here: $sshd_why"
    rsh="ssh -F $T/ssh/config"
    ;;
libssh2)
    sshd_start || skip "no ssh here: $sshd_why"
    rsh="ssh -F $T/ssh/config"
    transport=--transport=libssh2
    ;;
*)
    echo "no endpoint '$WEFT_TEST_ENDPOINT'"
    exit 99
    ;;
esac
cd "$T/work" || exit 99
