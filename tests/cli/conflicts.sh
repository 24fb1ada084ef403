# Conflicts are state: noted at both replicas, listed until they are settled.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

right=$(far right)

# lists DIR PATH...: these are the open conflicts there, in this order.
lists() {
    dir=$1
    shift
    wanted=1
    [ $# -gt 0 ] || wanted=0
    status "$wanted" conflicts -q "$dir"
    printf '%s\n' "$@" | sed '/^$/d' >"$T/wanted"
    cmp -s "$T/wanted" "$T/out" || {
        wrong "open in '$dir': $(tr '\n' ' ' <"$T/out"), not: $*"
    }
}

it "in step there is none"
tree left 'notes=one' 'other=1' 'sub/x=x'
sync_ok left "$right"
ok conflicts left
stdout_has "no conflicts"
lists left
lists right

it "two edits are noted at both, with both versions"
write left/notes mine
write right/notes yours!
status 1 sync left "$right"
lists left notes
lists right notes
status 1 conflicts left
stdout_has "notes: changed on both sides"
stdout_has "4 B"
stdout_has "6 B"
stdout_has "both were made from 7692c3ad3540"
stdout_has "weft resolve left/notes"
status 1 conflicts right
stdout_has "weft resolve right/notes"

it "from inside, the command is what can be typed there"
(cd left && limited conflicts) >"$T/out" 2>"$T/err"
stdout_has "weft resolve notes "

it "-0 and --json are for programs"
status 1 conflicts -0 left
tr '\0' ';' <"$T/out" >"$T/list"
content "$T/list" 'notes;'
status 1 conflicts --json right
stdout_has '"event":"conflict","path":"notes","why":"edited"'
stdout_has '"since":"'
stdout_has '"common":"7692c3ad3540'

it "what is no replica has none to tell"
mkdir nothing
status 2 conflicts nothing
one_sentence

it "it keeps its date and its ancestor while it is open"
status 1 conflicts --json left
sed 's/.*"since":"\([^"]*\)".*/\1/' "$T/out" >"$T/since"
write left/notes 'mine again'
status 1 sync left "$right"
status 1 conflicts --json left
stdout_has "\"since\":\"$(cat "$T/since")\""
stdout_has '"common":"7692c3ad3540'
stdout_has '"size":10'

it "by hand: the same text on both sides"
write left/notes agreed
write right/notes agreed
sync_ok left "$right"
lists left
lists right

it "by hand: it is deleted on one side, and the edit stays"
write left/notes mine
write right/notes yours
status 1 sync left "$right"
lists right notes
rm left/notes
sync_ok left "$right"
content left/notes yours
lists left
lists right

it "by hand: it is deleted on both sides"
write left/notes 'mine 2'
write right/notes 'yours 2'
status 1 sync left "$right"
rm left/notes right/notes
sync_ok left "$right"
lists left
lists right

it "by a policy"
write left/other mine
write right/other yours
status 1 sync left "$right"
lists right other
sync_ok --conflict=first left "$right"
lists left
lists right

it "two files of one name"
write left/new 1
write right/new 2
status 1 sync left "$right"
lists left new
lists right new
status 1 conflicts left
stdout_lacks "both were made"
rm right/new
sync_ok left "$right"
lists left
lists right

it "a file here, a directory there"
write left/thing file
tree right 'thing/in=dir'
status 1 sync left "$right"
lists left thing
lists right thing
status 1 conflicts right
stdout_has "a file on one side, a directory on the other"
rm left/thing
sync_ok left "$right"
content left/thing/in dir
lists left
lists right

it "two links of one name"
ln -s one left/link
ln -s two right/link
status 1 sync left "$right"
lists left link
lists right link
status 1 conflicts left
stdout_has "-> two"
rm right/link
sync_ok left "$right"
lists right

it "a directory is deleted here, something in it is edited there: no conflict"
rm -r left/sub
write right/sub/x edited
sync_ok left "$right"
content left/sub/x edited
lists left
lists right

it "renamed here, edited there: both are kept, and it is said"
write left/moving 'some text'
sync_ok left "$right"
mv left/moving left/moved
write right/moving 'some text, edited'
sync_ok left "$right"
stdout_has "edited on one side, deleted on the other"
content left/moving 'some text, edited'
content right/moved 'some text'
same_tree left right
lists left

it "renamed on both sides: both names stay"
mv left/moved left/one
mv right/moved right/two
sync_ok left "$right"
content left/two 'some text'
content right/one 'some text'
absent left/moved
same_tree left right

it "renamed here to what was made there: a conflict, and nothing is lost"
mv left/one left/clash
write right/clash other
status 1 sync left "$right"
lists left clash
lists right clash
content left/clash 'some text'
content right/clash other
ok resolve left/clash --both
sync_ok left "$right"
content right/clash 'some text'
grep -qx other right/clash.weft-conflict-* || wrong "'other' is lost"
same_tree left right
lists right

it "a third replica brings what settles it"
sync_ok left "$(far third)"
sync_ok right third
write left/other from-left
write right/other from-right
status 1 sync left "$right"
sync_ok third left
lists left other
status 1 sync third "$right"
lists third other
sync_ok --conflict=first "$right" third
lists third
sync_ok third left
content left/other from-right
lists left
sync_ok left "$right"
lists left
lists right

it "status tells of them, too"
write left/other a
write right/other b
status 1 sync left "$right"
ok status right
stdout_has "conflict 'other'"

# A directory that goes and comes back is the one that exceptions stand below.
it "a conflict outlives the directory it stands in"
mkdir deep
tree deep/a 'd/f=X'
tree deep/b 'd/f=Y'
mkdir deep/c
status 1 sync deep/b "$(far deep/a)"
rm -r deep/b/d
sync_ok deep/b "$(far deep/c)"
tree deep/b 'd/f=Z'
status 1 sync deep/b "$(far deep/a)"
stdout_has "conflict 'd/f'"
content deep/a/d/f X
content deep/b/d/f Z

it "and one that a guard has kept open, with what was never here"
mkdir kept
tree kept/a 'd/f=Y'
tree kept/b 'd/f=X'
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    echo "$i" >"kept/b/k$i"
done
status 1 sync kept/a "$(far kept/b)"
echo unseen >kept/b/d/unseen
rm -r kept/a/d kept/a/k*
status 5 sync kept/a "$(far kept/b)"
cp -p kept/b/k* kept/a/
tree kept/a 'd/other=Z'
run sync kept/a "$(far kept/b)"
content kept/b/d/unseen unseen
content kept/b/d/f X
stdout_lacks 'deleted'

it "and an empty one, and one that was a file meanwhile"
mkdir turned
tree turned/a 'd/f=X'
tree turned/b 'd/f=Y'
mkdir turned/c
status 1 sync turned/b "$(far turned/a)"
rm -r turned/b/d
echo file >turned/b/d
sync_ok turned/b "$(far turned/c)"
rm turned/b/d
mkdir turned/b/d
sync_ok turned/b "$(far turned/c)"
tree turned/b 'd/f=Z'
status 1 sync turned/b "$(far turned/a)"
content turned/a/d/f X
content turned/b/d/f Z

finish
