# Three replicas and four, in rings and stars.
. "${WEFT_SRC:?}/tests/lib/scenarios.sh"

scenarios <<'END'
== an edit goes round a ring
start3    a=1 b=2
A         a=edited
run 0     sync A B
run 0     sync B C
run 0     sync C A
says      in sync
A B C is  a=edited b=2

== a deletion goes round a ring
start3    a=1 b=2
A         -a
run 0     sync A B
run 0     sync B C
run 0     sync C A
says      in sync
A B C is  b=2

== a deletion is not undone by one who has not heard of it
start3    a=1 b=2
A         -a
run 0     sync A B
run 0     sync C B
A B C is  b=2
run 0     sync C A
says      in sync

== an edit of an edit comes back
start3    a=1
A         a=2
run 0     sync A B
B         a=3
run 0     sync B C
C         a=4
run 0     sync C A
A is      a=4
run 0     sync A B
A B C is  a=4
run 0     sync B C
says      in sync

== three edits in three places
start3    a=1 b=1 c=1
A         a=2
B         b=2
C         c=2
run 0     sync A B
run 0     sync B C
run 0     sync C A
run 0     sync A B
A B C is  a=2 b=2 c=2
run 0     sync B C
says      in sync

== a conflict with what a third has passed on
start3    a=1
A         a=mine
C         a=yours
run 0     sync A B
run 1     sync B C
conflict  a: changed on both sides
run 1     sync C A
conflict  a: changed on both sides
A B is    a=mine
C is      a=yours

== one conflict among three, settled once
start3    a=1
A         a=mine
C         a=yours
run 0     sync A B
run 0     sync --conflict=first C B
B C is    a=yours
run 0     sync A B
A B C is  a=yours
run 0     sync A C
says      in sync

== a settled conflict reaches one who has the old version
start3    a=1 b=2
A         a=mine
B         a=yours
run 0     sync --conflict=first A B
run 0     sync C B
A B C is  a=mine b=2
run 0     sync C A
says      in sync

== a settled conflict reaches one who has the loser
start3    a=1
B         a=yours
run 0     sync B C
A         a=mine
run 0     sync --conflict=first A B
run 0     sync C A
A B C is  a=mine
run 0     sync B C
says      in sync

== a settled conflict against an edit of the loser
start3    a=1
B         a=yours
run 0     sync B C
A         a=mine
run 0     sync --conflict=first A B
C         a=again
run 1     sync C A
conflict  a: changed on both sides
A is      a=mine
C is      a=again

== a conflict that two pairs settle differently is a conflict again
start3    a=1
run 0     sync A D
A         a=mine
B         a=yours
run 0     sync A C
run 0     sync B D
run 0     sync --conflict=first A B
run 0     sync --conflict=first D C
A B is    a=mine
C D is    a=yours
run 1     sync A D
conflict  a: changed on both sides

== a conflict that two pairs settle alike is none
start3    a=1
run 0     sync A D
A         a=mine
B         a=yours
run 0     sync A C
run 0     sync B D
run 0     sync --conflict=first A B
run 0     sync --conflict=first C D
run 0     sync A D
A B C D is a=mine
run 0     sync B C
run 0     sync A D
says      in sync

== the same edit in two places
start3    a=1
A         a=agreed
C         a=agreed
run 0     sync A B
run 0     sync B C
run 0     sync C A
never     conflict
A B C is  a=agreed

== edited here, deleted there, by way of a third
start3    a=1 b=2
A         a=edited
C         -a
run 0     sync A B
run 0     sync B C
says      a (edited on one side, deleted on the other)
A B C is  a=edited b=2
run 0     sync C A
A B C is  a=edited b=2
run 0     sync A B
run 0     sync B C
says      in sync

== deleted by a third after the edit was seen
start3    a=1 b=2
A         a=edited
run 0     sync A C
C         -a
run 0     sync C B
B C is    b=2
run 0     sync B A
A B C is  b=2
again

== deleted in two places
start3    a=1 b=2
A         -a
C         -a
run 0     sync A B
run 0     sync B C
run 0     sync C A
says      in sync
A B C is  b=2

== deleted, created again elsewhere
start3    a=1 b=2
A         -a
run 0     sync A B
B         a=again
run 0     sync B C
B C is    a=again b=2
run 0     sync C A
A B C is  a=again b=2
again

== created under one name in two places
start3    b=2
A         a=mine
C         a=yours
run 0     sync A B
run 1     sync B C
conflict  a: changed on both sides
B         a=yours
run 0     sync B C
run 0     sync B A
A B C is  a=yours b=2
run 0     sync C A
says      in sync

== one who was away for long
start3    a=1 b=2 c=3 d=4
A         a=2
run 0     sync A B
B         a=3 -b
run 0     sync A B
A         n=new d=5
run 0     sync A B
C         c=away
run 0     sync C B
B C is    a=3 c=away n=new d=5
run 0     sync C A
A B C is  a=3 c=away n=new d=5
again

== one who comes late
start     a=1 b=2
A         -a b=3
run 0     sync A B
run 0     sync C B
A B C is  b=3
run 0     sync C A
says      in sync

== one who comes late with a tree of its own
start     a=1 b=2
A         -a
run 0     sync A B
C         a=1 b=other c=3
run 1     sync C B
conflict  b: changed on both sides
B is      a=1 b=2 c=3
C is      a=1 b=other c=3

== renamed here, edited by a third
start3    a=content b=2
A         a~>n
run 0     sync A B
C         a=edited
run 0     sync B C
run 0     sync C A
A B C is  a=edited n=content b=2
run 0     sync A B
says      in sync

== renamed twice on a ring
start3    a=content
A         a~>b
run 0     sync A B
B         b~>c
run 0     sync B C
run 0     sync C A
A B C is  c=content
run 0     sync A B
says      in sync

== renamed differently in two places
start3    a=content
A         a~>x
C         a~>y
run 0     sync A B
run 0     sync B C
run 0     sync C A
A B C is  x=content y=content

== a directory deleted here, a file created in it by a third
start3    d/x=1 a=1
A         -d
run 0     sync A B
C         d/new=2
run 0     sync B C
run 0     sync C A
A B C is  d/new=2 a=1
run 0     sync A B
says      in sync

== a directory becomes a file here, a third has a new child
start3    d/x=1
A         -d d=file
run 0     sync A B
C         d/new=2
run 1     sync B C
conflict  d: a file on one side, a directory on the other
run 1     sync C A
conflict  d: a file on one side, a directory on the other
A B is    d=file
C is      d/x=1 d/new=2

== a mode here, a time there
start3    a=1
A         a%600
C         a@2030-01-01
run 0     sync A B
run 0     sync B C
run 0     sync C A
A B C is  a=1 a%600 a@2030-01-01
run 0     sync A B
says      in sync

== a conflict in the middle of a star
start3    a=1 b=1
B         a=x b=2
C         a=y
run 0     sync A B
run 1     sync A C
conflict  a: changed on both sides
A         a=both
run 0     sync A B
run 1     sync A C
conflict  a: changed on both sides
C         a=both
run 0     sync A C
run 0     sync A B
A B C is  a=both b=2

== one side of a conflict gives in, the others hear of it
start3    a=1
A         a=x
B         a=y
run 1     sync A B
conflict  a: changed on both sides
run 0     sync A C
run 1     sync B C
conflict  a: changed on both sides
A         a=y
run 0     sync A C
run 0     sync B C
run 0     sync A B
A B C is  a=y
run 0     sync A B
says      in sync

== a star in one run: from one end to the other
start3    a=1 b=2 c=3
B         a=from-B
C         b=from-C -c
run 0     sync A B C
A B C is  a=from-B b=from-C
again

== a star in one run: two ends in conflict
start3    a=1 b=2
B         a=x
C         a=y b=from-C
run 1     sync A B C
conflict  a: changed on both sides
A B is    a=x b=from-C
C is      a=y b=from-C
again

== a star in one run: edited at one end, deleted at the other
start3    a=1 b=2
B         -a
C         a=edited
run 0     sync A B C
A B C is  a=edited b=2
again

== a star in one run: a new end
start     a=1 b=2
A         -a
run 0     sync A B C
A B C is  b=2
again

== a look at three
start3    a=1 b=2
B         a=x
C         a=y -b
run 1     diff A B C
A is      a=1 b=2
B is      a=x b=2
C is      a=y

== four in a ring, each with a change
start3    a=1 b=1 c=1 d=1
run 0     sync A D
A         a=2
B         -b
C         c~>e
D         d=2 d%600
run 0     sync A B
run 0     sync B C
run 0     sync C D
run 0     sync D A
run 0     sync A B
run 0     sync B C
A B C D is a=2 e=1 d=2 d%600
run 0     sync A C
says      in sync
run 0     sync B D
says      in sync

== partial knowledge: what was left out counts as never seen
start3    a=1 b=2
A         a=edited b=edited
run 0     sync --exclude=b A B
A is      a=edited b=edited
B is      a=edited b=2
run 0     sync B C
run 1     sync C A
conflict  b: changed on both sides
A is      a=edited b=edited
B C is    a=edited b=2

== partial knowledge: a run that was stopped by a guard
start3    a=1 b=2 c=3
A         -a -b
run 5     sync --max-delete=1 A B
run 0     sync B C
A         b=again
run 0     sync A C
A C is    b=again c=3
run 0     sync B C
A B C is  b=again c=3

== three: a directory that was edited inside, and files in its place
start3    p/in=1 keep=1
A         -p p=fileA
B         p/in=2
C         -p p=fileC
run 1     sync A B C
conflict  p: a file on one side, a directory on the other
conflict  p: changed on both sides
run 1     conflicts A
says      /B
says      /C
run 1     conflicts B
says      /A
run 1     conflicts C
says      /A
run 1     sync B C
conflict  p: a file on one side, a directory on the other
run 1     conflicts A
says      /B
says      /C
run 1     conflicts B
says      /A
says      /C
run 1     conflicts C
says      /A
says      /B

== three: such a conflict is settled by others, and no longer listed
start3    p/in=1 keep=1
A         -p p=fileA
B         p/in=2
run 1     sync A B
conflict  p: a file on one side, a directory on the other
run 0     sync --conflict=first B C
run 1     sync C A
conflict  p: a file on one side, a directory on the other
run 0     sync --conflict=first A C
A C is    p=fileA keep=1
run 0     conflicts A
END
finish
