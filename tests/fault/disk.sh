# endpoints: local
# A disk that is full, read-only or damaged: old versions stay, the user gets
# a sentence, and it works at once when the disk does again.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

[ "$(id -u)" -eq 0 ] || skip "only root can mount"
mounted=
unmount() { [ -z "$mounted" ] || umount -l "$mounted" 2>/dev/null; }
trap 'unmount; at_exit' EXIT
truncate -s 20M "$T/image"
mkfs.ext4 -q -F "$T/image" >/dev/null 2>&1 || skip "no mkfs.ext4"
mkdir "$T/disk"
mount -o loop "$T/image" "$T/disk" 2>/dev/null || skip "no loop mounts"
mounted=$T/disk
right=$T/disk/right

it "a full disk: a sentence, status 4, old versions intact"
tree left 'a=old a' 'b=old b' 'd/c=old c'
mkdir "$right"
sync_ok left "$right"
head -c 14000000 /dev/urandom >"$T/disk/ballast"
write left/a 'new a'
head -c 8000000 /dev/urandom >left/big
status 4 sync left "$right"
one_sentence 4
case $(cat "$right/a") in
'old a' | 'new a') ;;
*) wrong "a is neither old nor new" ;;
esac
absent "$right/big"
content "$right/b" 'old b'

it "again while it is full: the same"
status 4 sync left "$right"
content "$right/d/c" 'old c'
content left/a 'new a'

it "it works at once when there is space"
rm "$T/disk/ballast"
sync_ok left "$right"
same_tree left "$right"
sync_ok left "$right"
stdout_has "in sync:"

it "full to the last block"
i=0
while head -c 1000000 /dev/zero >>"$T/disk/ballast" 2>/dev/null; do
    i=$((i + 1))
    [ $i -lt 40 ] || break
done
write left/b 'new b'
status 4 sync left "$right"
one_sentence 4
case $(cat "$right/b") in
'old b' | 'new b') ;;
*) wrong "b is neither old nor new" ;;
esac
rm "$T/disk/ballast"
sync_ok left "$right"
same_tree left "$right"

it "a disk that became read-only loses nothing, and says so"
write left/b 'newer b'
mount -o remount,ro "$T/disk"
run sync left "$right"
got=$?
[ $got -gt 1 ] || wrong "status $got on a read-only disk"
content "$right/b" 'new b'
content left/b 'newer b'
mount -o remount,rw "$T/disk"
sync_ok left "$right"
same_tree left "$right"

it "a damaged state loses nothing and brings nothing back silently"
n=0
while [ $n -lt "${N:-12}" ] && [ $n -lt 2000 ]; do
    n=$((n + 1))
    l=l$n r=r$n
    tree $l 'a=1' 'b=2' 'd/c=3'
    mkdir $r
    run sync $l $r || wrong "the first run fails"
    write $l/a "edited $n"
    write $r/b "edited $n"
    rm $l/d/c
    size=$(stat -c %s $r/.weft/state.db)
    i=0
    while [ $i -lt 8 ]; do
        i=$((i + 1))
        random "$size"
        at=$drawn
        random 256
        printf "\\$(printf %03o "$drawn")" |
            dd of=$r/.weft/state.db bs=1 seek="$at" conv=notrunc 2>/dev/null
    done
    run sync $l $r
    code=$?
    [ $code -le 1 ] || wrong "status $code with a damaged state (SEED=$SEED)"
    for word in "$l/a $r/a" "$l/b $r/b"; do
        # shellcheck disable=SC2086 # two names
        cat $word 2>/dev/null | grep -q "edited $n" ||
            wrong "the edit of $word is lost"
    done
    [ -z "$(find $l $r -name 'c' -prune -o -name .weft -prune -o -type f -empty \
        -print)" ] || wrong "an empty file"
    $case_ok || show_run
    $case_ok || break
    rm -rf "$l" "$r"
done

finish
