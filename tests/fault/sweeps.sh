# endpoints: local
# Each process of a run dies, or one of its calls fails, at points of its way;
# the next run must find everything (tests/fault/sweep.c).  A sample whose
# place changes with SEED; N= takes every point, and kills the next run, too.
# WEFT_SWEEP= has further options for sweep.
programs=${WEFT%/*}/tests/fault
[ -x "$programs/sweep" ] || { echo "skipped: no $programs/sweep"; exit 77; }
WEFT_FAULTY=${WEFT_FAULTY-$programs/weft_faulty}
export WEFT_FAULTY
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ]; then
    TMPDIR=/dev/shm
fi
TMPDIR=${TMPDIR:-/tmp}
export TMPDIR
out=$(mktemp -d "$TMPDIR/weft-sweeps.XXXXXX") || exit 99
trap 'rm -rf "$out"' EXIT

# part NAME SCENARIOS OPTIONS: one after the other, each to a file
part() {
    name=$1 list=$2
    shift 2
    for s in $list; do
        # shellcheck disable=SC2086 # options are words
        "$programs/sweep" -s "$s" "$@" ${WEFT_SWEEP:-} || echo failed
    done >"$out/$name" 2>&1
}
one='new delete dir-to-file modes rename-dir touch conflict both'
two='edit file-to-dir links rename nested strangers'
if [ -n "${N:-}" ]; then
    part a "$one mass" -e 1 &
    part b "$two" -e 1
    wait
    part c "$one" -2 -e 3 &
    part d "$two" -2 -e 3
    part e "$one $two" -l flags -e 7
    part f "$one $two" -l flags,links -e 7
else
    part a "$one" -e 131 &
    part b "$two" -e 131
    part c "mass" -e 601
    part d "edit delete nested" -l flags -e 211
fi
wait
cat "$out"/*
! grep -q -e '^failed' -e '^not ok' "$out"/*
