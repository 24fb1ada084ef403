# Of a changed file only what differs travels.
# endpoints: pipe ssh libssh2
. "${WEFT_SRC:?}/tests/lib/lib.sh"
right=$(far right)

# noise FILE BYTES SEED: bytes that no compressor makes smaller.
noise() {
    awk -v n="$2" -v seed="$3" 'BEGIN {
        srand(seed)
        for (i = 0; i < n / 3; i++)
            printf "%s", substr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
                1 + int(rand() * 64), 1) substr("zyxwvutsrqponmlkjihgfedcba9876543210ZYXWVUTSRQPONMLKJIHGFEDCBA-_",
                1 + int(rand() * 64), 1) int(rand() * 10)
    }' >"$1"
}

# sends AT_MOST: a run makes both the same, and sends no more bytes than that.
sends() {
    ok sync --json left "$right"
    sent=$(sed -n 's/.*"event":"summary".*"wire_out":\([0-9]*\).*/\1/p' "$T/out")
    back=$(sed -n 's/.*"event":"summary".*"wire_in":\([0-9]*\).*/\1/p' "$T/out")
    [ "$((sent + back))" -le "$1" ] ||
        wrong "$sent bytes out and $back in are more than $1"
    same_tree left right
}

mkdir left
noise left/large 3000000 1
noise left/middle 300000 2
noise left/small 20000 3
sends 4000000

it "pages that change in place"
noise "$T/page" 4096 4
for at in 3 77 400 401 650; do
    dd if="$T/page" of=left/large bs=4096 seek=$at conv=notrunc 2>/dev/null
done
dd if="$T/page" of=left/middle bs=4096 seek=10 conv=notrunc 2>/dev/null
sends 60000

it "bytes in front, inside and behind"
{ printf front; cat left/large; } >"$T/new" && mv "$T/new" left/large
{ head -c 100000 left/middle; printf inside; tail -c +100001 left/middle; } \
    >"$T/new" && mv "$T/new" left/middle
echo behind >>left/small
sends 40000

it "a part that moves, and one that goes"
{ tail -c +1500001 left/large; head -c 1500000 left/large; } >"$T/new" &&
    mv "$T/new" left/large
head -c 200000 left/middle >"$T/new" && mv "$T/new" left/middle
sends 70000

it "from right to left as well"
dd if="$T/page" of=right/large bs=4096 seek=500 conv=notrunc 2>/dev/null
sends 30000

it "nothing that is alike"
noise left/large 2000000 5
sends 2300000

it "all the same bytes, and bytes that repeat"
head -c 2000000 /dev/zero | tr '\0' x >left/large
sends 2100000 # not compressed where the connection is fast
awk 'BEGIN { for (i = 0; i < 200000; i++) printf "%s", "0123456789" }' \
    >left/large
sends 2100000
dd if="$T/page" of=left/large bs=4096 seek=100 conv=notrunc 2>/dev/null
sends 20000

it "holes stay holes, and what lies between them differs as little"
truncate -s 50000000 left/large
sends 20000
[ "$(stat -c %b right/large)" -lt 20000 ] || wrong "the holes were filled"
noise "$T/data" 1000000 7
dd if="$T/data" of=left/large bs=65536 seek=500 conv=notrunc 2>/dev/null
sends 1100000
for at in 10 400 8010 8200; do # two in the last data, one in a hole
    dd if="$T/page" of=left/large bs=4096 seek=$at conv=notrunc 2>/dev/null
done
truncate -s 600000 left/middle
sends 60000
dd if="$T/page" of=left/middle bs=4096 seek=140 conv=notrunc 2>/dev/null
sends 20000
[ "$(stat -c %b right/large)" -lt 20000 ] || wrong "the holes were filled"
[ "$(stat -c %b right/middle)" -lt 800 ] || wrong "the hole was filled"

it "an older version that was changed meanwhile is not overwritten"
sends 10000
echo mine >>left/middle
echo yours >>right/middle
status 1 sync left "$right"
cp -p left/middle right/middle

it "whole files, where that is wanted"
noise left/middle 300000 2
ok sync left "$right"
dd if="$T/page" of=left/middle bs=4096 seek=10 conv=notrunc 2>/dev/null
ok sync -W --no-compress --json left "$right"
sent=$(sed -n 's/.*"event":"summary".*"wire_out":\([0-9]*\).*/\1/p' "$T/out")
[ "$sent" -ge 300000 ] || wrong "only $sent bytes were sent"
same_tree left right

it "a rate changes nothing but the time"
noise left/slow 60000 6
dd if="$T/page" of=left/middle bs=4096 seek=20 conv=notrunc 2>/dev/null
ok sync --bwlimit=400 left "$right"
same_tree left right
status 2 sync --bwlimit=fast left "$right"
stderr_has 'is no rate'
finish
