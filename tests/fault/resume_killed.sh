# The receiver of a large file dies at one of its steps, when it goes on with
# what a cut has left, and of a version that has changed since: each path is old
# or new, and what was received is not lost.  N= takes every step.
# endpoints: pipe
. "${WEFT_SRC:?}/tests/lib/lib.sh"
. "$TEST_LIB/cut.sh"
far_weft=${WEFT_FAULTY-${WEFT%/*}/tests/fault/weft_faulty}
[ -x "$far_weft" ] || skip "no $far_weft"
export far_weft
size=$((6 << 20))
export WEFT_FAULT WEFT_FAULT_ROLE

# prepare TURN: an older version, and a part of a newer one; in every second
# turn that has changed since.
prepare() {
    WEFT_FAULT_ROLE=
    { head -c $((size / 8)) left/new; noise $((size * 7 / 8)); } >"$T/content"
    mv "$T/content" left/new
    cut_run $((size * 3 / 4)) link
    [ $(($1 % 2)) -eq 0 ] || {
        { head -c $((size / 8)) left/new; noise $((size / 8))
            tail -c +$((size / 4 + 1)) left/new; } >"$T/content"
        mv "$T/content" left/new
    }
    cp right/new "$T/old"
}

# faulty_run HOW: the far end does so.
faulty_run() {
    WEFT_FAULT=$1 WEFT_FAULT_ROLE=serve
    cut_run 0 link
    WEFT_FAULT_ROLE=
}

mkdir left right
noise $size >left/new
whole_run

it "killed at any of its steps, nothing is lost, and little is sent again"
stride=13 turn=0 kills=0
[ -z "${N:-}" ] || stride=1
random "$stride"
step=$((drawn + 1))
while $case_ok; do
    turn=$((turn + 1))
    kind=$([ $((turn / 2 % 2)) -eq 0 ] && echo after || echo before)
    prepare $turn
    faulty_run "kill-$kind:$step"
    cmp -s right/new left/new || cmp -s right/new "$T/old" ||
        wrong "it is neither old nor new"
    goes_on right $((size / 8 + most / 2))
    $case_ok || echo "    kill-$kind:$step"
    [ "$cut_code" -ne 0 ] || break # it has no more steps
    kills=$((kills + 1)) step=$((step + stride))
done
[ "$kills" -ge 6 ] || wrong "only $kills kills were felt"

it "a disk that is full gets its space back"
n=40
while prepare 1; faulty_run "fail:$n:ENOSPC"
    ! grep -q "'new': cannot write" "$T/err" && [ $n -lt 200 ]; do
    whole_run
    n=$((n + 8))
done
[ -z "$(kept right)" ] || wrong "$(kept right) bytes are kept"
cmp -s right/new "$T/old" || wrong "it is not the old one"
whole_run
same_tree left right

finish
