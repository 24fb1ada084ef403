# Two runs on one replica: the second exits 6 at once.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

command -v setsid >/dev/null || skip "no setsid"
right=$(far right)

# Catch a run in the act: start it, and stop its processes once it is locked.
caught=false
for n in 2000 8000 30000; do
    rm -rf left right
    many left "$n"
    case $WEFT_TEST_ENDPOINT in
    local) setsid "$WEFT" sync left "$right" >"$T/first" 2>&1 & ;;
    *) setsid "$WEFT" sync -e "$rsh" --remote-path="$WEFT" \
        left "$right" >"$T/first" 2>&1 & ;;
    esac
    first=$!
    while kill -0 "$first" 2>/dev/null; do
        [ ! -s left/.weft/lock ] || break
    done
    # Not in the middle of a commit, which has the database to itself.
    for try in 1 2 3; do
        kill -s STOP -- "-$first" 2>/dev/null || continue 2
        [ "$(find left -type f | wc -l)" -gt \
            "$(find right -type f 2>/dev/null | wc -l)" ] &&
            run status left && caught=true && break 2
        kill -s CONT -- "-$first"
    done
    wait "$first"
done
$caught || skip "no run is slow enough to be caught"

it "the second run exits 6 and names the holder"
tree other 'x=1'
status 6 sync left "$(far other)"
one_sentence
stderr_has "$(hostname)"
grep -q '[0-9]' "$T/err" || wrong "no pid"
status 6 sync --batch -q other left

it "what only reads works beside it"
ok status left

it "--wait waits"
case $WEFT_TEST_ENDPOINT in
local) "$WEFT" sync --wait left "$right" >"$T/second" 2>&1 & ;;
*) "$WEFT" sync --wait -e "$rsh" --remote-path="$WEFT" \
    left "$right" >"$T/second" 2>&1 & ;;
esac
second=$!
sleep 0.3
kill -0 "$second" 2>/dev/null || wrong "it did not wait"
kill -s CONT -- "-$first"
wait "$first" || wrong "the first run: $(tail -n 1 "$T/first")"
wait "$second" || wrong "the second run: $(tail -n 1 "$T/second")"
same_tree left right

it "a lock dies with its process"
sync_ok left "$right"

finish
