# --conflict=both: the newer version stays, the other is kept beside it under
# a name that says when and whose, on both sides.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

right=$(far right)

# beside DIR NAME TEXT: of the files kept beside DIR/NAME one has TEXT.
beside() {
    stem=${2%.*} ext=${2##*.}
    [ "$stem" != "$2" ] || ext=
    for file in "$1/$stem".weft-conflict-*"${ext:+.$ext}"; do
        [ "$(cat "$file")" != "$3" ] || return 0
    done
    wrong "'$3' is not kept beside '$1/$2'"
}

# kept DIR: how many versions are kept in it.
kept() { find "$1" -name .weft -prune -o -name '*.weft-conflict-*' -print; }
count() {
    n=$(kept "$1" | grep -c '')
    [ "$n" -eq "$2" ] || wrong "$n versions are kept in '$1', not $2"
}

# edit PATH LEFT RIGHT: the right one later.
edit() {
    write "left/$1" "$2"
    touch -d '2022-03-01 10:00:00' "left/$1"
    write "right/$1" "$3"
    touch -d '2022-03-02 11:12:13' "right/$1"
}

it "the newer stays, the other goes beside it, on both sides"
tree left 'notes.txt=one' 'd/Makefile=one' 'other=1'
sync_ok left "$right"
edit notes.txt mine yours
edit d/Makefile 'all: mine' 'all: yours'
remember left
remember right
status 1 diff --conflict=both left "$right"
stdout_has 'notes.weft-conflict-20220301-100000-'
unchanged left
unchanged right
sync_ok --conflict=both left "$right"
stdout_has '(settled: both)'
stdout_has '(kept both: this is the version that lost)'
content left/notes.txt yours
content left/d/Makefile 'all: yours'
beside left notes.txt mine
beside left/d Makefile 'all: mine'
count left 2
same_tree left right
node=$(weft status left | sed -n 's/^node  *//p')
exists "right/notes.weft-conflict-20220301-100000-$node.txt"
exists "right/d/Makefile.weft-conflict-20220301-100000-$node"

it "afterwards all is quiet"
sync_ok left "$right"
stdout_has "in sync:"

it "what is kept is a file like any other"
rm left/notes.weft-conflict-*
sync_ok left "$right"
count right 1
same_tree left right

it "the right side loses the same way"
touch -d '2022-04-01' right/notes.txt
write right/notes.txt 'old yours'
touch -d '2022-04-01' right/notes.txt
write left/notes.txt 'new mine'
touch -d '2022-04-02' left/notes.txt
sync_ok --json --conflict=both left "$right"
stdout_has '"why":"kept-beside"'
stdout_has '"why":"policy","rule":"both"'
content right/notes.txt 'new mine'
beside left notes.txt 'old yours'
same_tree left right

it "symbolic links are kept, too; a directory stays where a file was put"
ln -s one left/link
mkdir left/was left/was/in
write left/was/in/x x
sync_ok left "$right"
ln -sfn two left/link
ln -sfn three right/link
rm -r left/was
write left/was 'a file'
write right/was/in/y y
sync_ok --conflict=both left "$right"
content left/was/in/y y
beside left was 'a file'
[ "$(find left -name 'link.weft-conflict-*' -type l | grep -c '')" -eq 1 ] ||
    wrong "the other link is not there"
same_tree left right
sync_ok left "$right"
stdout_has "in sync:"

it "an edit wins over a deletion, and that is told"
rm left/other
write right/other edited
sync_ok --conflict=both left "$right"
stdout_has 'other  (edited on one side, deleted on the other)'
content left/other edited
n=$(kept left | grep -c '')
same_tree left right

it "a name that is taken gets a number"
write left/other mine
write right/other yours
touch -d '2022-05-01' left/other
touch -d '2022-05-02' right/other
name=other.weft-conflict-20220501-000000-$node
write "left/$name" 'something else'
write "right/$name" 'something else'
sync_ok --conflict=both left "$right"
content "left/$name" 'something else'
content "left/$name-2" mine
same_tree left right

it "where the name is ignored the conflict stays"
write left/.weftignore '*.weft-conflict-*'
sync_ok left "$right"
write left/other 'mine again'
write right/other 'yours again'
status 1 sync --conflict=both left "$right"
stdout_has "conflict 'other'"
content left/other 'mine again'
content right/other 'yours again'
rm left/.weftignore
sync_ok --conflict=first left "$right"

it "push keeps the target's version at the target"
rm -rf left right
XDG_STATE_HOME=$T/state
export XDG_STATE_HOME
tree left 'a.c=one' 'b=1'
sync_ok left "$right"
write left/a.c new
touch -d '2022-01-01' left/a.c
write right/a.c 'theirs, and later'
touch -d '2022-02-01' right/a.c
remember left
ok push --conflict=both left "$right"
content right/a.c new
beside right a.c 'theirs, and later'
count left 0
ok push left "$right"
stdout_has "in sync"
beside right a.c 'theirs, and later'

it "and a two-way run brings it, and takes nothing away"
sync_ok left "$right"
beside left a.c 'theirs, and later'
beside right a.c 'theirs, and later'
same_tree left right
sync_ok left "$right"
stdout_has "in sync:"

it "so does pull"
write left/b 'here, and later'
touch -d '2022-02-01' left/b
write right/b there
touch -d '2022-01-01' right/b
case $WEFT_TEST_ENDPOINT in
local) ok pull --conflict=both left "$right" ;;
*) ok pull --conflict=both "$right" left ;;
esac
content left/b there
beside left b 'here, and later'
absent right/b.weft-conflict-20220201-000000-"$(weft status left |
    sed -n 's/^node  *//p')"
sync_ok left "$right"
beside right b 'here, and later'
same_tree left right

it "three replicas come to the same"
third=$(far third)
tree third
sync_ok left "$right" "$third"
for r in left right third; do
    write $r/a.c "of $r"
done
touch -d '2022-06-01' left/a.c
touch -d '2022-06-02' third/a.c
touch -d '2022-06-03' right/a.c
sync_ok --conflict=both left "$right" "$third"
content left/a.c 'of right'
beside left a.c 'of left'
beside left a.c 'of third'
same_tree left right
same_tree left third
sync_ok left "$right" "$third"
stdout_has "in sync:"

finish
