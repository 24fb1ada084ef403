# Conflicts of which both versions are kept.
. "${WEFT_SRC:?}/tests/lib/scenarios.sh"

scenarios <<'END'
== the newer stays: yours
start     a.txt=1
A         a.txt=mine a.txt@2022-03-01
B         a.txt=yours a.txt@2022-03-02
run 0     sync --conflict=both A B
says      a.txt (settled: both)
A B is    a.txt=yours a.txt@2022-03-02 a.weft-conflict-20220301-000000-{A}.txt=mine
again

== the newer stays: mine
start     a.txt=1
A         a.txt=mine a.txt@2022-03-02
B         a.txt=yours a.txt@2022-03-01
run 0     sync --conflict=both A B
A B is    a.txt=mine a.weft-conflict-20220301-000000-{B}.txt=yours
again

== named in the other order it comes to the same
start     a.txt=1
A         a.txt=mine a.txt@2022-03-01
B         a.txt=yours a.txt@2022-03-02
run 0     sync --conflict=both B A
A B is    a.txt=yours a.weft-conflict-20220301-000000-{A}.txt=mine
again

== of the same time the larger stays
start     a=1
A         a=longer a@2022-03-01
B         a=short a@2022-03-01
run 0     sync --conflict=both A B
A B is    a=longer a.weft-conflict-20220301-000000-{B}=short
again

== what is kept has its time and mode
start     a=1
A         a=mine a%600 a@2022-03-01
B         a=yours a%644 a@2022-03-02
run 0     sync --conflict=both A B
A B is    a=yours a%644 a.weft-conflict-20220301-000000-{A}=mine a.weft-conflict-20220301-000000-{A}%600
again

== a name that begins with a dot has no extension by that
start     .profile=1
A         .profile=mine .profile@2022-03-01
B         .profile=yours .profile@2022-03-02
run 0     sync --conflict=both A B
A B is    .profile=yours .profile.weft-conflict-20220301-000000-{A}=mine
again

== created on both sides, in a directory
A         d/e/a.tar.gz=mine d/e/a.tar.gz@2022-03-01
B         d/e/a.tar.gz=yours d/e/a.tar.gz@2022-03-02
run 0     sync --conflict=both A B
A B is    d/e/a.tar.gz=yours d/e/a.tar.weft-conflict-20220301-000000-{A}.gz=mine
again

== several at once, each by its own time
start     a=1 b=1 c=1
A         a=mine a@2022-03-01 b=mine b@2022-03-02 c=edited
B         a=yours a@2022-03-02 b=yours b@2022-03-01
run 0     sync --conflict=both A B
A B is    a=yours a.weft-conflict-20220301-000000-{A}=mine b=mine b.weft-conflict-20220301-000000-{B}=yours c=edited
again

== the same edit is kept once
start     a=1
A         a=agreed
B         a=agreed
run 0     sync --conflict=both A B
A B is    a=agreed
again

== an edit beats a deletion, and there is nothing else to keep
start     a=1 b=2
A         a=edited
B         -a
run 0     sync --conflict=both A B
says      a (edited on one side, deleted on the other)
A B is    a=edited b=2
again

== a directory stays, a file goes beside it
start     p=1
A         p=mine p@2022-03-01
B         -p p/x=yours
run 0     sync --conflict=both A B
A B is    p/x=yours p.weft-conflict-20220301-000000-{A}=mine
again

== a directory here stays, a file there goes beside it
A         p/x=mine p/y=mine
B         p=yours p@2022-03-05
run 0     sync --conflict=both A B
A B is    p/x=mine p/y=mine p.weft-conflict-20220305-000000-{B}=yours
again

== two symlinks
start     l->a
A         l->b l@2022-03-01
B         l->c l@2022-03-02
run 0     sync --conflict=both A B
A B is    l->c l.weft-conflict-20220301-000000-{A}->b
again

== a symlink and a file
start     l->a
A         l->b l@2022-03-01
B         -l l=yours l@2022-03-02
run 0     sync --conflict=both A B
A B is    l=yours l.weft-conflict-20220301-000000-{A}->b
again

== a look at it changes nothing
start     a=1
A         a=mine
B         a=yours
run 1     diff --conflict=both A B
says      a.weft-conflict-
A is      a=mine
B is      a=yours

== an open conflict is settled so later
start     a=1
A         a=mine a@2022-03-01
B         a=yours a@2022-03-02
run 1     sync A B
conflict  a: changed on both sides
run 0     sync --conflict=both A B
A B is    a=yours a.weft-conflict-20220301-000000-{A}=mine
run 0     sync A B
says      in sync

== what is kept can be edited and deleted
start     a=1
A         a=mine a@2022-03-01
B         a=yours a@2022-03-02
run 0     sync --conflict=both A B
A         a=merged
sh        rm A/a.weft-conflict-*
run 0     sync A B
A B is    a=merged
again

== twice
start     a=1
A         a=mine a@2022-03-01
B         a=yours a@2022-03-02
run 0     sync --conflict=both A B
A         a=mine+ a@2022-03-04
B         a=yours+ a@2022-03-03
run 0     sync --conflict=both A B
A B is    a=mine+ a.weft-conflict-20220301-000000-{A}=mine a.weft-conflict-20220303-000000-{B}=yours+
again

== a name that is taken
start     a=1
A         a=mine a@2022-03-01
B         a=yours a@2022-03-02
sh        n=$(limited status A | sed -n 's/^node  *//p') && echo x >B/a.weft-conflict-20220301-000000-$n
run 0     sync --conflict=both A B
A B is    a=yours a.weft-conflict-20220301-000000-{A}=x\n a.weft-conflict-20220301-000000-{A}-2=mine
again

== a third that has the old version hears of both
start3    a=1
A         a=mine a@2022-03-01
B         a=yours a@2022-03-02
run 0     sync --conflict=both A B
run 0     sync C A
A B C is  a=yours a.weft-conflict-20220301-000000-{A}=mine
run 0     sync B C
says      in sync

== a third that has the version that lost hears of both
start3    a=1
A         a=mine a@2022-03-01
run 0     sync A C
B         a=yours a@2022-03-02
run 0     sync --conflict=both A B
run 0     sync C B
A B C is  a=yours a.weft-conflict-20220301-000000-{A}=mine
run 0     sync A C
says      in sync

== three of three
start3    a=1
A         a=x a@2022-03-01
B         a=y a@2022-03-02
C         a=z a@2022-03-03
run 0     sync --conflict=both A B C
A B C is  a=z a.weft-conflict-20220301-000000-{A}=x a.weft-conflict-20220302-000000-{A}=y
again

== where the name is ignored the conflict stays
start     a=1 .weftignore=*.weft-conflict-*\n
A         a=mine
B         a=yours
run 1     sync --conflict=both A B
conflict  a: changed on both sides
A is      a=mine .weftignore=*.weft-conflict-*\n
B is      a=yours .weftignore=*.weft-conflict-*\n

== push: what was changed there is kept beside, there
start     a=1
A         a=ours a@2022-03-01
B         a=theirs a@2022-03-02
run 0     push --conflict=both A B
A is      a=ours
B is      a=ours a.weft-conflict-20220302-000000-{B}=theirs
again

== push: changed there only
start     a=1 b=2
B         a=theirs a@2022-03-02
run 0     push --conflict=both A B
A is      a=1 b=2
B is      a=1 a.weft-conflict-20220302-000000-{B}=theirs b=2
again
END
finish
