# A conflict is settled at one replica, without the other, and the decision
# travels.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

right=$(far right)

none() { # none DIR: no conflict is open there
    status 0 conflicts -q "$1"
}

# clash PATH MINE YOURS: both sides edit it.
clash() {
    write "left/$1" "$2"
    write "right/$1" "$3"
    status 1 sync left "$right"
}

in_step() {
    sync_ok left "$right"
    stdout_has "in sync:"
    same_tree left right
    none left
    none right
}

tree left 'a.md=one' 'b=1' 'c=1' 'sub/x=x' 'sub/y=y'
sync_ok left "$right"

it "--diff shows both, and changes nothing"
clash a.md 'mine' 'yours'
remember left
ok resolve --diff left/a.md
stdout_has "-mine"
stdout_has "+yours"
unchanged left
ok resolve --diff right/a.md
stdout_has "-yours"

it "--mine: what is here stays, and the other takes it"
ok resolve left/a.md --mine
stdout_has "a.md: kept as it is here"
content left/a.md mine
content right/a.md yours
none left
status 1 conflicts -q right
sync_ok left "$right"
content right/a.md mine
in_trash right yours
in_step

it "--theirs: without the other, what is here goes to the trash"
clash a.md 'mine 2' 'yours 2'
mv right away
ok resolve left/a.md --theirs
mv away right
content left/a.md 'yours 2'
in_trash left 'mine 2'
none left
in_step

it "from the other side as well"
clash a.md 'mine 3' 'yours 3'
ok resolve right/a.md --theirs
content right/a.md 'mine 3'
none right
in_step
clash a.md 'mine 4' 'yours 4'
(cd right && limited resolve ./a.md --mine) >"$T/out" 2>"$T/err" ||
    wrong "it failed"
sync_ok left "$right"
content left/a.md 'yours 4'
in_step

it "days later, and the sync in between changes nothing"
clash a.md 'mine 5' 'yours 5'
status 1 sync left "$right"
status 1 sync "$right" left
ok resolve left/a.md --theirs
content left/a.md 'yours 5'
in_step

it "--newer takes the later edit"
write left/a.md older
write right/a.md newer
touch -d '2022-01-01' left/a.md
touch -d '2022-01-02' right/a.md
status 1 sync left "$right"
ok resolve left/a.md --newer
content left/a.md newer
in_step
write left/a.md one
write right/a.md two
touch -d '2022-02-02' left/a.md right/a.md
status 1 sync left "$right"
status 1 resolve left/a.md --newer
content left/a.md one
ok resolve left/a.md --mine
sync_ok left "$right"

it "--both keeps theirs beside it"
clash a.md 'mine 6' 'yours 6'
ok resolve left/a.md --both
content left/a.md 'mine 6'
set -- left/a.weft-conflict-*.md
[ $# -eq 1 ] || wrong "beside it are $*"
content "$1" 'yours 6'
sync_ok left "$right"
content right/a.md 'mine 6'
content "right/${1#left/}" 'yours 6'
in_step

it "decided alike in two places: no conflict"
clash a.md 'mine 7' 'yours 7'
ok resolve left/a.md --mine
ok resolve right/a.md --theirs
sync_ok left "$right"
content left/a.md 'mine 7'
in_step

it "decided differently in two places: a conflict again"
clash a.md 'mine 8' 'yours 8'
ok resolve left/a.md --mine
ok resolve right/a.md --mine
none left
status 1 sync left "$right"
content left/a.md 'mine 8'
content right/a.md 'yours 8'
status 1 conflicts -q left
status 1 conflicts -q right
ok resolve right/a.md --theirs
sync_ok left "$right"
content right/a.md 'mine 8'
in_step

it "an edit after the decision is not lost"
clash a.md 'mine 9' 'yours 9'
ok resolve left/a.md --mine
write left/a.md 'mine 9, edited'
sync_ok left "$right"
content right/a.md 'mine 9, edited'
clash a.md 'mine 10' 'yours 10'
ok resolve left/a.md --mine
write right/a.md 'yours 10, edited'
status 1 sync left "$right"
content right/a.md 'yours 10, edited'
status 1 conflicts left
ok resolve left/a.md --theirs
content left/a.md 'yours 10, edited'
in_step

it "an edit before it is what --mine keeps"
clash a.md 'mine 11' 'yours 11'
write left/a.md 'mine 11, edited'
ok resolve left/a.md --mine
sync_ok left "$right"
content right/a.md 'mine 11, edited'
in_step

it "all that is below a directory, and several paths"
clash sub/x 'mine x' 'yours x'
clash sub/y 'mine y' 'yours y'
clash b 'mine b' 'yours b'
ok resolve --theirs left/sub
content left/sub/x 'yours x'
content left/sub/y 'yours y'
status 1 conflicts -q left
clash c 'mine c' 'yours c'
ok resolve --mine left/b left/c
none left
sync_ok left "$right"
content right/b 'mine b'
content right/c 'mine c'
in_step

it "-n says what would be, and changes nothing"
clash b 'mine 1' 'yours 1'
remember left
status 1 resolve -n left/b --theirs
stdout_has "would be"
unchanged left
status 1 conflicts -q left
ok resolve left --mine
sync_ok left "$right"

it "links"
ln -s one left/link
ln -s two right/link
status 1 sync left "$right"
ok resolve left/link --theirs
[ "$(readlink left/link)" = two ] || wrong "the link is $(readlink left/link)"
in_step

it "what is no small text comes from the other, which has to be there"
head -c 300000 /dev/urandom >left/b
head -c 300000 /dev/urandom >right/b
status 1 sync left "$right"
cp left/b before
mv right away
status 4 resolve left/b --theirs
one_sentence
stderr_lacks --new-replica
absent right
[ "$WEFT_TEST_ENDPOINT" = local ] || {
    limited resolve left/b --theirs -e false >"$T/out" 2>"$T/err"
    [ $? -eq 4 ] || wrong "the host was away, and it did not end with 4"
}
cmp -s left/b before || wrong "left/b was changed"
status 3 resolve left/b --theirs --offline
one_sentence
status 1 conflicts -q left
mv away right
ok resolve left/b --theirs
cmp -s left/b right/b || wrong "left/b is not right/b"
none left
in_step

it "a file here, a directory there: either way"
write left/thing file
tree right 'thing/in=dir'
status 1 sync left "$right"
ok resolve left/thing --theirs
content left/thing/in dir
in_step
rm -r left/thing right/thing
sync_ok left "$right"
write left/thing file
tree right 'thing/in=dir'
status 1 sync left "$right"
ok resolve left/thing --mine
content left/thing file
in_step
content right/thing file
rm left/thing
sync_ok left "$right"
tree left 'thing/in=dir'
write right/thing file
status 1 sync left "$right"
status 1 conflicts left
stdout_lacks --merge
status 1 resolve left/thing --merge
one_sentence
status 1 resolve left/thing --newer
one_sentence
ok resolve left/thing --both
none left
none right
content right/thing/in dir
for root in left right; do
    [ "$(cat "$root"/thing.weft-conflict-*)" = file ] ||
        wrong "the file is not kept beside at $root"
done
in_step

it "a third replica sees nothing of it"
sync_ok left "$(far third)"
clash a.md 'mine 12' 'yours 12'
ok resolve left/a.md --mine
sync_ok third "$right"
content third/a.md 'yours 12'
sync_ok left "$(far third)"
content third/a.md 'mine 12'
sync_ok third "$right"
content right/a.md 'mine 12'
in_step

it "nor one that still has what theirs was made from"
sync_ok third "$right"
sync_ok fourth "$right"
write right/a.md 'yours 13'
sync_ok third "$right"
sync_ok fourth "$right"
write fourth/a.md 'fourth, from yours 13'
sync_ok fourth "$right"
clash a.md 'mine 13' 'fourth, from yours 13'
ok resolve left/a.md --mine
sync_ok left "$(far third)"
content third/a.md 'mine 13'
sync_ok left "$right"
sync_ok fourth "$right"
content fourth/a.md 'mine 13'
write right/a.md 'yours 14'
sync_ok third "$right"
write right/a.md 'yours 14, again'
write left/a.md 'mine 14'
status 1 sync left "$right"
ok resolve right/a.md --theirs
sync_ok third "$right"
content third/a.md 'mine 14'
sync_ok left "$(far third)"
in_step

it "words that make no sense"
clash a.md 1 2
status 2 resolve left/a.md
one_sentence
stderr_has "--mine"
status 2 resolve left/a.md --mine --theirs
one_sentence
status 2 resolve left/b --mine
stderr_has "no conflict is open"
one_sentence
mkdir plain
status 2 resolve plain/file --mine
one_sentence
status 2 resolve left/a.md right/a.md --mine
one_sentence
status 2 resolve left/a.md --theirs --from=nobody
status 2 resolve left/a.md --mine --from=nobody
one_sentence
content left/a.md 1
content right/a.md 2

finish
