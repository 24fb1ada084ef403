# What a run took away comes back, and the others hear of it.
. "${WEFT_SRC:?}/tests/lib/scenarios.sh"

scenarios <<'END'
== an edit is taken back at the replica that received it
start     a=1 b=2
A         a=2
run 0     sync A B
run 0     restore B/a
A is      a=2 b=2
B is      a=1 b=2
run 0     sync A B
never     conflict
A B is    a=1 b=2
again

== a deletion is taken back
start     a=1 b=2
A         -a
run 0     sync A B
run 0     restore B/a
run 0     sync A B
A B is    a=1 b=2
again

== a directory comes back whole
start     d/x=1 d/e/y=2 a=3
B         -d
run 0     sync A B
run 0     restore A/d
A is      d/x=1 d/e/y=2 a=3
run 0     sync A B
A B is    d/x=1 d/e/y=2 a=3
again

== a directory stands where a file was
start     p=file
A         -p p/in=1 p/d/deep=2
run 0     sync A B
run 0     restore B/p
B is      p=file
trash B 1
run 0     sync A B
A B is    p=file
run 0     restore B/p
B is      p/in=1 p/d/deep=2
run 0     sync A B
A B is    p/in=1 p/d/deep=2
again

== a file stands where a directory was
start     p/in=1 p/d/deep=2
A         -p p=file
run 0     sync A B
run 3     restore B/p/in
says      'p' is no directory any more
run 0     restore B/p
B is      p/in=1 p/d/deep=2
run 0     sync A B
A B is    p/in=1 p/d/deep=2

== a directory that was filled and emptied since is filled up
start     p=file
A         -p p/in=1 p/x=2
run 0     sync A B
A         -p/x
run 0     sync A B
run 0     restore B/p
B is      p/in=1 p/x=2

== a directory that cannot go, as something ignored is in it
start     p=file .weftignore=*.log
A         -p p/in=1
run 0     sync A B
B         p/k.log=2
run 3     restore B/p
says      is not empty
B is      p/k.log=2 .weftignore=*.log

== what came back is taken back again
start     a=1
A         a=2
run 0     sync A B
run 0     restore B/a
B is      a=1
run 0     restore B/a
B is      a=2
run 0     sync A B
A B is    a=2
again

== brought back here, edited there
start     a=1
A         a=2
run 0     sync A B
run 0     restore B/a
A         a=3
run 1     sync A B
conflict  a: changed on both sides
A is      a=3
B is      a=1
again

== brought back here, created anew there
start     a=1 b=2
A         -a
run 0     sync A B
run 0     restore B/a
A         a=anew
run 1     sync A B
conflict  a: changed on both sides
A is      a=anew b=2
B is      a=1 b=2
again

== brought back here, deleted there
start     a=1 b=2
A         a=2
run 0     sync A B
run 0     restore B/a
A         -a
run 0     sync A B
says      a (edited on one side, deleted on the other)
A B is    a=1 b=2
again

== the loser of a settled conflict
start     a=1
A         a=mine
B         a=yours
run 0     sync --conflict=first A B
run 0     restore B/a
B is      a=yours
run 0     sync A B
A B is    a=yours
again

== what a mirror has removed
start     a=1
B         x=theirs a=theirs
run 0     push --mirror A B
run 0     restore B/x
B is      a=1 x=theirs
run 0     push A B
A is      a=1
B is      a=1 x=theirs
run 0     sync A B
A B is    a=1 x=theirs
again

== a third hears of it
start3    a=1 b=2
A         -a b=3
run 0     sync A B C
run 0     restore C/a
run 0     restore C/b
run 0     sync B C
run 0     sync A B
A B C is  a=1 b=2
run 0     sync A C
says      in sync

== a third that has not even heard of the deletion
start3    a=1 b=2
A         -a
run 0     sync A B
run 0     restore B/a
run 0     sync B C
run 0     sync C A
A B C is  a=1 b=2
run 0     sync A B
says      in sync

== a symlink comes back
start     l->a a=1
A         l->b
run 0     sync A B
run 0     restore B/l
run 0     sync A B
A B is    l->a a=1
again

== a look at what would come back
start     a=1
A         a=2
run 0     sync A B
run 1     restore -n B/a
B is      a=2
run 0     sync A B
says      in sync

== nothing to bring back
start     a=1
A         a=2
run 0     sync A B
run 2     restore A/a
run 2     restore B/b
A B is    a=2

== mode and time come back with a file
start     a=1 a%600 a@2022-03-01
A         a=2 a%644
run 0     sync A B
run 0     restore B/a
B is      a=1 a%600 a@2022-03-01
run 0     sync A B
A B is    a=1 a%600 a@2022-03-01
again

== nothing was kept
start     a=1 b=2
A         -a b=3
run 0     sync --no-trash A B
run 3     restore B/a
run 3     restore B/b
A B is    b=3
END
finish
