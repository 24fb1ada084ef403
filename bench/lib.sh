# shellcheck shell=sh
# What the benchmarks share: the tools, each timed at both ends, and figures.
#
#   . "$here/lib.sh"       after setting here, weft, measure, TOOLS and LINKS
#
# CPU seconds are those of every process at both ends: getrusage of the command
# and its children, plus, over ssh, what the far sshd and its children used
# (/proc/PID/stat, in ticks).  RSS is the largest single process of weft.  Wire
# is what ssh itself says to have sent and received, encryption and all.
: "${here:?}" "${weft:?}" "${measure:?}" "${TOOLS:?}" "${LINKS:?}"
LC_ALL=C TZ=UTC
export LC_ALL TZ

T=$(mktemp -d "${TMPDIR:-/tmp}/weft-bench.XXXXXX")
sshd_pid='' sshd_why=''
trap '[ -z "$sshd_pid" ] || kill "$sshd_pid"; rm -rf "$T"' EXIT
trap 'exit 130' INT TERM
HOME=$T/home
export HOME
mkdir "$HOME"
. "$here/../tests/lib/sshd.sh"
ticks=$(getconf CLK_TCK)
failures=0
link='' # of LINKS, in hand

say() { printf '%s\n' "$*" >&2; }

wrong() {
    say "WRONG: $*"
    failures=$((failures + 1))
}

# --- the tools; each runs in its own directory with src and dst

ssh_words() { printf 'ssh -F %s -E %s' "$T/ssh/verbose" "$T/ssh.log"; }

tool_weft() {
    case $link in
    local) set -- src dst ;;
    ssh) set -- -e "$(ssh_words)" --remote-path="$T/far-weft" \
        src "far:$PWD/dst" ;;
    esac
    # shellcheck disable=SC2086 # options
    "$measure" "$T/used" "$weft" sync --batch -q --max-delete=100% \
        $WEFT_OPTIONS "$@"
}

tool_rsync() {
    case $link in
    local) set -- dst/ ;;
    ssh) set -- -e "$(ssh_words)" "far:$PWD/dst/" ;;
    esac
    "$measure" "$T/used" rsync -a --delete src/ "$@"
}

tool_unison() {
    case $link in
    local) set -- "$PWD/dst" ;;
    ssh) set -- "ssh://far/$PWD/dst" -sshargs \
        "-F $T/ssh/verbose -E $T/ssh.log" ;;
    esac
    UNISON=$PWD/state "$measure" "$T/used" unison "$PWD/src" "$@" -batch \
        -silent -auto -times -confirmbigdel=false
}

sshd_ticks() {
    if [ -z "$sshd_pid" ]; then
        echo 0
        return
    fi
    while [ -n "$(cat "/proc/$sshd_pid/task/$sshd_pid/children")" ]; do
        sleep 0.02
    done
    # shellcheck disable=SC2046 # fields
    set -- $(sed 's/.*) //' "/proc/$sshd_pid/stat")
    echo $((${12} + ${13} + ${14} + ${15}))
}

# once TOOL WORK: runs it over $link, and notes what it took.
once() {
    : >"$T/used"
    : >"$T/far-used"
    : >"$T/ssh.log"
    before=$(sshd_ticks)
    "tool_$1" >"$T/log" 2>&1 ||
        wrong "$1 $2: status $?: $(tail -n 1 "$T/log")"
    after=$(sshd_ticks)
    cat "$T/used" "$T/far-used" | awk -v name="$1.$link.$2" \
        -v far="$(((after - before) * 1000 / ticks))" '
        NR == 1 { wall = $1; cpu = $2 }
        $3 > rss { rss = $3 }
        END { print name ".wall", wall, "s"
              print name ".cpu", cpu + far / 1000, "s"
              if (name ~ /^weft/) print name ".rss", rss / 1024, "MiB" }' \
        >>"$T/results"
    sed -n 's/,//g; s/.*Transferred: sent \([0-9]*\) received \([0-9]*\) .*/\1 \2/p' \
        "$T/ssh.log" | awk -v name="$1.$link.$2" '
        { sum += $1 + $2 }
        END { if (NR) print name ".wire", sum / 1e6, "MB" }' >>"$T/results"
}

# --- figures

medians() {
    sort -k 1,1 -k 2,2g "$T/results" | awk '
    function flush() {
        if (n) printf "%s %.3f %s\n", name, (v[int((n + 1) / 2)] + \
                      v[int((n + 2) / 2)]) / 2, unit }
    $1 != name { flush(); n = 0 }
    { name = $1; unit = $3; v[++n] = $2 }
    END { flush() }'
}

table() {
    printf '%-24s %9s %9s %9s %9s\n' '' 'wall s' 'cpu s' 'wire MB' 'rss MiB'
    awk '{ split($1, p, "."); row = p[2] " " p[3] " " p[1]
      if (!(row in seen)) { seen[row] = 1; rows[++n] = row }
      value[row, p[4]] = $2 }
    END { for (i = 1; i <= n; i++) printf "%-24s %9s %9s %9s %9s\n", rows[i],
              value[rows[i], "wall"], value[rows[i], "cpu"],
              value[rows[i], "wire"], value[rows[i], "rss"] }' | sort
}

against_baseline() {
    [ -e "$here/baseline" ] || return 0
    echo
    echo 'against bench/baseline (new / old):'
    awk 'NR == FNR { old[$1] = $2; next }
         $1 in old && old[$1] > 0 { printf "%s %.2f\n", $1, $2 / old[$1] }' \
        "$here/baseline" "$T/medians"
}

# report: prints the medians; the status says whether all results were right.
report() {
    medians | tee "$T/medians"
    echo
    table <"$T/medians"
    against_baseline
    [ "$failures" -eq 0 ] && return
    echo "$failures results were wrong"
    return 1
}

# --- what there is

tools=$TOOLS TOOLS=
for tool in $tools; do
    if [ "$tool" = weft ] || command -v "$tool" >/dev/null; then
        TOOLS="$TOOLS $tool"
    else
        say "without $tool, which is not installed"
    fi
done
case $LINKS in
*ssh*)
    sshd_start || {
        say "without ssh: $sshd_why"
        LINKS=local
    }
    [ -z "$sshd_pid" ] ||
        sed 's/LogLevel .*/LogLevel VERBOSE/' "$T/ssh/config" >"$T/ssh/verbose"
    ;;
esac
printf '#!/bin/sh\nexec "%s" "%s" "%s" "$@"\n' "$measure" "$T/far-used" \
    "$weft" >"$T/far-weft"
chmod +x "$T/far-weft"
