# A path becomes something else.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

right=$(far right)
change() { # change SENTENCE: after the caller has changed left
    sync_ok left "$right"
    same_tree left right
    sync_ok left "$right"
    stdout_has "in sync:"
}
tree left 'p=file' 'rest=1'
sync_ok left "$right"

it "a file becomes a directory"
rm left/p
tree left 'p/inside/deep=1' 'p/q=2'
change

it "a directory becomes a file"
rm -r left/p
write left/p 'a file again'
change

it "a file becomes a symlink"
rm left/p
ln -s rest left/p
change

it "a symlink becomes a directory"
rm left/p
tree left 'p/x=1'
change

it "a directory becomes a symlink to outside; nothing there is touched"
mkdir outside
write outside/x 'do not touch'
rm -r left/p
ln -s ../outside left/p
change
content outside/x 'do not touch'

it "a symlink becomes a file, from the other side"
rm right/p
write right/p 'from there'
change
content left/p 'from there'

it "a file here and a directory there at the first sync: nothing is lost"
tree one 'n=file'
tree two 'n/in=1' 'm=2'
run sync one "$(far two)"
content one/m 2
{ [ -f one/n ] && content one/n file; } ||
    find one two -name 'n*' -type f -exec cat {} + | grep -q file ||
    wrong "the file is gone"
find one two -name in | grep -q . || wrong "the directory's file is gone"

finish
