# shellcheck shell=sh
# Bit rot as a disk makes it: bits of file content flip in the image of an
# ext4 while it is not mounted, so that no stamp moves, ctime included.
#
#   rot_disk SIZE     mounts one at $T/disk
#   rot FILE...       flips one random bit in each of these files below it,
#                     none of them empty, without spaces or quotes in the names

rot_disk() {
    [ "$(id -u)" -eq 0 ] || skip "only root can mount"
    PATH=$PATH:/usr/sbin:/sbin
    command -v debugfs >/dev/null || skip "no debugfs"
    truncate -s "$1" "$T/image"
    mkfs.ext4 -q -F -b 4096 -O ^inline_data "$T/image" >/dev/null 2>&1 ||
        skip "no mkfs.ext4"
    mkdir "$T/disk"
    trap 'rot_unmount; at_exit' EXIT
    rot_mount || skip "no loop mounts"
}

rot_mount() { mount -o loop,noatime "$T/image" "$T/disk" 2>/dev/null; }

# What is busy for a moment is tried again.
rot_unmount() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        mountpoint -q "$T/disk" || return 0
        umount "$T/disk" 2>/dev/null && return 0
        sleep 0.2
    done
    umount -l "$T/disk"
}

rot() {
    for file; do
        random 32768
        printf '%s %s %s\n' "$(stat -c %s "$file")" "$drawn" \
            "${file#"$T/disk"}"
    done >"$T/victims"
    rot_unmount
    # A byte of each file, its block, and the place of that in the image:
    # "OFFSET BIT".
    awk '{ byte = $2 * 31 % $1
           print "bmap \"" $3 "\" " int(byte / 4096) }' "$T/victims" \
        >"$T/commands"
    debugfs -f "$T/commands" "$T/image" 2>/dev/null |
        awk 'NR == FNR { size[NR] = $1; at[NR] = $2; next }
             /^debugfs:/ { next }
             { i++
               print $1 * 4096 + at[i] * 31 % size[i] % 4096, at[i] % 8 }
            ' "$T/victims" - >"$T/flips"
    while read -r offset bit; do
        old=$(od -An -tu1 -j "$offset" -N 1 "$T/image")
        # shellcheck disable=SC2059 # an octal escape
        printf "\\$(printf %o $((old ^ 1 << bit)))" |
            dd of="$T/image" bs=1 seek="$offset" conv=notrunc status=none
    done <"$T/flips"
    [ "$(wc -l <"$T/flips")" -eq $# ] || wrong "not every file was damaged"
    rot_mount || wrong "the disk cannot be mounted again"
}

# rot_save, rot_restore: the disk as it was.
rot_save() {
    rot_unmount
    cp --sparse=always "$T/image" "$T/image.saved"
    rot_mount
}
rot_restore() {
    rot_unmount
    cp --sparse=always "$T/image.saved" "$T/image"
    rot_mount
}
