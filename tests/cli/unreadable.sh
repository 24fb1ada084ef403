# A plain user meets what may not be read or written: that path is reported
# with status 3, the rest is done, and unreadable is never taken for absent.
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
weft() { # as lib.sh has it, by somebody else
    command=$1
    shift
    case $WEFT_TEST_ENDPOINT in
    local) $as "$WEFT" "$command" "$@" ;;
    *) $as "$WEFT" "$command" -e "$rsh" --remote-path="$WEFT" "$@" ;;
    esac
}
right=$(far right)

it "an unreadable file is reported, the rest is done"
tree left 'a=1' 'closed=2' 'd/b=3'
mkdir right
mine left right
chmod 000 left/closed
status 3 sync left "$right"
stderr_has closed
content right/a 1
content right/d/b 3
absent right/closed

it "read again, it is all in step"
chmod 644 left/closed
sync_ok left "$right"
content right/closed 2

it "an unreadable directory is not an empty one"
chmod 000 left/d
status 3 sync left "$right"
stderr_has d
content right/d/b 3
chmod 755 left/d
sync_ok left "$right"

it "a root that may not be written"
mkdir wall
mine wall
chmod 555 wall
run sync left "$(far wall/new)" && wrong "it succeeded"
one_sentence 3
absent wall/new

finish
