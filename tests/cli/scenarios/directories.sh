# Directories that come and go.
. "${WEFT_SRC:?}/tests/lib/scenarios.sh"

scenarios <<'END'
== an empty directory
start     a=1
A         d/e/
run 0     sync A B
A B is    a=1 d/e/
B         -d
run 0     sync A B
A B is    a=1
again

== the last file of a directory goes, the directory stays
start     d/x=1 a=1
A         -d/x
run 0     sync A B
A B is    d/ a=1
again

== deleted, and a child is edited
start     d/x=1 d/y=2 a=1
A         -d
B         d/x=edited
run 0     sync A B
says      d/x (edited on one side, deleted on the other)
A B is    d/x=edited a=1
again

== a child is edited, and it is deleted
start     d/x=1 d/y=2 a=1
A         d/x=edited
B         -d
run 0     sync A B
says      d/x (edited on one side, deleted on the other)
A B is    d/x=edited a=1
again

== deleted, and a child is created in it
start     d/x=1 a=1
A         -d
B         d/new=2
run 0     sync A B
A B is    d/new=2 a=1
again

== deleted, and a child is created deep in it
start     d/e/f/x=1 d/y=2 a=1
A         d/e/f/new=2
B         -d
run 0     sync A B
A B is    d/e/f/new=2 a=1
again

== deleted, and a directory is created in it
start     d/x=1 a=1
A         -d
B         d/new/
run 0     sync A B
A B is    d/new/ a=1
again

== deleted, and a child is deleted
start     d/x=1 d/y=2 a=1
A         -d
B         -d/x
run 0     sync A B
A B is    a=1
again

== deleted on both sides
start     d/x=1 d/e/y=2 a=1
A         -d
B         -d
run 0     sync A B
A B is    a=1
again

== deleted, and its mode is changed
start     d/x=1 a=1
A         -d
B         d%700
run 0     sync A B
A B is    d/ d%700 a=1
again

== an empty one deleted, and a child is created in it
start     d/ a=1
A         -d
B         d/x=1
run 0     sync A B
A B is    d/x=1 a=1
again

== deleted and made again, and a child is edited
start     d/x=1 d/y=2
A         -d d/z=3
B         d/x=edited
run 0     sync A B
A B is    d/x=edited d/z=3
again

== deleted and made again with the same, nothing happened there
start     d/x=1 d/y=2
A         -d d/x=1 d/y=2
run 0     sync A B
A B is    d/x=1 d/y=2
again

== made on both sides with different children
start     a=1
A         d/x=1
B         d/y=2 d/e/
run 0     sync A B
never     conflict
A B is    a=1 d/x=1 d/y=2 d/e/
again

== made on both sides, one child different
A         d/x=mine d/only=1
B         d/x=yours d/too=2
run 1     sync A B
conflict  d/x: changed on both sides
A is      d/x=mine d/only=1 d/too=2
B is      d/x=yours d/only=1 d/too=2
again

== made on both sides, empty
A         d/e/
B         d/e/
run 0     sync A B
A B is    d/e/
again

== deleted where a conflict is inside
start     d/x=1 d/y=2
A         d/x=mine
B         d/x=yours
run 1     sync A B
conflict  d/x: changed on both sides
A         -d
run 0     sync A B
A B is    d/x=yours
again

== a parent is deleted while a grandchild moves within it
start     p/q/x=1 p/r/y=2
A         -p
B         p/q/x~>p/r/x
run 0     sync A B
A B is    p/r/x=1
again

== edited deep below, deleted at the same depth beside it
start     p/q/r/x=1 p/q/r/y=2 p/q/s/z=3
A         p/q/r/x=edited -p/q/s
B         -p/q/r/y
run 0     sync A B
A B is    p/q/r/x=edited
again

== deleted in parts by both
start     d/a=1 d/b=2 d/c=3 k=4
A         -d/a -d/b
B         -d/c
run 0     sync A B
A B is    d/ k=4
again

== deleted here, while files come by from there
start     d/a=1 d/b=2 k=4
A         -d
B         d/a=edited d/b=edited d/n=new
run 0     sync A B
A B is    d/a=edited d/b=edited d/n=new k=4
again

== a directory that stayed for an edit can be deleted afterwards
start     d/x=1 k=4
A         -d
B         d/x=edited
run 0     sync A B
B         -d
run 0     sync A B
A B is    k=4
again
END
finish
