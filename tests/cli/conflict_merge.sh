# --conflict=merge: two edits of one text become one, if what both were made
# from is still kept and they do not touch the same lines; else nothing changes.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

command -v diff3 >/dev/null || skip "no diff3 here"
right=$(far right)

# lines FILE: 1 to 9.
lines() { printf '%s\n' 1 2 3 4 5 6 7 8 9 >"$1"; }
# change FILE LINE TEXT
change() { sed -i "s/^$2\$/$3/" "$1"; }

it "edits of other lines are merged, the same lines stay in conflict"
mkdir left
lines left/a
lines left/clash
lines left/gone
head -c 3000 /dev/zero >left/bytes
sync_ok left "$right"
change left/a 2 two
change right/a 8 eight
change left/clash 5 mine
change right/clash 5 yours
printf 'x' >>left/bytes
printf 'y' >>right/bytes
rm left/gone
change right/gone 1 one
status 1 sync --conflict=merge left "$right"
stdout_has "<---- changed a  (merged)"
stdout_has "conflict 'clash'"
stdout_has "conflict 'bytes'"
stdout_has "2 conflicts"
printf '%s\n' 1 two 3 4 5 6 7 eight 9 >want
cmp want left/a || wrong "left/a is not merged"
cmp want right/a || wrong "right/a is not merged"
grep -q mine left/clash || wrong "left/clash was changed"
grep -q yours right/clash || wrong "right/clash was changed"
grep -q one left/gone || wrong "an edit does not win over a deletion"
in_trash left two
in_trash right eight

it "what was merged is quiet afterwards"
status 1 sync left "$right"
stdout_has "in sync except for 2 conflicts"
sync_ok --conflict=first left "$right"
same_tree left right
sync_ok left "$right"
stdout_has "in sync:"

it "the merged text is what the next ones are made from"
change left/a 1 one
change right/a 9 nine
sync_ok --json --conflict=merge left "$right"
stdout_has '"why":"merged"'
printf '%s\n' one two 3 4 5 6 7 eight nine >want
cmp want left/a || wrong "left/a is not merged"
same_tree left right

it "edits that are the same are no conflict, and one may hold the other"
change left/a 3 three
change left/a 5 five
change right/a 3 three
sync_ok --conflict=merge left "$right"
printf '%s\n' one two three 4 five 6 7 eight nine >want
cmp want right/a || wrong "right/a is not merged"
same_tree left right
sync_ok left "$right"
stdout_has "in sync:"

it "files that nobody made from the same are left alone"
lines left/new
lines right/new
change left/new 1 one
change right/new 9 nine
status 1 sync --conflict=merge left "$right"
stdout_has "conflict 'new'"
sync_ok --conflict=first left "$right"

it "a dry run changes nothing"
change left/a 4 four
change right/a 7 seven
remember left
remember right
status 1 diff --conflict=merge left "$right"
stdout_has "conflict 'a'"
unchanged left
unchanged right

it "neither does a run in one direction"
status 1 push --conflict=merge left "$right"
stdout_has "conflict 'a'"
grep -q seven right/a || wrong "right/a was changed"
grep -q seven left/a && wrong "left/a was changed"

it "a third replica gets what was merged, and no conflict"
third=$(far third)
sync_ok --conflict=first left "$right"
sync_ok left "$third"
change left/a four 4
sync_ok left "$third"
sync_ok left "$right"
change left/a 4 vier
change right/a 7 seven
sync_ok --conflict=merge left "$right"
sync_ok left "$third"
same_tree left third
sync_ok left "$right" "$third"
stdout_has "in sync:"

it "three replicas merge into one"
change left/a one 1
change right/a seven sieben
change third/a nine 9
sync_ok --conflict=merge left "$right" "$third"
for text in 1 sieben 9; do
    grep -qx "$text" left/a || wrong "left/a lacks '$text'"
done
same_tree left right
same_tree left third
sync_ok left "$right" "$third"
stdout_has "in sync:"

it "a kill loses nothing, and the next run goes on"
N=${N:-6}
[ "$N" -le 1000 ] || N=200
start() {
    case $WEFT_TEST_ENDPOINT in
    local) exec setsid "$WEFT" sync --conflict=merge left "$right" ;;
    *) exec setsid "$WEFT" sync --conflict=merge -e "$rsh" \
        --remote-path="$WEFT" left "$right" ;;
    esac
}
if command -v setsid >/dev/null; then
    for i in $(seq "$N"); do
        change left/a two "l$i"
        change right/a eight "r$i"
        start >"$T/out" 2>"$T/err" </dev/null &
        pid=$!
        random 120
        sleep "0.$(printf '%03d' "$drawn")"
        kill -KILL -- "-$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
        tries=0
        while run sync --conflict=merge left "$right"; code=$?; [ $code -eq 6 ]; do
            tries=$((tries + 1))
            [ $tries -lt 100 ] || break
            sleep 0.1
        done
        [ "$code" -eq 0 ] || { wrong "after kill $i: status $code"; show_run; }
        { grep -qx "l$i" left/a && grep -qx "r$i" left/a; } ||
            wrong "an edit is lost after kill $i (SEED=$SEED)"
        same_tree left right
        change left/a "l$i" two
        change left/a "r$i" eight
        sync_ok left "$right"
    done
fi

finish
