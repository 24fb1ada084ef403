# What each run did, on both ends.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

right=$(far right)
# name_of DIR: of its last run.
name_of() { limited log --max-count=1 "$1" | cut -c 1-20; }

it "what is no replica has no log"
mkdir empty
status 2 log empty
one_sentence

it "a run is noted at both ends, under one name"
tree left 'a=one' 'b=two' 'd/c=three'
sync_ok left "$right"
ok log left
grep -qE '^[0-9]{8}-[0-9]{6}-[0-9a-f]{4}  20' "$T/out" || wrong "no name"
stdout_has "right  sent 3 files (11 B)"
ok log right
stdout_has 'received 3 files (11 B)'
stdout_has '4 new'
[ "$(name_of left)" = "$(name_of right)" ] || wrong "two names"

it "a run that changes nothing is not noted"
before=$(limited log left | grep -c '')
sync_ok left "$right"
sync_ok left "$right"
[ "$(limited log left | grep -c '')" = "$before" ] || wrong "noted"

it "every change of a run is listed with -v"
write left/a uno
rm left/b
write right/new four
mkdir right/e
sync_ok left "$right"
run_id=$(name_of left)
ok log -v --max-count=1 right
grep -q '^    changed a$' "$T/out" || wrong "not changed"
grep -q '^    deleted b$' "$T/out" || wrong "not deleted"
ok log -v --max-count=1 left
grep -q '^    new     new$' "$T/out" || wrong "not new"
grep -q '^    new     e/$' "$T/out" || wrong "no directory"
stdout_lacks '    changed a'

it "so they are where the run is named, or a part of its name"
ok log "$run_id" right
stdout_has '    changed a'
ok log "${run_id##*-}" right
stdout_has '    changed a'
[ "$(grep -c '^[0-9]' "$T/out")" = 1 ] || wrong "more runs than one"
(cd right/d && ok log "$run_id" && stdout_has '    changed a')

it "what the trash has lost is said"
rm -r "right/.weft/trash/$run_id"
ok log "$run_id" right
stdout_has 'changed a  (the old version is not kept)'

it "unknown runs are named"
status 2 log 20200101-000000-0000 left
one_sentence
stderr_has 20200101-000000-0000
status 2 log what left
one_sentence

it "a pushed run is noted at the source as well, which learns nothing"
write left/a eins
ok push left "$right"
[ "$(name_of left)" = "$(name_of right)" ] || wrong "two names"
ok log --json --max-count=1 left
stdout_has '"one_way":true'
stdout_has '"sent_files":1'

it "JSON has all of it"
ok log --json -v --max-count=1 right
stdout_has '"event":"run"'
stdout_has "\"name\":\"$(name_of right)\""
stdout_has '"changes":[{"path":"a","word":"changed","kept":true}]'

it "log changes nothing"
remember left
ok log -v left
unchanged left

finish
