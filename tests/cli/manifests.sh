# Manifests are what other programs check, can be compared, and signed.
# endpoints: local
. "${WEFT_SRC:?}/tests/lib/lib.sh"

formats='text json mtree sha256sum'
tree left 'a b=1' 'back\slash=2' 'd ir/e/f=3' 'star*?[x]#=4' '#hash=5' \
    "quote'\"=6" '-dash=7' 'type=file=8' ' lead=9' 'l->t x'
write 'left/x -> y' 1
printf 1 >"left/$(printf 'new\nline')"
printf 2 >"left/$(printf '\377\376')"
printf 3 >"left/$(printf 'tab\tcr\r')"
ln -s "$(printf 'to\n -> there')" "left/$(printf 'from -> to\n')"
ln -s 'a -> b' 'left/x -> z'
head -c 200000 /dev/zero | tr '\0' y >left/large
: >left/empty
touch -d '2001-02-03 04:05:06.789012345' left/large
chmod 4755 left/d\ ir/e/f
for f in $formats; do
    ok manifest --format="$f" left
    cp "$T/out" "$T/m.$f"
done

it "sha256sum accepts them"
(cd left && sha256sum -c --quiet --strict "$T/m.sha256sum") ||
    wrong "sha256sum finds a difference"
(cd left && find . -type f -exec sha256sum {} +) >"$T/sums"
[ "$(sort <"$T/sums" | sed 's|  ./|  |' | sum)" = \
    "$(sort <"$T/m.sha256sum" | sum)" ] || wrong "it writes other lines"

it "mtree accepts them"
if command -v mtree >/dev/null; then
    mtree -f "$T/m.mtree" -p left || wrong "mtree finds a difference"
    mtree -c -p left -k type,mode,size,time,sha256,link >"$T/m.native"
    formats="$formats native"
fi

it "a tree is what its manifest says, in every format"
for f in $formats; do
    ok verify left "$T/m.$f"
    stdout_has 'verified: 15 files as listed'
    ok manifest --diff "$T/m.$f" left
done
status 1 verify left - # an empty one: all is extra
stdout_has '20 extra'
absent left/.weft

it "from standard input, or in the tree itself"
weft verify left - <"$T/m.json" >"$T/out" 2>"$T/err" || wrong "status $?"
cp "$T/m.sha256sum" left/SUMS
ok verify left left/SUMS
rm left/SUMS
ok verify "$T/work/left" "$T/m.text"

it "manifests of one tree are the same, whatever their formats"
for f in text json; do
    ok manifest --diff "$T/m.$f" "$T/m.json"
    status 3 manifest --diff "$T/m.$f" "$T/m.mtree" # of the large file
    stdout_has 'uncompared large: '
    stdout_has ', 1 uncompared'
done
ok manifest --diff "$T/m.mtree" "$T/m.sha256sum"
ok manifest --diff left left

it "content that changed under the same size and time is found"
cp -a left right
printf Y | dd of=right/large bs=1 seek=100000 conv=notrunc status=none
touch -r left/large right/large
for f in $formats; do
    status 1 verify right "$T/m.$f"
    stdout_has 'changed    large: content'
done
status 1 manifest --diff left right
stdout_has 'changed    large: content'
refuses mtree -f "$T/m.mtree" -p right >/dev/null 2>&1
cp -p left/large right/large

it "what else differs is told, with exit status 1"
rm right/-dash
write right/more m
chmod 600 right/empty
touch -d '2001-02-03 04:05:07' right/large
rm right/l
mkdir right/l
for f in text json mtree; do
    status 1 verify right "$T/m.$f"
    stdout_has 'missing    -dash'
    stdout_has 'extra      more'
    stdout_has 'changed    empty: mode 0600, not 0644'
    stdout_has 'changed    large: time'
    stdout_has 'changed    l: directory, not symlink'
    stdout_has '3 changed'
done
status 1 verify right "$T/m.sha256sum"
stdout_has 'missing    -dash'
stdout_has 'extra      more'
stdout_lacks changed
status 1 verify --json right "$T/m.json"
stdout_has '"path":"empty","state":"changed","message":"mode 0600, not 0644"'
status 1 verify -q right "$T/m.json"
[ ! -s "$T/out" ] || wrong "not quiet"

it "a replica that rotted or not is compared by content"
sync_ok left third
write third/empty ''
status 1 verify third "$T/m.json"
stdout_has 'changed    empty: time'

it "what is no manifest"
write junk 'hello'
status 2 verify left junk
one_sentence
printf 'f 0644 oops\n' >junk
status 2 verify left junk
stderr_has 'line 1'
{ cat "$T/m.sha256sum" && printf 'xx\n'; } >junk
status 2 verify left junk
status 2 verify left nowhere
printf '%064d  ../../etc/passwd\n' 0 >junk
status 2 verify left junk
cat "$T/m.json" "$T/m.json" >junk
status 2 verify left junk
stderr_has twice
status 2 manifest --diff left
status 2 manifest left right
status 2 verify left "$T/m.text" --repair=right

# --- signatures
keys=
if command -v openssl >/dev/null &&
    openssl genpkey -algorithm ed25519 -out k.pem 2>/dev/null; then
    openssl pkey -in k.pem -pubout -out k.pub
    keys='k.pem:k.pub'
    openssl genpkey -algorithm ed25519 -aes256 -pass pass:x -out locked \
        2>/dev/null
fi
if command -v ssh-keygen >/dev/null; then
    ssh-keygen -q -t ed25519 -N '' -f id
    ssh-keygen -q -t ed25519 -N '' -f other
    keys="$keys id:id.pub"
    rm -f locked
    ssh-keygen -q -t ed25519 -N secret -f locked
fi
[ -n "$keys" ] || skip "nothing to make keys with"

it "a signed manifest is accepted by its key alone"
for pair in $keys; do
    for f in text json mtree sha256sum; do
        ok manifest --format="$f" --sign="${pair%:*}" left
        cp "$T/out" "signed.$f"
        ok verify left "signed.$f" --key="${pair#*:}"
        ok verify left "signed.$f"
        [ ! -f other.pub ] || {
            status 4 verify left "signed.$f" --key=other.pub
            stderr_has 'another key'
        }
        status 4 verify left "$T/m.$f" --key="${pair#*:}"
        stderr_has 'not signed'
        sed '2s/$/ /' "signed.$f" >forged
        status 4 verify left forged --key="${pair#*:}"
        { cat "signed.$f" && echo '# more'; } >forged
        status 4 verify left forged --key="${pair#*:}"
        sed '$d' "signed.$f" | cmp -s - "$T/m.$f" || wrong "other lines, too"
    done
done

it "sha256sum and mtree skip the signature"
(cd left && sha256sum -c --quiet --strict ../signed.sha256sum) ||
    wrong "sha256sum minds it"
! command -v mtree >/dev/null || mtree -f signed.mtree -p left >/dev/null ||
    wrong "mtree minds it"

it "openssl agrees about what is signed"
if [ -f k.pem ]; then
    ok manifest --sign=k.pem left
    sed '$d' "$T/out" >text
    sed -n '$s/.* //p' "$T/out" | openssl base64 -d -A >sig
    openssl pkeyutl -verify -pubin -inkey k.pub -rawin -in text \
        -sigfile sig >/dev/null 2>&1 || wrong "it does not verify"
fi

it "keys that will not do"
status 2 manifest --sign=locked left
stderr_has encrypted
one_sentence
status 2 manifest --sign=left/empty left
status 2 manifest --sign=nowhere left
status 2 verify left "$T/m.text" --key=left/empty
status 2 verify left --key=left/empty

finish
