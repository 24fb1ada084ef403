# A sync that has nothing to do says so, and changes nothing.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

tree left 'a=1' 'd/b=22' 'l->a'
tree right 'c=3'
it "the first run moves files"
sync_ok left "$(far right)"
stdout_lacks "in sync:"

it "the second is quiet"
describe left >"$T/left.before"
sync_ok left "$(far right)"
stdout_has "in sync: 3 files"
[ "$(grep -c '' "$T/out")" -eq 1 ] || wrong "more than one line"
describe left | cmp -s - "$T/left.before" || wrong "left was changed"
same_tree left right

it "-q says nothing at all"
sync_ok -q left "$(far right)"
silent

it "sides may be exchanged"
sync_ok "$(far right)" left
stdout_has "in sync: 3 files"

it "a touched file with the same content only carries its time"
touch -d '2021-05-06 07:08:09.123456789' left/a
sync_ok left "$(far right)"
stdout_has times
same_tree left right

it "an edit travels, once, in each direction"
write left/a one
write right/c three
sync_ok left "$(far right)"
stdout_has changed
same_tree left right
content right/a one
content left/c three
sync_ok left "$(far right)"
stdout_has "in sync:"

finish
