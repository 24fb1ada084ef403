# Copied, moved and cloned replicas: each is one of its own from then on.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

# quiet A B: they have nothing to say to each other, and no doubt.
quiet() {
    sync_ok "$1" "$2"
    stdout_has "in sync:"
    [ ! -s "$T/err" ] || wrong "stderr is not empty: $(cat "$T/err")"
}

# begin DIR: a, b and c in a fresh directory, in step.
begin() {
    mkdir "$T/work/$1"
    cd "$T/work/$1" || exit 99
    tree a 'both=1' 'mine=1' 'gone=1' 'sub/deep=1' 'sub/mode=1'
    sync_ok a "$(far b)"
    sync_ok a "$(far c)"
}

node() {
    ok status "$1"
    sed -n 's/^node *//p' "$T/out"
}

it "a copy with its state has a name of its own, and nothing to send"
begin plain
cp -a a copy
quiet copy "$(far b)"
quiet copy "$(far a)"
quiet a "$(far b)"
[ "$(node a)" != "$(node copy)" ] || wrong "two replicas have one node id"

it "edits of the copy, the original and a third meet like any others"
write copy/mine by-copy
write a/both by-a
write b/sub/deep by-b
rm copy/gone
chmod 600 a/sub/mode
write copy/new-copy 1
write a/new-a 1
write b/new-b 1
sync_ok copy "$(far b)"
sync_ok a "$(far b)"
sync_ok copy "$(far a)"
quiet b "$(far copy)"
quiet b "$(far a)"
for replica in a b copy; do
    content $replica/mine by-copy
    content $replica/both by-a
    content $replica/sub/deep by-b
    content $replica/new-copy 1
    content $replica/new-a 1
    content $replica/new-b 1
    absent $replica/gone
done
same_tree a copy
same_tree b copy
sync_ok c "$(far copy)"
same_tree c a

it "edits of one file in both copies are a conflict, and the only one"
begin clash
cp -a a copy
write a/both by-a
write copy/both by-copy
write a/mine by-a
rm copy/gone
sync_ok a "$(far b)"
status 1 sync copy "$(far b)"
stdout_has both
stdout_lacks "mine  "
content a/both by-a
content b/both by-a
content copy/both by-copy
content copy/mine by-a
absent b/gone
status 1 sync a "$(far copy)"
absent a/gone
sync_ok --conflict=first copy "$(far b)"
content b/both by-copy
sync_ok a "$(far b)"
content a/both by-copy
quiet a "$(far copy)"

it "two copies of one replica, against the third in either order"
for order in 'a copy' 'copy a'; do
    begin "order-${order% *}"
    cp -a a copy
    write a/by-a 1
    write copy/by-copy 1
    rm a/gone copy/mine
    for replica in $order; do
        sync_ok "$replica" "$(far b)"
    done
    for replica in $order; do
        sync_ok "$replica" "$(far b)"
        same_tree "$replica" b
    done
    absent b/gone
    absent b/mine
    content b/by-a 1
    content b/by-copy 1
    quiet a "$(far copy)"
done

it "a copy of a copy, and one that was made between two runs"
begin again
cp -a a copy1
write copy1/x 1
sync_ok copy1 "$(far b)"
cp -a copy1 copy2
write copy1/y 1
write copy2/z 1
rm copy2/gone
sync_ok copy1 copy2
sync_ok copy2 "$(far b)"
sync_ok copy1 "$(far b)"
sync_ok a "$(far b)"
for replica in a b copy1; do
    same_tree $replica copy2
    exists $replica/x
    exists $replica/y
    exists $replica/z
    absent $replica/gone
done
quiet copy1 copy2

it "a copy of a replica that knew more than the third"
begin ahead
write a/ahead 1
sync_ok a "$(far b)"
cp -a a copy
rm copy/ahead
sync_ok copy "$(far c)"
absent c/ahead
sync_ok a "$(far c)"
absent a/ahead
sync_ok c "$(far b)"
absent b/ahead
quiet b "$(far copy)"

it "moved to another path it is the same replica"
begin moved
before=$(node a)
mv a elsewhere
write elsewhere/mine moved
rm elsewhere/gone
sync_ok elsewhere "$(far b)"
content b/mine moved
absent b/gone
[ "$before" = "$(node elsewhere)" ] || wrong "its node id changed"
quiet elsewhere "$(far b)"

it "what stands in its place then is guarded"
mkdir a
status 5 sync a "$(far b)"
stderr_has "--new-replica"
content b/both 1
sync_ok --new-replica a "$(far b)"
same_tree a b
quiet a elsewhere

it "a symbolic link to where it went is the replica"
begin link
mkdir disk
mv a disk/a
ln -s disk/a a
write a/mine edited
sync_ok a "$(far b)"
content b/mine edited
quiet a "$(far b)"
[ -L a ] || wrong "the link is gone"

it "a symbolic link to another tree is not"
mkdir disk/other
write disk/other/stranger 1
ln -sfn disk/other a
status 5 sync a "$(far b)"
content b/both 1
absent b/stranger
absent disk/other/both
ln -sfn disk/nowhere a
run sync a "$(far b)"
[ $? -ge 2 ] || wrong "a link to nowhere was taken for a replica"
content b/both 1
absent disk/nowhere
ln -sfn disk/a a
quiet a "$(far b)"

it "the copy of another replica in its place is guarded, too"
begin swapped
tree x 'x=1'
sync_ok x y
mv a away
cp -a x a
status 5 sync a "$(far b)"
absent b/x
absent a/both
sync_ok --new-replica a "$(far b)"
content b/x 1
content a/both 1
quiet a "$(far b)"

it "another replica's control directory in its place"
begin mixed
tree x 'x=1' 'gone=other' 'both=1'
sync_ok x y
mv a/.weft away
cp -a x/.weft a/.weft
status 5 sync a "$(far b)"
sync_ok --new-replica a "$(far b)"
stderr_has 'in doubt'
same_tree a b
content b/mine 1
content b/gone 1
status 1 sync a x
content x/x 1
content a/x 1
content x/gone other
content a/gone 1

finish
