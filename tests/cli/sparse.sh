# Holes stay holes.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

right=$(far right)
blocks() { du -k "$1" | cut -f 1; }
it "a file that is nearly all hole"
mkdir left
truncate -s 64M left/disk
printf start | dd of=left/disk conv=notrunc status=none
printf middle | dd of=left/disk bs=1M seek=31 conv=notrunc status=none
truncate -s 8M left/hole
[ "$(blocks left/disk)" -lt 1000 ] || skip "no holes on this file system"
sync_ok left "$right"
same_tree left right
[ "$(blocks right/disk)" -lt 1000 ] ||
    wrong "$(blocks right/disk) KiB are allocated"
[ "$(blocks right/hole)" -lt 1000 ] || wrong "the hole was filled"

it "after an edit, too"
printf end | dd of=right/disk bs=1M seek=50 conv=notrunc status=none
sync_ok left "$right"
same_tree left right
[ "$(blocks left/disk)" -lt 1000 ] ||
    wrong "$(blocks left/disk) KiB are allocated"

it "what moves to two places"
cp --sparse=always left/disk left/copy
mv left/disk left/moved
sync_ok left "$right"
same_tree left right
for file in copy moved; do
    [ "$(blocks right/$file)" -lt 1000 ] ||
        wrong "$(blocks right/$file) KiB of $file are allocated"
done
mv left/moved left/disk

it "data that becomes a hole, and a shorter file"
truncate -s 1M left/disk
truncate -s 40M left/disk
sync_ok left "$right"
same_tree left right

finish
