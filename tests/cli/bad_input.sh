# Wrong things get one plain sentence and the right exit status.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

tree left 'a=1'
right=$(far right)

it "no location, or one"
status 2 sync
one_sentence
status 2 sync left
one_sentence
status 2 push left
status 2 manifest

it "a misspelt command names the nearest"
status 2 snyc left "$right"
one_sentence
stderr_has "'sync'"

it "a misspelt option names the nearest"
status 2 sync --dryrun left "$right"
one_sentence
stderr_has "--dry-run"
status 2 sync --mirror=x left "$right"

it "no command at all"
status 2
[ -s "$T/err" ] || wrong "no word on stderr"

it "help and version are for stdout"
ok --help
stdout_has sync
[ ! -s "$T/err" ] || wrong "stderr has something"
ok sync --help
stdout_has "--dry-run"
ok --version
stdout_has "weft "

it "neither location exists"
run sync nothing1 "$(far nothing2)" && wrong "it succeeded"
one_sentence
absent nothing1
absent nothing2

it "a file as root"
write file content
run sync file "$right" && wrong "it succeeded"
one_sentence
run sync left "$(far file)" && wrong "it succeeded"
one_sentence
content file content
content left/a 1

# A far root is known only by what it locks: the same one twice is refused.
it "a root that is the other, or inside it"
run sync left "$(far left)" && wrong "it succeeded"
one_sentence
run sync left "$(far left/../left)" && wrong "it succeeded"
ln -s left alias
run sync left "$(far alias)" && wrong "it succeeded"
if [ "$WEFT_TEST_ENDPOINT" = local ]; then
    status 2 sync left left
    status 2 sync left alias
    mkdir left/in
    status 2 sync left left/in
    one_sentence
    status 2 sync left/in left
    status 2 sync left left/in/../../left
    rm -r left/in
fi

it "an option that is not built yet says so"
status 2 watch left "$right"
one_sentence

if [ "$WEFT_TEST_ENDPOINT" = pipe ]; then
    it "an unknown host"
    status 4 sync left nowhere:right
    stderr_has nowhere
fi
if [ "$WEFT_TEST_ENDPOINT" = ssh ]; then
    it "a host whose key is not known"
    "$WEFT" sync -e "$rsh -o UserKnownHostsFile=/dev/null" \
        --remote-path="$WEFT" left "$right" >"$T/out" 2>"$T/err" </dev/null
    [ $? -eq 4 ] || wrong "status"
    grep -q 'host key.*not known' "$T/err" || {
        wrong "no word of the host key"
        cat "$T/err"
    }
    absent right
fi

it "a root inside the other, or above it, whatever the way there"
tree whole 'part/x=1'
status 2 sync whole "$(far whole/part)"
status 2 sync whole/part "$(far whole)"
stderr_has inside
content whole/part/x 1

finish
