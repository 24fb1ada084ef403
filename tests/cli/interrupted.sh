# Killed at any moment: nothing is lost, no file is half-written, and the next
# run just continues.  N= says how often, SEED= when.
# endpoints: local pipe ssh libssh2
. "${WEFT_SRC:?}/tests/lib/lib.sh"

command -v setsid >/dev/null || skip "no setsid"
right=$(far right)
N=${N:-20}
[ "$N" -le 10000 ] || N=1000
many left 1500
tree right 'theirs/a=1' 'theirs/b=2'
head -c 3000000 /dev/zero | tr '\0' x >left/big
cp -a left left.orig
cp -a right right.orig

start() {
    case $WEFT_TEST_ENDPOINT in
    local) exec setsid "$WEFT" sync left "$right" ;;
    *) exec setsid "$WEFT" sync -e "$rsh" --remote-path="$WEFT" \
        left "$right" ;;
    esac
}

# whole DIR: each file below it is as one of the originals has it.
whole() {
    (cd "$1" && find . -name .weft -prune -o -type f -print0 |
        xargs -0r sha256sum) | sort >"$T/sums"
    comm -13 "$T/sums.orig" "$T/sums" | grep -q . || return 0
    wrong "half-written after kill $i (SEED=$seed): $(comm -13 \
        "$T/sums.orig" "$T/sums" | head -n 3)"
}
for tree in left.orig right.orig; do
    (cd $tree && find . -type f -print0 | xargs -0r sha256sum)
done | sort >"$T/sums.orig"

# again: run to the end, waiting for what a killed run left behind.
again() {
    tries=0
    while run sync left "$right"; code=$?; [ $code -eq 6 ]; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || break
        sleep 0.1
    done
    [ $code -eq 0 ] && return
    wrong "the next run ended with $code"
    show_run
}

it "$N kills at random moments, and nothing is half-written"
i=0 seed=$SEED
while [ $i -lt "$N" ]; do
    i=$((i + 1))
    (start) >/dev/null 2>&1 &
    pid=$!
    random 400
    sleep "$(printf '0.%03d' "$drawn")"
    if [ $((i % 2)) -eq 0 ]; then
        kill -s KILL -- "-$pid" 2>/dev/null
    else
        kill -s KILL "$pid" 2>/dev/null
    fi
    wait "$pid" 2>/dev/null
    whole left
    whole right
    # Now and then it may get through: begin anew.
    if [ $((i % 5)) -eq 0 ]; then
        again
        same_tree left right
        rm -rf left right "$HOME/.local" "$T/far-home"
        mkdir "$T/far-home"
        cp -a right.orig right
        cp -a left.orig left
    fi
    $case_ok || break
done

it "the next run converges"
again
same_tree left right
cmp -s left/big left.orig/big || wrong "big differs"
content left/theirs/b 2

it "and leaves nothing behind"
again
stdout_has "in sync:"
find left/.weft/tmp right/.weft/tmp -type f 2>/dev/null | grep -q . &&
    wrong "temporary files are left"

finish
