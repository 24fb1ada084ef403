# What is left out: rules that come and go, against edits and deletions.
. "${WEFT_SRC:?}/tests/lib/scenarios.sh"

scenarios <<'END'
== the rules of one side hold for both
A         .weftignore=*.log\n a.log=1
B         b.log=2 c=3
run 0     sync A B
A is      .weftignore=*.log\n a.log=1 c=3
B is      .weftignore=*.log\n b.log=2 c=3
again

== the rules of both sides add up
A         .weftignore=*.log\n d/.weftignore=x\n d/x=1 d/y=2
B         e/.weftignore=z\n e/z=3 e/x=4 d/x=5 q.log=6
run 0     sync A B
A is      .weftignore=*.log\n d/.weftignore=x\n d/x=1 d/y=2 e/.weftignore=z\n e/x=4
B is      .weftignore=*.log\n d/.weftignore=x\n d/x=5 d/y=2 e/.weftignore=z\n e/x=4 e/z=3 q.log=6
again

== what was ignored becomes visible
start     .weftignore=*.log\n x=1
A         a.log=text
run 0     sync A B
B is      .weftignore=*.log\n x=1
A         -.weftignore
run 0     sync A B
run 0     sync A B
A B is    x=1 a.log=text
again

== visible at once where only one side had the rule
A         x=1
B         .weftignore=*.log\n
run 0     sync --exclude=.weftignore A B
A         a.log=text
run 0     sync --exclude=.weftignore A B
A is      x=1 a.log=text
B is      x=1 .weftignore=*.log\n
B         -.weftignore
run 0     sync A B
A B is    x=1 a.log=text
again

== what becomes ignored is left alone
start     a.log=1 x=1
A         .weftignore=*.log\n -a.log
run 0     sync A B
A is      .weftignore=*.log\n x=1
B is      .weftignore=*.log\n x=1 a.log=1
again

== a rule and an edit of what it ignores
start     a.log=1 x=1
A         .weftignore=*.log\n
B         a.log=edited
run 0     sync A B
A is      .weftignore=*.log\n x=1 a.log=1
B is      .weftignore=*.log\n x=1 a.log=edited
again

== what was deleted while it was ignored comes back
start     a.log=1 x=1
A         .weftignore=*.log\n -a.log
run 0     sync A B
A         -.weftignore
run 0     sync A B
run 0     sync A B
A B is    a.log=1 x=1
again

== what was edited on one side while it was ignored
start     a.log=1 x=1
A         .weftignore=*.log\n a.log=edited
run 0     sync A B
A         -.weftignore
run 0     sync A B
run 1     sync A B
conflict  a.log: changed on both sides
A is      a.log=edited x=1
B is      a.log=1 x=1
again

== what was edited on both sides while it was ignored
start     a.log=1
A         .weftignore=*.log\n a.log=mine
B         a.log=yours
run 0     sync A B
never     conflict
A         -.weftignore
run 0     sync A B
run 1     sync A B
conflict  a.log: changed on both sides
A is      a.log=mine
B is      a.log=yours
again

== a conflict becomes ignored
start     a.log=1
A         a.log=mine
B         a.log=yours
run 1     sync A B
conflict  a.log: changed on both sides
A         .weftignore=*.log\n
run 0     sync A B
A is      a.log=mine .weftignore=*.log\n
B is      a.log=yours .weftignore=*.log\n
again

== the rules are in conflict
A         .weftignore=*.log\n a.log=1 a.tmp=1 a=1
B         .weftignore=*.tmp\n b.log=2 b.tmp=2 b=2
run 1     sync A B
conflict  .weftignore: changed on both sides
A is      .weftignore=*.log\n a.log=1 a.tmp=1 a=1 b=2
B is      .weftignore=*.tmp\n b.log=2 b.tmp=2 a=1 b=2
again

== the rules are in conflict, and settled
A         .weftignore=*.log\n a.log=1 a.tmp=1
B         .weftignore=*.tmp\n b.log=2 b.tmp=2
run 0     sync --conflict=first A B
run 0     sync A B
A is      .weftignore=*.log\n a.log=1 a.tmp=1 b.tmp=2
B is      .weftignore=*.log\n b.log=2 a.tmp=1 b.tmp=2
again

== the rules are edited on one side, deleted on the other
start     .weftignore=*.log\n x=1
A         .weftignore=*.log\n*.tmp\n a.tmp=1
B         -.weftignore b.log=2
run 0     sync A B
says      .weftignore (edited on one side, deleted on the other)
A is      .weftignore=*.log\n*.tmp\n a.tmp=1 x=1
B is      .weftignore=*.log\n*.tmp\n b.log=2 x=1
again

== a directory with something ignored in it is deleted whole
start     d/x=1 .weftignore=*.log\n
A         d/k.log=2
run 0     sync A B
A         -d
run 0     sync A B
A B is    .weftignore=*.log\n
again

== a directory is renamed where something ignored is in it
start     d/x=1 .weftignore=*.log\n
A         d/k.log=2 d~>e
run 0     sync A B
A is      .weftignore=*.log\n e/x=1 e/k.log=2
B is      .weftignore=*.log\n e/x=1
again

== renamed to an ignored name
start     a=1 b=2 .weftignore=*.log\n
A         a~>a.log
run 0     sync A B
A is      .weftignore=*.log\n a.log=1 b=2
B is      .weftignore=*.log\n b=2
again

== renamed from an ignored name
start     b=2 .weftignore=*.log\n
A         a.log=1
run 0     sync A B
A         a.log~>a
run 0     sync A B
A B is    .weftignore=*.log\n a=1 b=2
again

== an exception to a rule
A         .weftignore=*.log\n!keep.log\n keep.log=1 x.log=2
run 0     sync A B
B is      .weftignore=*.log\n!keep.log\n keep.log=1
again

== a rule tied to its directory
A         d/.weftignore=/a\n d/a=1 d/e/a=2 a=3
run 0     sync A B
B is      d/.weftignore=/a\n d/e/a=2 a=3
again

== a rule for directories
A         .weftignore=build/\n build/x=1 d/build=2 e/build/y=3
run 0     sync A B
B is      .weftignore=build/\n d/build=2 e/
again

== all is ignored, the rules too
A         .weftignore=*\n a=1
B         b=2
run 0     sync A B
A is      .weftignore=*\n a=1
B is      b=2
again

== the user's own rules
sh        mkdir -p home/.config/weft && echo '*.bak' >home/.config/weft/ignore
A         a=1 a.bak=2
B         b.bak=3
run 0     sync A B
A is      a=1 a.bak=2
B is      a=1 b.bak=3
again

== left out for one run
start     x=1
A         a=1 b=2
run 0     sync --exclude=a A B
B is      x=1 b=2
run 0     sync A B
A B is    x=1 a=1 b=2
again

== deleted in a run that leaves it out
start     p=1 x=1
A         -p
run 0     sync --exclude=p A B
B is      p=1 x=1
run 0     sync A B
A B is    p=1 x=1
again

== kept in a run that leaves out the rest of its kind
A         keep.log=1 x.log=2 a=3
run 0     sync --include=keep.log --exclude=*.log A B
B is      keep.log=1 a=3

== what is called .weft is nobody's
start     a=1
A         d/.weft/x=1 .WEFT=2
run 0     sync A B
B is      a=1 d/
END
finish
