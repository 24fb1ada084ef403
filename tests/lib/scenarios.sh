# shellcheck shell=sh
# Scenarios: what happens at which replica, which runs follow, and what must
# have come of it, as a table.  A theme is a script:
#
#   . "${WEFT_SRC:?}/tests/lib/scenarios.sh"
#   scenarios <<'END'
#   == edited on both sides
#   start     a=1 b=2
#   A         a=mine
#   B         a=yours
#   run 1     sync A B
#   conflict  a: changed on both sides
#   A is      a=mine b=2
#   B is      a=yours b=2
#   again
#   END
#   finish
#
# Each scenario has a directory and a home of its own, and prints one line.
# WEFT_TEST_ONLY=TEXT runs those whose name has TEXT, WEFT_TEST_JOBS=N as many
# at a time.  Lines are:
#
#   == NAME               begins a scenario; an empty line or # says nothing
#   start WORDS           the words are done at A, which is synced with B
#   start3 WORDS          the same with B and C
#   R WORDS               R, in capitals, is a replica: what is done there
#   run N COMMAND...      weft ends with status N.  R stands for the place of
#                         that replica: on this side the first, then on the
#                         far one; R/PATH is always a path on this side
#   conflict PATH: WHY    the last run reports this conflict, and those alone
#   says TEXT             it prints this; blanks count as one
#   never TEXT            it does not
#   again                 the last run again changes nothing, with the same
#                         status and conflicts
#   R... is WORDS         that and no more is there.  Several replicas must
#                         be the same in modes and times as well
#   trash R TEXT          a file with it is in the trash of R
#   sh COMMAND            of the shell, where the replicas are
#   needs WHAT R          R is on such a file system, or the scenario skipped
#
# Words, in which \n, \0NNN and so on stand for bytes (but NUL) as with %b of
# printf:
#
#   ({R} stands for the node id of a replica)
#   p=text  p+=text       a file is written, or is longer by it
#   p#N                   a file of N zero bytes, as a hole
#   p/                    a directory
#   p->target             a symlink
#   p~>q                  p is renamed to q
#   p@TIME                its time of change, as for "touch -d"; _ is a blank
#   p%MODE                its permission bits
#   -p                    nothing is there any more
#
# Directories above are made; what was something else is not.  In "is", times
# and modes are compared where they are written.

. "${WEFT_SRC:?}/tests/lib/lib.sh"

# --- words

# bytes WORD: with its escapes resolved, in $word.
bytes() {
    word=$1
    case $word in
    *'{'[A-Z]'}'*) name_node ;;
    esac
    case $word in
    *[\\]*) word=$(printf '%bx' "$word") && word=${word%x} ;;
    esac
}

name_node() {
    r=${word#*\{} && r=${r%%\}*}
    id=$(limited status "$T/$r" | sed -n 's/^node  *//p')
    word=${word%%\{*}$id${word#*\}}
}

above() {
    case $1 in
    */*) [ -d "${1%/*}" ] || mkdir -p -- "${1%/*}" ;;
    esac
}

# do_word WORD: in this directory.
do_word() {
    bytes "$1"
    case $word in
    -*) rm -rf -- "./${word#-}" ;;
    *'~>'*) above "${word#*'~>'}" &&
        mv -fT -- "${word%%'~>'*}" "${word#*'~>'}" ;;
    *'->'*) above "${word%%'->'*}" &&
        ln -sfnT -- "${word#*'->'}" "${word%%'->'*}" ;;
    *+=*) printf '%s' "${word#*+=}" >>"./${word%%+=*}" ;;
    *=*) above "${word%%=*}" && printf '%s' "${word#*=}" >"./${word%%=*}" ;;
    *'#'*) above "${word%'#'*}" &&
        truncate -s "${word##*'#'}" -- "./${word%'#'*}" ;;
    *@*) touch -hd "$(echo "${word#*@}" | tr _ ' ')" -- "${word%%@*}" ;;
    *%*) chmod -- "${word##*'%'}" "./${word%'%'*}" ;;
    */) mkdir -p -- "$word" ;;
    *) false ;;
    esac || wrong "cannot do '$1'"
}

# do_words ROOT WORD...
do_words() {
    [ -d "$1" ] || mkdir "$1"
    cd "$1" || return
    shift
    for each; do
        do_word "$each"
    done
    cd "$T" || exit
}

# --- what must be there

# details ROOT WORD...: the times and modes that the words name.
details() {
    cd "$1" || return
    shift
    for each; do
        bytes "$each"
        case $word in
        -* | *'~>'* | *'->'* | *=*) ;;
        *@*) stat -c '%n %.9Y' -- "${word%%@*}" 2>&1 ;;
        *%*) stat -c '%n %a' -- "${word%'%'*}" 2>&1 ;;
        esac
    done
}

metadata() {
    cd "$1" || return
    find . -name .weft -prune -o -type d -printf '%P %y %m\0' -o -type l \
        -printf '%P %y\0' -o -printf '%P %y %m %T@\0' | sort -z | tr '\0' '\n'
    cd "$T" || exit
}

# is REPLICAS WORD...
is() {
    replicas=$1
    shift
    rm -rf want
    do_words want "$@"
    for r in $replicas; do
        diff -rq --no-dereference -x .weft want "$r" >differs 2>&1 ||
            wrong "$r is not as it must be" || sed 's/^/    /' differs
        case $* in
        *[@%]*) (details "$r" "$@") >details.is
            (details want "$@") | cmp -s - details.is ||
                wrong "$r has other times or modes" ||
                sed 's/^/    /' details.is ;;
        esac
        metadata "$r" >"metadata.$r"
        cmp -s "metadata.$r" "metadata.${replicas%% *}" ||
            wrong "$r and ${replicas%% *} differ in times or modes"
    done
    $case_ok || show_run
}

# --- runs

# place ARGUMENT: what stands for it on the command line, in $word.
place() {
    bytes "$1"
    case $word in
    [A-Z]) if $near; then
        word=$T/$word near=false
    else
        word=$(far "$T/$word")
    fi ;;
    [A-Z]/*) word=$T/$word ;;
    esac
}

# go STATUS COMMAND...
go() {
    settle
    near=true expected=$1 conflicts=0 reported=0
    shift
    last="$expected $*"
    for each; do
        shift
        place "$each"
        set -- "$@" "$word"
    done
    status "$expected" "$@"
    cat out err | tr -s ' ' >said
    reported=$(grep -c '^<-?-> ' said)
}

# No conflict was reported but those that were asked for.
settle() {
    [ "$reported" -eq "$conflicts" ] ||
        wrong "$reported conflicts, not $conflicts" || show_run
    reported=0 conflicts=0
}

conflict() {
    conflicts=$((conflicts + 1))
    grep -qF "conflict '${1%%: *}': ${1#*: }" said ||
        wrong "it does not report the conflict '$1'" || show_run
}

again() {
    settle
    grep '^<-?-> ' said >conflicts.before
    for r in ?; do
        metadata "$r" >"before.$r"
    done
    set -f
    # shellcheck disable=SC2086 # the words of the table
    go $last
    set +f
    conflicts=$reported
    grep '^<-?-> ' said | cmp -s - conflicts.before &&
        grep -qF 'in sync' said ||
        wrong "the second run is not at rest" || show_run
    for r in ?; do
        metadata "$r" | cmp -s - "before.$r" ||
            wrong "the second run changes $r"
    done
}

# --- the table

# needs WHAT R
needs() {
    case $1 in
    immutable) mkdir "$2" && chattr +i "$2" && chattr -i "$2" ||
        skipped='no file can be made immutable here' ;;
    folding) folding "$2" || skipped='no file system here folds case' ;;
    *) wrong "needs '$1'?" ;;
    esac
}

# R is a directory in which names must differ in more than case.
folding() {
    truncate -s 64M image
    mkdir mounted
    {
        mkfs.ext4 -qO casefold image && mount -o loop image mounted &&
            mkdir "mounted/$1" && chattr +F "mounted/$1" ||
            mkfs.vfat image && mount -o loop image mounted ||
            mkfs.ntfs -qF image && lowntfs-3g -o ignore_case image mounted
    } >why 2>&1 && mkdir -p "mounted/$1" && ln -s "mounted/$1" "$1"
}

# row KEY REST
row() {
    key=$1 rest=$2
    set -f
    # shellcheck disable=SC2086 # the words of the table
    set -- $rest
    set +f
    case $key in
    '' | '#'*) ;;
    start) do_words A "$@" && go 0 sync A B ;;
    start3) do_words A "$@" && go 0 sync A B C ;;
    run) go "$@" ;;
    conflict) conflict "$rest" ;;
    says) grep -qF -e "$rest" said ||
        wrong "it does not say '$rest'" || show_run ;;
    never) grep -qF -e "$rest" said && { wrong "it says '$rest'" || show_run; } ;;
    again) again ;;
    trash) rest=${rest#?} && in_trash "$1" "${rest#"${rest%%[! ]*}"}" ;;
    sh) eval "$rest" || wrong "'$rest' fails" ;;
    needs) needs "$@" ;;
    [A-Z]) at "$key" "$@" ;;
    *) wrong "'$key'?" ;;
    esac
}

# at R... [is] WORD...
at() {
    replicas=$1
    shift
    while :; do
        case ${1-} in
        [A-Z]) replicas="$replicas $1" && shift ;;
        is) shift && is "$replicas" "$@" && return ;;
        *) break ;;
        esac
    done
    for r in $replicas; do
        do_words "$r" "$@"
    done
}

# scenario: the rows on standard input, to the end or the next name.
scenario() {
    reported=0 conflicts=0 last='' skipped='' case_ok=true
    while [ -z "$skipped" ] && IFS= read -r line; do
        key=${line%%[!a-zA-Z0-9#]*}
        rest=${line#"$key"}
        row "$key" "${rest#"${rest%%[! ]*}"}"
    done
    settle
    if mountpoint -q mounted; then
        umount mounted
    fi
    [ -z "$skipped" ] || return 77
    $case_ok
}

# attempt FILE: one scenario, whose name is the first line; what it says goes
# to FILE.log, its verdict to FILE.is.
attempt() {
    mkdir "$1.dir" && cd "$1.dir" || exit
    T=$1.dir
    mkdir home && HOME=$T/home
    {
        IFS= read -r name
        case_says=$name
        scenario
    } <"$1" >"$1.log"
    case $? in
    0) echo ok ;;
    77) echo skipped ;;
    *) echo not ok ;;
    esac >"$1.is"
    read -r verdict <"$1.is"
    {
        echo "$verdict: $name${skipped:+: $skipped}"
        cat "$1.log"
    } >"$1.says"
    cat "$1.says"
    cd / && chmod -R u+rwx "$1.dir" && rm -rf "$1.dir"
}

# One ssh for all runs: to log in takes longer than what they do.
share_connection() {
    ssh -F "$T/ssh/config" -o ControlPath="$T/mux" -fNM far || return
    rsh="ssh -F $T/ssh/config -o ControlPath=$T/mux"
}

# scenarios: the table on standard input.
scenarios() {
    [ "$WEFT_TEST_ENDPOINT" != ssh ] || share_connection ||
        wrong "ssh cannot share a connection"
    mkdir "$T/table"
    awk -v to="$T/table/" -v only="${WEFT_TEST_ONLY:-}" '
        /^== / { file = ""; name = substr($0, 4)
                 if (index(name, only) == 0) next
                 file = to sprintf("%03d", ++n); print name >file; next }
        file != "" { print >file }'
    [ -f "$T/table/001" ] || skip "no scenario is called so"
    : "${WEFT_TEST_JOBS:=4}"
    job=0
    while [ "$job" -lt "$WEFT_TEST_JOBS" ]; do
        job=$((job + 1))
        work "$job" &
        pids="${pids-} $!"
    done
    # shellcheck disable=SC2086 # they are words
    wait $pids
    passed=$(grep -lx ok "$T"/table/*.is | grep -c .)
    failed=$(grep -lx 'not ok' "$T"/table/*.is | grep -c .)
    [ "$WEFT_TEST_ENDPOINT" != ssh ] ||
        ssh -F "$T/ssh/config" -o ControlPath="$T/mux" -O exit far 2>"$T/err"
}

# work JOB: every scenario whose turn it is.
work() {
    turn=0
    for file in "$T"/table/???; do
        turn=$((turn + 1))
        [ $((turn % WEFT_TEST_JOBS + 1)) -ne "$1" ] || (attempt "$file")
    done
}
