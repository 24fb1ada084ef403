# Texts that were edited on both sides are merged.
. "${WEFT_SRC:?}/tests/lib/scenarios.sh"

scenarios <<'END'
== different lines
start     a=1\n2\n3\n4\n5\n
A         a=1x\n2\n3\n4\n5\n
B         a=1\n2\n3\n4\n5y\n
run 0     sync --conflict=merge A B
A B is    a=1x\n2\n3\n4\n5y\n
again

== different lines, in the other order
start     a=1\n2\n3\n4\n5\n
A         a=1x\n2\n3\n4\n5\n
B         a=1\n2\n3\n4\n5y\n
run 0     sync --conflict=merge B A
A B is    a=1x\n2\n3\n4\n5y\n
again

== the same line: the conflict stays
start     a=1\n2\n3\n
A         a=1\nx\n3\n
B         a=1\ny\n3\n
run 1     sync --conflict=merge A B
conflict  a: changed on both sides
A is      a=1\nx\n3\n
B is      a=1\ny\n3\n
again

== a line added here, a line deleted there
start     a=1\n2\n3\n4\n5\n
A         a=0\n1\n2\n3\n4\n5\n
B         a=1\n2\n3\n5\n
run 0     sync --conflict=merge A B
A B is    a=0\n1\n2\n3\n5\n
again

== the same change and another one
start     a=1\n2\n3\n4\n5\n
A         a=x\n2\n3\n4\n5\n
B         a=x\n2\n3\n4\ny\n
run 0     sync --conflict=merge A B
A B is    a=x\n2\n3\n4\ny\n
again

== created on both sides: there is nothing to merge from
A         a=1\nmine\n
B         a=yours\n1\n
run 1     sync --conflict=merge A B
conflict  a: changed on both sides
A is      a=1\nmine\n
B is      a=yours\n1\n

== no text
sh        mkdir A && printf '1\n\0\n2\n3\n4\n' >A/a
run 0     sync A B
sh        printf 'x\n\0\n2\n3\n4\n' >A/a && printf '1\n\0\n2\n3\ny\n' >B/a
run 1     sync --conflict=merge A B
conflict  a: changed on both sides
sh        [ "$(head -c 1 A/a)" = x ] && [ "$(head -c 1 B/a)" = 1 ]

== an edit beats a deletion
start     a=1\n2\n b=2
A         a=1\n3\n
B         -a
run 0     sync --conflict=merge A B
A B is    a=1\n3\n b=2
again

== of several, what can be merged
start     a=1\n2\n3\n4\n b=1\n
A         a=x\n2\n3\n4\n b=x\n
B         a=1\n2\n3\ny\n b=y\n
run 1     sync --conflict=merge A B
conflict  b: changed on both sides
A is      a=x\n2\n3\ny\n b=x\n
B is      a=x\n2\n3\ny\n b=y\n
again

== an open conflict is merged later
start     a=1\n2\n3\n4\n5\n
A         a=1x\n2\n3\n4\n5\n
B         a=1\n2\n3\n4\n5y\n
run 1     sync A B
conflict  a: changed on both sides
run 0     sync --conflict=merge A B
A B is    a=1x\n2\n3\n4\n5y\n
run 0     sync A B
says      in sync

== a third that has one of the versions
start3    a=1\n2\n3\n4\n5\n
B         a=1\n2\n3\n4\n5y\n
run 0     sync B C
A         a=1x\n2\n3\n4\n5\n
run 0     sync --conflict=merge A B
run 0     sync C A
A B C is  a=1x\n2\n3\n4\n5y\n
run 0     sync B C
says      in sync

== three of three
start3    a=1\n2\n3\n4\n5\n6\n7\n
A         a=x\n2\n3\n4\n5\n6\n7\n
B         a=1\n2\n3\ny\n5\n6\n7\n
C         a=1\n2\n3\n4\n5\n6\nz\n
run 0     sync --conflict=merge A B C
A B C is  a=x\n2\n3\ny\n5\n6\nz\n
again

== merged, and edited again on both sides
start     a=1\n2\n3\n4\n5\n
A         a=1x\n2\n3\n4\n5\n
B         a=1\n2\n3\n4\n5y\n
run 0     sync --conflict=merge A B
A         a=1x\n2\n3\n4\n5yy\n
B         a=1xx\n2\n3\n4\n5y\n
run 0     sync --conflict=merge A B
A B is    a=1xx\n2\n3\n4\n5yy\n
again

== a file and a directory are nothing to merge
start     p=1\n
A         p=2\n
B         -p p/x=1
run 1     sync --conflict=merge A B
conflict  p: a file on one side, a directory on the other
END
finish
