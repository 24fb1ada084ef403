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

finish
