# Renames, which are moves of content and never guesses about names.
. "${WEFT_SRC:?}/tests/lib/scenarios.sh"

scenarios <<'END'
== renamed
start     a=content b=2
A         a~>n
run 0     sync A B
says      moved a -> n
A B is    n=content b=2
again

== renamed and edited
start     a=content b=2
A         a~>n n=edited
run 0     sync A B
A B is    n=edited b=2
again

== renamed here, edited there: the edit stays under the old name
start     a=content b=2
A         a~>n
B         a=edited
run 0     sync A B
says      a (edited on one side, deleted on the other)
A B is    a=edited n=content b=2
again

== edited here, renamed there
start     a=content b=2
A         a=edited
B         a~>n
run 0     sync A B
says      a (edited on one side, deleted on the other)
A B is    a=edited n=content b=2
again

== renamed here, deleted there
start     a=content b=2
A         a~>n
B         -a
run 0     sync A B
A B is    n=content b=2
again

== renamed to two names
start     a=content b=2
A         a~>x
B         a~>y
run 0     sync A B
never     conflict
A B is    x=content y=content b=2
again

== renamed to the same name on both sides
start     a=content b=2
A         a~>n
B         a~>n
run 0     sync A B
never     conflict
A B is    n=content b=2
again

== renamed onto an existing name
start     a=content b=victim
A         a~>b
run 0     sync A B
A B is    b=content
trash B victim
again

== renamed onto an existing name that is edited
start     a=content b=victim
A         a~>b
B         b=edited
run 1     sync A B
conflict  b: changed on both sides
A is      b=content
B is      b=edited
again

== renamed onto an existing name that is deleted
start     a=content b=victim
A         a~>b
B         -b
run 0     sync A B
A B is    b=content
again

== renamed to a name that is created there
start     a=content c=3
A         a~>n
B         n=new
run 1     sync A B
conflict  n: changed on both sides
A is      n=content c=3
B is      n=new c=3
again

== renamed to a name that is created there with the same content
start     a=content c=3
A         a~>n
B         n=content
run 0     sync A B
A B is    n=content c=3
again

== two files renamed to one name
start     a=1 b=2
A         a~>n
B         b~>n
run 1     sync A B
conflict  n: changed on both sides
A is      n=1
B is      n=2
again

== two names swapped
start     a=first b=second
A         a~>t b~>a t~>b
run 0     sync A B
A B is    a=second b=first
again

== two names swapped on both sides
start     a=first b=second
A         a~>t b~>a t~>b
B         a~>t b~>a t~>b
run 0     sync A B
never     conflict
A B is    a=second b=first
again

== two names swapped, one of them edited
start     a=first b=second
A         a~>t b~>a t~>b
B         a=edited
run 1     sync A B
conflict  a: changed on both sides
A is      a=second b=first
B is      a=edited b=first
again

== three names in a ring
start     a=first b=second c=third
B         a~>t b~>a c~>b t~>c
run 0     sync A B
A B is    a=second b=third c=first
again

== names that move up
start     1=one 2=two 3=three
A         3~>4 2~>3 1~>2
run 0     sync A B
A B is    2=one 3=two 4=three
again

== a directory renamed
start     d/x=1 d/e/y=2 a=3
A         d~>n
run 0     sync A B
says      moved
A B is    n/x=1 n/e/y=2 a=3
again

== a directory renamed, a file in it edited
start     d/x=1 d/y=2 a=3
A         d~>n
B         d/x=edited
run 0     sync A B
says      d/x (edited on one side, deleted on the other)
A B is    n/x=1 n/y=2 d/x=edited a=3
again

== a directory renamed, a file in it created
start     d/x=1 a=3
A         d/new=2
B         d~>n
run 0     sync A B
A B is    n/x=1 d/new=2 a=3
again

== a directory renamed to two names
start     d/x=1 d/y=2
A         d~>e
B         d~>f
run 0     sync A B
A B is    e/x=1 e/y=2 f/x=1 f/y=2
again

== a directory renamed, and deleted
start     d/x=1 d/y=2 a=3
A         d~>e
B         -d
run 0     sync A B
A B is    e/x=1 e/y=2 a=3
again

== two directories swapped
start     d/x=1 e/y=2
A         d~>t e~>d t~>e
run 0     sync A B
A B is    d/y=2 e/x=1
again

== a directory moved into itself
start     d/x=1 d/y=2
A         d~>t t~>d/d
run 0     sync A B
A B is    d/d/x=1 d/d/y=2
again

== a directory moved up from a directory of its name
start     d/d/x=1 d/d/y=2
A         d/d~>t -d t~>d
run 0     sync A B
A B is    d/x=1 d/y=2
again

== a directory takes the place of a file that moves into it
start     a=content
A         a~>t t~>a/a
run 0     sync A B
A B is    a/a=content
again

== a file takes the place of the directory it was in
start     a/a=content
A         a/a~>t -a t~>a
run 0     sync A B
A B is    a=content
again

== moved into a directory that is deleted there
start     a=content d/x=1
A         a~>d/a
B         -d
run 0     sync A B
A B is    d/a=content
again

== moved out of a directory that is deleted there
start     d/a=content d/x=1 k=2
A         d/a~>a
B         -d
run 0     sync A B
A B is    a=content k=2
again

== moved across directories, each the other's way
start     d/x=1 e/y=2
A         d/x~>e/x
B         e/y~>d/y
run 0     sync A B
A B is    d/y=2 e/x=1
again

== only the case of a name changes
start     readme=text
A         readme~>README
run 0     sync A B
A B is    README=text
again

== a chain of renames over two runs
start     a=content
A         a~>b
run 0     sync A B
B         b~>c
run 0     sync A B
A         c~>a
run 0     sync A B
A B is    a=content
again

== renamed and back
start     a=content
A         a~>b b~>a
run 0     sync A B
says      in sync
A B is    a=content

== renamed during a conflict about something else
start     a=1 b=content
A         a=mine
B         a=yours
run 1     sync A B
conflict  a: changed on both sides
A         b~>c
run 1     sync A B
conflict  a: changed on both sides
A is      a=mine c=content
B is      a=yours c=content
again

== a copy is not a move
start     a=content
A         b=content c=content
run 0     sync A B
A B is    a=content b=content c=content
again

== moved to two names at once, by copy and rename
start     a=content
A         a~>b c=content
run 0     sync A B
A B is    b=content c=content
again

== a symlink renamed
start     l->a a=1
A         l~>m
run 0     sync A B
A B is    m->a a=1
again
END
finish
