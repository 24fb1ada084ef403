# One way: what was changed there stays, unless --mirror is asked for.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

right=$(far right)
it "push fills the other side"
tree left 'a=1' 'b=2' 'd/c=3'
ok push left "$right"
same_tree left right
ok push left "$right"

it "changes travel, deletions too"
write left/a one
rm left/b
ok push left "$right"
content right/a one
absent right/b

it "what is new there stays, and does not come here"
write right/extra x
run push left "$right"
content right/extra x
absent left/extra

it "what was changed there is a conflict and stays"
write right/a theirs
write left/a ours
status 1 push left "$right"
content right/a theirs
content left/a ours
stdout_has conflict

it "pull goes the other way"
write right/d/c 'three there'
run pull left "$right"
content left/d/c 'three there'
content left/extra x
content left/a ours

it "the source of a push learns nothing: a later sync deletes nothing"
tree src 's=1'
tree dst 't=2'
ok push src "$(far dst)"
absent src/t
sync_ok src "$(far dst)"
content src/t 2
content dst/s 1

it "--mirror makes an exact copy"
ok push --mirror left "$right"
same_tree left right
write right/junk 'some junk'
write right/a changed
rm right/d/c
ok push --mirror left "$right"
same_tree left right
absent left/junk

it "what it replaced is in the trash"
in_trash right 'some junk'
in_trash right changed

it "--delete means --mirror, typed from habit"
write right/junk j
mkdir -p left/node_modules right/node_modules
write left/node_modules/m 1
write right/node_modules/n 2
ok push -v --delete --exclude node_modules left/ "$right/"
absent right/junk
absent right/node_modules/m
content right/node_modules/n 2

it "pull --mirror"
write left/junk j
ok pull --mirror --exclude node_modules left "$right"
absent left/junk

it "in two-way sync --mirror has no meaning"
status 2 sync --mirror left "$right"

it "-i prints rsync's codes"
write left/new n
ok push -i left "$right"
grep -q '^[<>]f+++++++++ new$' "$T/out" || {
    wrong "no code"
    show_run
}

if [ "$WEFT_TEST_ENDPOINT" != local ]; then
    it "verb and order disagree: nothing runs, both commands are shown"
    write left/new nn
    status 2 push "$right" left
    stderr_has "weft pull"
    stderr_has "weft push"
    content right/new n
    content left/new nn
fi

finish
