# What is ignored is left alone on both sides.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

right=$(far right)
it ".weftignore, in any directory, with gitignore's syntax"
tree left '.weftignore=*.o
!keep.o
/top
build/
' 'a.o=1' 'keep.o=2' 'a.c=3' 'top=4' 'sub/top=5' 'build/x=6' \
    'sub/.weftignore=local
' 'sub/local=7' 'local=8'
tree right 'theirs.o=9'
sync_ok left "$right"
absent right/a.o
absent left/theirs.o
content right/theirs.o 9
content right/keep.o 2
absent right/top
content right/sub/top 5
absent right/build
absent right/sub/local
content right/local 8

it "--exclude and --include stand above"
tree left 'x.tmp=1' 'y.tmp=2'
sync_ok --include y.tmp --exclude '*.tmp' left "$right"
absent right/x.tmp
content right/y.tmp 2

it "a path that becomes ignored is left alone, never deleted"
tree left 'data=1'
sync_ok left "$right"
printf 'data\n' >>left/.weftignore
rm left/data
sync_ok left "$right"
content right/data 1

it "a path that comes back into scope is not taken for deleted"
grep -v '^data$' left/.weftignore >rules
cat rules >left/.weftignore
sync_ok left "$right"
sync_ok left "$right"
content right/data 1
content left/data 1
rm right/data
sync_ok left "$right"
absent left/data

it ".weft is never sent, at any depth"
tree left 'deep/.weft/x=1' 'deep/y=2'
run sync left "$right"
absent right/deep/.weft
content right/deep/y 2

it "check-ignore says which rule decides"
ok check-ignore -v left/a.o
stdout_has '*.o'
status 1 check-ignore left/nowhere/b.c
ok check-ignore left/nowhere/b.o
ok check-ignore left/.weft/id
(
    mkdir -p left/sub && cd left/sub || exit
    run check-ignore ../a.o x.o y
)
stdout_has ../a.o
stdout_has x.o
stdout_lacks y
mkdir -p apart/below
write apart/.weftignore '*.o'
(
    cd apart || exit
    run check-ignore below/z.o
)
stdout_has below/z.o
status 2 check-ignore apart/../../z.o
one_sentence

finish
