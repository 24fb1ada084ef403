# Everything is read again and compared with what was recorded.
# endpoints: local
. "${WEFT_SRC:?}/tests/lib/lib.sh"

tree left 'a=1' 'd/b=22' 'd/c=333' 'gone/x=4' 'gone/y=5' 'l->a'
head -c 200000 /dev/zero | tr '\0' y >left/large
touch -d '1 hour ago' left/a left/large left/d/* left/gone/*

it "what was never synced has nothing to compare with"
status 2 verify left
one_sentence
absent left/.weft
run verify nowhere && wrong "it succeeded"
one_sentence

it "all as recorded"
sync_ok left right
remember left
ok verify left
stdout_has 'verified: 6 files as recorded, 195 KiB'
unchanged left
(cd left && ok verify && stdout_has 'verified: 6 files')
ok verify -q left
silent

it "edits, new and deleted paths are shown, and no fault"
write left/d/b 'more'
write left/new n
ln -s a left/another
mkdir left/empty
rm left/d/c
rm -r left/gone
ln -sfn d left/l
chmod 600 left/a
ok verify left
sort >"$T/wanted" <<'END'
edited     a
extra      another
edited     d/b
missing    d/c
extra      empty
missing    gone
missing    gone/x
missing    gone/y
edited     l
extra      new
END
grep -v '^verified' "$T/out" | sort >"$T/found"
cmp -s "$T/wanted" "$T/found" || {
    wrong "other findings"
    diff "$T/wanted" "$T/found"
}
stdout_has 'verified: 1 file as recorded, 195 KiB, 3 edited, 3 extra, 4 missing'
ok verify --json left
stdout_has '{"v":1,"event":"finding","path":"d/b","state":"edited"}'
stdout_has '"event":"summary","exit":0,"complete":true,"files":1'
ok verify -q left
silent

it "touched alone, content is as recorded"
sync_ok left right
touch -d '2 hours ago' left/large
ok verify left
stdout_has 'edited     large'

it "what the rules leave out is not read"
write left/.weftignore '*.tmp'
write left/x.tmp 1
ok verify left
stdout_lacks x.tmp
ok verify --exclude=new left
stdout_lacks new

it "a device is no fault"
mkfifo left/fifo
ok verify left
rm left/fifo

it "a state that was lost is said"
sync_ok left right
head -c 4096 /dev/urandom | dd of=left/.weft/state.db conv=notrunc status=none
status 4 verify left
one_sentence

it "what another's rule left out is as recorded"
tree here 'x=1' 'y=2'
tree there '.weftignore=x'
sync_ok here there
rm here/.weftignore
run verify here
stdout_has .weftignore
stdout_lacks "'x'"
stdout_lacks ' x'

it "what cannot be read is status 3"
if [ "$(id -u)" -eq 0 ]; then
    command -v setpriv >/dev/null || skip "no setpriv to become a plain user"
    cp "$WEFT" "$T/weft"
    chmod 755 "$T" "$T/weft"
    chown -R 65534:65534 right "$HOME"
    as="setpriv --reuid=65534 --regid=65534 --clear-groups"
    WEFT=$T/weft
fi
weft() { ${as:-} "$WEFT" "$@"; }
chmod 000 right/d/b
status 3 verify right
stdout_has 'unreadable d/b: '
chmod 644 right/d/b
chmod 000 right/d
status 3 verify right
stdout_has 'unreadable d: '
stdout_lacks missing
chmod 755 right/d

finish
