# Rules that come and go, on one side or for one run: what was out of scope is
# never deleted, and what differs when it comes back is a conflict.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

right=$(far right)
tree left 'keep=1' 'o/x=1' 'o/y=2' 'log.log=3' 'p=4' 'q=5'
sync_ok left "$right"

it "a rule on one side: edits and deletions stay where they are"
write left/.weftignore 'o/
*.log'
rm left/o/x right/log.log
write left/o/y left
write right/o/y right
sync_ok left "$right"
absent left/o/x
content right/o/x 1
content left/o/y left
content right/o/y right
content left/log.log 3
absent right/log.log
exists right/.weftignore
sync_ok left "$right"
stdout_has 'in sync:'

it "the rule goes, which the other side first has to hear of"
rm left/.weftignore
sync_ok left "$right"
absent right/.weftignore
status 1 sync left "$right"
content left/o/x 1
content right/o/x 1
content left/o/y left
content right/o/y right
content left/log.log 3
content right/log.log 3
stdout_has "conflict 'o/y'"

it "from then on deletions count again"
rm left/o/x
status 1 sync left "$right"
absent right/o/x

it "--exclude for one run"
rm left/p
write right/q more
status 1 sync --exclude p --exclude q left "$right"
content right/p 4
content left/q 5
status 1 sync left "$right"
content left/p 4
content left/q 5
content right/q more
stdout_has "conflict 'q'"

it "what is excluded survives a mirror"
ok sync --conflict=first left "$right"
rm left/p
write right/p extra
ok push --mirror --exclude p left "$right"
content right/p extra
absent left/p

it "what was left out is not deleted where a conflict stood above it"
three=$(far three)
mkdir four
tree three 'd/y=1' 'd/x=2'
tree four 'd/.weftignore=x'
sync_ok four "$three"
rm -r four/d
write four/d file
write three/d/n 3
rm three/d/.weftignore
status 1 sync four "$three"
rm four/d
mkdir four/d
sync_ok four "$three"
content four/d/x 2
content three/d/x 2

it "a deletion counts, whoever had made the file"
tree five 'e/f=1' 'h=2'
tree six '.weftignore=other'
seven=$(far seven)
sync_ok five six
sync_ok six "$seven"
rm six/.weftignore
sync_ok six "$seven"
sync_ok six "$seven"
rm six/e/f six/h
sync_ok six "$seven"
absent seven/e/f
absent seven/h
absent six/e/f

it "what a third replica left out is not known through it"
nine=$(far nine)
tree eight 'k=1'
mkdir ten
tree nine 'x=1'
sync_ok ten "$nine"
write eight/.weftignore x
write nine/x theirs
ok pull eight "$nine"
write ten/x mine
sync_ok ten eight
rm ten/.weftignore
status 1 sync ten "$nine"
content ten/x mine
content nine/x theirs

it "a conflict outlives a rule that was there for a while"
right=$(far twelve)
tree eleven 'x=mine' 'd/x=mine'
tree twelve 'x=theirs' 'd/x=theirs'
mkdir thirteen
status 1 sync eleven "$right"
write eleven/.weftignore 'x
d/'
ok push eleven thirteen
rm eleven/.weftignore
status 1 sync eleven "$right"
content twelve/x theirs
content twelve/d/x theirs
content eleven/d/x mine

finish
