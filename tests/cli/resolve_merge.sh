# Texts that were edited on both sides become one.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

right=$(far right)

lines() { printf '%s\n' "$@"; }

# clash_lines: left and right each edit the same file; $T/mine and $T/yours.
clash() {
    cp "$T/mine" left/a.md
    cp "$T/yours" right/a.md
    status 1 sync left "$right"
}

is() { # is FILE LINE...
    file=$1
    shift
    lines "$@" >"$T/wanted"
    cmp -s "$T/wanted" "$file" || {
        wrong "'$file' is not what was wanted"
        diff "$T/wanted" "$file" | sed 's/^/    /'
    }
}

mkdir left
lines one two three four five >left/a.md
sync_ok left "$right"

it "--merge joins what each has changed, with the true ancestor"
lines ONE two three four five >"$T/mine"
lines one two three four FIVE >"$T/yours"
clash
mv right away
ok resolve left/a.md --merge
mv away right
is left/a.md ONE two three four FIVE
status 0 conflicts left
sync_ok left "$right"
same_tree left right
sync_ok left "$right"
stdout_has "in sync:"

it "what was there before the merge is in the trash"
grep -rqF ONE left/.weft/trash || wrong "it is not"

it "lines that clash: nothing is changed"
lines mine two three four FIVE >"$T/mine"
lines yours two three four FIVE 6 >"$T/yours"
clash
status 1 resolve left/a.md --merge
one_sentence
stderr_has "--markers"
is left/a.md mine two three four FIVE
status 1 conflicts -q left

it "--markers writes them, the conflict stays, and nobody else gets them"
status 1 resolve left/a.md --merge --markers
stdout_has "--mine"
is left/a.md '<<<<<<< mine' mine ======= yours \
    ">>>>>>> theirs ($(grep '^>>>>>>>' left/a.md | sed 's/.*(\(.*\))/\1/'))" \
    two three four FIVE 6
status 1 sync left "$right"
is right/a.md yours two three four FIVE 6
lines both two three four FIVE 6 >left/a.md
ok resolve left/a.md --mine
sync_ok left "$right"
is right/a.md both two three four FIVE 6
status 0 conflicts right

it "the ancestor is still the true one after a second edit of either side"
lines 1 two three four FIVE 6 >"$T/mine"
lines both two three four FIVE six >"$T/yours"
clash
lines 1 2 three four FIVE 6 >left/a.md
status 1 sync left "$right"
ok resolve right/a.md --merge
is right/a.md 1 2 three four FIVE six
sync_ok left "$right"
same_tree left right

it "--tool gets all four files, and what it writes is the result"
lines mine 2 three four FIVE six >"$T/mine"
lines yours 2 three four FIVE six >"$T/yours"
clash
ok resolve left/a.md --tool='
    [ "$(head -n 1 "$LOCAL")" = mine ] || exit 1
    [ "$(head -n 1 "$REMOTE")" = yours ] || exit 1
    [ "$(head -n 1 "$BASE")" = 1 ] || exit 1
    case $MERGED in *.md) ;; *) exit 1 ;; esac
    (echo tool; tail -n +2 "$LOCAL") >"$MERGED"'
is left/a.md tool 2 three four FIVE six
sync_ok left "$right"
same_tree left right

it "a tool that fails, or changes nothing, settles nothing"
lines mine 2 three four FIVE six >"$T/mine"
lines yours 2 three four FIVE six >"$T/yours"
clash
status 1 resolve left/a.md --tool='echo x >"$MERGED"; exit 1'
one_sentence
status 1 resolve left/a.md --tool=true
one_sentence
is left/a.md mine 2 three four FIVE six
status 1 conflicts -q left
ok resolve left/a.md --mine
sync_ok left "$right"

it "without a common ancestor there is nothing to merge by"
write left/new 1
write right/new 2
status 1 sync left "$right"
status 1 resolve left/new --merge
one_sentence
content left/new 1
ok resolve left/new --mine
sync_ok left "$right"

it "without diff3 it says what is missing"
lines ONE 2 three four FIVE six >"$T/mine"
lines mine 2 three four FIVE 6 >"$T/yours"
clash
mkdir bin
(PATH=$PWD/bin && "$WEFT" resolve left/a.md --merge) >"$T/out" 2>"$T/err" &&
    wrong "it merged"
stderr_has diff3
ok resolve left/a.md --mine
sync_ok left "$right"

it "it keeps the permission bits of what is here"
printf 'a\nb\nc\n' >left/run
chmod 755 left/run
sync_ok left "$right"
printf 'A\nb\nc\n' >left/run
printf 'a\nb\nC\n' >right/run
status 1 sync left "$right"
ok resolve right/run --merge
sync_ok left "$right"
[ "$(stat -c %a left/run)" = 755 ] || wrong "it has $(stat -c %a left/run)"
is left/run A b C

it "on a terminal it asks"
command -v script >/dev/null || skip "no terminal can be had"
lines ONE 2 >"$T/mine"
lines TWO 2 >"$T/yours"
clash
asked() {
    printf '%b' "$1" | timeout 60 script -qec "$WEFT resolve left/a.md" \
        /dev/null >"$T/out" 2>"$T/err"
}
asked 's\n'
stdout_has "a.md: changed on both sides"
stdout_has "(m)ine"
status 1 conflicts -q left
asked 'd\nx\nt\n'
stdout_has "+TWO"
is left/a.md TWO 2
status 0 conflicts left
sync_ok left "$right"
same_tree left right

finish
