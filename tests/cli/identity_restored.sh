# Backups that come back, and state that does not belong to its tree: what
# cannot be known is not believed.  Nothing is lost, nothing is deleted.
# endpoints: local pipe
. "${WEFT_SRC:?}/tests/lib/lib.sh"

# begin DIR: a and b in a fresh directory, in step, and a backup of a; then
# one more run that goes both ways.
begin() {
    mkdir "$T/work/$1"
    cd "$T/work/$1" || exit 99
    tree a 'same=1' 'ours=1' 'theirs=1' 'we-rm=1' 'they-rm=1' 'late=1' 's/x=1'
    sync_ok a "$(far b)"
    cp -a a backup
    write a/ours 2
    write b/theirs 2
    rm a/we-rm b/they-rm
    write a/we-new 2
    write b/they-new 2
    sync_ok a "$(far b)"
    same_tree a b
}

doubtful() { stderr_has 'in doubt'; }

# quiet A B: they have nothing to say to each other, and no doubt.
quiet() {
    sync_ok "$1" "$2"
    stdout_has "in sync:"
    [ ! -s "$T/err" ] || wrong "stderr is not empty: $(cat "$T/err")"
}

# all_there: both have every content that either had, in the tree or the
# trash, and nothing was deleted.
all_there() {
    for text in 1 2 late-a late-b; do
        grep -rqx -e "$text" a || grep -rqx -e "$text" b ||
            wrong "'$text' is nowhere"
    done
}

# edits: what both do before they meet again.
edits() {
    write a/late late-a
    touch -d 2020-01-01 a/late
    write b/late late-b
}

# believes_nothing: the first run is in doubt, adopts what is equal, deletes
# nothing; the next ones are quiet but for what differs.
believes_nothing() {
    edits
    describe a >before.a
    describe b >before.b
    status 1 sync a "$(far b)"
    doubtful
    all_there
    cut -d ' ' -f 1,2 before.a before.b | grep '^\./' | sort -u >names
    while read -r name kind; do
        exists "a/$name"
        exists "b/$name"
    done <names
    content a/late late-a
    content b/late late-b
    status 1 sync a "$(far b)"
    stderr_lacks 'in doubt'
    stdout_lacks '<----'
    stdout_lacks '---->'
    sync_ok --conflict=newer a "$(far b)"
    same_tree a b
    quiet a "$(far b)"
    # and from then on it is a replica like any other
    rm a/same
    write b/s/x edited
    sync_ok a "$(far b)"
    absent b/same
    content a/s/x edited
    quiet b "$(far a)"
}

# Times and sizes alone would make rsync skip what was written in one second.
restore() { rsync -aI --delete "$@"; }

command -v rsync >/dev/null || skip "there is no rsync"

it "an old tree with its old state"
begin whole
restore backup/ a/
believes_nothing

it "the same, with edits and a run with a third before the peer is met"
begin third
restore backup/ a/
write a/third 3
rm a/s/x
sync_ok a "$(far c)"
write a/third 4
sync_ok a "$(far c)"
write a/third 5
sync_ok a "$(far c)"
edits
status 1 sync a "$(far b)"
doubtful
content b/third 5
content b/they-new 2
content b/we-new 2
content a/we-new 2
content b/s/x 1
content a/late late-a
content b/late late-b
content b/ours 2
status 1 sync a "$(far b)"
stderr_lacks 'in doubt'
sync_ok --conflict=newer a "$(far b)"
quiet a "$(far b)"

it "the peer meets it, and not the other way round"
begin other-way
restore backup/ a/
edits
status 1 sync b "$(far a)"
doubtful
all_there
content b/we-new 2
content a/they-new 2
content b/ours 2
status 1 sync b "$(far a)"
stderr_lacks 'in doubt'
sync_ok --conflict=newer b "$(far a)"
same_tree a b
quiet b "$(far a)"

it "a dry run of it tells what the run will do, and leaves no trace"
begin dry
restore backup/ a/
remember a
remember b
status 1 diff a "$(far b)"
doubtful
stdout_lacks deleted
cp "$T/out" told
unchanged a
unchanged b
sync_ok a "$(far b)"
doubtful
said() { sed -n 's/^\([<-][-?]*[->] [a-z]* *[^ ]*\).*/\1/p' "$1" | sort; }
said told >told.lines
said "$T/out" | diff told.lines - >told.diff ||
    wrong "the dry run told otherwise: $(cat told.diff)"

it "an old tree, and the state as it was: those are edits"
begin tree-only
restore --exclude=.weft backup/ a/
sync_ok a "$(far b)"
content b/ours 1
content b/theirs 1
content b/we-rm 1
content b/they-rm 1
absent b/we-new
absent b/they-new
in_trash b 2
same_tree a b
quiet a "$(far b)"

it "an old tree and epoch, a newer database"
begin epoch-back
restore --exclude=state.db backup/ a/
believes_nothing

it "a newer tree and epoch, an old database"
begin database-back
cp backup/.weft/state.db a/.weft/state.db
# One run is as after a crash; nobody restores so exactly, but it must do.
edits
run sync a "$(far b)"
all_there
content a/we-new 2
content b/they-new 2
content b/ours 2
content a/theirs 2
absent a/we-rm || true
cd ..
begin database-further-back
write a/more 1
sync_ok a "$(far b)"
write a/more 2
sync_ok a "$(far b)"
cp backup/.weft/state.db a/.weft/state.db
believes_nothing

it "a newer tree, the whole control directory old"
begin control-back
restore backup/.weft/ a/.weft/
believes_nothing

it "the state of another replica"
begin foreign
tree x 'x=1' 'same=1' 'theirs=x'
sync_ok x y
cp x/.weft/state.db a/.weft/state.db
believes_nothing
absent a/x

it "the peer's own state"
begin peers
cp b/.weft/state.db a/.weft/state.db
believes_nothing

it "the peer's whole control directory, by force"
begin peers-all
rm -r a/.weft
cp -a b/.weft a/.weft
edits
rm a/theirs
status 5 sync a "$(far b)"
status 1 sync --new-replica a "$(far b)"
doubtful
content b/theirs 2
content a/theirs 2
content a/late late-a
content b/late late-b

it "no database"
begin deleted
rm a/.weft/state.db
believes_nothing

it "half a database, and none of its bytes"
begin halved
size=$(stat -c %s a/.weft/state.db)
truncate -s $((size / 2)) a/.weft/state.db
believes_nothing
begin emptied
: >a/.weft/state.db
believes_nothing

if [ "$WEFT_TEST_ENDPOINT" = local ]; then
    it "one bit of any page, and the state before it is set aside"
    begin bit
    size=$(stat -c %s a/.weft/state.db)
    page=0
    while [ $((page * 4096)) -lt "$size" ]; do
        rm -rf a2 b2
        cp -a a a2
        cp -a b b2
        sync_ok --new-replica a2 b2
        edits_at=$((page * 4096 + 1000 + page * 37 % 3000))
        old=$(od -An -tu1 -j $edits_at -N 1 a2/.weft/state.db | tr -d ' ')
        # shellcheck disable=SC2059 # the format is the byte
        printf "\\$(printf %o $((old ^ 8)))" |
            dd of=a2/.weft/state.db bs=1 seek=$edits_at conv=notrunc 2>/dev/null
        rm a2/same
        write b2/late changed
        run sync a2 b2
        got=$?
        case $got in
        0) ;;
        *)
            wrong "page $page: status $got"
            show_run
            ;;
        esac
        content a2/late changed
        content b2/they-new 2
        content b2/we-new 2
        quiet a2 b2
        page=$((page + 1))
    done
fi

it "a database that cannot be read leaves what it was"
begin aside
printf 'not a database at all' >a/.weft/state.db
edits
status 1 sync a "$(far b)"
doubtful
grep -q 'not a database' a/.weft/state.db.damaged-* ||
    wrong "the damaged state was not kept"

it "no id, or none that makes sense"
begin no-id
rm a/.weft/id
edits
status 5 sync a "$(far b)"
status 1 sync --new-replica a "$(far b)"
all_there
absent a/we-rm
absent b/they-rm
sync_ok --conflict=newer a "$(far b)"
quiet a "$(far b)"
for text in '' 'garbage' "root 00
node zz
" "$(head -c 3000 /dev/zero | tr '\0' x)"; do
    printf '%s' "$text" >a/.weft/id
    write a/s/x "edited$text"
    status 5 sync a "$(far b)"
    sync_ok --new-replica a "$(far b)"
    quiet a "$(far b)"
    same_tree a b
done

it "the id of another replica"
begin other-id
tree x 'x=1'
sync_ok x y
cp x/.weft/id a/.weft/id
edits
status 5 sync a "$(far b)"
status 1 sync --new-replica a "$(far b)"
doubtful
all_there
sync_ok --conflict=newer a "$(far b)"
quiet a "$(far b)"

it "no epoch, none that makes sense, a newer one, an older one"
begin no-epoch
rm a/.weft/epoch
believes_nothing
for text in '' garbage -1 0 1 999999 18446744073709551615 \
    99999999999999999999999; do
    write b/late x
    sync_ok --conflict=newer a "$(far b)"
    printf '%s\n' "$text" >a/.weft/epoch
    rm a/s/x
    sync_ok a "$(far b)"
    doubtful
    content a/s/x edited
    quiet a "$(far b)"
done

it "both sides restored"
begin both-back
cp -a b backup-b
write b/they-new 3
sync_ok a "$(far b)"
restore backup/ a/
restore backup-b/ b/
believes_nothing

it "restored twice"
begin twice
restore backup/ a/
run sync a "$(far b)"
restore backup/ a/
believes_nothing
restore backup/ a/
write a/same again
run sync a "$(far b)"
doubtful
content a/they-new 2

it "a push from what was restored, and a pull into it"
begin one-way
restore backup/ a/
edits
status 1 push a "$(far b)"
doubtful
content b/late late-b
content b/ours 2
content b/we-new 2
content b/they-new 2
begin one-way-in
restore backup/ a/
edits
status 1 pull a "$(far b)"
doubtful
content a/late late-a
content a/they-new 2
content a/we-new 2

finish
