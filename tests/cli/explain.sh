# What is known of a path: versions, events, peers, runs, and what is pending.
# endpoints: local
. "${WEFT_SRC:?}/tests/lib/lib.sh"

# line TEXT MORE: one line of the output has both.
line() {
    grep -F -e "$1" "$T/out" | grep -qF -e "$2" && return
    wrong "no line has '$1' and '$2'"
    show_run
}

tree left 'a=1' 'gone=1' 'd/e=1' 'l->a' '.weftignore=*.o
/build/
' 'x.o=1' 'build/out=1'
sync_ok left right
sync_ok left third

it "a path in step: what it is, who made it, who has it"
ok explain left/a
stdout_has "is recorded as a file of 1 B, mode 0644"
stdout_has 6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b
stdout_has "was made like that here, noticed"
stdout_has "is in the tree as recorded"
line "$PWD/right" "has this version"
line "$PWD/third" "has this version"
stdout_has "nothing is pending"
ok explain right/a
line "was made like that at" "$PWD/left"
line "$PWD/left" "has this version"

it "directories and symbolic links"
ok explain left/d
stdout_has "a directory, mode 0755"
ok explain left/l
stdout_has "a symbolic link to a"
ok explain left/d/
stdout_has "a directory"

it "from anywhere in the tree, by a relative path or an absolute one"
(
    cd left/d || exit
    run explain e
)
stdout_has "d/e"
stdout_has "is recorded as a file of 1 B"
ok explain "$PWD/left/d/e"
stdout_has "d/e"
(
    cd left/d || exit
    run explain ../a
)
stdout_has "is recorded as a file of 1 B"

it "it leaves no trace"
remember left
ok explain left/a
unchanged left

it "an edit that no run has seen"
write left/a 22
ok explain left/a
stdout_has "was edited in the tree since, a file of 2 B"
stdout_has "the next sync records that"
stdout_lacks "nothing is pending"

it "metadata alone"
write left/a 1
chmod 600 left/a
ok explain left/a
stdout_has "has other metadata in the tree, a file of 1 B, mode 0600"
chmod 644 left/a

it "an edit that one peer has, and the other has not"
write left/a 22
sync_ok left right
ok explain left/a
line "$PWD/right" "has this version"
line "$PWD/third" "has not seen this version"
stdout_has "replaced the content 6b86b273ff34fce19d6b804eff5a3f57"
ok explain right/a
line changed "the other side's version came after the one here"
stdout_has "before it there was a file of 1 B"
stdout_has "can be restored"
sync_ok left third
ok explain left/a
line "$PWD/third" "has this version"
stdout_has "nothing is pending"
ok explain third/a
line "$PWD/left" "has this version"

it "what is not kept is told"
rm -r right/.weft/trash
ok explain right/a
stdout_has "not kept any more"

it "a file that is gone, and one that a run deleted"
rm right/gone
ok explain right/gone
stdout_has "is not in the tree any more: the next sync records the deletion"
sync_ok left right
ok explain left/gone
stdout_has "is not recorded"
line deleted "the other side had deleted the version that was here"
stdout_has "before it there was a file of 1 B"
line "$PWD/third" "hears of the deletion"

it "a new file, before and after"
write left/new n
ok explain left/new
stdout_has "is not recorded"
stdout_has "is in the tree, a file of 1 B"
stdout_has "the next sync records that"
sync_ok left right
ok explain right/new
line new "the other side had a version that was never here"

it "an ignored one, and the rule"
ok explain left/x.o
stdout_has "is ignored, by '*.o' of .weftignore:1"
stdout_lacks "the next sync"
ok explain left/build/out
stdout_has "is ignored, by '/build/' of .weftignore:2"
ok explain --exclude=d left/d/e
stdout_has "is ignored, by 'd' of --exclude"
write right/.weftignore '*.o
/build/
*.tmp
'
write left/y.tmp 1
sync_ok left right
rm left/.weftignore
ok explain left/y.tmp
stdout_has "is ignored, by '*.tmp'"
stdout_has "in the last session"
sync_ok left right
ok explain left/.weft/id
stdout_has "weft keeps for itself"
stdout_lacks "the next sync"

it "an open conflict: both versions, and who has which"
write left/a mine
write right/a yours
status 1 sync left right
ok explain left/a
line "conflict with $PWD/right" "changed on both sides"
line here "a file of 4 B"
line there "a file of 5 B"
line "$PWD/right" "another version"
stdout_lacks "nothing is pending"

it "a conflict that was settled by a rule"
sync_ok --conflict=first left right
ok explain right/a
line changed "a conflict was settled, by a rule"
stdout_lacks "conflict with"

it "a run that was a push"
write left/a pushed
ok push left right
ok explain right/a
line "$PWD/left" "has this version"

it "nothing is known of it"
status 2 explain left/nothing
one_sentence
status 2 explain left
one_sentence
stderr_has "weft status"
mkdir alone
write alone/x 1
status 2 explain alone/x
one_sentence
absent alone/.weft

it "odd names are quoted"
name=$(printf 'b\033[31m\nad')
write "left/$name" 1
sync_ok left right
ok explain "right/$name"
[ "$(grep -c "$(printf '\033')" "$T/out")" -eq 0 ] || wrong "an escape got through"

it "JSON"
ok explain --json right/a
[ "$(grep -c '' "$T/out")" -eq 1 ] || wrong "not one line"
if command -v jq >/dev/null; then
    jq -e '.v == 1 and .event == "explain" and .path == "a" and
        .recorded.kind == "file" and .recorded.size == 6 and
        (.made | length == 1) and .tree == "recorded" and
        (.runs[0].word == "changed") and (.runs[0].why == "newer") and
        (.runs | map(.why) | index("policy") != null) and
        (.peers | length == 1) and .peers[0].version == "has" and
        .pending == false and .ignored == false' "$T/out" >/dev/null ||
        wrong "JSON: $(cat "$T/out")"
fi
ok explain --json left/x.o
grep -q '"ignored":true' "$T/out" || wrong "ignored is not told"

finish
