# --conflict=: the rules that tell two versions apart, and what they say.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

right=$(far right)
tree left 'a=one' 'b=one' 'c=one'
sync_ok left "$right"

# edit TIME BYTES TIME BYTES: of left/a, then of right/a; each edit is new.
edits=10
edit() {
    edits=$((edits + 1))
    printf 'l%*d' "$2" "$edits" >left/a
    printf 'r%*d' "$4" "$edits" >right/a
    touch -d "$1" left/a
    touch -d "$3" right/a
}

# settles RULE WINNER: l or r is in both.
settles() {
    sync_ok "--conflict=$1" left "$right"
    stdout_has "changed a  (settled: $1)"
    stdout_lacks conflict
    [ "$(head -c 1 left/a)" = "$2" ] || wrong "--conflict=$1: $2 has not won"
    same_tree left right
    sync_ok left "$right"
    stdout_has "in sync:"
}

it "each rule says by which it was settled"
edit 2022-01-01 5 2022-01-02 4
settles newer r
edit 2022-01-01 5 2022-01-02 4
settles older l
edit 2022-01-01 5 2022-01-02 4
settles larger l
edit 2022-01-01 5 2022-01-02 4
settles smaller r
edit 2022-01-01 5 2022-01-02 4
settles first l

it "so does JSON"
edit 2022-02-01 5 2022-02-02 4
sync_ok --json --conflict=newer left "$right"
stdout_has '"why":"policy","rule":"newer"'

it "what a rule does not tell apart stays a conflict"
edit 2022-03-01 5 2022-03-01 5
for rule in newer older larger smaller; do
    status 1 sync --conflict=$rule left "$right"
    stdout_has "conflict 'a'"
    stdout_has '1 conflict'
    status 1 diff --conflict=$rule left "$right"
    stdout_has "conflict 'a'"
done
[ "$(head -c 1 left/a)" = l ] || wrong "left/a was changed"
[ "$(head -c 1 right/a)" = r ] || wrong "right/a was changed"
settles first l

it "an edit wins over a deletion whatever the rule, and that is told"
rm left/b
touch -d 2001-01-01 right/b
write right/b edited
touch -d 2001-01-01 right/b
rm right/c
write left/c edited
sync_ok --conflict=newer left "$right"
stdout_has 'new     b  (edited on one side, deleted on the other)'
stdout_has 'new     c  (edited on one side, deleted on the other)'
same_tree left right
rm left/b
write right/b again
sync_ok left "$right"
stdout_has 'new     b  (edited on one side, deleted on the other)'

it "a mirror says so"
write right/b changed
ok push --mirror left "$right"
stdout_has 'changed b  (settled: mirror)'

it "a push settles for its source alone"
edit 2022-04-01 5 2022-04-02 4
status 1 push --conflict=newer left "$right"
stdout_has "conflict 'a'"
ok push --conflict=older left "$right"
stdout_has 'changed a  (settled: older)'
[ "$(head -c 1 right/a)" = l ] || wrong "the source has not won"

finish
