# Three machines in any order of pairs: no false conflict, no deletion undone.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

it "laptop-nas, desktop-nas, then laptop-desktop directly"
tree laptop 'a=1' 'b=2' 'c=3' 'gone=x'
nas=$(far nas)
sync_ok laptop "$nas"
sync_ok desktop "$nas"
sync_ok laptop "$(far desktop)"
stdout_has "in sync:"
same_tree laptop desktop

it "an edit that came by way of the third is no conflict"
write laptop/a edited
rm laptop/gone
sync_ok laptop "$nas"
sync_ok desktop "$nas"
content desktop/a edited
absent desktop/gone
sync_ok laptop "$(far desktop)"
stdout_has "in sync:"

it "an edit of an edit goes back by another way"
write desktop/a 'edited twice'
sync_ok desktop "$(far laptop)"
content laptop/a 'edited twice'
sync_ok laptop "$nas"
sync_ok desktop "$nas"
content nas/a 'edited twice'
stdout_has "in sync:"

it "a deletion is not undone by one who has not heard of it"
rm desktop/b
sync_ok desktop "$(far laptop)"
absent laptop/b
sync_ok laptop "$nas"
absent nas/b
sync_ok desktop "$nas"
absent desktop/b

it "edits on two machines conflict on the third's account, too"
write laptop/c from-laptop
write desktop/c from-desktop
sync_ok laptop "$nas"
status 1 sync desktop "$nas"
content nas/c from-laptop
content desktop/c from-desktop

it "three locations in one run"
tree x 'x=1'
tree y 'y=2'
tree z 'z=3'
sync_ok x y "$(far z)"
same_tree x y
same_tree x z
content x/z 3
sync_ok x y "$(far z)"
stdout_has "in sync:"

it "what stood below a conflict was not seen by those who hear of it later"
tree p 'A=old' 'same=1'
sync_ok p q
rm p/A
tree p 'A/in=precious'
mkdir r
write r/A clash
status 1 sync r p
status 1 sync q r
sync_ok q p
content p/A/in precious
content q/A/in precious

finish
