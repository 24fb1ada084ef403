# Modes, times to the nanosecond, and symlinks as they are.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

right=$(far right)
it "modes and times arrive"
tree left 'private=1' 'run=2' 'fixed=3' 'closed/x=4'
chmod 600 left/private
chmod 755 left/run
chmod 444 left/fixed
chmod 700 left/closed
touch -d '2001-02-03 04:05:06.123456789' left/private
touch -d '1969-12-31 23:59:58.5' left/run
touch -d '2050-01-01 00:00:00.000000001' left/fixed
sync_ok left "$right"
same_tree left right

it "symlinks: dangling, absolute, to a directory, out of the tree, long"
tree left 'dangling->no/where' 'absolute->/etc/passwd' 'dir->closed' \
    'out->../../..' 'strange->a  b*?'
ln -s "$(printf '%01000d' 7)" left/long
sync_ok left "$right"
same_tree left right

it "a changed target travels"
ln -sfn elsewhere right/dangling
sync_ok left "$right"
[ "$(readlink left/dangling)" = elsewhere ] || wrong "the target is the old one"
same_tree left right

it "a changed mode alone travels, and is called mode"
chmod 640 right/private
sync_ok left "$right"
stdout_has mode
same_tree left right
chmod 750 left/closed
sync_ok left "$right"
same_tree left right

it "a changed time alone travels, and is called times"
touch -d '2010-10-10 10:10:10.101010101' left/private
sync_ok left "$right"
stdout_has times
same_tree left right

it "a read-only file is replaced, too"
chmod u+w left/fixed
write left/fixed 'three, later'
chmod 444 left/fixed
sync_ok left "$right"
same_tree left right

it "files come into a directory without write permission"
tree left 'wall/a=1'
sync_ok left "$right"
chmod 555 left/wall
sync_ok left "$right"
chmod 755 left/wall
write left/wall/b 2
chmod 555 left/wall
sync_ok left "$right"
same_tree left right

finish
