# diff and -n read only.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

tree left 'a=1' 'd/b=2'
tree right 'a=1' 'c=3'
touch -d '2020-01-01' left/a right/a left right left/d
right=$(far right)
remember left
remember right
remember "$HOME"

it "before any sync"
status 1 diff left "$right"
stdout_has d/b
stdout_has c
unchanged left
unchanged right
unchanged "$HOME"
status 1 sync -n left "$right"
unchanged left
unchanged right
status 1 push -n left "$right"
unchanged right

it "a location that does not exist is not made"
status 1 diff left "$(far absent)"
absent absent

it "in step"
sync_ok left "$right"
remember left
remember right
remember "$HOME"
ok diff left "$right"
ok sync -n left "$right"
unchanged left
unchanged right
unchanged "$HOME"

it "with an edit, a deletion and a conflict"
write left/d/b 'two, edited'
rm right/c
write left/a mine
write right/a yours
remember left
remember right
status 1 diff left "$right"
stdout_has d/b
stdout_has deleted
stdout_has conflict
unchanged left
unchanged right

it "the sync does what was shown"
status 1 sync left "$right"
content right/d/b 'two, edited'
absent left/c

it "a read-only tree can be compared"
chmod -R a-w left
run diff left "$right"
[ $? -le 1 ] || wrong "status"
chmod -R u+w left

finish
