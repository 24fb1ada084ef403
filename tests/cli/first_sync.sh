# The first sync of two trees: what is equal is adopted, what one side has is
# copied, what differs is a conflict, nothing is deleted.
# endpoints: local pipe ssh libssh2
. "${WEFT_SRC:?}/tests/lib/lib.sh"

it "an absent directory is created and filled"
tree left 'a=1' 'd/b=22' 'd/e/c=333' 'empty/' 'l->d/b'
sync_ok left "$(far right)"
same_tree left right
exists left/.weft
exists right/.weft
content right/.weft/.gitignore '*'
[ "$(stat -c %a right/.weft)" = 700 ] || wrong ".weft is not private"

it "the other way round, too"
tree from 'x=1'
sync_ok "$(far to)" from
same_tree from to

it "only the parent's child is created, no longer path"
run sync left "$(far no/such/place)" && wrong "it succeeded"
absent no

it "a look says what the run would: the same sentence, the same status"
for command in sync diff; do
    status 2 "$command" left "$(far none/there)"
    one_sentence
    stderr_has "none' does not exist"
done

it "two filled trees are joined"
tree one 'same=s' 'both=mine' 'only1=1' 'dir/x=1'
tree two 'same=s' 'both=yours' 'only2=2' 'dir/y=2'
touch -d '2020-01-01 00:00:00.5' one/same
status 1 sync one "$(far two)"
stdout_has both
content one/both mine
content two/both yours
content two/only1 1
content one/only2 2
content two/dir/x 1
content one/dir/y 2
[ "$(stat -c %Y one/same)" = "$(stat -c %Y two/same)" ] ||
    wrong "equal content, and the times still differ"

it "two empty directories are in step"
mkdir none1 none2
sync_ok none1 "$(far none2)"

it "a tree with itself is refused, whatever the way to it"
status 2 sync left "$(far left)"
one_sentence
stderr_has 'the same directory'

finish
