# Both sides edit one file: reported, neither side touched, status 1.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

right=$(far right)
it "a conflict changes nothing, the rest goes on"
tree left 'notes=one' 'other=1'
sync_ok left "$right"
write left/notes mine
write right/notes yours
write left/other 2
status 1 sync left "$right"
content left/notes mine
content right/notes yours
content right/other 2
stdout_has notes
stdout_has conflict

it "it is reported again until it is settled"
status 1 sync left "$right"
stdout_has notes

it "the same text on both sides settles it"
write left/notes agreed
write right/notes agreed
sync_ok left "$right"
same_tree left right
sync_ok left "$right"
stdout_has "in sync:"

it "--conflict=newer takes the later edit"
write left/notes older
touch -d '2022-01-01' left/notes
write right/notes newer
touch -d '2022-01-02' right/notes
sync_ok --conflict=newer left "$right"
content left/notes newer
same_tree left right

it "--conflict=first takes the location named first"
write left/notes 'left again'
write right/notes 'right again'
sync_ok --conflict=first left "$right"
content right/notes 'left again'

it "what lost is in the trash"
in_trash right 'right again'

it "afterwards all is quiet"
sync_ok left "$right"
stdout_has "in sync:"

finish
