# A real tree, of any size: TREE names it, and EDITS how many random changes
# are made on each side (1000).  Needs three times its space in TMPDIR.
. "${WEFT_SRC:?}/tests/lib/lib.sh"
. "$TEST_LIB/records.sh"
[ -d "${TREE:-}" ] || skip "TREE names no directory"
EDITS=${EDITS:-1000}
right=$(far right)

# is_expected: both trees are what expect has said.
is_expected() {
    forget
    for side in left right; do
        files $side >"$T/is.$side"
        same_records "$T/want.$side" "$T/is.$side" "the $side tree is another"
    done
    conflicts >"$T/conflicts"
    same_records "$T/want.conflicts" "$T/conflicts" \
        "other conflicts than the lists have"
}

it "a first sync makes an equal tree"
cp -a "$TREE" left
rm -rf left/.weft
sync_ok left "$right"
records left >"$T/base"
records right >"$T/is"
same_records "$T/base" "$T/is" "trees differ"

it "a second one has nothing to do"
sync_ok left "$right"
stdout_has 'in sync:'
lacks out '---'

round=0
while [ $round -lt "${ROUNDS:-1}" ]; do
    round=$((round + 1))
    it "$EDITS changes on each side, round $round"
    files left >"$T/base"
    candidates left $((SEED * 100 + round))
    change left "l$round" $((SEED * 100 + round))
    change right "r$round" $((SEED * 100 + round + 50))
    records left >"$T/l"
    records right >"$T/r"
    expect "$T/base" "$T/l" "$T/r"
    open=$(grep -c '' "$T/want.conflicts")
    status $((open > 0)) sync --json --max-delete=100% left "$right"
    is_expected
    echo "  $(sort "$T/l" "$T/r" | uniq -u | wc -l) records differed," \
        "$open conflicts"
    it "again: nothing to do, the same conflicts"
    status $((open > 0)) sync --json left "$right"
    lacks out '"event":"done"'
    is_expected

    it "the conflicts are settled"
    ok sync --conflict=newer left "$right"
    records left >"$T/l"
    records right >"$T/r"
    same_records "$T/l" "$T/r" "trees differ after all"
done
finish
