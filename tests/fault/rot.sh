# Bit rot: every flipped bit is found, no later sync spreads one, and all are
# repaired.  FLIPS says how many.
# endpoints: local pipe
. "${WEFT_SRC:?}/tests/lib/lib.sh"
. "$TEST_LIB/rot.sh"

FLIPS=${FLIPS:-100}

# told TEXT: standard output has it, whatever the commas in its numbers.
told() { tr -d , <"$T/out" | grep -qF -e "$1" || wrong "'$1' is not told"; }

rot_disk $((FLIPS / 20 + 40))M
left=$T/disk/left
right=$(far right)

# Small files and large ones, and as many again that stay whole.
awk -v root="$left" -v n=$((FLIPS * 2)) 'BEGIN {
    for (i = 0; i < n; i++) {
        dir = root "/d" int(i / 50)
        if (i % 50 == 0) system("mkdir -p " dir)
        file = dir "/f" i
        lines = i % 10 == 0 ? 4000 : 1 + i % 60
        for (k = 0; k < lines; k++) print i, k, "some text of this file" > file
        close(file)
    }
}'
find "$left" -type f -exec touch -d '2 hours ago' {} +
sync_ok "$left" "$right"
sync_ok "$left" "$right" # nothing is racy any more
describe "$left" >"$T/good"

it "all is well at first"
ok verify "$left"
told "verified: $((FLIPS * 2)) files as recorded"

find "$left"/d* -type f | sort -t f -k 2n |
    awk -v n="$FLIPS" 'NR % 2 && m++ < n' >"$T/chosen"
snapshot "$left" >"$T/stamps"
# shellcheck disable=SC2046 # names without spaces
rot $(cat "$T/chosen")
sed "s|^$left/||" "$T/chosen" | sort >"$T/wanted"

it "no stamp has moved"
snapshot "$left" >"$T/stamps.now"
cmp -s "$T/stamps" "$T/stamps.now" || wrong "stamps differ"

it "every one is found, and nothing else"
status 1 verify "$left"
sed -n 's/^rotten *//p' "$T/out" | sort >"$T/found"
cmp -s "$T/wanted" "$T/found" ||
    wrong "$(wc -l <"$T/found") found of $(wc -l <"$T/wanted")"
told "verified: $FLIPS files as recorded"
told "$FLIPS rotten"

# What has no rot: each file is as it was, or is not there.
sound() {
    describe "$1" | grep -v '^\. ' >"$T/now"
    awk 'NR == FNR { good[$0] = 1; next } !($0 in good)' "$T/good" "$T/now" \
        >"$T/bad"
    [ ! -s "$T/bad" ] || {
        wrong "'$1' has what was never there"
        head -n 5 "$T/bad"
    }
}

it "a sync of listings does not spread it"
sync_ok "$left" "$right"
sound right
sync_ok "$right" "$left"
sound right

it "nor one that reads everything: it says so, and leaves these files alone"
status 3 sync -c "$left" "$right"
[ "$(grep -c 'bit rot' "$T/err")" -eq "$FLIPS" ] || wrong "not all are named"
sound right
status 3 sync -c "$right" "$left"
sound right

it "nor to a third replica, which gets all the rest"
status 3 sync "$left" third
[ "$(grep -c 'bit rot' "$T/err")" -eq "$FLIPS" ] || wrong "not all are named"
sound third
[ "$(find third/d* -type f | wc -l)" -eq "$FLIPS" ] || wrong "the rest lacks"
status 3 push "$left" "$(far fourth)"
sound fourth

it "who has it whole brings it to the third"
sync_ok "$right" third
same_tree right third

it "and the one with the rot is still the one with the rot"
status 1 verify "$left"
told "$FLIPS rotten"

it "an edit elsewhere still comes, and heals that file"
healed=$(head -n 1 "$T/wanted")
lost=$(tail -n 1 "$T/wanted")
write "right/$healed" 'written anew'
sync_ok "$left" "$right"
content "$left/$healed" 'written anew'

it "what has no good copy elsewhere is left as it is"
cp -p "right/$lost" "$T/lost"
write "right/$lost" 'another version'
status 1 verify "$left" --repair="$right"
stderr_has "$lost"
stdout_has '1 rotten'
told "$((FLIPS - 2)) repaired"
refuses cmp -s "$left/$lost" "$T/lost"
content "right/$lost" 'another version'

it "all others are repaired, as they were"
describe "$left" | grep -v -e "$lost\$" -e "$healed\$" -e "$lost " \
    -e "$healed " >"$T/now"
grep -v -e "$lost\$" -e "$healed\$" -e "$lost " -e "$healed " "$T/good" |
    cmp -s - "$T/now" || wrong "other content, modes or times"

it "and what was rotten lies in the trash"
kept=$(find "$left/.weft/trash" -type f | wc -l)
[ "$kept" -eq $((FLIPS - 1)) ] || wrong "$kept files are in the trash"

it "from where it is whole the last one comes, too"
status 0 verify "$left" --repair=third
stdout_has "repaired   $lost"
cmp -s "$left/$lost" "$T/lost" || wrong "it is not what it was"
ok verify "$left"

it "a repair is no event: that version elsewhere still replaces it"
sync_ok "$left" "$right"
content "$left/$lost" 'another version'
ok sync "$left" "$right"
stdout_has 'in sync'
same_tree "$left" right

finish
