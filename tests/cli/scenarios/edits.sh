# Two edits, an edit and a deletion, two creations.
. "${WEFT_SRC:?}/tests/lib/scenarios.sh"

scenarios <<'END'
== edited on one side
start     a=1 b=2
A         a=edited
run 0     sync A B
says      ----> changed a
A B is    a=edited b=2
again

== edited on the other side
start     a=1 b=2
B         a=edited
run 0     sync A B
says      <---- changed a
A B is    a=edited b=2
again

== edited within the same length and instant
start     a=1 b=2
A         a=3 b=4 a=5
run 0     sync A B
A B is    a=5 b=4
B         a=6
run 0     sync A B
A B is    a=6 b=4
again

== edited on both sides
start     a=1 b=2
A         a=mine
B         a=yours b=3
run 1     sync A B
conflict  a: changed on both sides
A is      a=mine b=3
B is      a=yours b=3
again

== edited on both sides to the same
start     a=1 b=2
A         a=agreed
B         a=agreed
run 0     sync A B
never     conflict
A B is    a=agreed b=2
again

== edited on both sides to the same at different times
start     a=1
A         a=agreed a@2022-03-01
B         a=agreed a@2023-03-01
run 0     sync A B
A B is    a=agreed a@2023-03-01
again

== edited on both sides to the same with different modes
start     a=1
A         a=agreed a%640
B         a=agreed a%604
run 0     sync A B
says      mode a
A B is    a=agreed a%600
again

== edited on one side, deleted on the other
start     a=1 b=2
A         a=edited
B         -a
run 0     sync A B
says      a (edited on one side, deleted on the other)
A B is    a=edited b=2
again

== deleted on one side, edited on the other
start     a=1 b=2
A         -a
B         a=edited
run 0     sync A B
says      a (edited on one side, deleted on the other)
A B is    a=edited b=2
again

== what an edit has won can be deleted
start     a=1 b=2
A         -a
B         a=edited
run 0     sync A B
A         -a
run 0     sync A B
A B is    b=2
again

== deleted on both sides
start     a=1 b=2
A         -a
B         -a
run 0     sync A B
A B is    b=2
again

== all files edited, all files deleted
start     a=1 b=2 c=3
A         a=4 b=5 c=6
B         -a -b -c
run 0     sync A B
says      c (edited on one side, deleted on the other)
A B is    a=4 b=5 c=6
again

== created on both sides, equal
A         a=1 only=a
B         a=1 too=b
run 0     sync A B
never     conflict
A B is    a=1 only=a too=b
again

== created on both sides, different
A         a=mine only=a
B         a=yours too=b
run 1     sync A B
conflict  a: changed on both sides
A is      a=mine only=a too=b
B is      a=yours only=a too=b
again

== created on both sides after the first sync
start     b=2
A         a=mine
B         a=yours
run 1     sync A B
conflict  a: changed on both sides
A is      a=mine b=2
B is      a=yours b=2
again

== empty on one side, filled on the other
start     a=1
A         a=
B         a=filled
run 1     sync A B
conflict  a: changed on both sides
A is      a=
B is      a=filled
again

== made empty
start     a=1
B         a=
run 0     sync A B
A B is    a=
again

== deleted and created again with the same content, edited on the other side
start     a=1
A         -a a=1
B         a=edited
run 0     sync A B
never     conflict
A B is    a=edited
again

== deleted and created anew, edited on the other side
start     a=1
A         -a a=anew
B         a=edited
run 1     sync A B
conflict  a: changed on both sides
A is      a=anew
B is      a=edited
again

== deleted and created anew, deleted on the other side
start     a=1
A         -a a=anew
B         -a
run 0     sync A B
A B is    a=anew
again

== edited on one side, deleted and created with that content on the other
start     a=1
A         a=agreed
B         -a a=agreed
run 0     sync A B
A B is    a=agreed
again

== edited there and back against an edit
start     a=1
A         a=2
A         a=1
B         a=edited
run 0     sync A B
A B is    a=edited
again

== a conflict ends when one side takes the text of the other
start     a=1
A         a=mine
B         a=yours
run 1     sync A B
conflict  a: changed on both sides
A         a=yours
run 0     sync A B
A B is    a=yours
again

== a conflict ends when one side deletes its version
start     a=1 b=2
A         a=mine
B         a=yours
run 1     sync A B
conflict  a: changed on both sides
A         -a
run 0     sync A B
A B is    a=yours b=2
again

== a conflict ends when both sides delete
start     a=1 b=2
A         a=mine
B         a=yours
run 1     sync A B
conflict  a: changed on both sides
A         -a
B         -a
run 0     sync A B
A B is    b=2
again

== a conflict ends when one side renames its version
start     a=1 b=2
A         a=mine
B         a=yours
run 1     sync A B
conflict  a: changed on both sides
A         a~>a.mine
run 0     sync A B
A B is    a=yours a.mine=mine b=2
again

== a conflict survives further edits
start     a=1
A         a=mine
B         a=yours
run 1     sync A B
conflict  a: changed on both sides
A         a=mine+ b=2
run 1     sync A B
conflict  a: changed on both sides
B         a=yours+
run 1     sync A B
conflict  a: changed on both sides
A is      a=mine+ b=2
B is      a=yours+ b=2
again

== a conflict survives the way back to the old text
start     a=1
A         a=mine
B         a=yours
run 1     sync A B
conflict  a: changed on both sides
A         a=1
run 0     sync A B
A B is    a=yours
again

== a conflict does not keep others from travelling
start     a=1 b=2 c=3 d/e=4
A         a=mine -b d/f=5
B         a=yours c=6 -d/e
run 1     sync A B
conflict  a: changed on both sides
A is      a=mine c=6 d/f=5
B is      a=yours c=6 d/f=5
again

== several conflicts at once
start     a=1 b=2 d/a=3 e=4
A         a=x b=x d/a=x e=x
B         a=y b=y d/a=y
run 1     sync A B
conflict  a: changed on both sides
conflict  b: changed on both sides
conflict  d/a: changed on both sides
says      3 conflicts
A is      a=x b=x d/a=x e=x
B is      a=y b=y d/a=y e=x
again

== named in the other order it is the same conflict
start     a=1
A         a=mine
B         a=yours
run 1     sync B A
conflict  a: changed on both sides
run 1     sync A B
conflict  a: changed on both sides
A is      a=mine
B is      a=yours
again

== a look beforehand changes nothing
start     a=1 b=2 c=3
A         a=mine b=new -c
B         a=yours c=edited
run 1     diff A B
conflict  a: changed on both sides
A is      a=mine b=new
B is      a=yours b=2 c=edited
run 1     sync -n A B
conflict  a: changed on both sides
run 1     sync A B
conflict  a: changed on both sides
A is      a=mine b=new c=edited
B is      a=yours b=new c=edited
END
finish
