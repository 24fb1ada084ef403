# A move at one side is a rename at the other: nothing travels, nothing is
# copied, and it can be taken back.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

right=$(far right)

# inodes DIR: "INODE NAME" of each file below it.
inodes() { (cd "$1" && find . -type f -exec stat -c '%i %n' {} + | sort -k 2); }

# moved FROM TO: right/TO has the very files that right/FROM had.
moved() {
    inodes "right/$2" >"$T/now"
    cmp -s "$T/before" "$T/now" || wrong "$1 -> $2 was copied"
    absent "right/$1"
}

it "a directory that is moved"
many left/d 1200
mkdir left/d/deep
head -c 300000 /dev/urandom >left/d/deep/large
write left/stays 'it stays'
sync_ok left "$right"
inodes right/d >"$T/before"
mkdir left/up
mv left/d left/up/e
sync_ok left "$right"
stdout_has ' 0 B sent'
stdout_has 'moved   d/deep/large -> up/e/deep/large'
moved d up/e
same_tree left right
sync_ok left "$right"
stdout_has 'in sync:'

it "nothing of it is in the trash, and yet all is kept"
find right/.weft/trash -type f 2>/dev/null | grep -q . &&
    wrong "the trash has something"
ok log --json right
name=$(sed -n 's/.*"name":"\([^"]*\)".*/\1/p' "$T/out" | head -n 1)
ok log "$name" right
stdout_has deep/large
stdout_lacks 'not kept'

it "it is taken back"
ok undo left
same_tree left right
[ -f right/d/deep/large ] || wrong "the move stands"
absent right/up/e

it "one way, and with another mode or time on the way"
inodes right/d >"$T/before"
mv left/d left/e
ok push left "$right"
moved d e
mv left/stays left/moved
touch -d '2020-02-02 02:02:02' left/moved
ok push left "$right"
content right/moved 'it stays'
same_tree left right

it "a move onto something, and one that others copy from"
write left/x 'the content of x'
write left/y 'the content of y'
sync_ok left "$right"
cp -p left/x left/x2
mv left/x left/y
sync_ok left "$right"
same_tree left right
content right/x2 'the content of x'
absent right/x

it "moved on, and deleted in the end: each version can come back"
write left/w 'the content of w'
sync_ok left "$right"
mv left/w left/w2
sync_ok left "$right"
mv left/w2 left/w3
sync_ok left "$right"
ok restore right/w
content right/w 'the content of w'
rm right/w
sync_ok left "$right"
rm left/w3
sync_ok left "$right"
ok restore right/w2
content right/w2 'the content of w'
sync_ok left "$right"

it "edited after the move: the edit stays"
write left/v 'the content of v'
sync_ok left "$right"
mv left/v left/v2
sync_ok left "$right"
echo more >>right/v2
run undo left
content right/v2 'the content of vmore'
sync_ok left "$right"
same_tree left right

it "out of a directory that may not be written to"
mkdir left/locked
write left/locked/f 'behind a lock'
chmod 555 left/locked
sync_ok left "$right"
inodes right/locked >"$T/before"
chmod 755 left/locked
mkdir left/open
mv left/locked/f left/open/f
chmod 555 left/locked
sync_ok left "$right"
inodes right/open >"$T/now"
cmp -s "$T/before" "$T/now" || wrong "it was copied"
same_tree left right
chmod 755 left/locked right/locked

it "what somebody changes on the way is left alone"
write left/busy 'not now'
sync_ok left "$right"
mv left/busy left/quiet
exec 9>>right/busy
status 3 sync left "$right"
exec 9>&-
content right/busy 'not now'
absent right/quiet
sync_ok left "$right"
same_tree left right
finish
