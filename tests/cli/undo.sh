# A run is taken back, on both sides.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

right=$(far right)
run_name() { limited log --max-count=1 "$1" | cut -c 1-20; }
# start_again: two trees in step, and what they are.
start_again() {
    chmod -R u+w left right 2>/dev/null
    rm -rf left right before "$HOME/.local"
    tree left 'a=one' 'b=two' 'work/x=ex' 'work/deep/y=why' 'l->a' 'k=kay'
    chmod 640 left/b
    chmod 750 left/work/deep
    touch -h -d '2021-01-02 03:04:05.123456789' left/a left/l left/work/x
    sync_ok left "$right"
    cp -a right before
    rm -rf before/.weft
}

it "before there is a run there is nothing to undo"
mkdir left
status 2 undo left
one_sentence

it "rm -rf, sync, regret: it is back on both sides, byte for byte"
start_again
rm -r left/work
sync_ok left "$right"
absent right/work
ok undo left
stdout_has 'took back'
stdout_lacks 'in sync'
same_tree left before
same_tree right before
sync_ok left "$right"
stdout_has 'in sync'

it "whatever one side did is taken back on both"
start_again
write left/a uno
chmod 600 left/b
rm left/k
ln -sfn b left/l
mkdir right/new
write right/new/f f
mv right/work/x right/new/x
sync_ok left "$right"
same_tree left right
cp -a left after
rm -rf after/.weft
ok undo left
same_tree left before
same_tree right before

it "undo is a run: undo takes it back, too"
ok undo left
same_tree left after
same_tree right after
ok undo left
same_tree left before
same_tree right before
ok log --json --max-count=1 right
stdout_has '"undid"'

it "the run that was taken back is marked, at both ends"
start_again
write left/a uno
sync_ok left "$right"
name=$(run_name left)
ok undo "$name" left
limited log left | grep "^$name" | grep -q 'taken back' || wrong "left"
limited log right | grep "^$name" | grep -q 'taken back' || wrong "right"

it "it stands for itself: the next syncs do not bring it again"
sync_ok left "$right"
stdout_has 'in sync'
content left/a one
content right/a one

it "what the run or somebody chose between both sides' versions is left alone"
start_again
write left/a mine
write right/a yours
write left/b due
sync_ok --conflict=first left "$right"
status 3 undo left
stderr_has a 'both sides had changed it'
content left/a mine
content right/a mine
content left/b two
content right/b two
sync_ok left "$right"
stdout_has 'in sync'

it "an edit that beat a deletion too"
start_again
rm left/a
write right/a yours
ok sync left "$right"
content left/a yours
status 3 undo left
content left/a yours
content right/a yours

it "permissions that both sides had set, too"
start_again
chmod 600 left/a
chmod 660 right/a
sync_ok left "$right"
status 3 undo left
stderr_has a 'both sides had changed it'
sync_ok left "$right"
stdout_has 'in sync'
[ "$(stat -c %a left/a)" = 600 ] || wrong "left/a"

it "a decision is a run: the run before it is not taken back in its place"
for choice in mine theirs; do
    start_again
    write left/b due
    write left/a mine
    write right/a yours
    status 1 sync left "$right"
    content right/b due
    ok resolve "--$choice" left/a
    [ "$choice" = mine ] && wanted=0 || wanted=3
    status "$wanted" undo left
    content left/b due
    content right/b due
    [ "$choice" = mine ] && now=mine || now=yours
    content left/a "$now"
    content right/a yours
    sync_ok left "$right"
    content left/a "$now"
    content right/a "$now"
done

it "-n changes nothing, and tells"
start_again
rm left/k
write right/a uno
sync_ok left "$right"
remember left
remember right
status 1 undo -n left
stdout_has k
stdout_has a
unchanged left
unchanged right

it "what was changed since is told, path by path, and left alone on both sides"
start_again
write left/a uno
write left/b due
rm right/k
sync_ok left "$right"
write left/a 'after the run'
write right/k 'made again'
status 3 undo left
stderr_has a
stderr_has k
content left/a 'after the run'
content right/a uno
content right/k 'made again'
content left/b two
content right/b two

it "later runs are left alone, too"
start_again
write left/a uno
write left/b due
sync_ok left "$right"
name=$(run_name left)
write right/a due
sync_ok left "$right"
status 3 undo "$name" left
content left/a due
content right/a due
content left/b two
content right/b two

it "other edits are not carried along"
start_again
write left/a uno
sync_ok left "$right"
write left/b 'not synced yet'
write right/new 'neither'
ok undo left
content left/a one
content right/a one
content right/b two
absent left/new

it "a directory that holds something new stays"
start_again
mkdir left/fresh
write left/fresh/f f
sync_ok left "$right"
write right/fresh/mine m
status 3 undo left
stderr_has fresh
content right/fresh/mine m
absent right/fresh/f
absent left/fresh/f
sync_ok left "$right"
same_tree left right

it "what the trash has lost cannot come back; the rest does"
start_again
rm left/k left/a
sync_ok left "$right"
for f in right/.weft/trash/*/*; do
    [ "$(cat "$f")" != kay ] || rm -f "$f"
done
status 3 undo left
stderr_has k
content left/a one
content right/a one
absent left/k
absent right/k

it "nor does what is damaged there"
start_again
rm left/k left/a
sync_ok left "$right"
for f in right/.weft/trash/*/*; do
    [ "$(cat "$f")" != kay ] || printf KAY >"$f"
done
status 3 undo left
stderr_has k
content right/a one
absent left/k
absent right/k

it "the first copy of a tree is not taken back"
rm -rf left right "$HOME/.local"
tree left 'a=one'
sync_ok left "$right"
status 2 undo left
one_sentence
content right/a one

it "from the other side, by name, standing in it"
start_again
rm left/k
sync_ok left "$right"
name=$(run_name right)
if [ "$WEFT_TEST_ENDPOINT" = local ]; then
    (cd right/work && ok undo "${name##*-}")
else
    ok undo "$name" left "$right"
fi
same_tree left before
same_tree right before

it "--here takes back one side's part; the next sync carries it on"
start_again
rm left/k
write right/a uno
sync_ok left "$right"
name=$(run_name left)
ok undo --here "$name" right
content right/k kay
content right/a uno
absent left/k
sync_ok left "$right"
content left/k kay
content left/a uno

it "no way to the other side: nothing is done, and --here is named"
start_again
write right/a uno
sync_ok left "$right"
mv right gone
if [ "$WEFT_TEST_ENDPOINT" = local ]; then
    refuses limited undo left >"$T/out" 2>"$T/err"
else
    status 4 undo -e 'sh -c "exit 255"' left
    stderr_has '--here'
fi
content left/a uno
mv gone right

it "another tree in the other's place is no place to take the run back"
mv right gone
mkdir right
status 5 undo left
stderr_lacks --new-replica
content left/a uno
absent right/.weft
rmdir right

it "what is missing is not made"
status 4 undo left
stderr_has --here
content left/a uno
absent right
status 2 undo --new-replica left
absent right
mv gone right

it "the last line counts what was taken back, in a look as well"
start_again
write left/a uno
rm left/k
sync_ok left "$right"
write right/a dos
status 3 undo -n left
stdout_has 'would take back'
stdout_has 'new 2, left alone 1'
status 3 undo left
stdout_has 'took back'
stdout_has 'new 2, left alone 1'
stdout_lacks 'in sync'
rm left/k
sync_ok left "$right"
ok undo --here right
stdout_has 'took back'
stdout_has ': new 1'

it "a pushed run is taken back at its target alone"
start_again
write left/a uno
rm left/k
ok push left "$right"
ok undo left
same_tree right before
content left/a uno
absent left/k
ok undo left
content right/a uno
absent right/k

it "what was restored is taken back here"
start_again
rm left/k
sync_ok left "$right"
ok restore right/k
content right/k kay
ok undo right
absent right/k

it "rules of the run's command line hold for its undo, too"
start_again
mkdir left/tmp right/tmp
write left/tmp/l l
write right/tmp/r r
write left/new new
rm left/k
sync_ok --exclude=tmp left "$right"
content right/new new
ok undo left
absent left/new
absent right/new
content left/k kay
content right/k kay
content left/tmp/l l
content right/tmp/r r
absent left/tmp/r

it "undoing a run that added most of the tree is no matter for the guard"
start_again
many left/lots 40
sync_ok left "$right"
ok undo left
same_tree left before
same_tree right before

# killed SECONDS WORDS: weft WORDS, killed with all that it started after that
# time; both ends are given the time to notice.
begin() {
    command=$1
    shift
    case $WEFT_TEST_ENDPOINT in
    local) exec setsid "$WEFT" "$command" "$@" ;;
    *) exec setsid "$WEFT" "$command" -e "$rsh" --remote-path="$WEFT" "$@" ;;
    esac
}
killed() {
    pause=$1
    shift
    (begin "$@") >/dev/null 2>&1 </dev/null &
    pid=$!
    sleep "$pause"
    kill -s KILL -- "-$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
}
# by_now N WORDS: waits for what a killed run left behind; ends with N.
by_now() {
    wanted=$1
    shift
    tries=0
    while run "$@"; got=$?; [ $got -eq 6 ] && [ $tries -lt 100 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
    [ $got -eq "$wanted" ] && return
    wrong "exit status $got, not $wanted"
    show_run
}

if command -v setsid >/dev/null; then
    it "a run that was killed is taken back as far as it came"
    start_again
    write left/large first
    sync_ok left "$right"
    many left/lots 300
    rm -r left/work
    killed 0.08 sync left "$right"
    by_now 0 sync left "$right"
    for name in $(limited log right | cut -c 1-20 | head -n -2); do
        by_now 0 undo "$name" left "$right"
    done
    write before/large first
    touch -r right/large before/large
    same_tree left before
    same_tree right before

    it "an undo that is killed is finished by the next one"
    start_again
    many left/lots 300
    rm -r left/work
    write left/a uno
    sync_ok left "$right"
    name=$(run_name left)
    for pause in 0.03 0.06 0.1 0.15; do
        killed $pause undo "$name" left "$right"
    done
    by_now 0 undo "$name" left "$right"
    same_tree left before
    same_tree right before
    sync_ok left "$right"
    same_tree left before

    it "or carried on by the next sync"
    start_again
    rm -r left/work
    write left/a uno
    sync_ok left "$right"
    name=$(run_name left)
    killed 0.05 undo "$name" left "$right"
    by_now 0 sync left "$right"
    same_tree left right
fi

it "wrong words"
status 2 undo 20200101-000000-0000 left
one_sentence
status 2 undo --here "$name" left "$right"
one_sentence

it "a run that came to nothing stands before no other"
mkdir lasting
tree lasting/a 'd/k=k'
echo '*.o' >lasting/a/.weftignore
mkdir lasting/b
sync_ok lasting/a "$(far lasting/b)"
echo o >lasting/b/d/x.o
rm -r lasting/a/d
status 3 sync lasting/a "$(far lasting/b)"
stderr_has "is not empty: 'x.o' is in it"
absent lasting/b/d/k
status 3 sync lasting/a "$(far lasting/b)"
ok log lasting/a
[ "$(grep -c '^[0-9]' "$T/out")" -eq 2 ] || wrong "not two runs: $(cat "$T/out")"
run undo lasting/a
content lasting/a/d/k k
content lasting/b/d/k k

finish
