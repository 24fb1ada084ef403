# --conflict=ask: a person settles conflicts on the terminal, one by one.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

right=$(far right)

it "without a terminal nothing is done"
tree left 'a=one'
sync_ok left "$right"
write left/a mine
write right/a yours
for words in '' --batch; do
    ran="sync --conflict=ask $words"
    # A session of its own has no terminal.
    # shellcheck disable=SC2086 # no word, or one
    case $WEFT_TEST_ENDPOINT in
    local) setsid -w "$WEFT" sync --conflict=ask $words left "$right" ;;
    *) setsid -w "$WEFT" sync --conflict=ask $words -e "$rsh" \
        --remote-path="$WEFT" left "$right" ;;
    esac >"$T/out" 2>"$T/err" </dev/null
    got=$?
    [ $got -eq 2 ] || wrong "status $got, not 2"
    one_sentence
done
stderr_has "exclude each other"
content left/a mine
content right/a yours

it "a dry run asks nothing"
status 1 diff --conflict=ask left "$right"
stdout_has "conflict 'a'"

script -qec true /dev/null </dev/null >/dev/null 2>&1 ||
    skip "no script(1) that makes a terminal"

# answers STATUS LETTERS [push] LEFT RIGHT: runs sync, or push, on a terminal of
# its own on which somebody types LETTERS, each when it is asked for.
answers() {
    wanted=$1 letters=$2 command=sync
    shift 2
    if [ "$1" = push ]; then
        command=push
        shift
    fi
    ran="$command --conflict=ask $*"
    case $WEFT_TEST_ENDPOINT in
    local) set -- "$WEFT" "$command" --conflict=ask "$@" ;;
    *) set -- "$WEFT" "$command" --conflict=ask -e "$rsh" \
        --remote-path="$WEFT" "$@" ;;
    esac
    words=
    for word; do
        words="$words '$word'"
    done
    mkfifo "$T/keys"
    : >"$T/out"
    : >"$T/err"
    TERM=dumb timeout -k 5 60 script -qefc "$words" "$T/out" <"$T/keys" \
        >/dev/null &
    pid=$!
    exec 9>"$T/keys"
    asked=0
    for letter in $letters; do
        asked=$((asked + 1))
        until [ "$(grep -o 'uit asking?' "$T/out" | grep -c '')" -ge $asked ]; do
            kill -0 $pid 2>/dev/null || break
            sleep 0.05
        done
        printf '%s\n' "$letter" >&9
    done
    wait $pid
    got=$?
    exec 9>&-
    rm "$T/keys"
    [ $got -eq "$wanted" ] && return
    wrong "exit status $got, not $wanted"
    show_run
}

# clash NAME: both sides edit it, the right one later.
clash() {
    edits=$((${edits:-0} + 1))
    write "left/$1" "left $edits"
    touch -d '2022-01-01' "left/$1"
    write "right/$1" "right $edits"
    touch -d '2022-01-02' "right/$1"
}

it "mine, theirs, both, or neither"
tree left 'b=1' 'c=1' 'd=1'
sync_ok --conflict=first left "$right"
for name in a b c d; do
    clash $name
done
answers 1 'm t b s' left "$right"
stdout_has '(settled: ask)'
content right/a 'left 1'
content left/b 'right 2'
content left/c 'right 3'
content left/d 'left 4'
content right/d 'right 4'
for tree in left right; do
    content "$(echo $tree/c.weft-conflict-20220101-000000-*)" 'left 3'
done

it "a letter that means nothing asks again, and a diff can be looked at"
answers 0 'x d t' left "$right"
stdout_has '-left 4'
stdout_has '+right 4'
content left/d 'right 4'
same_tree left right

it "whoever has enough is not asked any more"
clash a
clash b
answers 1 q left "$right"
stdout_has '2 conflicts'
content left/a 'left 5'
content right/b 'right 6'
answers 0 't t' left "$right"
same_tree left right
sync_ok left "$right"
stdout_has "in sync:"

it "a target's version is not on offer in one direction"
clash a
answers 0 't m' push left "$right"
content right/a 'left 7'
sync_ok left "$right"

it "a file and a directory, and a link"
rm left/b right/b
mkdir right/b
write left/b file
write right/b/x x
ln -s one left/l
ln -s two right/l
answers 0 't m' left "$right"
content left/b/x x
[ "$(readlink right/l)" = one ] || wrong "the link is not ours"
same_tree left right

if command -v diff3 >/dev/null; then
    it "texts are merged where they can be"
    printf '%s\n' 1 2 3 4 5 6 7 8 >left/text
    sync_ok left "$right"
    sed -i s/2/two/ left/text
    sed -i s/7/seven/ right/text
    answers 0 M left "$right"
    printf '%s\n' 1 two 3 4 5 6 seven 8 >want
    cmp want left/text || wrong "it is not merged"
    same_tree left right
    sync_ok left "$right"
    stdout_has "in sync:"
    sed -i s/4/mine/ left/text
    sed -i s/4/yours/ right/text
    answers 0 'M m' left "$right"
    stdout_has 'the same lines'
    grep -q mine right/text || wrong "mine was not taken"
fi

finish
