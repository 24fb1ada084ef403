# Trees as they are met: as a plain user, with what cannot be entered, read or
# written, with what is no file, very deep and very wide.
# WIDE= says how wide.
# endpoints: local pipe
. "${WEFT_SRC:?}/tests/lib/lib.sh"

if [ "$(id -u)" -eq 0 ]; then
    command -v setpriv >/dev/null || skip "no setpriv to become a plain user"
    cp "$WEFT" "$T/weft"
    chmod 755 "$T" "$T/weft"
    WEFT=$T/weft
    as="setpriv --reuid=65534 --regid=65534 --clear-groups"
    mkdir -p "$T/far-home"
    chown 65534:65534 "$T/work" "$T/home" "$T/far-home"
else
    as=
fi
mine() { [ -z "$as" ] || chown -hR 65534:65534 "$@"; }
# shellcheck disable=SC2086 # several words
limited() { timeout -k 5 300 $as "$WEFT" "$@"; }
# Each case has a directory and replicas of its own.
begin() {
    mkdir -p "$T/work/$1"
    mine "$T/work/$1"
    cd "$T/work/$1" || exit 99
    right=$(far right)
}

it "directories without permission to write are filled, changed, emptied"
begin closed
tree left 'ro/a=1' 'ro/in/b=2' 'ro/in/c=3' 'none/d=4' 'x/y/z=5'
mkdir right
chmod 555 left/ro/in left/ro
chmod 111 left/x/y
mine left right
status 3 sync left "$right" # what may not be listed
stderr_has x/y
chmod 755 left/x/y
sync_ok left "$right"
same_tree left right
chmod 755 right/ro/in
printf changed >right/ro/in/b
chmod 555 right/ro/in
sync_ok left "$right"
content left/ro/in/b changed
same_tree left right
sync_ok left "$right"
stdout_has 'in sync:'
chmod -R 755 left/ro
rm -r left/ro
sync_ok left "$right"
absent right/ro

it "a directory that becomes closed is not taken for empty, nor touched"
chmod 000 right/none
echo more >left/none/more
mine left
status 3 sync left "$right"
chmod 755 right/none
content right/none/d 4
exists left/none/d
sync_ok left "$right"
same_tree left right

it "a source that may only be read"
begin source
tree source 'a=1' 'd/b=2'
chmod -R a-w source
[ -z "$as" ] || chown -R 0:0 source
ok push source "$(far sink)"
content sink/d/b 2
ok push source "$(far sink)"
stdout_has 'in sync:'
chmod -R u+w source
rm -f source/a
chmod a-w source
ok push source "$(far sink)"
absent sink/a
ok pull sink "$(far source)"

it "what is no file is left alone on both sides"
begin special
tree left 'a=1' 'was-file=2' 'was-dir/x=3'
mkdir right
mine left right
sync_ok left "$right"
rm -r left/was-file left/was-dir
mkfifo left/pipe left/was-file left/was-dir
mine left
run sync left "$right"
code=$?
[ $code -eq 0 ] || [ $code -eq 3 ] || { wrong "exit status $code"; show_run; }
absent right/pipe
content right/was-file 2
content right/was-dir/x 3
[ -p left/was-file ] || wrong "the pipe was replaced"
printf edited >right/was-file
run sync left "$right"
[ -p left/was-file ] || wrong "the pipe was replaced"
content right/was-file edited

it "very deep"
begin deep
mkdir left right
(
    cd left || exit
    i=0
    while [ $i -lt 300 ]; do
        mkdir a-name-of-some-length && cd -P a-name-of-some-length || exit
        i=$((i + 1))
    done
    echo deep >file
)
mine left right
sync_ok left "$right"
[ "$(find right -name file | wc -l)" -eq 1 ] || wrong "the file is not there"
sync_ok left "$right"
stdout_has 'in sync:'
rm -rf left/a-name-of-some-length
sync_ok left "$right"
absent right/a-name-of-some-length

it "very wide"
begin wide
mkdir left right left/wide
wide=${WIDE:-3000}
awk -v n="$wide" 'BEGIN { for (i = 0; i < n; i++) {
    f = sprintf("left/wide/%x-%d", i * 7919 % 65536, i)
    printf "" >f; close(f) } }'
mine left right
sync_ok left "$right"
[ "$(find right/wide -type f | wc -l)" -eq "$wide" ] || wrong "files are missing"
sync_ok left "$right"
stdout_has 'in sync:'
find left/wide -name '*-1*1' -delete
find right/wide -name '*-2*2' -exec sh -c 'echo x >"$1"' - {} \;
mine right
sync_ok left "$right"
same_tree left right

it "hard links are files of their own"
begin links
tree left 'one=1'
ln left/one left/two
mkdir right
mine left right
sync_ok left "$right"
ln left/one left/three
printf '22' >left/one
mine left
sync_ok left "$right"
content right/two 22
content right/three 22
printf '333' >right/two
mine right
sync_ok left "$right"
content left/two 333
content left/one 22

it "times before 1970, in the future, and to the nanosecond"
touch -d '1901-12-14 00:00:00.000000001 UTC' left/one
touch -d '2242-01-01 00:00:00.999999999 UTC' left/two
touch -d '1969-12-31 23:59:59.999999999 UTC' left/three
mine left
sync_ok left "$right"
same_tree left right
sync_ok left "$right"
stdout_has 'in sync:'

it "a file that is written all the time never arrives as a mixture"
begin busy
tree left 'still=1'
mkdir right
mine left right
(
    trap 'exit 0' TERM
    n=0
    while :; do
        n=$((n + 1))
        head -c 300000 /dev/zero | tr '\0' "$((n % 10))" >left/busy
    done
) &
writer=$!
for i in 1 2 3 4 5 6 7 8; do
    run sync left "$right"
    code=$?
    [ $code -eq 0 ] || [ $code -eq 3 ] || { wrong "exit status $code"; show_run; }
    content right/still 1
    [ ! -e right/busy ] ||
        [ "$(fold -w 1 right/busy | sort -u | wc -l)" -le 1 ] ||
        wrong "a mixture"
done
kill $writer
wait $writer 2>/dev/null
mine left
sync_ok left "$right"
same_tree left right

finish
