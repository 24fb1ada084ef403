# A repair is killed after some of its steps: each file is what it was or
# whole, and the next repair ends it.  N= takes every step.
# endpoints: local
. "${WEFT_SRC:?}/tests/lib/lib.sh"
. "$TEST_LIB/rot.sh"
faulty=${WEFT_FAULTY-${WEFT%/*}/tests/fault/weft_faulty}
[ -x "$faulty" ] || skip "no $faulty"

rot_disk 16M
left=$T/disk/left
tree "$left" 'a=one' 'd/b=two' 'd/c=three'
head -c 300000 /dev/urandom >"$left/d/large"
touch -d '1 hour ago' "$left/a" "$left"/d/*
sync_ok "$left" right
sync_ok "$left" right
rot "$left/a" "$left/d/b" "$left/d/large"
rot_save
describe "$left" >"$T/rotten"
describe right >"$T/good"

count=$T/count
WEFT_FAULT=count WEFT_FAULT_COUNT=$count WEFT_FAULT_ROLE=control \
    "$faulty" verify "$left" --repair=right >/dev/null 2>&1
read -r steps _ <"$count"
[ "$steps" -gt 20 ] || wrong "a repair of $steps steps"
kills=0
random 7
step=$((drawn + 1)) stride=$((steps / 8))
[ -z "${N:-}" ] || { step=1 stride=1; }

it "killed anywhere, nothing but what was and what is good is there"
while [ "$step" -le "$steps" ]; do
    rot_restore
    WEFT_FAULT=kill-after:$step WEFT_FAULT_ROLE=control \
        "$faulty" verify "$left" --repair=right >"$T/killed" 2>&1
    [ $? -eq 0 ] || kills=$((kills + 1)) # the last steps are not missed
    describe "$left" >"$T/now"
    sort "$T/rotten" "$T/good" | uniq >"$T/may"
    sort "$T/now" | comm -23 - "$T/may" >"$T/bad"
    [ ! -s "$T/bad" ] || wrong "after step $step: $(head -n 1 "$T/bad")"
    [ "$(wc -l <"$T/now")" -eq "$(wc -l <"$T/good")" ] ||
        wrong "after step $step: a path is not there"

    ok verify "$left" --repair=right || wrong "after step $step"
    same_tree "$left" right || wrong "after step $step"
    ok verify "$left"
    sync_ok "$left" right
    stdout_has 'in sync' || wrong "after step $step"
    step=$((step + stride))
done
[ "$kills" -ge 6 ] || wrong "only $kills kills were felt"

finish
