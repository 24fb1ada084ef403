# A version that a run took away comes back from the trash.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

right=$(far right)
tree left 'a=one' 'd/x=ex' 'd/e/y=why' 'keep=k'
chmod 750 left/d/e
chmod 600 left/a
touch -d '2020-02-02 02:02:02.123456789' left/a left/d/e/y
sync_ok left "$right"
cp -a right before
rm -rf before/.weft

it "there is nothing to restore at first"
status 2 restore right/a
one_sentence
status 2 restore nowhere/a
one_sentence

it "what a run replaced comes back, byte for byte"
write left/a two
sync_ok left "$right"
write left/a three
sync_ok left "$right"
status 1 restore -n right/a
stdout_has 'would restore a'
content right/a three
ok restore right/a
stdout_has 'restored a'
content right/a two

it "--list has the versions, the latest first"
ok restore --list right/a
[ "$(grep -c '^a  ' "$T/out")" = 3 ] || wrong "not three versions"
ok restore --list --json right/a
stdout_has '"event":"version"'

it "what stood there is in the trash now, so that restoring can be undone"
in_trash right three
ok restore right/a
content right/a three

it "--before a run: as it was before it"
first=$(limited log right | tail -n 2 | head -n 1 | cut -c 1-20)
ok restore --before="$first" right/a
cmp before/a right/a || wrong "other content"
[ "$(stat -c '%a %.Y' right/a)" = "$(stat -c '%a %.Y' before/a)" ] ||
    wrong "other mode or time"

it "--before a time"
status 2 restore --before=yesterday right/a
one_sentence
write right/a x
ok restore --before=2h right/a
cmp before/a right/a || wrong "other content"

it "the next sync carries it on"
sync_ok left "$right"
cmp before/a left/a || wrong "other content"
same_tree left right

it "a directory: all that is gone and is kept, with the directories"
rm -r left/d
sync_ok left "$right"
absent right/d
(cd right && ok restore d/)
stdout_has 'd/e/y'
write before/a one
touch -r right/a before/a
same_tree before right
sync_ok left "$right"
same_tree before left

it "what is there now is left alone"
write right/d/x mine
rm right/d/e/y
ok restore right/d
content right/d/x mine
content right/d/e/y why

it "one path below a directory that is gone"
sync_ok left "$right"
rm -r left/d
sync_ok left "$right"
ok restore right/d/e/y
content right/d/e/y why
absent right/d/x
[ "$(stat -c %a right/d/e)" = 750 ] || wrong "other mode"

it "again: nothing to do"
ok restore right/d/e/y
stderr_has 'nothing to restore'

it "a directory in the way goes to the trash"
write left/way w
sync_ok left "$right"
rm left/keep left/way
sync_ok left "$right"
tree right 'way/in=1'
ok restore right/way
content right/way w
ok restore right/way
content right/way/in 1

it "a day is a time, not a part of a run's name"
status 1 restore -n --before=2001-02-03 right/keep
stdout_has keep
status 2 restore -n --before=2100-01-01 right/keep
stderr_has 'since then'
status 2 restore -n --before=2026-02-30 right/keep

it "content that is damaged in the trash does not come back"
for f in right/.weft/trash/*/*; do
    [ ! -f "$f" ] || [ "$(cat "$f")" != k ] || printf K >"$f"
done
status 3 restore right/keep
stderr_has keep
absent right/keep

it "what the trash has lost is not restored"
rm -rf right/.weft/trash
status 3 restore right/keep
absent right/keep

finish
