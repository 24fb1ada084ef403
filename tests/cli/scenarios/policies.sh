# Conflicts that a policy settles: what wins, what does not, and ties.
. "${WEFT_SRC:?}/tests/lib/scenarios.sh"

scenarios <<'END'
== newer: mine
start     a=1
A         a=mine a@2022-03-02
B         a=yours a@2022-03-01
run 0     sync --conflict=newer A B
says      a (settled: newer)
A B is    a=mine a@2022-03-02
trash B yours
again

== newer: yours
start     a=1
A         a=mine a@2022-03-01
B         a=yours a@2022-03-02
run 0     sync --conflict=newer A B
A B is    a=yours a@2022-03-02
trash A mine
again

== newer: by a nanosecond
start     a=1
A         a=mine a@2022-03-01_10:00:00.000000001
B         a=yours a@2022-03-01_10:00:00
run 0     sync --conflict=newer A B
A B is    a=mine
again

== newer: a tie stays a conflict
start     a=1
A         a=mine a@2022-03-01
B         a=yours a@2022-03-01
run 1     sync --conflict=newer A B
conflict  a: changed on both sides
A is      a=mine
B is      a=yours
again

== newer: before 1970
start     a=1
A         a=mine a@1969-01-01
B         a=yours a@1969-01-02
run 0     sync --conflict=newer A B
A B is    a=yours
again

== newer: a clock far ahead wins, as it says
start     a=1
A         a=mine a@2199-01-01
B         a=yours
run 0     sync --conflict=newer A B
A B is    a=mine a@2199-01-01
again

== older: mine
start     a=1
A         a=mine a@2022-03-01
B         a=yours a@2022-03-02
run 0     sync --conflict=older A B
A B is    a=mine a@2022-03-01
again

== older: yours
start     a=1
A         a=mine a@2022-03-02
B         a=yours a@2022-03-01
run 0     sync --conflict=older A B
A B is    a=yours
again

== older: a tie stays a conflict
start     a=1
A         a=mine a@2022-03-01
B         a=yours a@2022-03-01
run 1     sync --conflict=older A B
conflict  a: changed on both sides

== larger: mine
start     a=1
A         a=mine+longer
B         a=yours
run 0     sync --conflict=larger A B
A B is    a=mine+longer
again

== larger: yours
start     a=1
A         a=
B         a=yours
run 0     sync --conflict=larger A B
A B is    a=yours
again

== larger: a tie stays a conflict
start     a=1
A         a=right
B         a=wrong
run 1     sync --conflict=larger A B
conflict  a: changed on both sides
A is      a=right
B is      a=wrong
again

== smaller: mine
start     a=1
A         a=mine
B         a=yours
run 0     sync --conflict=smaller A B
A B is    a=mine
again

== smaller: an empty file
start     a=1
A         a=mine
B         a=
run 0     sync --conflict=smaller A B
A B is    a=
trash A mine
again

== smaller: a tie stays a conflict
start     a=1
A         a=right
B         a=wrong
run 1     sync --conflict=smaller A B
conflict  a: changed on both sides

== first: the location that is named first
start     a=1
A         a=mine
B         a=yours
run 0     sync --conflict=first A B
A B is    a=mine
again

== first: the other way round
start     a=1
A         a=mine
B         a=yours
run 0     sync --conflict=first B A
A B is    a=yours
again

== first: of three
start3    a=1
A         a=x
B         a=y
C         a=z
run 0     sync --conflict=first A B C
A B C is  a=x
again

== skip: takes back a policy
start     a=1
A         a=mine
B         a=yours
run 1     sync --conflict=first --conflict=skip A B
conflict  a: changed on both sides
A is      a=mine
B is      a=yours

== an edit beats a deletion: newer
start     a=1 b=2
A         a=edited a@2001-01-01
B         -a
run 0     sync --conflict=newer A B
A B is    a=edited b=2
again

== an edit beats a deletion: smaller
start     a=1 b=2
A         -a
B         a=edited+longer
run 0     sync --conflict=smaller A B
A B is    a=edited+longer b=2
again

== an edit beats a deletion: first
start     a=1 b=2
A         -a
B         a=edited
run 0     sync --conflict=first A B
A B is    a=edited b=2
again

== each path by itself
start     a=1 b=1 c=1 d=1
A         a=x a@2022-03-02 b=x b@2022-03-01 c=x c@2022-03-01 d=2
B         a=y a@2022-03-01 b=y b@2022-03-02 c=y c@2022-03-01
run 1     sync --conflict=newer A B
conflict  c: changed on both sides
A is      a=x b=y c=x d=2
B is      a=x b=y c=y d=2
again

== created on both sides
A         a=mine a@2022-03-02
B         a=yours a@2022-03-01
run 0     sync --conflict=older A B
A B is    a=yours
again

== an open conflict is settled later
start     a=1
A         a=mine a@2022-03-02
B         a=yours a@2022-03-01
run 1     sync A B
conflict  a: changed on both sides
run 0     sync --conflict=newer A B
A B is    a=mine
run 0     sync A B
says      in sync

== a look at what a policy would do
start     a=1
A         a=mine
B         a=yours
run 1     diff --conflict=first A B
never     <-?->
A is      a=mine
B is      a=yours

== no policy for what no conflict is
start     a=1 b=2
A         a=mine a@2001-01-01
B         -b
run 0     sync --conflict=newer A B
A B is    a=mine
again

== symlinks: first
start     l->a
A         l->b
B         l->c
run 0     sync --conflict=first A B
A B is    l->b
again

== a directory and a file: first, the file
start     p=1
A         p=mine
B         -p p/x=yours p/d/y=yours
run 0     sync --conflict=first A B
A B is    p=mine
trash B yours
again

== a directory and a file: first, the directory
start     p=1
A         -p p/x=mine p/d/y=mine
B         p=yours
run 0     sync --conflict=first A B
A B is    p/x=mine p/d/y=mine
trash B yours
again

== what was settled can be edited again
start     a=1
A         a=mine
B         a=yours
run 0     sync --conflict=first A B
B         a=yours
run 0     sync A B
A B is    a=yours
again

== a policy of no such name
start     a=1
run 2     sync --conflict=bigger A B
says      weft:

== a directory and a file: no size tells which is larger
start     p=1
A         p=mine
B         -p p/x=yours+longer
run 1     sync --conflict=larger A B
conflict  p: a file on one side, a directory on the other
A is      p=mine
B is      p/x=yours+longer
again

== a directory and a file: no time tells which is newer
start     p=1
A         p=mine p@2022-03-01
B         -p p/x=yours p/x@2001-01-01
run 1     sync --conflict=newer A B
conflict  p: a file on one side, a directory on the other
A is      p=mine
B is      p/x=yours
again

== a symlink and a file: no size tells which is smaller
start     p=1
A         p=mine
B         -p p->p
run 1     sync --conflict=smaller A B
conflict  p: a file on one side, a symlink on the other
A is      p=mine
B is      p->p
again
END
finish
