# Modes and times of change, alone and against edits; clocks that are wrong.
. "${WEFT_SRC:?}/tests/lib/scenarios.sh"

scenarios <<'END'
== a mode alone
start     a=1 b=2
A         a%755
run 0     sync A B
says      mode a
A B is    a=1 a%755 b=2
again

== a time alone
start     a=1 b=2
B         a@2022-03-01
run 0     sync A B
says      times a
A B is    a=1 a@2022-03-01 b=2
again

== a time that goes back
start     a=1 a@2022-03-01
A         a@2021-03-01
run 0     sync A B
A B is    a=1 a@2021-03-01
again

== a time to the nanosecond
start     a=1 a@2022-03-01_10:00:00.123456789
A B is    a=1 a@2022-03-01_10:00:00.123456789
B         a@2022-03-01_10:00:00.123456788
run 0     sync A B
A B is    a=1 a@2022-03-01_10:00:00.123456788
again

== two times: the later one
start     a=1
A         a@2022-03-01
B         a@2023-03-01
run 0     sync A B
never     conflict
says      times a (the later of both times)
run 0     explain A/a
says      both sides had set a time: the later one stays
A B is    a=1 a@2023-03-01

== two modes: what both allow
start     a=1
A         a%750
B         a%705
run 0     sync A B
never     conflict
says      mode a (what both modes allow)
run 0     explain A/a
says      both sides had set permissions: what both allow stays
A B is    a=1 a%700

== two modes of a directory: what both allow
start     d/a=1
A         d%700
B         d%775
run 1     diff A B
says      (what both modes allow)
run 0     sync A B
says      mode d/
says      (what both modes allow)
A B is    d/a=1 d%700
again
run 0     explain B/d
says      both sides had set permissions: what both allow stays

== a mode here, a time there
start     a=1 a%644
A         a%600
B         a@2030-03-01
run 0     sync A B
never     conflict
A B is    a=1 a%600 a@2030-03-01
again

== a time against an edit: the edit
start     a=1
A         a@2030-03-01
B         a=edited a@2022-03-01
run 0     sync A B
never     conflict
A B is    a=edited a@2022-03-01
again

== an edit against a time: the edit
start     a=1
A         a=edited
B         a@2022-03-01
run 0     sync A B
never     conflict
A B is    a=edited
again

== a mode against an edit: the edit
start     a=1
A         a%755
B         a=edited
run 0     sync A B
never     conflict
A B is    a=edited
again

== a mode and an edit on one side
start     a=1
A         a=edited a%755
run 0     sync A B
A B is    a=edited a%755
again

== a time against a deletion: the file stays
start     a=1 b=2
A         a@2030-03-01
B         -a
run 0     sync A B
A B is    a=1 a@2030-03-01 b=2
again

== a mode against a deletion: the file stays
start     a=1 b=2
A         -a
B         a%600
run 0     sync A B
A B is    a=1 a%600 b=2
again

== created on both sides with different modes and times
A         a=1 a%640 a@2022-03-01
B         a=1 a%604 a@2023-03-01
run 0     sync A B
never     conflict
A B is    a=1 a%600 a@2023-03-01
again

== a time that is edited during a conflict
start     a=1
A         a=mine
B         a=yours
run 1     sync A B
conflict  a: changed on both sides
A         a@2022-03-01
run 1     sync A B
conflict  a: changed on both sides
A is      a=mine a@2022-03-01
B is      a=yours
again

== the mode of a directory
start     d/a=1
A         d%700
run 0     sync A B
A B is    d/a=1 d%700
again

== two modes of a directory
start     d/a=1
A         d%750
B         d%705
run 0     sync A B
never     conflict
A B is    d/a=1 d%700
again

== the time of a directory is nobody's edit
start     d/a=1
A         d@2022-03-01
run 0     sync A B
says      in sync
B         d@2023-03-01
run 0     sync A B
says      in sync
A B is    d/a=1

== a directory that may not be written is filled
start     d/a=1 d%555
A         d/b=2
run 0     sync A B
A B is    d/a=1 d/b=2 d%555
again

== a file that may not be read or written is replaced
start     a=1 a%0
A         a=2
run 0     sync A B
A B is    a=2 a%0
again

== setuid does not travel by itself
start     b=2
A         a=1 a%4755
run 0     sync A B
A is      a=1 a%4755 b=2
B is      a=1 a%755 b=2

== a mode travels with a deletion beside it
start     a=1 b=2 c=3
A         a%600 -b
B         c%600 -b
run 0     sync A B
A B is    a=1 a%600 c=3 c%600
again

== a time before 1970
start     a=1
A         a@1969-12-31_23:59:58.5
run 0     sync A B
A B is    a=1 a@1969-12-31_23:59:58.5
again

== the first second of 1970
A         a=1 a@1970-01-01
run 0     sync A B
A B is    a=1 a@1970-01-01
again

== a time far ahead
start     a=1
B         a@2100-01-01
run 0     sync A B
A B is    a=1 a@2100-01-01
A         a=2
run 0     sync A B
A B is    a=2
again

== an edit with a clock behind wins over what it was made from
start     a=1 a@2030-01-01
B         a=edited a@2001-01-01
run 0     sync A B
never     conflict
A B is    a=edited a@2001-01-01
again

== an edit that leaves size and time as they were
start     a=1 a@2022-03-01 b=2
A         a=3 a@2022-03-01
run 0     sync A B
A B is    a=3 a@2022-03-01 b=2
again

== clocks a century apart do not make a conflict of equal edits
start     a=1
A         a=agreed a@1920-01-01
B         a=agreed a@2120-01-01
run 0     sync A B
A B is    a=agreed a@2120-01-01
again
END
finish
