# The trash is pruned by age, but for what an open conflict is about.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

right=$(far right)
# age: what lies in right's trash was thrown away 40 days ago.
age() { find right/.weft/trash -mindepth 1 -maxdepth 1 -exec touch -d '40 days ago' {} +; }

tree left 'a=the first text' 'b=some other' 'c=one' 'd=one'
sync_ok left "$right"
write left/a 'the second'
rm left/b
sync_ok left "$right"
in_trash right 'the first text'
in_trash right 'some other'

it "what a conflict is about stays as long as it is open; the rest goes"
write left/a 'the first text'
write right/a 'mine'
write left/c 'two'
age
status 1 sync left "$right"
in_trash right 'the first text'
refuses grep -rqF 'some other' right/.weft/trash

it "once it is settled, that goes as well"
sync_ok --conflict=first left "$right"
age
write left/c 'three'
sync_ok left "$right"
refuses grep -rqF 'the first text' right/.weft/trash

it "what is young stays"
write left/c 'four'
sync_ok left "$right"
in_trash right 'three'

[ "$(id -u)" -eq 0 ] || skip "only root may mount"
mkdir full
trap 'umount "$T/work/full" 2>/dev/null; at_exit' EXIT
mount -t tmpfs -o size=8m none full 2>/dev/null || skip "no tmpfs to be had"
it "a disk that is full of trash: a run that needs the room makes it"
mkdir from full/b
for i in 1 2 3 4; do
    head -c 1600000 /dev/urandom >"from/$i"
done
sync_ok from "$(far full/b)"
rm from/1 from/2
sync_ok from "$(far full/b)"
head -c 1600000 /dev/urandom >from/5
cp from/5 from/6
echo more >>from/6
sync_ok from "$(far full/b)"
same_tree from full/b
umount full

finish
