# What could be a mistake or a missing disk stops the run with status 5.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

right=$(far right)
fill() {
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
        tree left "f$i=content $i"
    done
}
fill
sync_ok left "$right"

it "an emptied root"
rm left/f*
status 5 sync left "$right"
stderr_has 12
stderr_has "--max-delete"
content right/f1 'content 1'
content right/f12 'content 12'

it "the same the other way round"
fill
sync_ok left "$right"
rm right/f*
status 5 sync left "$right"
content left/f12 'content 12'
cp -p left/f* right/

it "less than half is no mistake"
sync_ok left "$right"
rm left/f1 left/f2 left/f3
sync_ok left "$right"
absent right/f1
tree left f1=1 f2=2 f3=3
sync_ok left "$right"

it "a move is no loss"
mkdir left/sub
mv left/f* left/sub/
sync_ok left "$right"
absent right/f5
content right/sub/f5 'content 5'
same_tree left right

it "--max-delete=N stops earlier, and lets more through"
rm left/sub/f1 left/sub/f2
status 5 sync --max-delete=1 left "$right"
content right/sub/f1 1
sync_ok --max-delete=2 left "$right"
absent right/sub/f1
rm -r left/sub
status 5 sync left "$right"
sync_ok --max-delete=100% left "$right"
absent right/sub/f9

it "an unmounted disk: the root is there, its .weft is not"
fill
sync_ok left "$right"
mv right disk
mkdir right
status 5 sync left "$right"
[ -z "$(ls -A right)" ] || wrong "the mount point was filled"
content left/f1 'content 1'

it "a root that is missing"
rmdir right
status 5 sync left "$right"
absent right
stderr_has "--new-replica"

it "mounted again, it goes on"
mv disk right
write left/f1 edited
sync_ok left "$right"
content right/f1 edited

it "--new-replica accepts the empty one"
rm -rf right
mkdir right
sync_ok --new-replica left "$right"
same_tree left right

finish
