# A path becomes something else: files, directories and symlinks.
. "${WEFT_SRC:?}/tests/lib/scenarios.sh"

scenarios <<'END'
== a file here, a directory there, both new
A         p=file a=1
B         p/x=child b=2
run 1     sync A B
conflict  p: a file on one side, a directory on the other
A is      p=file a=1 b=2
B is      p/x=child a=1 b=2
again

== a file here, an empty directory there, both new
start     a=1
A         p=file
B         p/
run 1     sync A B
conflict  p: a file on one side, a directory on the other
A is      p=file a=1
B is      p/ a=1
again

== a file becomes a directory
start     p=file
A         -p p/x=child
run 0     sync A B
A B is    p/x=child
trash B file
again

== a directory becomes a file
start     p/x=child p/d/y=deep
B         -p p=file
run 0     sync A B
A B is    p=file
trash A deep
again

== a file becomes a directory, and is edited
start     p=file
A         -p p/x=child
B         p=edited
run 1     sync A B
conflict  p: a file on one side, a directory on the other
A is      p/x=child
B is      p=edited
again

== a file becomes a directory, and is deleted
start     p=file a=1
A         -p p/x=child
B         -p
run 0     sync A B
A B is    p/x=child a=1
again

== a file becomes a directory on both sides
start     p=file
A         -p p/x=1 p/same=s
B         -p p/y=2 p/same=s
run 0     sync A B
never     conflict
A B is    p/x=1 p/y=2 p/same=s
again

== a directory becomes a file, and a child is edited
start     p/x=child p/y=2
A         -p p=file
B         p/x=edited
run 1     sync A B
conflict  p: a file on one side, a directory on the other
A is      p=file
B is      p/x=edited p/y=2
again

== a directory becomes a file, and a child is created
start     p/x=child
A         p/new=1
B         -p p=file
run 1     sync A B
conflict  p: a file on one side, a directory on the other
A is      p/x=child p/new=1
B is      p=file
again

== a directory becomes a file, and a child is deleted
start     p/x=child p/y=2
A         -p p=file
B         -p/x
run 0     sync A B
A B is    p=file
again

== a directory becomes a file, and is deleted
start     p/x=child a=1
A         -p p=file
B         -p
run 0     sync A B
A B is    p=file a=1
again

== a directory becomes the same file on both sides
start     p/x=child
A         -p p=file
B         -p p=file
run 0     sync A B
A B is    p=file
again

== a file becomes a symlink
start     p=file a=1
A         -p p->a
run 0     sync A B
A B is    p->a a=1
again

== a file becomes a symlink, and is edited
start     p=file a=1
A         -p p->a
B         p=edited
run 1     sync A B
conflict  p: a file on one side, a symlink on the other
A is      p->a a=1
B is      p=edited a=1
again

== a file becomes a symlink, and is deleted
start     p=file a=1
A         -p
B         -p p->a
run 0     sync A B
A B is    p->a a=1
again

== a symlink becomes a file, and points elsewhere
start     p->a a=1 b=2
A         -p p=file
B         p->b
run 1     sync A B
conflict  p: a file on one side, a symlink on the other
A is      p=file a=1 b=2
B is      p->b a=1 b=2
again

== a symlink and a file, both new
A         p->a a=1
B         p=file
run 1     sync A B
conflict  p: a file on one side, a symlink on the other
A is      p->a a=1
B is      p=file a=1
again

== a symlink that points elsewhere
start     p->a a=1
B         p->nowhere
run 0     sync A B
A B is    p->nowhere a=1
again

== a symlink that points elsewhere, and is deleted
start     p->a a=1
A         -p
B         p->b
run 0     sync A B
says      p (edited on one side, deleted on the other)
A B is    p->b a=1
again

== two symlinks that point to the same
start     p->a
A         p->b
B         p->b
run 0     sync A B
A B is    p->b
again

== two symlinks that point to different places
start     p->a
A         p->b
B         p->c
run 1     sync A B
conflict  p: changed on both sides
A is      p->b
B is      p->c
again

== a symlink and a directory, both new
A         p->a
B         p/x=child
run 1     sync A B
conflict  p: a directory on one side, a symlink on the other
A is      p->a
B is      p/x=child
again

== a directory becomes a symlink
start     p/x=child real/x=other
A         -p p->real
run 0     sync A B
A B is    p->real real/x=other
again

== a directory becomes a symlink, and a child is edited
start     p/x=child real/x=other
A         -p p->real
B         p/x=edited
run 1     sync A B
conflict  p: a directory on one side, a symlink on the other
A is      p->real real/x=other
B is      p/x=edited real/x=other
again

== a symlink becomes a directory, and points elsewhere
start     p->a
A         -p p/x=child
B         p->b
run 1     sync A B
conflict  p: a directory on one side, a symlink on the other
A is      p/x=child
B is      p->b
again

== a symlink to a directory is not entered
start     d/x=1 p->d
A         d/y=2
B         -p p->d/
run 0     sync A B
A B is    d/x=1 d/y=2 p->d/
again

== a file becomes a directory that becomes a file
start     p=file
A         -p p/x=child
run 0     sync A B
B         -p p=again
run 0     sync A B
A B is    p=again
again

== types swap places
start     f=file d/x=child
A         f~>t d~>f t~>d
run 0     sync A B
A B is    d=file f/x=child
again

== types swap places, and a child is edited
start     f=file d/x=child
A         f~>t d~>f t~>d
B         d/x=edited
run 1     sync A B
conflict  d: a file on one side, a directory on the other
A is      d=file f/x=child
B is      d/x=edited f/x=child
END
finish
