# What could be a mistake, or a missing disk, stops the run.
. "${WEFT_SRC:?}/tests/lib/scenarios.sh"

scenarios <<'END'
== more than half is gone
start     1=a 2=b 3=c 4=d 5=e 6=f 7=g 8=h 9=i 10=j 11=k 12=l
A         -1 -2 -3 -4 -5 -6 -7 n=new
run 5     sync A B
says      --max-delete
B is      1=a 2=b 3=c 4=d 5=e 6=f 7=g 8=h 9=i 10=j 11=k 12=l
A is      8=h 9=i 10=j 11=k 12=l n=new

== more than half is gone on the other side
start     1=a 2=b 3=c 4=d 5=e 6=f 7=g 8=h 9=i 10=j 11=k 12=l
B         -1 -2 -3 -4 -5 -6 -7
run 5     sync A B
A is      1=a 2=b 3=c 4=d 5=e 6=f 7=g 8=h 9=i 10=j 11=k 12=l

== half is gone
start     1=a 2=b 3=c 4=d 5=e 6=f 7=g 8=h 9=i 10=j 11=k 12=l
A         -1 -2 -3 -4 -5 -6
run 0     sync A B
A B is    7=g 8=h 9=i 10=j 11=k 12=l
again

== most of a small tree is gone
start     1=a 2=b 3=c 4=d 5=e 6=f 7=g 8=h 9=i
A         -1 -2 -3 -4 -5 -6 -7 -8
run 0     sync A B
A B is    9=i
again

== an empty root
start     1=a 2=b 3=c 4=d 5=e 6=f 7=g 8=h 9=i 10=j
A         -1 -2 -3 -4 -5 -6 -7 -8 -9 -10
run 5     sync A B
says      --max-delete
B is      1=a 2=b 3=c 4=d 5=e 6=f 7=g 8=h 9=i 10=j
run 0     sync --max-delete=100% A B
A B is
again

== a move is no loss
start     1=a 2=b 3=c 4=d 5=e 6=f 7=g 8=h 9=i 10=j
A         1~>d/1 2~>d/2 3~>d/3 4~>d/4 5~>d/5 6~>d/6 7~>d/7 8~>d/8
run 0     sync A B
A B is    d/1=a d/2=b d/3=c d/4=d d/5=e d/6=f d/7=g d/8=h 9=i 10=j
again

== edits are no deletions
start     1=a 2=b 3=c 4=d 5=e 6=f 7=g 8=h 9=i 10=j
A         1=A 2=B 3=C 4=D 5=E 6=F 7=G 8=H 9=I 10=J
run 0     sync A B
A B is    1=A 2=B 3=C 4=D 5=E 6=F 7=G 8=H 9=I 10=J
again

== gone on both sides
start     1=a 2=b 3=c 4=d 5=e 6=f 7=g 8=h 9=i 10=j
A         -1 -2 -3 -4 -5 -6 -7
B         -1 -2 -3 -4 -5 -6 -7
run 0     sync A B
A B is    8=h 9=i 10=j
again

== gone in parts on each side
start     1=a 2=b 3=c 4=d 5=e 6=f 7=g 8=h 9=i 10=j
A         -1 -2 -3 -4
B         -5 -6 -7 -8
run 0     sync A B
A B is    9=i 10=j
again

== a number as the limit
start     1=a 2=b 3=c
A         -1 -2
run 5     sync --max-delete=1 A B
B is      1=a 2=b 3=c
run 0     sync --max-delete=2 A B
A B is    3=c
again

== no deletion at all as the limit
start     1=a 2=b
A         -1 2=edited
run 5     sync --max-delete=0 A B
B is      1=a 2=b

== a part as the limit
start     1=a 2=b 3=c 4=d 5=e 6=f 7=g 8=h 9=i 10=j
A         -1 -2
run 5     sync --max-delete=10% A B
B is      1=a 2=b 3=c 4=d 5=e 6=f 7=g 8=h 9=i 10=j
run 0     sync --max-delete=20% A B
A B is    3=c 4=d 5=e 6=f 7=g 8=h 9=i 10=j
again

== a mirror of nearly nothing
A         a=1
B         1=a 2=b 3=c 4=d 5=e 6=f 7=g 8=h 9=i 10=j
run 5     push --mirror A B
A is      a=1
B is      1=a 2=b 3=c 4=d 5=e 6=f 7=g 8=h 9=i 10=j

== a third is guarded, too
start3    1=a 2=b 3=c 4=d 5=e 6=f 7=g 8=h 9=i 10=j
A         -1 -2 -3 -4 -5 -6 -7
run 5     sync A B C
B C is    1=a 2=b 3=c 4=d 5=e 6=f 7=g 8=h 9=i 10=j

== a root that is missing
start     a=1 b=2
sh        mv B disk
run 5     sync A B
says      --new-replica
A is      a=1 b=2
sh        [ ! -e B ]
sh        mv disk B
A         a=edited
run 0     sync A B
A B is    a=edited b=2
again

== a root that is not mounted
start     a=1 b=2
sh        mv B disk && mkdir B
run 5     sync A B
A is      a=1 b=2
B is
sh        rmdir B && mv disk B
run 0     sync A B
says      in sync

== a root on this side that is not mounted
start     a=1 b=2
sh        mv A disk && mkdir A
run 5     sync A B
B is      a=1 b=2
A is

== a new replica in the place of the old one
start     a=1 b=2
sh        rm -r B && mkdir B
run 0     sync --new-replica A B
A B is    a=1 b=2
again

== two replicas that have changed places
start     a=1
A         a=edited
sh        mv A t && mv B A && mv t B
run 5     sync A B
A is      a=1
B is      a=edited

== a root in the other
start     a=1
A         d/x=1
run 2     sync A A/d
run 2     sync A/d A
A is      a=1 d/x=1
END
finish
