# What can be seen of one replica.
# endpoints: local
. "${WEFT_SRC:?}/tests/lib/lib.sh"

tree left 'a=1' 'd/b=22' 'l->a' 'empty/'
head -c 200000 /dev/zero | tr '\0' y >left/large

it "a manifest needs no state, and leaves none"
remember left
ok manifest left
stdout_has d/b
unchanged left
absent left/.weft

it "sha256sum can check it"
ok manifest --format=sha256sum left
(cd left && sha256sum -c --quiet "$T/out") >/dev/null 2>&1 ||
    wrong "sha256sum finds other content"

it "mtree"
ok manifest --format=mtree left
stdout_has '#mtree'
stdout_has sha256

it "an unknown format is named"
status 2 manifest --format=xml left
one_sentence

it "status of what is no replica"
run status left
[ -s "$T/err" ] || [ -s "$T/out" ] || wrong "no word"
absent left/.weft

it "status names this node and those that it knows"
sync_ok left right
ok status left
stdout_has node
grep -q '[0-9a-f]\{8\}' "$T/out" || wrong "no node id"
(cd left && ok status)

it "status tells of open conflicts"
write left/a mine
write right/a yours
status 1 sync left right
run status left
stdout_has conflict

it "a conflict with two others is one line, and names both"
sync_ok third left
write third/a theirs
write left/a again
status 1 sync left third
ok status left
[ "$(grep -c "conflict 'a'" "$T/out")" -eq 1 ] || wrong "it is repeated"
grep "conflict 'a'" "$T/out" | grep -q "right.* and .*third\|third.* and .*right" ||
    wrong "the line lacks a peer: $(grep conflict "$T/out")"

it "the root is told as it is, from anywhere below"
stdout_has "$PWD/left"
(
    cd left/d || exit
    run status
)
stdout_has "$PWD/left"
stdout_lacks "$PWD/left/d"

it "-q leaves the conflicts, and nothing where there are none"
ok status -q left
[ "$(grep -c '' "$T/out")" -eq 1 ] || wrong "more than the conflict"
stdout_has "conflict 'a'"
tree quiet 'x=1'
sync_ok quiet still
ok status -q quiet
silent

finish
