# Deletions propagate, lose against edits, and go to the trash.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

right=$(far right)
it "a deleted file and directory are deleted there"
tree left 'a=text of a' 'b=2' 'd/x=1' 'd/e/y=text of y' 'keep=k'
sync_ok left "$right"
rm -r left/a left/d
sync_ok left "$right"
absent right/a
absent right/d
content right/keep k
stdout_has deleted
same_tree left right

it "they lie in the trash"
in_trash right 'text of a'
in_trash right 'text of y'

it "--no-trash keeps nothing"
tree left 'secret=the secret'
sync_ok left "$right"
rm left/secret
sync_ok --no-trash left "$right"
absent right/secret
refuses grep -rqF 'the secret' right/.weft/trash

it "it does not come back"
sync_ok left "$right"
stdout_has "in sync:"

it "an edit beats a deletion, and that is said"
rm left/b
write right/b 'two, edited'
run sync left "$right"
[ $? -le 1 ] || wrong "status"
content left/b 'two, edited'
content right/b 'two, edited'
stdout_has b

it "a directory deleted here stays where there is something new there"
tree left 'd/old=1'
sync_ok left "$right"
rm -r left/d
write right/d/new 2
run sync left "$right"
content right/d/new 2
content left/d/new 2
absent right/d/old
same_tree left right

it "deleted on both sides is in step"
rm left/b right/b
sync_ok left "$right"
same_tree left right

it "deleted and made again with other content is an edit"
rm left/keep
sync_ok left "$right"
write left/keep 'a new one'
sync_ok left "$right"
content right/keep 'a new one'

it "a few files go with the directories that they were alone in"
tree left 'only/one/file=1' 'only/two=2'
sync_ok left "$right"
rm -r left/only
sync_ok left "$right"
absent right/only

finish
