# kill -9 of one process of a run, or of all, at random moments on a real tree:
# TREE names it, KILLS= says how many (20; the acceptance number is 200),
# EDITS= how many changes are made on each side before a run (2000), FIRST= how
# many of the kills hit first copies (KILLS / 7), FULL= after how many kills all
# content is read anew, not only what has another ctime (20).  Needs five times
# the tree's space in TMPDIR.
#
# After each kill every path holds its old version or its new one, whole, and
# what was replaced is in the trash; after the run that gets through, the trees
# are what the oracle says.
. "${WEFT_SRC:?}/tests/lib/lib.sh"
. "$TEST_LIB/records.sh"
[ -d "${TREE:-}" ] || skip "TREE names no directory"
[ -r "/proc/$$/task/$$/children" ] || skip "no list of a process's children"
KILLS=${KILLS:-20} EDITS=${EDITS:-2000} FULL=${FULL:-20}
FIRST=${FIRST:-$((KILLS / 7))}
kills=0 turn=0 next_full=$FULL
: >"$T/hit"

now_ms() { echo $(($(date +%s%N) / 1000000)); }

pause_ms() { sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"; }

# --- the processes of a run

start() {
    case $WEFT_TEST_ENDPOINT in
    local) exec "$WEFT" "$@" ;;
    *) command=$1 && shift &&
        exec "$WEFT" "$command" -e "$rsh" --remote-path="$WEFT" "$@" ;;
    esac
}

below() {
    children=$(cat "/proc/$1/task/$1/children" 2>/dev/null)
    for child in $children; do
        echo "$child"
        (below "$child")
    done
}

# processes: the run's, without the driver, to $T/processes: "PID ROLE".
processes() {
    for one in $(below "$driver"; [ -z "${sshd_pid:-}" ] || below "$sshd_pid"); do
        case $(tr '\0' ' ' 2>/dev/null <"/proc/$one/cmdline") in
        ssh\ * | sshd*) echo "$one transport" ;;
        *' -c '*) ;;
        *'serve --control'*) echo "$one initiator" ;;
        *' serve '*) echo "$one responder" ;;
        esac
    done >"$T/processes"
}

# victims: who is to die, by turns, to $T/victims: "PID ROLE".
victims() {
    case $((turn % 5)) in
    0) echo "$driver driver" ;;
    1) grep initiator "$T/processes" ;;
    2) grep responder "$T/processes" ;;
    3) grep transport "$T/processes" | shuf -n 1 ;;
    esac >"$T/victims"
    [ ! -s "$T/victims" ] || return 0
    { echo "$driver all" && sed 's/ .*/ all/' "$T/processes"; } >"$T/victims"
}

# gone: waits until no process of the killed run is left.
gone() {
    since=$(now_ms)
    while read -r one role; do
        while kill -0 "$one" 2>/dev/null; do
            if [ $(($(now_ms) - since)) -gt 60000 ]; then
                wrong "the $role is still there, a minute after $who died"
                return 1
            fi
            sleep 0.02
        done
    done <"$T/processes"
}

# killed WORDS: a run that somebody kills at a moment of its $length ms; in $who
# stands the role of who died, or nobody where it got through, then with its
# exit status in $code.
killed() {
    random "$length"
    delay=$drawn
    (start "$@") >"$T/out" 2>"$T/err" </dev/null &
    driver=$!
    pause_ms "$delay"
    processes
    victims
    who=$(head -n 1 "$T/victims" | cut -d ' ' -f 2)
    # shellcheck disable=SC2046 # words
    kill -s KILL $(cut -d ' ' -f 1 "$T/victims") 2>/dev/null
    ran="$* (the $who was killed after $delay ms of $length)"
    turn=$((turn + 1))
    wait "$driver" 2>/dev/null
    code=$?
    case $who,$code in
    driver,137 | all,137) ;;
    initiator,4 | responder,4 | transport,4) ;;
    *,[016]) who=nobody ;;
    *)
        wrong "exit status $code"
        show_run
        ;;
    esac
    [ "$who" != nobody ] || return 0
    kills=$((kills + 1))
    echo "$who" >>"$T/hit"
}

# --- what must hold

# is_kept DIR SIDE: all content that it had at the start of the run is in its
# tree or in its trash.
is_kept() {
    kept "$1" >"$T/kept"
    comm -23 "$T/old.$2" "$T/is.$2" | awk '
        FILENAME == ARGV[1] { if ($2 == "f") lost[$NF] = $1; next }
        { delete lost[$NF] }
        END { for (sum in lost) print lost[sum], sum }' - "$T/kept" \
        "$T/is.$2" >"$T/lost"
    [ -s "$T/lost" ] || return 0
    wrong "$2 has lost $(grep -c '' "$T/lost") versions: $(head -n 3 "$T/lost")"
    show_run
}

# is_whole SIDE: each path has its old version or its new one; mode and mtime
# may be between the two.
is_whole() {
    {
        comm -23 "$T/is.$1" "$T/old.$1" | comm -23 - "$T/want.$1"
        cut -f 1 "$T/is.$1" >"$T/paths.is"
        cut -f 1 "$T/old.$1" >"$T/paths.old"
        cut -f 1 "$T/want.$1" | comm -12 - "$T/paths.old" |
            comm -23 - "$T/paths.is"
    } >"$T/odd"
    [ -s "$T/odd" ] || return 0
    awk -F '\t' '
        function field(r, n,  p) { split(r, p, " "); return p[n] }
        function content(r) {
            return field(r, 1) " " field(r, 4) " " field(r, 5) }
        FILENAME == ARGV[1] { is[$1] = $2; next }
        $1 in is { rec[FILENAME, $1] = $2 }
        END {
            for (p in is) {
                r = is[p]; old = rec[ARGV[2], p]; new = rec[ARGV[3], p]
                if (r == "" || (content(r) != content(old) &&
                                content(r) != content(new)) ||
                    (field(r, 2) != field(old, 2) &&
                     field(r, 2) != field(new, 2)) ||
                    (field(r, 3) != field(old, 3) &&
                     field(r, 3) != field(new, 3)))
                    print p ": " r " was " old " should be " new
            }
        }' "$T/odd" "$T/old.$1" "$T/want.$1" >"$T/broken"
    [ -s "$T/broken" ] || return 0
    wrong "$1 has $(grep -c '' "$T/broken") paths that are neither old nor new"
    head -n 3 "$T/broken"
    show_run
}

sides() { # sides LEFT RIGHT: reads both
    if [ "$kills" -ge "$next_full" ]; then
        forget
        next_full=$((kills + FULL))
    fi
    files "$1" >"$T/is.left"
    if [ -d "$2" ]; then files "$2"; fi >"$T/is.right"
}

# looks LEFT RIGHT: after a kill.
looks() {
    sides "$1" "$2"
    for side in left right; do
        is_whole $side
    done
    is_kept "$1" left
    is_kept "$2" right
}

# is_done LEFT RIGHT: after a run that got through.
is_done() {
    sides "$1" "$2"
    for side in left right; do
        same_records "$T/want.$side" "$T/is.$side" "the $side tree is another"
    done
    conflicts >"$T/conflicts"
    same_records "$T/want.conflicts" "$T/conflicts" \
        "other conflicts than the lists have"
    is_kept "$1" left
    is_kept "$2" right
    find "$1/.weft/tmp" "$2/.weft/tmp" -mindepth 1 >"$T/tmp"
    [ ! -s "$T/tmp" ] ||
        wrong "left in tmp: $(grep -c '' "$T/tmp"): $(head -n 3 "$T/tmp")"
    $case_ok || show_run
}

# storm AT_MOST LEFT RIGHT: runs that are killed, at most so many in a row, and
# one that gets through.  After every second kill the next run comes at once;
# after the others it is looked at what there is.  $length is how long a run
# takes, and follows what is seen of that.
storm() {
    row=0 busy=0 who=somebody
    wanted=$(($(grep -c '' "$T/want.conflicts") > 0))
    while [ $row -lt "$1" ] && [ $kills -lt "$limit" ] && $case_ok; do
        killed sync --json --max-delete=100% "$2" "$(far "$3")"
        if [ "$who,$code" = nobody,6 ] && [ $busy -lt 100 ]; then
            busy=$((busy + 1)) # the one before is still dying
            sleep 0.1
            continue
        fi
        if [ $row -eq 0 ] && [ "$who" = nobody ]; then
            length=$(((length + delay) / 2))
        elif [ $row -eq 0 ] && [ "$delay" -gt $((length * 4 / 5)) ]; then
            length=$((length * 5 / 4))
        fi
        [ "$who" != nobody ] || break
        row=$((row + 1))
        [ $((row % 2)) -eq 0 ] || continue
        gone && looks "$2" "$3"
    done
    gone
    if [ "$who" != nobody ]; then
        status $wanted sync --json --max-delete=100% "$2" "$(far "$3")"
    elif [ "$code" -ne $wanted ]; then
        wrong "exit status $code, not $wanted"
        show_run
    fi
    is_done "$2" "$3"
}

# --- the runs

changes_seed=$((SEED * 100))

it "an undisturbed first copy, and how long it takes"
cp -a "$TREE" left
rm -rf left/.weft
files left >"$T/base"
began=$(now_ms)
status 0 sync --json left "$(far right)"
length=$(($(now_ms) - began))
for list in old want; do
    cp "$T/base" "$T/$list.left"
    cp "$T/base" "$T/$list.right"
done
: >"$T/old.right"
: >"$T/want.conflicts"
is_done left right

round=0
while limit=$FIRST && [ $kills -lt "$limit" ] && $case_ok; do
    round=$((round + 1))
    it "first copy $round"
    [ $((round % 2)) -eq 0 ] ||
        rm -rf left/.weft "$HOME/.local" "$T/far-home/.local"
    storm 12 left "first$round"
    echo "  first copy $round: $kills kills, $length ms"
    rm -rf "first$round"
done

it "an undisturbed run after $EDITS changes on each side"
edited() { # edited NAME
    files left >"$T/base"
    candidates left $((changes_seed + $1))
    change left "l$1" $((changes_seed + $1))
    change right "r$1" $((changes_seed + $1 + 50))
    files left >"$T/old.left"
    files right >"$T/old.right"
    expect "$T/base" "$T/old.left" "$T/old.right"
}
settled() {
    ok sync --conflict=newer left "$(far right)"
    sides left right
    same_records "$T/is.left" "$T/is.right" "trees differ after all"
}
ok sync left "$(far right)"
edited 0
began=$(now_ms)
status 1 sync --json --max-delete=100% left "$(far right)"
length=$(($(now_ms) - began))
is_done left right
settled
echo "  a run takes $length ms"

round=0
while limit=$KILLS && [ $kills -lt "$limit" ] && $case_ok; do
    round=$((round + 1))
    it "round $round"
    edited $round
    random 8
    storm $((drawn + 1)) left right
    settled
    echo "  round $round: $kills kills," \
        "$(grep -c '' "$T/want.conflicts") conflicts, $length ms"
done

it "and in the end all is in step, to the last byte"
forget
ok sync left "$(far right)"
stdout_has 'in sync:'
sides left right
same_records "$T/is.left" "$T/is.right" "trees differ"
echo "  killed: $(sort "$T/hit" | uniq -c | awk '{ print $2, $1 }' |
    paste -sd ,), first copies $FIRST"
finish
