# An interrupted large file goes on in the next run, whatever ended the run.
# SIZE= says how large it is (16 MiB), CUTS= how often one is cut (10), SEED=
# where.
# endpoints: pipe ssh libssh2
. "${WEFT_SRC:?}/tests/lib/lib.sh"
. "$TEST_LIB/cut.sh"
CUTS=${CUTS:-10} SIZE=${SIZE:-16}
size=$((SIZE << 20))

mkdir left right
whole_run

for how in far link "$T/group" "-$T/group"; do
    it "a new file, and an end by $how"
    noise $size >left/new
    cut_run $((size * 3 / 4)) "$how"
    [ "$cut_code" -ne 0 ] || wrong "the run was not cut"
    [ ! -e right/new ] || wrong "half a file was put in place"
    has_kept right $((size / 4))
    goes_on right "$most"
    rm left/new
    whole_run
done

it "from right to left"
noise $size >right/new
cut_run $((size * 3 / 4)) far
has_kept left $((size / 4))
goes_on left "$most"

it "a file that has an older version"
{ head -c $((size / 4)) right/new; noise $((size * 3 / 4)); } \
    >left/new
cp left/new "$T/content"
cut_run $((size / 2)) link
has_kept right $((size / 4 + size / 8))
goes_on right "$most"
cmp -s left/new "$T/content" || wrong "it has another content"

it "a file that grows: what both have of it is not looked at twice"
noise $((size / 2)) >>left/new
cut_run $((size * 7 / 16)) far
has_kept right "$size"
whole_run
[ "$sent" -le $((size / 2 - size * 7 / 16 + most + (6 << 20))) ] ||
    wrong "$sent bytes were sent"
[ "$back" -le $((size / 400)) ] || wrong "$back bytes came back"
same_tree left right

it "twice, and the source changes between"
noise $size >left/new
cut_run $((size * 3 / 4)) far
has_kept right $((size / 4 + size / 8))
before=$(kept right)
{ printf 'in front'; head -c $((size / 16)) left/new; noise $((size * 7 / 16))
    tail -c +$((size / 2 + 1)) left/new; } \
    >"$T/content" && mv "$T/content" left/new
# 4 MiB of what comes may be on its way, the rest is on the disk.
cut_run $((size * 13 / 32)) "$T/group"
has_kept right "$before"
whole_run
[ "$sent" -le $((size - before + size * 11 / 32)) ] ||
    wrong "$sent bytes were sent, and $before were there before"
same_tree left right

it "a file with holes"
noise $((size / 2)) >left/new
truncate -s $((size * 4)) left/new
noise $((size / 2)) >>left/new
cut_run $((size * 3 / 4)) far
whole_run # 6 MiB may have been on their way
[ "$sent" -le $((size / 4 + most + (6 << 20))) ] || wrong "$sent bytes were sent"
same_tree left right
[ "$(du -k right/new | cut -f 1)" -le $((size / 1024 + 1024)) ] ||
    wrong "the hole was filled"

it "what is too old goes, what is not is only kept"
rm left/new
whole_run
noise $size >left/new
cut_run $((size / 2)) link
has_kept right $((size / 8))
mv left/new "$T/new"
whole_run
has_kept right $((size / 8))
touch -d '8 days ago' right/.weft/tmp/*
whole_run
[ -z "$(kept right)" ] || wrong "it is kept for ever"

it "$CUTS cuts at random bytes"
rm -f left/*
whole_run
size=$((SIZE << 20))
cuts "$CUTS"
goes_on right "$most"

it "what was received needs no room that the trash would have to make"
[ "$(id -u)" -eq 0 ] || skip "only root may mount"
mkdir full from
trap 'umount "$T/work/full" 2>/dev/null; at_exit' EXIT
mount -t tmpfs -o size=16m none full 2>/dev/null || skip "no tmpfs to be had"
mkdir full/b
noise 2000000 >from/old
sync_ok from "$(far full/b)"
rm from/old
sync_ok from "$(far full/b)"
noise 6000000 >from/big
mkdir -p full/b/.weft/tmp
head -c 5000000 from/big >"full/b/.weft/tmp/part-$(printf big | sha256sum |
    cut -c 1-32)"
sync_ok from "$(far full/b)"
same_tree from full/b
find full/b/.weft/trash -size +1000k | grep -q . || wrong "the trash is empty"
umount full

finish
