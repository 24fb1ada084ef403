# Unusual names, large files and holes, in conflicts and out of them.
. "${WEFT_SRC:?}/tests/lib/scenarios.sh"

scenarios <<'END'
== names with a newline, edited on both sides
start     new\nline=1 b=2
A         new\nline=mine
B         new\nline=yours
run 1     sync A B
conflict  new\nline: changed on both sides
A is      new\nline=mine b=2
B is      new\nline=yours b=2
again

== names that are not UTF-8
start     caf\0351=1 \0377\0001=2
A         caf\0351=edited
B         -\0377\0001
run 0     sync A B
A B is    caf\0351=edited
again

== names that differ in one byte that is not UTF-8
A         x\0351=1 x\0352=2
B         x\0351=1 x\0353=3
run 0     sync A B
A B is    x\0351=1 x\0352=2 x\0353=3
again

== names that look like options
start     ./-rf=1 ./--delete=2 ./-=3
A         ./-rf=edited
B         ---delete
run 0     sync A B
A B is    ./-rf=edited ./-=3
again

== names with blanks and quotes
start     \040lead=1 trail\040=2 a\040b=3 it's=4 "q"=5 back\\slash=6
A         a\040b=edited -it's
B         \040lead=edited
run 0     sync A B
A B is    \040lead=edited trail\040=2 a\040b=edited "q"=5 back\\slash=6
again

== a name with a quote, edited on both sides
start     it's=1
A         it's=mine
B         it's=yours
run 1     sync A B
conflict  it\'s: changed on both sides
A is      it's=mine
B is      it's=yours
again

== names of 255 bytes
start     a=1
sh        echo long >A/$(printf '%0255d' 1) && echo d >B/$(printf '%0255d' 2)
run 0     sync A B
sh        cmp A/$(printf '%0255d' 1) B/$(printf '%0255d' 1)
sh        cmp A/$(printf '%0255d' 2) B/$(printf '%0255d' 2)
sh        mv B/$(printf '%0255d' 1) B/$(printf '%0255d' 3)
run 0     sync A B
sh        [ ! -e A/$(printf '%0255d' 1) ] && cmp A/a B/a
again

== a deep path, edited and deleted
start     a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p=1 k=2
A         a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p=edited
B         -a
run 0     sync A B
A B is    a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p=edited k=2
again

== names that sort around a slash
start     d/x=1 d.b=2 d-b=3 d0=4
A         d/x=edited d.b=edited -d-b
B         d0=edited d/y=new
run 0     sync A B
A B is    d/x=edited d/y=new d.b=edited d0=edited
again

== names that are globs
start     *=1 ?=2 [a]=3 {a,b}=4
A         *=edited -?
B         [a]=edited
run 0     sync A B
A B is    *=edited [a]=edited {a,b}=4
again

== names of upper and lower case
start     a.txt=1 A.txt=2
A         a.txt=edited
B         A.txt=edited
run 0     sync A B
A B is    a.txt=edited A.txt=edited
again

== upper and lower case where names fold
needs     folding B
A         a.txt=1 A.txt=2 k=3
run 3     sync A B
A is      a.txt=1 A.txt=2 k=3
sh        [ "$(cat B/k)" = 3 ]

== the case of a name changes where names fold: in two runs
needs     folding B
A         readme=1 k=2
run 0     sync A B
A         readme~>README k=edited
run 3     sync A B
says      'README': something is there by now
A is      README=1 k=edited
trash B   1
run 0     sync A B
sh        [ "$(cat B/README B/k)" = 1edited ]

== a large file
sh        mkdir A && seq 400000 >A/big
run 0     sync A B
sh        cmp A/big B/big
sh        sed -i s/200000/changed/ B/big
run 0     sync A B
sh        grep -q changed A/big && cmp A/big B/big
again

== a large file, edited on both sides
sh        mkdir A && seq 400000 >A/big
run 0     sync A B
sh        sed -i 1d A/big && sed -i 9d B/big
run 1     sync A B
conflict  big: changed on both sides
again

== a large file, edited on both sides to the same
sh        mkdir A && seq 400000 >A/big
run 0     sync A B
sh        sed -i 1d A/big && sed -i 1d B/big
run 0     sync A B
never     conflict
sh        cmp A/big B/big
again

== a large file moves and is edited
sh        mkdir A && seq 400000 >A/big
run 0     sync A B
A         big~>d/large d/large+=more
run 0     sync A B
sh        cmp A/d/large B/d/large && [ ! -e B/big ]
again

== holes
start     hole#50000000 b=2
A B is    hole#50000000 b=2
sh        [ "$(du -k B/hole | cut -f 1)" -lt 1000 ]
A         hole+=end
run 0     sync A B
sh        [ "$(du -k B/hole | cut -f 1)" -lt 1000 ] && cmp A/hole B/hole
again

== a hole on one side, the same zeros on the other
A         z#300000
sh        mkdir B && head -c 300000 /dev/zero >B/z
run 0     sync A B
never     conflict
A B is    z#300000
again

== a file shrinks here, grows there
start     a=123456789
A         a=123
B         a+=0
run 1     sync A B
conflict  a: changed on both sides
A is      a=123
B is      a=1234567890
again

== a path that fails does not hold up the rest
needs     immutable B
start     a=1 b=2
sh        chattr +i B/a
A         a=edited b=edited n=new
run 3     sync A B
B is      a=1 b=edited n=new
sh        chattr -i B/a
run 0     sync A B
A B is    a=edited b=edited n=new
again

== a deletion that fails is done later
needs     immutable B
start     d/a=1 d/b=2 k=3
sh        chattr +i B/d/a
A         -d
run 3     sync A B
B is      d/a=1 k=3
A is      k=3
sh        chattr -i B/d/a
run 0     sync A B
A B is    k=3
again
END
finish
