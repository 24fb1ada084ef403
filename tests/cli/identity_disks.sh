# Real disks: file systems in images, mounted, swapped, copied, rolled back.
# endpoints: local pipe
. "${WEFT_SRC:?}/tests/lib/lib.sh"

mounted=''

# disk NAME: a new, empty one, as NAME.img.
disk() {
    truncate -s 16M "$1.img"
    mkfs.ext4 -q -F "$1.img" >"$T/mkfs" 2>&1
}

# insert NAME AT / eject AT
insert() {
    mkdir -p "$2"
    mount -o loop "$1.img" "$2" 2>"$T/mount" || return
    mounted="$mounted $PWD/$2"
}
eject() { umount "$1"; }

# Whatever is still mounted when the script ends.
# shellcheck disable=SC2317 # the trap calls it
remove_disks() {
    for at in $mounted; do
        umount "$at" 2>/dev/null
    done
}

[ "$(id -u)" -eq 0 ] || skip "only root may mount"
command -v mkfs.ext4 >/dev/null || skip "there is no mkfs.ext4"
trap 'remove_disks; at_exit' EXIT
disk probe
insert probe probe || skip "images cannot be mounted here"
eject probe

# quiet A B: they have nothing to say to each other, and no doubt.
quiet() {
    sync_ok "$1" "$2"
    stdout_has "in sync:"
    [ ! -s "$T/err" ] || wrong "stderr is not empty: $(cat "$T/err")"
}

pc=$(far pc)
disk one
insert one m
tree m 'same=1' 'ours=1' 'theirs=1' 'gone=1' 's/x=1'
sync_ok m "$pc"

it "an unmounted disk stops the run, and nothing is written under it"
eject m
status 5 sync m "$pc"
status 5 push m "$pc"
status 5 pull m "$pc"
status 5 diff m "$pc"
[ -z "$(ls -A m)" ] || wrong "the mount point was filled"
content pc/ours 1

it "another disk under the same path does, too"
disk two
insert two m
tree m 'stranger=1'
status 5 sync m "$pc"
status 5 push --mirror m "$pc"
absent m/ours
absent m/.weft
absent pc/stranger
content pc/ours 1

it "unless it is meant to be new"
sync_ok --new-replica m "$pc"
content m/ours 1
content pc/stranger 1
same_tree m pc
quiet m "$pc"

it "the first one then is another, and known again by name"
write m/ours two
rm m/gone
sync_ok m "$pc"
eject m
insert one m
status 5 sync m "$pc"
sync_ok --new-replica m "$pc"
stderr_lacks 'in doubt'
content m/ours two
absent m/gone
quiet m "$pc"

it "at another place it is the same replica"
eject m
insert one elsewhere
write elsewhere/theirs moved
rm elsewhere/s/x
sync_ok elsewhere "$pc"
content pc/theirs moved
absent pc/s/x
quiet elsewhere "$pc"
eject elsewhere
rmdir elsewhere

it "moved to another file system it is a copy, and goes on"
insert one m
disk three
insert three n
mv m/* m/.weft n/
eject m
write n/new-n 1
write pc/new-pc 1
rm n/theirs
sync_ok n "$pc"
stderr_lacks 'in doubt'
content n/new-pc 1
content pc/new-n 1
absent pc/theirs
same_tree n pc
quiet n "$pc"

it "an image that is copied while it is in use: the copy is a clone"
insert three n2 2>/dev/null && eject n2
write n/before 1
sync_ok n "$pc"
sync
cp three.img clone.img
insert clone k
write n/by-n 1
write k/by-k 1
rm n/ours
rm k/before
write n/stranger n
write k/stranger k
sync_ok n "$pc"
status 1 sync k "$pc"
stderr_has 'in doubt'
stdout_has stranger
content k/by-n 1
content pc/by-k 1
content n/stranger n
content pc/stranger n
content k/stranger k
status 1 sync k "$pc"
stderr_lacks 'in doubt'
stdout_lacks '---->'
stdout_lacks '<----'
sync_ok --conflict=first k "$pc"
sync_ok n "$pc"
same_tree n k
same_tree n pc
quiet n k
quiet k "$pc"

it "and from then on both are replicas like any other"
rm k/by-n
write n/by-k edited
sync_ok k "$pc"
sync_ok n "$pc"
sync_ok k "$pc"
absent n/by-n
content k/by-k edited
same_tree n k

it "two clones that meet each other first"
eject k
sync
eject n
cp three.img clone.img
insert three n
insert clone k
write n/by-n 2
write k/by-k2 2
write n/stranger n2
write k/stranger k2
rm n/by-k
status 1 sync n k
stderr_has 'in doubt'
content n/by-k2 2
content k/by-n 2
content n/stranger n2
content k/stranger k2
status 1 sync n k
stderr_lacks 'in doubt'
sync_ok --conflict=first n k
same_tree n k
sync_ok --conflict=first k "$pc"
same_tree k pc
quiet n "$pc"

it "two clones that have used the same tick, and the third in between"
eject k
sync
eject n
cp three.img clone.img
insert three n
insert clone k
write n/only-n 3
write k/only-k 3
sync_ok n "$pc"
status 0 sync k "$pc"
stderr_has 'in doubt'
content pc/only-n 3
content pc/only-k 3
content k/only-n 3
sync_ok n "$pc"
content n/only-k 3
quiet n k
eject k

it "a snapshot is rolled back, and the peer has moved on"
eject n
cp three.img snapshot.img
insert three n
write n/lost 1
write n/ours from-n
rm n/by-k2
sync_ok n "$pc"
write pc/since 1
rm pc/only-k
sync_ok n "$pc"
write n/never-sent 1
eject n
cp snapshot.img three.img
insert three n
write n/after 1
write n/only-n edited-after
write n/s/only-here 1
status 1 sync n "$pc"
stderr_has 'in doubt'
content n/only-n edited-after
content pc/only-n 3
content pc/s/only-here 1
sync_ok --conflict=first n "$pc"
content n/lost 1
content n/since 1
content pc/after 1
content pc/only-n edited-after
content n/ours from-n
exists pc/only-k
exists pc/by-k2
same_tree n pc
quiet n "$pc"

it "rolled back, with as many ticks used again before the peer is met"
eject n
cp three.img snapshot.img
insert three n
write n/first-life 1
sync_ok n "$pc"
write n/first-life 2
sync_ok n "$pc"
eject n
cp snapshot.img three.img
insert three n
for i in 1 2 3 4; do
    write n/second-life $i
    sync_ok n "$(far other)"
done
rm n/after
sync_ok n "$(far other)"
sync_ok n "$pc"
stderr_has 'in doubt'
content n/first-life 2
content pc/second-life 4
content pc/after 1
quiet n "$pc"
sync_ok n "$(far other)"
content other/first-life 2
content other/after 1
sync_ok other "$pc"
same_tree other pc
same_tree other n
quiet n "$(far other)"
quiet n "$pc"

it "what only a part of a plan has told is remembered as well"
eject n
cp three.img snapshot.img
insert three n
write n/planned 1
status 1 diff --output=plan n "$pc"
write n/unplanned 1
run apply plan
content pc/planned 1
absent pc/unplanned
eject n
cp snapshot.img three.img
insert three n
write n/another-life 1
sync_ok n "$pc"
stderr_has 'in doubt'
content n/planned 1
content pc/planned 1
content pc/another-life 1
quiet n "$pc"

finish
