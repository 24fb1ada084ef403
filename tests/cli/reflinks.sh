# Where files can share extents, what did not change of a large one is not
# written again.
# endpoints: pipe
. "${WEFT_SRC:?}/tests/lib/lib.sh"

mounted=''

# disk KIND: an empty file system at $T/work/KIND; fails where there is none.
disk() {
    truncate -s 320M "$1.img" && mkdir "$1" || return
    case $1 in
    btrfs) mkfs.btrfs -q "$1.img" ;;
    xfs) mkfs.xfs -q -m reflink=1 "$1.img" ;;
    esac >"$T/mkfs" 2>&1 || return
    mount -o loop "$1.img" "$1" 2>"$T/mount" || return
    mounted="$mounted $PWD/$1"
}

# Whatever is still mounted when the script ends.
# shellcheck disable=SC2317 # the trap calls it
remove_disks() {
    cd / || exit
    for at in $mounted; do
        umount "$at" 2>/dev/null
    done
}

# shared FILE: how many KiB of it other files have, too.
shared() {
    sync -f "$1"
    filefrag -b1024 -v "$1" | awk -F: '
        $NF ~ /shared/ { sum += $4 }
        END { print sum + 0 }'
}

# shares FILE KIB: at least that much of it.
shares() {
    kib=$(shared "$1")
    [ "$kib" -ge "$2" ] || wrong "only $kib KiB of $1 are shared, not $2"
}

blocks() { du -k "$1" | cut -f 1; }

# page FILE NUMBER: writes over one of its pages.
page() {
    seq "$2$2" 99999999 | head -c 4096 |
        dd of="$1" bs=4096 seek="$2" conv=notrunc iflag=fullblock status=none
}

large() {
    mkdir left
    seq 1000000 9999999 | head -c 16M >left/large
    sync_ok left "$right"
    cp --reflink=never right/large old

    it "$kind: pages that change in place"
    for at in 5 6 700 1500 4000; do
        page left/large "$at"
    done
    sync_ok left "$right"
    same_tree left right
    shares right/large 16000
    cmp old "$(find right/.weft/trash -type f -size +1M)" ||
        wrong "the old version is not what it was"

    it "$kind: what moves to two places"
    cp --reflink=never left/large left/copy
    mv left/large left/moved
    sync_ok left "$right"
    same_tree left right
    shares right/copy 16000
    rm left/copy
    mv left/moved left/large
    sync_ok left "$right"

    it "$kind: parts that move by whole blocks"
    { head -c 65536 old; cat left/large; } >new && mv new left/large
    sync_ok left "$right"
    same_tree left right
    shares right/large 15000

    it "$kind: a part that moves by one byte is copied"
    { printf x; cat left/large; } >new && mv new left/large
    sync_ok left "$right"
    same_tree left right
    [ "$(shared right/large)" -eq 0 ] || wrong "parts of it are shared"
}

holes() {
    it "$kind: holes of an older version stay holes"
    truncate -s 64M left/sparse
    dd if=old of=left/sparse bs=1M seek=40 conv=notrunc status=none
    sync_ok left "$right"
    head -c 64M left/sparse >new && mv new left/sparse # without holes
    page left/sparse 100
    sync_ok left "$right"
    same_tree left right
    [ "$(blocks left/sparse)" -gt 60000 ] || wrong "it has holes already"
    [ "$(blocks right/sparse)" -lt 20000 ] ||
        wrong "$(blocks right/sparse) KiB are allocated"

    it "$kind: and those of a new one"
    truncate -s 80M left/sparse
    sync_ok left "$right"
    same_tree left right
    [ "$(blocks right/sparse)" -lt 70000 ] || wrong "the hole was filled"
}

[ "$(id -u)" -eq 0 ] || skip "only root may mount"
command -v filefrag >/dev/null || skip "there is no filefrag"
trap 'remove_disks; at_exit' EXIT
trap 'exit 143' TERM HUP
top=$PWD kinds=''
for kind in btrfs xfs; do
    disk "$kind" || continue
    kinds="$kinds $kind"
    cd "$kind" || exit
    right=$(far right)
    large
    holes
    cd "$top" || exit
done
[ -n "$kinds" ] || skip "no file system that shares extents can be made here"
finish
