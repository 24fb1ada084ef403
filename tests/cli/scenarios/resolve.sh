# Conflicts that are settled later, at one replica, and what becomes of that.
. "${WEFT_SRC:?}/tests/lib/scenarios.sh"

scenarios <<'END'
== mine
start     a=1 b=2
A         a=mine
B         a=yours
run 1     sync A B
conflict  a: changed on both sides
run 0     resolve --mine A/a
A is      a=mine b=2
B is      a=yours b=2
run 0     sync A B
A B is    a=mine b=2
trash B   yours
again

== theirs
start     a=1
A         a=mine a%600
B         a=yours a%640 a@2022-03-01
run 1     sync A B
conflict  a: changed on both sides
run 0     resolve --theirs A/a
A is      a=yours a%640 a@2022-03-01
trash A   mine
run 0     sync A B
A B is    a=yours a%640 a@2022-03-01
again

== theirs, at the other replica
start     a=1
A         a=mine
B         a=yours
run 1     sync A B
conflict  a: changed on both sides
run 0     resolve --theirs B/a
B is      a=mine
run 0     sync A B
A B is    a=mine
again

== newer
start     a=1 b=1
A         a=mine a@2022-03-01 b=mine b@2022-03-02
B         a=yours a@2022-03-02 b=yours b@2022-03-01
run 1     sync A B
conflict  a: changed on both sides
conflict  b: changed on both sides
run 0     resolve --newer A
run 0     sync A B
A B is    a=yours b=mine
again

== newer: a tie stays open
start     a=1
A         a=mine a@2022-03-01
B         a=yours a@2022-03-01
run 1     sync A B
conflict  a: changed on both sides
run 1     resolve --newer A/a
A is      a=mine
run 1     conflicts -q A

== both
start     a.txt=1
A         a.txt=mine a.txt@2022-03-01
B         a.txt=yours a.txt@2022-03-02
run 1     sync A B
conflict  a.txt: changed on both sides
run 0     resolve --both A/a.txt
run 0     sync A B
A B is    a.txt=mine a.weft-conflict-20220302-000000-{B}.txt=yours
again

== merge: different lines
start     a=1\n2\n3\n4\n5\n
A         a=1x\n2\n3\n4\n5\n
B         a=1\n2\n3\n4\n5y\n
run 1     sync A B
conflict  a: changed on both sides
run 0     resolve --merge A/a
A is      a=1x\n2\n3\n4\n5y\n
run 0     sync A B
A B is    a=1x\n2\n3\n4\n5y\n
again

== merge: the same line
start     a=1\n2\n3\n
A         a=x\n2\n3\n
B         a=y\n2\n3\n
run 1     sync A B
conflict  a: changed on both sides
run 1     resolve --merge A/a
A is      a=x\n2\n3\n
B is      a=y\n2\n3\n
run 1     conflicts -q A

== a conflict is listed at both until it is settled
start     a=1 b=2
A         a=mine
B         a=yours
run 1     sync A B
conflict  a: changed on both sides
run 1     conflicts -q A
says      a
run 1     conflicts -q B
says      a
run 0     resolve --mine A/a
run 0     conflicts -q A
run 0     sync A B
run 0     conflicts -q B

== a conflict that ends by itself is not listed any more
start     a=1 b=2
A         a=mine
B         a=yours
run 1     sync A B
conflict  a: changed on both sides
A         a=yours
run 0     sync A B
run 0     conflicts -q A
run 0     conflicts -q B

== a conflict that is settled by a policy is not listed any more
start     a=1
A         a=mine
B         a=yours
run 1     sync A B
conflict  a: changed on both sides
run 0     sync --conflict=first A B
run 0     conflicts -q A
run 0     conflicts -q B

== one of two
start     a=1 b=1
A         a=mine b=mine
B         a=yours b=yours
run 1     sync A B
conflict  a: changed on both sides
conflict  b: changed on both sides
run 0     resolve --mine A/a
run 1     sync A B
conflict  b: changed on both sides
A is      a=mine b=mine
B is      a=mine b=yours
again

== all that is below a directory
start     d/a=1 d/e/b=1 c=1
A         d/a=mine d/e/b=mine c=mine
B         d/a=yours d/e/b=yours c=yours
run 1     sync A B
conflict  d/a: changed on both sides
conflict  d/e/b: changed on both sides
conflict  c: changed on both sides
run 0     resolve --theirs A/d
run 1     sync A B
conflict  c: changed on both sides
A is      d/a=yours d/e/b=yours c=mine
B is      d/a=yours d/e/b=yours c=yours

== settled here, edited there afterwards
start     a=1
A         a=mine
B         a=yours
run 1     sync A B
conflict  a: changed on both sides
run 0     resolve --mine A/a
B         a=yours+
run 1     sync A B
conflict  a: changed on both sides
A is      a=mine
B is      a=yours+
again

== settled here, deleted there afterwards
start     a=1 b=2
A         a=mine
B         a=yours
run 1     sync A B
conflict  a: changed on both sides
run 0     resolve --mine A/a
B         -a
run 0     sync A B
says      a (edited on one side, deleted on the other)
A B is    a=mine b=2
again

== settled and edited
start     a=1
A         a=mine
B         a=yours
run 1     sync A B
conflict  a: changed on both sides
run 0     resolve --theirs A/a
A         a=merged
run 0     sync A B
A B is    a=merged
again

== settled and renamed
start     a=1 b=2
A         a=mine
B         a=yours
run 1     sync A B
conflict  a: changed on both sides
run 0     resolve --mine A/a
A         a~>n
run 0     sync A B
A B is    n=mine b=2
again

== mine, which was deleted since
start     a=1 b=2
A         a=mine
B         a=yours
run 1     sync A B
conflict  a: changed on both sides
A         -a
run 0     resolve --mine A/a
run 0     sync A B
A B is    b=2
trash B   yours
again

== settled alike at both
start     a=1
A         a=mine
B         a=yours
run 1     sync A B
conflict  a: changed on both sides
run 0     resolve --mine A/a
run 0     resolve --theirs B/a
run 0     sync A B
A B is    a=mine
again

== settled differently at both
start     a=1
A         a=mine
B         a=yours
run 1     sync A B
conflict  a: changed on both sides
run 0     resolve --theirs A/a
run 0     resolve --theirs B/a
run 1     sync A B
conflict  a: changed on both sides
A is      a=yours
B is      a=mine
again

== a third has the version that gave way
start3    a=1
B         a=yours
run 0     sync B C
A         a=mine
run 1     sync A B
conflict  a: changed on both sides
run 0     resolve --mine A/a
run 0     sync C A
A C is    a=mine
run 0     sync C B
A B C is  a=mine
run 0     sync A B
says      in sync

== settled at a third
start3    a=1
A         a=mine
B         a=yours
run 0     sync A C
run 1     sync C B
conflict  a: changed on both sides
run 0     resolve --theirs C/a
run 0     sync C A
A B C is  a=yours
run 0     sync A B
never     conflict
run 0     sync C B
says      in sync

== settled in the middle of a star
start3    a=1
B         a=x
C         a=y
run 1     sync A B C
conflict  a: changed on both sides
run 0     resolve --theirs A/a
run 0     sync A B C
A B C is  a=y
again

== a file and a directory: the directory
start     p=1
A         p=mine
B         -p p/x=yours
run 1     sync A B
conflict  p: a file on one side, a directory on the other
run 0     resolve --theirs A/p
A is      p/x=yours
run 0     sync A B
A B is    p/x=yours
again

== a file and a directory: the file
start     p=1
A         p=mine
B         -p p/x=yours
run 1     sync A B
conflict  p: a file on one side, a directory on the other
run 0     resolve --mine A/p
run 0     sync A B
A B is    p=mine
trash B   yours
again

== symlinks
start     l->a
A         l->b
B         l->c
run 1     sync A B
conflict  l: changed on both sides
run 0     resolve --theirs A/l
run 0     sync A B
A B is    l->c
again

== a push that stopped at a change there, which gives way
start     a=1
B         a=theirs
run 1     push A B
conflict  a: changed at the target and never seen at the source
run 0     resolve --theirs B/a
B is      a=1
run 0     push A B
A B is    a=1
again

== names with a newline and a quote
start     new\nline=1 it's=1
A         new\nline=mine it's=mine
B         new\nline=yours it's=yours
run 1     sync A B
conflict  new\nline: changed on both sides
conflict  it\'s: changed on both sides
run 0     resolve --theirs A/new\nline A/it's
run 0     sync A B
A B is    new\nline=yours it's=yours
again

== a look at what would be settled
start     a=1
A         a=mine
B         a=yours
run 1     sync A B
conflict  a: changed on both sides
run 1     resolve -n --theirs A/a
run 0     resolve --diff A/a
A is      a=mine
run 1     sync A B
conflict  a: changed on both sides

== what was settled comes back from the trash
start     a=1
A         a=mine
B         a=yours
run 1     sync A B
conflict  a: changed on both sides
run 0     resolve --theirs A/a
run 0     restore A/a
A is      a=mine
run 0     sync A B
A B is    a=mine
again

== a directory edited inside stays, where it was deleted as well
start     p/in=1
A         -p p=file
B         p/in=2
run 1     sync A B
conflict  p: a file on one side, a directory on the other
run 0     resolve --mine B/p
run 0     sync A B
A B is    p/in=2
again

== a directory and two files: the one that is here
start3    p/in=1
A         -p p=fileA
B         p/in=2
C         -p p=fileC
run 1     sync A B C
conflict  p: a file on one side, a directory on the other
conflict  p: changed on both sides
run 0     resolve --mine A/p
run 0     sync A B C
A B C is  p=fileA

== a directory and two files: all are kept
start3    p/in=1
A         -p p=fileA p@2022-03-01
B         p/in=2
C         -p p=fileC p@2023-03-01
run 1     sync A B C
conflict  p: a file on one side, a directory on the other
conflict  p: changed on both sides
run 1     sync B C
conflict  p: a file on one side, a directory on the other
run 0     resolve --both C/p
says      p: both are kept
run 0     sync A B C
A B C is  p/in=2 p.weft-conflict-20220301-000000-{A}=fileA p.weft-conflict-20230301-000000-{C}=fileC
again
END
finish
