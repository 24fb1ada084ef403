# State that is lost, damaged, copied or older than its tree.
. "${WEFT_SRC:?}/tests/lib/scenarios.sh"

scenarios <<'END'
== state lost there: the run stops until it is told
start     a=1 b=2
B         -.weft
run 5     sync A B
says      --new-replica
run 0     sync --new-replica A B
A B is    a=1 b=2
again

== state lost there: what one side has changed travels
start     a=1 b=2
A         a=edited
B         -.weft
run 0     sync --new-replica A B
A B is    a=edited b=2
again

== state lost there: what the side without it has changed is a conflict
start     a=1 b=2
B         -.weft a=edited
run 1     sync --new-replica A B
conflict  a: changed on both sides
A is      a=1 b=2
B is      a=edited b=2

== state lost there: nothing is deleted
start     a=1 b=2 c=3
A         -a
B         -.weft -b
run 0     sync --new-replica A B
A B is    a=1 b=2 c=3
again

== state lost here
start     a=1 b=2
A         -.weft n=new
B         b=edited
run 5     sync A B
run 0     sync --new-replica A B
A B is    a=1 b=edited n=new
again

== state lost on both sides
start     a=1 b=2
A         -.weft a=mine
B         -.weft a=yours -b
run 1     sync --new-replica A B
conflict  a: changed on both sides
A is      a=mine b=2
B is      a=yours b=2

== state damaged there
start     a=1 b=2
sh        echo nonsense >B/.weft/state.db
A         a=edited
run 0     sync A B
A B is    a=edited b=2
run 0     sync A B
A B is    a=edited b=2

== state damaged there: nothing is deleted
start     a=1 b=2 c=3
sh        echo nonsense >B/.weft/state.db
A         -b
run 0     sync A B
A B is    a=1 b=2 c=3

== state lost, and a third knows better
start3    a=1 b=2
A         a=edited
run 0     sync A C
B         -.weft
run 0     sync --new-replica C B
run 0     sync A B
A B C is  a=edited b=2
says      in sync

== a replica is copied, and both are edited
start     a=1 b=2
sh        cp -a B C
B         a=x
C         a=y
run 0     sync A B
run 1     sync A C
conflict  a: changed on both sides
A B is    a=x b=2
C is      a=y b=2
again

== a replica is copied, and both delete and create
start     a=1 b=2 c=3
sh        cp -a B C
B         -a n=b
C         -b m=c
run 0     sync A B
run 0     sync A C
run 0     sync A B
A B C is  c=3 n=b m=c
run 0     sync C B
says      in sync

== a copy meets its original
start     a=1 b=2
sh        cp -a B C
B         a=x
C         b=y
run 0     sync B C
B C is    a=x b=y
run 0     sync A B
A B C is  a=x b=y
run 0     sync A C
says      in sync

== a copy meets its original, both edited
start     a=1
sh        cp -a B C
B         a=x
C         a=y
run 1     sync B C
conflict  a: changed on both sides
B is      a=x
C is      a=y

== a backup comes back
start     a=1 b=2
sh        cp -a B backup
B         a=later -b n=new
run 0     sync A B
sh        rm -r B && mv backup B
run 0     sync A B
A B is    a=later n=new
again

== a backup comes back, and is edited
start     a=1 b=2
sh        cp -a B backup
B         a=later
run 0     sync A B
sh        rm -r B && mv backup B
B         b=edited
run 0     sync A B
A B is    a=later b=edited
again

== a backup comes back, and what was edited since is edited again
start     a=1
sh        cp -a B backup
B         a=later
run 0     sync A B
sh        rm -r B && mv backup B
B         a=again
run 1     sync A B
conflict  a: changed on both sides
A is      a=later
B is      a=again

== a backup of the files alone comes back
start     a=1 b=2
sh        cp -a B backup && rm -r backup/.weft
A         a=later
run 0     sync A B
sh        cp -a backup/. B/
run 0     sync A B
A B is    a=1 b=2
again

== a replica is moved
start     a=1 b=2
sh        mv B C
A         a=edited
C         b=edited
run 0     sync A C
A C is    a=edited b=edited
again

== a replica is moved on this side
start     a=1
sh        mv A C
C         a=edited
run 0     sync C B
B C is    a=edited
again
END
finish
