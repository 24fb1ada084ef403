# Random runs, each of them taken back: N of them (25), from SEED on.
#
# Rounds of two kinds, on one pair of trees that grows old:
#   apart     each side edits folders of its own, so that nothing clashes:
#             after undo both trees are, byte for byte, what both were in step
#             before those edits
#   together  both sides edit the same folders, and what clashes is left alone
# Now and then the undo is undone: both trees are as the run had left them.
# endpoints: local pipe
. "${WEFT_SRC:?}/tests/lib/lib.sh"
N=${N:-25}
[ "$N" -gt 0 ] || N=25
begun=$SEED
right=$(far right)
odd=$(printf 'o\377d d')

folder() {
    random 7
    case $drawn in
    6) name=$odd ;;
    *) name=p$drawn ;;
    esac
}

# owner FOLDER: which side edits it in this round, into $side; see $split.
owner() {
    case $1 in
    "$odd") bit=6 ;;
    *) bit=${1#p} ;;
    esac
    if [ $((split / (1 << bit) % 2)) -eq 0 ]; then
        side=left
    else
        side=right
    fi
}

content_of() {
    random 12
    case $drawn in
    0) ;;
    1) head -c 150000 /dev/zero | tr '\0' "$((round % 10))" && echo "$1" ;;
    2) printf 'the same everywhere\n' ;;
    *) printf 'round %s, edit %s\n' "$round" "$1" ;;
    esac
}

stamp() {
    random 1000000
    touch -h -d "@$((1500000000 + drawn)).$((drawn * 7 % 1000000))" "$1"
}

# a_mode MODE...: one of them, into $mode.
a_mode() {
    random $#
    shift "$drawn"
    mode=$1
}

# some TYPE: one path below $at of that type ("f", "d", or any), into $some;
# false if there is none.
some() {
    case $1 in
    any) find "$at" -mindepth 1 -print0 ;;
    *) find "$at" -mindepth 1 -type "$1" -print0 ;;
    esac | sort -z >"$T/list"
    count=$(tr -cd '\0' <"$T/list" | wc -c)
    [ "$count" -gt 0 ] || return 1
    random "$count"
    some=$(sed -zn "$((drawn + 1))p" "$T/list" | tr '\0' .)
    some=${some%.}
}

# place: a directory below $at, or itself, into $dir.
place() {
    dir=$at
    random 3
    [ "$drawn" -eq 0 ] || { some d && dir=$some; }
    return 0
}

make_file() {
    place
    random 30
    new=$dir/f$drawn
    if [ ! -e "$new" ] && [ ! -L "$new" ]; then
        content_of "$1" >"$new"
        stamp "$new"
        a_mode 644 600 755 444
        chmod "$mode" "$new"
    fi
}

move() {
    some any || return
    place
    case $dir/ in
    "$some"/*) ;;
    *) [ -e "$dir/m$1" ] || mv "$some" "$dir/m$1" ;;
    esac
}

edit() {
    folder
    if $apart; then
        owner "$name"
    else
        random 2
        [ "$drawn" -eq 0 ] && side=left || side=right
    fi
    at=$side/$name
    random 16
    case $drawn in
    0 | 1 | 2 | 3) make_file "$1" ;;
    4 | 5 | 6) some f && content_of "$1" >"$some" && stamp "$some" ;;
    7) some f && a_mode 644 600 755 444 && chmod "$mode" "$some" ;;
    8) some f && stamp "$some" ;;
    9) some any && rm -rf "$some" ;;
    10) place && mkdir -p "$dir/d$1" && a_mode 755 700 750 711 &&
        chmod "$mode" "$dir/d$1" ;;
    11) move "$1" ;;
    12) place && ln -sfn "to/$1" "$dir/l$1" && stamp "$dir/l$1" ;;
    13) some f && rm -f "$some" && mkdir "$some" && echo "$1" >"$some/in" ;;
    14) some d && rm -rf "$some" && content_of "$1" >"$some" ;;
    15) some d && a_mode 755 700 750 711 && chmod "$mode" "$some" ;;
    esac
    return 0
}

# keep NAME: what both trees are now.
keep() {
    describe left >"$T/$1.left"
    describe right >"$T/$1.right"
}

is_kept() { # is_kept SIDE NAME WORDS
    describe "$1" >"$T/is"
    cmp -s "$T/is" "$T/$2.$1" && return
    wrong "SEED=$begun round $round: '$1' is not $3"
    diff "$T/is" "$T/$2.$1" | head -n 20 | cut -c 1-200 | sed 's/^/    /'
}

ends() { # ends WORDS WORST: the last run has ended with that, or better
    [ "$got" -le "$2" ] && return
    wrong "SEED=$begun round $round: $1 ends with $got"
    show_run
}

run_name() { limited log --max-count=1 left | cut -c 1-20; }

take_back() {
    run undo left
    got=$?
    if $apart; then
        ends undo 0
        is_kept left before "as it was before the edits"
        is_kept right before "as it was before the edits"
    else
        ends undo 3
        clashes=$((clashes + 1))
        [ "$got" -ne 3 ] || refused=$((refused + 1))
    fi
}

again() {
    run undo left
    got=$?
    ends "undo of undo" 0
    is_kept left after "as the run had left it"
    is_kept right after "as the run had left it"
    random 2
    if [ "$drawn" -eq 0 ] && $apart; then
        run undo left
        got=$?
        ends "the third undo" 0
        is_kept left before "as it was before the edits, again"
        is_kept right before "as it was before the edits, again"
    fi
}

one_round() {
    random 128
    split=$drawn
    random 4
    [ "$drawn" -gt 0 ] && apart=true || apart=false
    keep before
    random 25
    edits=$drawn
    while [ "$edits" -ge 0 ]; do
        edit "$round.$edits"
        edits=$((edits - 1))
    done
    was=$(run_name)
    run sync --max-delete=100% left "$right"
    got=$?
    $apart && ends sync 0 || ends sync 1
    keep after
    [ "$(run_name)" != "$was" ] || return 0
    undone=$((undone + 1))
    take_back
    random 3
    [ "$got" -ne 0 ] || [ "$drawn" -ne 0 ] || again
    # What clashed is settled, so that the next round begins in step.
    run sync --max-delete=100% --conflict=first left "$right"
    got=$?
    ends "the sync after it" 1
    same_tree left right || wrong "SEED=$begun round $round"
}

it "every one of $N random runs is taken back"
for k in 0 1 2 3 4 5; do
    mkdir -p left/p$k
    for f in 1 2 3; do echo "$k $f" >left/p$k/f$f; done
done
mkdir "left/$odd"
echo x >"left/$odd/x"
mkdir right
sync_ok left "$right"
round=0 undone=0 clashes=0 refused=0
while [ "$undone" -lt "$N" ] && $case_ok; do
    round=$((round + 1))
    one_round
done
echo "$round rounds, $undone runs taken back, $clashes with clashes," \
    "$refused of them in part refused"
finish
