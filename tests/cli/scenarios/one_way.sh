# Push, pull and mirror.
. "${WEFT_SRC:?}/tests/lib/scenarios.sh"

scenarios <<'END'
== push: new, changed, deleted
start     a=1 b=2 c=3
A         a=edited -b d/n=new
run 0     push A B
A B is    a=edited c=3 d/n=new
again

== push: what is new there stays there
start     a=1
A         n=mine
B         x=theirs
run 0     push A B
A is      a=1 n=mine
B is      a=1 n=mine x=theirs
again

== push: edited there only
start     a=1 b=2
A         b=3
B         a=theirs
run 1     push A B
conflict  a: changed at the target and never seen at the source
A is      a=1 b=3
B is      a=theirs b=3
again

== push: edited on both sides
start     a=1
A         a=ours
B         a=theirs
run 1     push A B
conflict  a: changed on both sides
A is      a=ours
B is      a=theirs
again

== push: edited on both sides to the same
start     a=1
A         a=agreed
B         a=agreed
run 0     push A B
A is      a=agreed
B is      a=agreed
again

== push: deleted here, edited there
start     a=1 b=2
A         -a
B         a=theirs
run 1     push A B
conflict  a: edited on one side, deleted on the other
A is      b=2
B is      a=theirs b=2
again

== push: deleted there only
start     a=1 b=2
B         -a
run 1     push A B
conflict  a: changed at the target and never seen at the source
A is      a=1 b=2
B is      b=2
again

== push: edited here, deleted there
start     a=1 b=2
A         a=ours
B         -a
run 0     push A B
says      a (edited on one side, deleted on the other)
A B is    a=ours b=2
again

== push: renamed there
start     a=content b=2
B         a~>n
run 1     push A B
conflict  a: changed at the target and never seen at the source
A is      a=content b=2
B is      n=content b=2
again

== push: renamed here
start     a=content b=2
A         a~>n
run 0     push A B
says      moved a -> n
A B is    n=content b=2
again

== push: a directory deleted here has something new there
start     d/x=1 a=1
A         -d
B         d/new=2
run 0     push A B
A is      a=1
B is      d/new=2 a=1
again

== push: a directory becomes a file, a child is edited there
start     p/x=1
A         -p p=file
B         p/x=theirs
run 1     push A B
conflict  p: a file on one side, a directory on the other
A is      p=file
B is      p/x=theirs
again

== push: a mode here, an edit there
start     a=1
A         a%600
B         a=theirs
run 1     push A B
conflict  a: changed at the target and never seen at the source
A is      a=1 a%600
B is      a=theirs
again

== push to two
start3    a=1 b=2
A         a=edited -b
C         x=theirs
run 0     push A B C
A B is    a=edited
C is      a=edited x=theirs
again

== the source of a push learns nothing
A         s=1
B         t=2
run 0     push A B
A is      s=1
run 0     sync A B
A B is    s=1 t=2
again

== a push, edits on both sides, a sync
start     a=1 b=2
A         a=ours
run 0     push A B
A         b=ours
B         a=theirs
run 0     sync A B
A B is    a=theirs b=ours
again

== a push deletes, a sync does not bring it back
start     a=1 b=2
A         -a
run 0     push A B
run 0     sync A B
A B is    b=2
again

== a push from one to the next
A         a=1
run 0     push A B
run 0     push B C
run 0     sync A C
says      in sync
A B C is  a=1

== pull
start     a=1 b=2
A         n=ours
B         a=edited -b
run 0     pull A B
A is      a=edited n=ours
B is      a=edited
again

== pull: edited here
start     a=1
A         a=ours
run 1     pull A B
conflict  a: changed at the target and never seen at the source
A is      a=ours
B is      a=1
again

== push: the newer is here
start     a=1
A         a=ours a@2022-03-02
B         a=theirs a@2022-03-01
run 0     push --conflict=newer A B
A B is    a=ours a@2022-03-02
trash B theirs
again

== push: the newer is there, which a push cannot take
start     a=1
A         a=ours a@2022-03-01
B         a=theirs a@2022-03-02
run 1     push --conflict=newer A B
conflict  a: changed on both sides
A is      a=ours
B is      a=theirs
again

== push: the first is what is pushed
start     a=1
A         a=ours
B         a=theirs
run 0     push --conflict=first A B
A B is    a=ours
again

== a push that is only looked at
start     a=1 b=2
A         a=ours -b n=new
B         x=theirs
run 1     push -n A B
A is      a=ours n=new
B is      a=1 b=2 x=theirs

== mirror: everything else there goes
start     a=1 b=2 c=3
A         a=ours
B         a=theirs b=theirs -c x=theirs d/y=theirs
run 0     push --mirror A B
A B is    a=ours b=2 c=3
trash B theirs
again

== mirror: what it has done is settled
start     a=1 b=2
A         a=ours
B         a=theirs x=theirs
run 0     push --mirror A B
run 0     sync A B
says      in sync
A B is    a=ours b=2

== mirror: other types
start     f=file d/x=1 l->f
B         -f f/in=theirs -d d=theirs -l l/in=theirs
run 0     push --mirror A B
A B is    f=file d/x=1 l->f
again

== mirror: modes and times
start     a=1 b=2
B         a%600 b@2030-01-01
run 0     push --mirror A B
A B is    a=1 a%644 b=2
again

== mirror: pull
start     a=1
A         a=ours x=ours
B         a=theirs
run 0     pull --mirror A B
A B is    a=theirs
trash A ours
again

== mirror: --delete on a push is the same
start     a=1
B         x=theirs a=theirs
run 0     push --delete A B
A B is    a=1
again

== mirror: what it has overridden does not come back from a third
start3    a=1 b=2
B         a=theirs
run 0     sync B C
run 0     push --mirror A B
run 0     sync C A
A B C is  a=1 b=2
run 0     sync C B
says      in sync

== mirror: what it has deleted does not come back from a third
start3    b=2
B         x=theirs
run 0     sync B C
run 0     push --mirror A B
run 0     sync B C
A B C is  b=2
run 0     sync C A
says      in sync
END
finish
